local Session = require "sslkit.repl.session"
local complete = require "sslkit.repl.complete"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("completion", function()
  local env
  before_each(function() env = Session.new().env end)

  -- The line with each candidate in place, at most 12 of them.
  local function lines(line)
    local list, start = complete(env, line)
    assert.is_true(start >= 1 and start <= #line + 1)
    local all = {}
    for i, candidate in ipairs(list) do
      if i > 12 then break end
      all[i] = line:sub(1, start - 1) .. candidate
    end
    return table.concat(all, " | ")
  end

  it("knows variables, globals and reserved words", function()
    env.rhubarb, env.rhino = 1, 2
    assert.equal("x = rhino | x = rhubarb", lines "x = rh")
    assert.equal("coroutine", lines "corou")
    assert.equal("return", lines "retu")
    assert.equal("", lines "")
    assert.equal("", lines "x = ")
    assert.equal("", lines "12")
    assert.equal("1+rhino", lines "1+rhi")
  end)

  it("knows the names in tables and modules, those too that load when they are used", function()
    assert.equal("string.format", lines "string.fo")
    assert.equal("ssl.metrics", lines "ssl.metr")
    assert.equal("f(ssl.metrics.rankme", lines "f(ssl.metrics.rankm")
    assert.truthy(lines "ssl.":find "ssl.abs | ssl.abs_ | ssl.add")
    assert.equal("ssl.linalg.svd | ssl.linalg.svdvals", lines "ssl.linalg.sv")
    env.t = { inner = { deep = { 1 }, dear = 2, ["no name"] = 3, _hidden = 4 }, [1] = { one = 1 } }
    assert.equal("t.inner.dear | t.inner.deep", lines "t.inner.")
    assert.equal("t.inner._hidden", lines "t.inner._")
    assert.equal("t[1].one", lines "t[1].")
    assert.equal("t['inner'].dear", lines "t['inner'].dea")
    assert.equal('t["inner"] ', lines 't["in' .. " ")
    assert.equal('t.inner["no name"]', lines 't.inner["no')
  end)

  it("knows methods", function()
    env.x = ssl.randn(2, 3)
    assert.equal("x:mean | x:median", lines "x:me")
    assert.equal("x[1]:cumprod | x[1]:cumsum", lines "x[1]:cum")
    assert.equal("", lines "x:metrics")
    assert.equal("('a'):upper", lines "('a'):upp")
    env.s = "text"
    assert.equal("s:gmatch | s:gsub", lines "s:g")
    env.net = ssl.nn.mlp { sizes = { 3, 2 } }
    assert.truthy(lines "net:para":find "net:parameters")
    env.loader = ssl.data.loader(ssl.data.digits(), { batch = 10 })
    assert.truthy(lines "loader:st":find "loader:state")
    env.file = io.stdout
    assert.equal("file:seek | file:setvbuf", lines "file:se")
    env.object = setmetatable({ field = 1, own = print }, {
      __index = setmetatable({ method = print }, { __index = { base = print } }),
    })
    assert.equal("object:base | object:method | object:own", lines "object:")
  end)

  it("knows the options of what is called", function()
    env.x = ssl.randn(2, 3)
    local all = lines "ssl.metrics.rankme(x, {"
    assert.truthy(all:find("ssl.metrics.rankme(x, {full=", 1, true), all)
    assert.equal("ssl.metrics.rankme(x, {full=", lines "ssl.metrics.rankme(x, {fu")
    assert.equal("ssl.metrics.rankme(x, { nan='skip', full=",
      lines "ssl.metrics.rankme(x, { nan='skip', fu")
    assert.is_nil(lines "ssl.metrics.rankme(x, {full=true, ":find("{full=true, full", 1, true))
    assert.equal("x:std{ddof=", lines "x:std{dd")
    assert.equal("ssl.nn.mlp{sizes=", lines "ssl.nn.mlp{siz")
    assert.equal("ssl.metrics.rankme(x,\n  {full=", lines "ssl.metrics.rankme(x,\n  {fu")
    assert.is_nil(lines "ssl.metrics.rankme(x, {full = nan":find("nan=", 1, true))
    assert.equal("", lines "unknown(x, {")
    assert.equal("", lines "{")
    assert.equal("", lines "}}}{")
  end)

  it("knows files inside of strings", function()
    local temp = temporary()
    for _, name in ipairs { "data one.npy", "data-two.npy", ".hidden", "it's" } do
      temp.write(name, "")
    end
    assert(require("lfs").mkdir(temp.path "deep"))
    local folder = temp.path ""
    local function names(text) return (lines(text):gsub(folder:gsub("%p", "%%%0"), "@")) end
    assert.equal("ssl.load('@data one.npy | ssl.load('@data-two.npy",
      names("ssl.load('" .. folder .. "da"))
    assert.equal('ssl.load "@deep/', names('ssl.load "' .. folder .. "dee"))
    assert.equal('"@data one.npy | "@data-two.npy | "@deep/', names('"' .. folder))
    assert.equal('"@.hidden', names('"' .. folder .. ".h"))
    assert.equal("%run @deep/", names("%run " .. folder .. "de"))
    assert.equal("", names('"' .. folder .. "none/"))
    assert.equal("", names("x = 'a' .. [[" .. folder))
    temp.remove()
  end)

  it("knows commands, and works behind them and behind ?", function()
    assert.equal("%time | %timeit", lines "%ti")
    assert.equal("%time string.format", lines "%time string.fo")
    assert.equal("?ssl.metrics", lines "?ssl.metr")
  end)

  it("is silent in comments, and where it cannot know", function()
    for _, line in ipairs {
      "-- str", "f().fo", "x.y.z.", "nothing.", ":", ".", "a.b:c", "é", "--[[ s", "x::", "1.", "((",
      "]", "[", "t[", "t[x].", "a..", "\0", "\xff\xfe.",
    } do
      assert.equal("", lines(line), line)
    end
  end)

  it("stands anything that may be typed", function()
    local pieces = {
      "ssl", "x", ".", ":", "{", "}", "(", ")", "[", "]", ",", "=", "'", '"', "--", "[[", "]]", "1",
      " ", "\n", "\\", "?", "%", "time", "local", "end", "..", "::", "é", "\0", "metrics", "rankme",
    }
    local state = 1
    for _ = 1, 3000 do
      local words = {}
      for i = 1, 8 do
        state = (state * 1103515245 + 12345) & 0x7fffffff
        words[i] = pieces[(state >> 16) % #pieces + 1]
      end
      local line = table.concat(words)
      local list, start = complete(env, line)
      for _, candidate in ipairs(list) do
        local typed = line:sub(start)
        assert.equal(typed, candidate:sub(1, #typed), line)
      end
    end
  end)

  it("runs none of the user's code", function()
    local function raise() error "ran" end
    local meta = { __eq = raise, __len = raise, __pairs = raise, __tostring = raise }
    meta.__index, meta.__call = raise, raise
    env.bad = setmetatable({ field = 1 }, meta)
    assert.equal("bad.field", lines "bad.")
    assert.equal("", lines "bad.field.x")
    assert.equal("", lines "bad.nothing.x")
    assert.equal("", lines "bad(1, {")
    env.loop = {}
    setmetatable(env.loop, { __index = env.loop })
    assert.equal("", lines "loop.x.")
    setmetatable(env, { __index = raise })
    assert.equal("", lines "anything.")
    assert.equal("", lines "zz")
  end)

  it("takes no time that is felt", function()
    complete(env, "ssl.") -- help reads the docstrings once
    local start = os.clock()
    for _ = 1, 10 do complete(env, "ssl.metrics.rankme(ssl.ra") end
    assert.is_true((os.clock() - start) / 10 < (os.getenv "SANITIZE" and 1 or 0.05))
  end)
end)
