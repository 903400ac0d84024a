-- Argument checks and error wording shared by the Lua side. Every error names the function as the
-- user called
-- it and stands at the user's line (the walk up the stack is in C, src/error.c).

local core = require "sslkit.core"

local check = {}

-- The prefix of the chunk names of this project's own files: frames that carry it are passed over.
core.home(((debug and debug.getinfo(1, "S").source or "@sslkit/check.lua"):gsub("check%.lua$", "")))

--- Raises "bad argument #argn to 'f' (message)" at the line that called the public function.
function check.fail(argn, message, ...)
  core.fail(argn, select("#", ...) > 0 and message:format(...) or message)
end

--- Raises "f: message" at the line that called the public function.
function check.raise(message, ...)
  core.raise(select("#", ...) > 0 and message:format(...) or message)
end

--- What a value is, for messages: "nil", "number 3.5", "string 'x'", "tensor (3,4) float32".
function check.kind(v)
  if core.is_tensor(v) then return "tensor " .. core.describe(v) end
  local t = type(v)
  if t == "number" or t == "boolean" then return t .. " " .. tostring(v) end
  if t == "string" then return ("string '%s'"):format(v) end
  return t
end

local function known_names(...)
  local names = {}
  for _, set in ipairs { ... } do
    for name in pairs(set) do names[#names + 1] = name end
  end
  table.sort(names)
  return table.concat(names, ", ")
end

--- Options with their defaults: a new table. `defaults` maps each known name to its default; names
-- without one
-- stand in `more` as {name = true}. An unknown name raises and lists the known ones.
function check.options(argn, given, defaults, more)
  local out = {}
  if given ~= nil and type(given) ~= "table" then
    check.fail(argn, "table of options expected, got %s", check.kind(given))
  end
  for name, value in pairs(given or {}) do
    if defaults[name] == nil and not (more and more[name]) then
      check.fail(argn, "unknown option '%s'; known: %s", tostring(name), known_names(defaults, more or {}))
    end
    out[name] = value
  end
  for name, value in pairs(defaults) do
    if out[name] == nil then out[name] = value end
  end
  return out
end

--- One of the given names.
function check.one_of(argn, what, value, names)
  for _, name in ipairs(names) do
    if name == value then return value end
  end
  check.fail(argn, "%s must be one of %s, got %s", what, table.concat(names, ", "), check.kind(value))
end

--- A tensor; `want` may give dtype ("float" means either float) and dim (number of dimensions).
function check.tensor(argn, v, want, what)
  what = what or "tensor"
  if not core.is_tensor(v) then check.fail(argn, "%s expected, got %s", what, check.kind(v)) end
  if not want then return v end
  local dtype = core.dtype(v)
  if want.dtype == "float" and dtype ~= "float32" and dtype ~= "float64"
    or want.dtype and want.dtype ~= "float" and want.dtype ~= dtype then
    check.fail(argn, "%s of dtype %s expected, got %s", what, want.dtype, core.describe(v))
  end
  if want.dim and core.dim(v) ~= want.dim then
    check.fail(argn, "%s with %d dimensions expected, got %s", what, want.dim, core.describe(v))
  end
  return v
end

--- A whole number in first..last (either may be nil).
function check.integer(argn, what, v, first, last)
  if math.type(v) ~= "integer" then
    local whole = type(v) == "number" and math.tointeger(v)
    if not whole then check.fail(argn, "%s must be a whole number, got %s", what, check.kind(v)) end
    v = whole
  end
  if first and v < first or last and v > last then
    check.fail(argn, "%s must be in %s..%s, got %d", what, first or "-inf", last or "inf", v)
  end
  return v
end

--- A finite number in first..last (either may be nil).
function check.number(argn, what, v, first, last)
  if type(v) ~= "number" or v ~= v or v == math.huge or v == -math.huge then
    check.fail(argn, "%s must be a finite number, got %s", what, check.kind(v))
  end
  if first and v < first or last and v > last then
    check.fail(argn, "%s must be in %s..%s, got %g", what, first or "-inf", last or "inf", v)
  end
  return v
end

return check
