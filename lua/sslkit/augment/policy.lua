-- Policies as plain data. However briefly one is written, its canonical form says everything: each
-- operation by its own name with all its options, so that it can be printed, compared, kept as JSON
-- and swept over.
--
--   { name = "custom", dialect = "tv", version = 1,
--     views = { { n = 2, ops = { { op = "hflip", p = 0.5 }, ... } }, ... } }

local check = require "sslkit.check"
local dialects = require "sslkit.augment.dialects"
local near = require "sslkit.near"
local registry = require "sslkit.augment.registry"

local policy = {}

local VERSION = 1
local DEEPEST = 8   -- tables in tables within an option
local MOST = 1000   -- views

-- A copy of a plain value: strings, finite numbers, booleans, and tables of these that are either
-- lists or have names only, as JSON has them.
local function plain(value, what, fail, depth)
  local kind = type(value)
  if kind == "string" or kind == "boolean" then return value end
  if kind == "number" then
    if value ~= value or value == math.huge or value == -math.huge then
      fail("%s must be finite, got %s", what, check.kind(value))
    end
    return value
  end
  if kind ~= "table" or getmetatable(value) then
    fail("%s must be plain data (numbers, strings, booleans, tables), got %s", what,
      check.kind(value))
  end
  if depth == DEEPEST then fail("%s: tables are nested more than %d deep", what, DEEPEST) end
  local copy, n = {}, rawlen(value)
  for key, each in pairs(value) do
    local in_list = math.type(key) == "integer" and key >= 1 and key <= n
    if n > 0 and not in_list or n == 0 and type(key) ~= "string" then
      fail("%s: a table is either a list or has names only, got the key %s", what, check.kind(key))
    end
    copy[key] = plain(each, what, fail, depth + 1)
  end
  return copy
end

-- Where sizes may be a share of the policy's input, the operation cannot judge them: it is shown a
-- size that suits all.
local STAND_IN = 32

local function check_size(o, fail)
  local size = o.size
  if type(size) == "string" then
    local share = size == "input" and 1 or tonumber(size)
    if share and share > 0 and share <= 16 then return size end
  elseif type(size) == "number" then
    size = { size, size }
  end
  if type(size) ~= "table" or #size ~= 2 then
    fail("size must be a whole number, {height, width}, 'input' or a share of it such as '0.5', "
      .. "got %s", check.kind(o.size))
  end
  for i = 1, 2 do
    local whole = math.tointeger(size[i])
    if not whole or whole < 1 then
      fail("size must be whole numbers from 1, got %s", check.kind(size[i]))
    end
    size[i] = whole
  end
  return size
end

-- What the operation finds wrong with its options. It may be the user's own: what it raises must not
-- look as if the mistake were in its code.
local function judge(op, o, fail)
  local wrong
  local ok, message = pcall(op.check, o, function(text, ...)
    wrong = select("#", ...) > 0 and text:format(...) or text
    error(wrong, 0)
  end)
  if wrong then fail("%s", wrong) end
  if not ok then error(message, 0) end
end

local function check_values(op, o, fail)
  if type(o.p) ~= "number" or not (o.p >= 0 and o.p <= 1) then
    fail("p must be in 0..1, got %s", check.kind(o.p))
  end
  local by_share = op.shape and o.size ~= nil and check_size(o, fail)
  if by_share then
    o.size = type(by_share) == "string" and { STAND_IN, STAND_IN } or by_share
  end
  if op.check then judge(op, o, fail) end
  if by_share then o.size = by_share end
end

local function option_names(op)
  local list = {}
  for _, option in ipairs(op.options) do list[#list + 1] = option[1] end
  return list
end

-- The operation in its canonical form. `context` has the dialect and the size of its view.
local function canonical_op(given, context, fail)
  if type(given) == "string" then given = { given } end
  if type(given) ~= "table" or getmetatable(given) then
    fail("an operation {name, option = value, ...} expected, got %s", check.kind(given))
  end
  local op, message = registry.find(given.op or given[1])
  if not op then fail("%s", message) end
  local function fail_here(text, ...) fail("'%s': " .. text, op.name, ...) end
  local o = {}
  for key, value in pairs(given) do
    if key ~= "op" and not (key == 1 and not given.op) then
      local name = op.aliases and op.aliases[key] or key
      if type(name) ~= "string" or not (op.by_name[name] or op.open) then
        local all = option_names(op)
        fail_here("unknown option '%s'%s; known: %s", tostring(name),
          near.hint(tostring(name), all), table.concat(all, ", "))
      elseif o[name] ~= nil then
        fail_here("'%s' is given twice", name)
      end
      o[name] = plain(value, name, fail_here, 0)
    end
  end
  local usual = dialects.defaults(context.dialect, op.name)
  for _, option in ipairs(op.options) do
    local name, default = option[1], option[2]
    if usual[name] ~= nil then default = usual[name] end
    if name == "size" and op.shape and default == nil then default = context.size end
    if o[name] == nil then
      if default == nil then fail_here("needs %s", name) end
      o[name] = plain(default, name, fail_here, 0)
    end
  end
  check_values(op, o, fail_here)
  o.op = op.name
  return o
end

local VIEW = { n = true, size = true, ops = true }
local POLICY = { name = true, dialect = true, size = true, version = true, views = true }

local function check_keys(t, known, lists, fail)
  for key in pairs(t) do
    local in_list = lists and math.type(key) == "integer" and key >= 1 and key <= rawlen(t)
    if not (known[key] or in_list) then
      local all = {}
      for name in pairs(known) do all[#all + 1] = name end
      table.sort(all)
      fail("unknown field '%s'%s; known: %s", tostring(key), near.hint(tostring(key), all),
        table.concat(all, ", "))
    end
  end
end

local function canonical_view(given, context, at, fail)
  local function fail_here(text, ...) fail(at .. text, ...) end
  if type(given) ~= "table" or getmetatable(given) then
    fail_here("a view {n = 1, operations...} expected, got %s", check.kind(given))
  end
  check_keys(given, VIEW, not given.ops, fail_here)
  local n = given.n == nil and 1 or math.tointeger(given.n)
  if not n or n < 1 or n > MOST then
    fail_here("n must be a whole number in 1..%d, got %s", MOST, check.kind(given.n))
  end
  local list = given.ops or given
  if type(list) ~= "table" or rawlen(list) == 0 then
    fail_here("no operations; {'identity'} changes nothing")
  end
  local inner = { dialect = context.dialect, size = given.size or context.size }
  local ops = {}
  for i = 1, rawlen(list) do
    ops[i] = canonical_op(list[i], inner, function(text, ...)
      fail_here("operation " .. i .. ": " .. text, ...)
    end)
  end
  return { n = n, ops = ops }
end

--- The canonical form of a policy, a table of its own.
-- @param argn of the public function whose argument the policy is
-- @param given policy in any form but a name
function policy.canonical(argn, given)
  local function fail(text, ...) check.fail(argn, text, ...) end
  if type(given) ~= "table" or getmetatable(given) then
    fail("a policy expected: a name, a list of operations or {views = ...}, got %s",
      check.kind(given))
  end
  local flat = given.views == nil
  if flat and rawlen(given) == 0 then fail("an empty policy; {'identity'} changes nothing") end
  local known = flat and { n = true } or {}
  for key in pairs(POLICY) do known[key] = true end
  check_keys(given, known, flat, fail)
  local name = given.name == nil and "custom" or given.name
  if type(name) ~= "string" then fail("name must be a string, got %s", check.kind(name)) end
  if given.version ~= nil and given.version ~= VERSION then
    fail("version %d of policies expected, got %s", VERSION, check.kind(given.version))
  end
  local dialect, message = dialects.find(given.dialect == nil and "tv" or given.dialect)
  if not dialect then fail("%s", message) end
  local context = { dialect = dialect, size = given.size == nil and "input" or given.size }
  local views = given.views
  if flat then
    local view = { n = given.n }
    for i = 1, rawlen(given) do view[i] = given[i] end
    views = { view }
  elseif type(views) ~= "table" or rawlen(views) == 0 then
    fail("an empty policy: views must be a list of views, got %s", check.kind(views))
  end
  local out = { name = name, dialect = dialect, version = VERSION, views = {} }
  for i = 1, rawlen(views) do
    local at = flat and "" or ("views[%d], "):format(i)
    out.views[i] = canonical_view(views[i], context, at, fail)
  end
  return out
end

return policy
