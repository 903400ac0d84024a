-- Argument checks and error wording shared by the Lua side. Every error names the function as the
-- user called it and stands at the user's line (the walk up the stack is in C, src/error.c).
--
-- A public function must not pass its work on by a tail call to one of another name: its frame is
-- gone then, and the message names the other one. `return (f(x))` keeps it.

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
  if v ~= v then return "number nan" end -- not -nan
  if t == "number" or t == "boolean" then return t .. " " .. tostring(v) end
  if t == "string" then return #v > 60 and "a long string" or ("string '%s'"):format(v) end
  local meta = getmetatable(v)
  return type(meta) == "table" and type(meta.__name) == "string" and meta.__name or t
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
-- without one stand in `more` as {name = true}. An unknown name raises and lists the known ones.
function check.options(argn, given, defaults, more)
  local out = {}
  if given ~= nil and type(given) ~= "table" then
    check.fail(argn, "table of options expected, got %s", check.kind(given))
  end
  for name, value in pairs(given or {}) do
    if defaults[name] == nil and not (more and more[name]) then
      local known = known_names(defaults, more or {})
      check.fail(argn, "unknown option '%s'; known: %s", tostring(name), known)
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
  local known = table.concat(names, ", ")
  check.fail(argn, "%s must be one of %s, got %s", what, known, check.kind(value))
end

local DTYPES = { "float32", "float64", "int64", "uint8" }
local FLOATS = { "float32", "float64" }

--- A dtype, given by name or in a table of options; nil where there is none. `float`: one of the
-- floats.
function check.dtype(argn, v, float)
  if type(v) == "table" then v = check.options(argn, v, {}, { dtype = true }).dtype end
  if v == nil then return nil end
  return (check.one_of(argn, "dtype", v, float and FLOATS or DTYPES))
end

--- A number that a tensor of that dtype has room for.
function check.element(argn, v, dtype)
  if type(v) ~= "number" then check.fail(argn, "number expected, got %s", check.kind(v)) end
  if dtype == "int64" or dtype == "uint8" then
    local whole = math.tointeger(v)
    if not whole or dtype == "uint8" and (whole < 0 or whole > 255) then
      check.fail(argn, "%s has no room for %s", dtype, tostring(v))
    end
  end
  return v
end

--- A dimension of a tensor with n of them: 1..n, or -n..-1 from the end.
function check.dim(argn, v, n)
  v = check.integer(argn, "dimension", v)
  if v < -n or v > n or v == 0 then
    check.fail(argn, "dimension %d of a tensor with %d", v, n)
  end
  return v
end

local function check_size(argn, v)
  if math.type(v) ~= "integer" then
    local whole = type(v) == "number" and math.tointeger(v)
    if not whole then check.fail(argn, "size must be a whole number, got %s", check.kind(v)) end
    v = whole
  end
  if v < 0 then check.fail(argn, "size must not be negative, got %d", v) end
  return v
end

--- A list of sizes that stands as one argument.
function check.shape(argn, list)
  local n = rawlen(list)
  if n > 8 then check.fail(argn, "%d dimensions; at most 8", n) end
  for i in pairs(list) do
    if math.type(i) ~= "integer" or i < 1 or i > n then
      check.fail(argn, "a shape holds sizes only, got the key %s", check.kind(i))
    end
  end
  local shape = {}
  for i = 1, n do shape[i] = check_size(argn, list[i]) end
  return shape
end

--- What the makers of tensors take: sizes, as numbers or one table; then, perhaps, a dtype or a
-- table of options, whose names stand in `more` as {name = true}. The first of these arguments is
-- number argn. Gives the list of sizes, the options, and the number of the options' argument.
function check.sizes(argn, more, ...)
  local n, options = select("#", ...), {}
  if n > 0 and type(...) == "table" then
    while select(n, ...) == nil do n = n - 1 end -- zeros(shape, dtype) where dtype is nil
  end
  local last = n > 0 and select(n, ...)
  if type(last) == "string" then
    n, options = n - 1, { dtype = last }
  elseif type(last) == "table" and (n > 1 or rawlen(last) == 0 and next(last) ~= nil) then
    n, options = n - 1, check.options(argn + n - 1, last, {}, more)
  end
  if options.dtype ~= nil then check.one_of(argn + n, "dtype", options.dtype, DTYPES) end
  if n == 1 and type(...) == "table" then return check.shape(argn, (...)), options, argn + n end
  if n > 8 then check.fail(argn + 8, "%d dimensions; at most 8", n) end
  local shape = { ... }
  shape[n + 1] = nil
  for i = 1, n do shape[i] = check_size(argn + i - 1, shape[i]) end
  return shape, options, argn + n
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
