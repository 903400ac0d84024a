local ssl = require "sslkit"
local stubs = require "sslkit.help.stubs"
local temporary = require "spec.io.temporary"

local text = assert(stubs.text())

-- "ssl.metrics.rankme" and "Tensor:sum" as the stubs write them: a module is a local there.
local function written(name)
  local parent, own = name:match "^(.*)%.([^.]*)$"
  return parent and parent:gsub("%.", "_") .. "." .. own or name
end

-- The lines above a function in the stubs.
local function above(name)
  local at = assert(text:find("\nfunction " .. name .. "(", 1, true), name)
  return text:sub(1, at):match "\n(%-%-%-[^\n]*\n[^\n].*)$" or "", text:match("[^\n]*", at + 1)
end

-- The last block of comment lines in a text.
local function block(name)
  local before, line = above(name)
  local lines = {}
  for comment in before:gmatch "[^\n]*\n" do
    if comment:find "^%-%-%-" then lines[#lines + 1] = comment else lines = {} end
  end
  return table.concat(lines), line
end

describe("stubs", function()
  it("are Lua", function()
    local env = {}
    local f = assert(load(text, "=meta", "t", env))
    assert.is_table(f())
    assert.same({}, env)
  end)

  it("name everything public, and nothing else", function()
    local there, classes = {}, {}
    for name in text:gmatch "\nfunction ([%w_.:]+)%(" do
      assert.is_nil(there[name], name .. " twice")
      there[name] = true
    end
    for name in text:gmatch "\n%-%-%-@class sslkit%.?([%w_.]*)" do
      assert.is_nil(classes[name], name .. " twice")
      classes[name] = true
    end
    local missing = {}
    for _, entry in ipairs(ssl.help.names()) do
      local set, name = there, written(entry.name)
      if entry.what == "module" then
        set, name = classes, entry.name:gsub("^ssl%.?", "")
      elseif entry.what == "kind" then
        set, name = classes, entry.name
      end
      if not set[name] then missing[#missing + 1] = entry.name end
      set[name] = nil
    end
    assert.same({}, missing)
    assert.same({ {}, {} }, { there, classes })
  end)

  it("tell types, defaults and texts", function()
    local comments, line = block "ssl_metrics.rankme"
    assert.equal("function ssl_metrics.rankme(z, options) end", line)
    for _, part in ipairs {
      "---RankMe, the effective number of directions",
      "---@param z sslkit.Tensor|sslkit.Accumulator|table|sslkit.Reader float tensor",
      "---@return number|table # number; with full a table",
      "---@param options? { center?: boolean, spectrum?: \"singular\"|\"variance\", eps?: number",
      "nan?: \"error\"|\"skip\"|\"propagate\", full?: boolean, tensor?: boolean }",
      "---```lua\n---ssl.metrics.rankme(ssl.eye(4)) --> 4.0\n",
    } do
      assert.is_truthy(comments:find(part, 1, true), part .. " in\n" .. comments)
    end
  end)

  it("give methods without their object, and functions with it", function()
    local _, line = block "Tensor:sum"
    assert.equal("function Tensor:sum(dim, keepdim, options) end", line)
    _, line = block "ssl.sum"
    assert.equal("function ssl.sum(t, dim, keepdim, options) end", line)
    _, line = block "Generator:split"
    assert.equal("function Generator:split(stream) end", line)
    _, line = block "Loader:load_state"
    assert.equal("function Loader:load_state(state) end", line)
  end)

  it("know what comes back", function()
    for name, want in pairs {
      ["Tensor:sum"] = "sslkit.Tensor", ["Tensor:item"] = "number", ["Tensor:size"] = "integer",
      ["ssl_data.digits"] = "sslkit.Dataset # dataset: x", ["ssl_data.loader"] = "sslkit.Loader #",
      ["ssl_nn.Linear"] = "sslkit.Module #", ["ssl_optim.adam"] = "sslkit.Optimizer #",
      ["Module:train"] = "sslkit.Module # self", ["Module:parameters"] = "sslkit.Tensor[] #",
      ["Tensor:is_leaf"] = "boolean", ["Tensor:shape"] = "integer ...", ["Tensor:fill_"] =
        "sslkit.Tensor # t", ["ssl.save"] = "boolean|nil #",
    } do
      local found = block(name):match "%-%-%-@return ([^\n]*)"
      assert.equal(want, found:sub(1, #want), name)
    end
    assert.is_truthy(block("ssl.save"):find("---@return string? message", 1, true))
    local _, count = block("ssl_linalg.svd"):gsub("%-%-%-@return sslkit.Tensor", "")
    assert.equal(3, count)
  end)

  it("say how objects are called, counted and calculated with", function()
    for class, lines in pairs {
      Module = {
        "overload fun(x: sslkit.Tensor): sslkit.Tensor", "field training boolean training mode",
      },
      Dataset = { "operator len: integer", "field x sslkit.Tensor tensor with one sample" },
      Loader = { "overload fun(): sslkit.Tensor" },
      Tensor = { "operator add(sslkit.Tensor|number): sslkit.Tensor", "operator len: integer" },
    } do
      local about = text:match("\n%-%-%-@class sslkit%." .. class .. "\n(.-)\nlocal ")
      for _, line in ipairs(lines) do
        assert.is_truthy(about:find("---@" .. line, 1, true), line)
      end
    end
    local progress = "---@overload fun(what: integer|table|sslkit.Loader|function"
    assert.is_truthy(text:find(progress, 1, true))
  end)

  it("leave few types open", function()
    local _, all = text:gsub("\n%-%-%-@param [^\n]*", "")
    local _, open = text:gsub("\n%-%-%-@param [%w_.]+%?? any ", "")
    assert.is_true(open < 0.05 * all, ("%d of %d parameters are any"):format(open, all))
  end)

  it("are the same where nothing has been loaded yet", function()
    local pipe = io.popen "lua5.4 -e \"io.write(require('sslkit.help.stubs').text())\" 2>&1"
    local fresh = pipe:read "a"
    pipe:close()
    assert.equal(text, fresh)
  end)

  it("are written whole or not at all", function()
    local temp = temporary()
    local path = temp.path "meta.lua"
    assert.is_true(stubs.write(path))
    local file = assert(io.open(path, "rb"))
    assert.equal(text, file:read "a")
    file:close()
    temp.remove()
    local ok, message = stubs.write "/nowhere/meta.lua"
    assert.is_nil(ok)
    assert.is_truthy(message:find("/nowhere/meta.lua", 1, true))
    assert.raises({ "path expected, got number 3" }, stubs.write, 3)
  end)
end)
