-- Stubs for editors: all public names as the Lua language server reads them, made from the
-- docstrings. The file is written when sslkit is built, and is never loaded.

local check = require "sslkit.check"
local core = require "sslkit.core"
local index = require "sslkit.help.index"
local layout = require "sslkit.help.layout"
local options = require "sslkit.help.options"
local types = require "sslkit.help.types"

local stubs = {}

local WIDTH = 100
local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat
  return then true until while]]):gmatch "%a+" do
  KEYWORDS[word] = true
end

local HEAD = [[
---@meta sslkit
-- %s for the Lua language server. Made from the docstrings of its source: do not edit.

---@alias sslkit.dtype "float32"|"float64"|"int64"|"uint8"
]]

local OPERATORS = [[
---@operator add(sslkit.Tensor|number): sslkit.Tensor
---@operator sub(sslkit.Tensor|number): sslkit.Tensor
---@operator mul(sslkit.Tensor|number): sslkit.Tensor
---@operator div(sslkit.Tensor|number): sslkit.Tensor
---@operator idiv(sslkit.Tensor|number): sslkit.Tensor
---@operator mod(sslkit.Tensor|number): sslkit.Tensor
---@operator pow(sslkit.Tensor|number): sslkit.Tensor
---@operator unm: sslkit.Tensor
---@operator band(sslkit.Tensor): sslkit.Tensor
---@operator bor(sslkit.Tensor): sslkit.Tensor
---@operator bnot: sslkit.Tensor
---@operator len: integer
---@field [integer|sslkit.Tensor|table] sslkit.Tensor|number]]

-- {== Types ================================================================================

-- The type of an option: its choices, its default, or what its description begins with.
local function type_of_option(item)
  if item.name == "dtype" then return "sslkit.dtype" end
  local default = item.default and options.value(item.default)
  local choices, seen = {}, {}
  for choice in item.text:gmatch '"[^"]*"' do
    if not seen[choice] then choices[#choices + 1] = choice end
    seen[choice] = true
  end
  local is_text = default and default:find '^"' or item.text:find '^"'
  if is_text and #choices > 1 then return table.concat(choices, "|") end
  if is_text then return "string" end
  if default == "true" or default == "false" then return "boolean" end
  local found = types.union(item.text)
  if found ~= "any" then return found end
  if item.name == "generator" then return "sslkit.Generator" end
  if default and tonumber(default) or item.text:find "^%d" then return "number" end
  return default and default:find "^{" and "table" or "any"
end

local function type_of_options(items)
  local list = {}
  for i, item in ipairs(items) do
    local name = KEYWORDS[item.name] and ('["%s"]'):format(item.name) or item.name
    list[i] = ("%s?: %s"):format(name, type_of_option(item))
  end
  return "{ " .. table.concat(list, ", ") .. " }"
end

local function type_of_param(param, items)
  if #items > 0 and param.name ~= "..." then
    local shape = type_of_options(items)
    return types.of(param.text) == "sslkit.dtype" and shape .. "|sslkit.dtype" or shape
  end
  return (types.union(param.text):gsub("|nil", ""):gsub("nil|", ""))
end

-- A type and its description, which need not begin by saying the same.
local function with_text(kind, text, mark)
  if kind:find "^%l+$" and text:sub(1, #kind) == kind and not text:find("^[%w_]", #kind + 1) then
    text = text:sub(#kind + 1):gsub("^[%s:,;]+", "")
  elseif kind == "sslkit.Tensor" and text == "tensor" then
    text = ""
  end
  return text == "" and kind or kind .. " " .. (mark or "") .. text
end

-- Types and texts of what a function returns.
local function types_of_returns(entry, class)
  local text = entry.doc.returns
  if not text then return {} end
  local word = text:match "^the (%a+)$" or text:match "^(%a+)$"
  if word == "self" and class then return { { class, text } } end
  for _, param in ipairs(entry.doc.params) do
    if param.name == word then return { { types.union(param.text), text } } end
  end
  if text:find "^n1, n2" then return { { "integer ...", text } } end
  local one, other = text:match "^(%a+), (%a+)%f[^%w]"
  if one and types.union(one) ~= "any" and types.union(other) ~= "any" then
    return { { types.union(one), text }, { types.union(other), "" } }
  end
  local first = types.union(text):gsub("|nil", "")
  if text:find "%(or one%)" then first = first .. "|sslkit.Tensor" end
  if text:find "with full a table" then first = first .. "|table" end
  if text:find "or nil$" then first = first .. "|nil" end
  local list = { { first, text } }
  if text:find "or nil,? ?a?n?d? a message" then
    list[1][1] = first .. "|nil"
    list[2] = { "string? message", "" }
    return list
  end
  local shapes = 0
  for _ in text:gmatch "%f[%w]%a+ %[[^%]]*%]" do shapes = shapes + 1 end
  if text:find "^%a+ %[" and not text:find " or %[" then
    for i = 2, shapes do list[i] = { "sslkit.Tensor", "" } end
  elseif text:find "; int64 positions" or text:find ": values, int64 positions" then
    list[2] = { "sslkit.Tensor positions", "" }
  end
  return list
end

-- ==}

-- {== Functions ============================================================================

local function put_text(out, text)
  out(layout.fill(text, WIDTH, "---"))
end

local function put_function(out, entry, name, skip, class)
  local doc = entry.doc
  put_text(out, doc.text)
  local items, names = index.options(entry), {}
  for place, param in ipairs(doc.params) do
    if place > skip and param.name ~= "self" then
      local mine = place == #doc.params and items or {}
      local optional = options.optional(param, place) and param.name ~= "..."
      local shown = KEYWORDS[param.name] and param.name .. "_" or param.name
      out(("---@param %s%s %s"):format(
        shown, optional and "?" or "", with_text(type_of_param(param, mine), param.text)))
      names[#names + 1] = shown
    end
  end
  for _, pair in ipairs(types_of_returns(entry, class)) do
    out("---@return " .. with_text(pair[1], pair[2], "# "))
  end
  if #doc.examples > 0 then
    out "---```lua"
    for _, example in ipairs(doc.examples) do
      out(("---%s --> %s"):format(example.code, example.want))
    end
    out "---```"
  end
  out(("function %s(%s) end\n"):format(name, table.concat(names, ", ")))
end

-- fun(a: type, b?: type): type
local function type_of_call(entry)
  local items, list = index.options(entry), {}
  for place, param in ipairs(entry.doc.params) do
    local mine = place == #entry.doc.params and items or {}
    list[#list + 1] = ("%s%s: %s"):format(
      param.name, options.optional(param, place) and "?" or "", type_of_param(param, mine))
  end
  local returns = types_of_returns(entry)[1]
  return ("fun(%s)%s"):format(table.concat(list, ", "), returns and ": " .. returns[1] or "")
end

-- ==}

-- {== Classes ==============================================================================

local function class_of(entry) return "sslkit" .. entry.path:gsub("^ssl", "") end

local function variable_of(entry) return (entry.path:gsub("[^%w_]", "_")) end

local function put_kind(out, kind)
  local class = "sslkit." .. kind.path
  put_text(out, kind.doc and kind.doc.text or kind.summary)
  out("---@class " .. class)
  if kind.value == core.methods then out(OPERATORS) end
  for _, field in ipairs(kind.doc and kind.doc.fields or {}) do
    out("---@field " .. field.name .. " " .. with_text(types.union(field.text), field.text))
  end
  for _, line in ipairs(kind.doc and kind.doc.luals or {}) do out("---@" .. line) end
  out(("local %s = {}\n"):format(kind.path))
  for _, method in ipairs(kind.members) do
    local skip = method.doc.colon and 0 or 1
    put_function(out, method, kind.path .. ":" .. method.name, skip, class)
  end
end

local function put_module(out, module)
  for _, member in ipairs(module.members) do
    if member.what == "module" then put_module(out, member) end
  end
  put_text(out, module.summary)
  out("---@class " .. class_of(module))
  if module.path == "ssl" then
    out "---@field _VERSION string\n---@field _DESCRIPTION string"
  end
  for _, member in ipairs(module.members) do
    if member.what == "module" then
      out(("---@field %s %s %s"):format(member.name, class_of(member), member.summary))
    end
  end
  if module.doc then out("---@overload " .. type_of_call(module)) end
  local variable = variable_of(module)
  out(("local %s = {}\n"):format(variable))
  for _, member in ipairs(module.members) do
    if member.what == "function" then
      put_function(out, member, variable .. "." .. member.name, 0)
    end
  end
end

-- ==}

--- The stubs of everything public.
-- @return string, a Lua file; or nil and a message when the sources cannot be read
function stubs.text()
  local known, message = index.get()
  if not known then return nil, message end
  local lines = {}
  local function out(line) lines[#lines + 1] = line end
  out(HEAD:format(known.root._VERSION))
  for _, entry in ipairs(known.entries) do
    if entry.what == "kind" then put_kind(out, entry) end
  end
  put_module(out, known.of[known.root])
  out "return ssl"
  return table.concat(lines, "\n") .. "\n"
end

--- Writes the stubs to a file, whole or not at all.
-- @param path string
-- @return true; or nil and a message
function stubs.write(path)
  if type(path) ~= "string" then check.fail(1, "path expected, got %s", check.kind(path)) end
  local text, message = stubs.text()
  if not text then return nil, message end
  return core.write_atomic(path, { text })
end

return stubs
