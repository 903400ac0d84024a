-- The space of configs of a sweep, as a plain table. A list is a choice; `uniform`, `log` and `int`
-- are ranges; an augmentation policy is itself; another table is a part of the config; anything else
-- is a constant. A name with dots sets what lies deeper, in a policy too:
-- ["augment.views[1].jitter.b"] = uniform(0, 0.8). Parts that depend on others stand in `when`, a
-- table or a list of such: { on = { aug = "byol" }, ema = uniform(0.9, 1) }, where `on` has values, or
-- lists of them, by names or paths; or, shorter, { aug = "byol", ema = uniform(0.9, 1) }: names that
-- the space has already are conditions.

local check = require "sslkit.check"
local json = require "sslkit.text.json"
local named = require "sslkit.augment.named"
local near = require "sslkit.near"
local path = require "sslkit.sweep.path"
local range = require "sslkit.sweep.range"
local registry = require "sslkit.augment.registry"

local space = { value = range.value, place = range.place }

-- {== Checks ===============================================================================

local KINDS = { choice = true, uniform = true, log = true, int = true, constant = true }

-- A list of operations. One name at least is known: {{"adam", lr = 0.1}, {"sgd", lr = 1}} is a choice.
local function is_ops(list)
  local known = false
  for _, op in ipairs(list) do
    local name = type(op) == "table" and (op[1] or op.op)
    if type(name) ~= "string" then return false end
    known = known or registry.find(name) ~= nil
  end
  return known
end

-- {views = ...}, or a list of operations.
local function is_policy(v)
  local view = type(v.views) == "table" and v.views[1]
  return is_ops(v) or type(view) == "table" and (is_ops(view) or type(view.ops) == "table")
end

local function is_leaf(v) return type(v) == "table" and KINDS[v.kind] == true end

local LARGEST <const> = 1 << 53 -- whole numbers up to this are exact in JSON

-- A copy of a plain value, as a file gives it back.
local function plain(v, name, depth)
  local kind = type(v)
  if kind == "number" then
    if v - v ~= 0 then check.fail(1, "%s must be finite, got %s", name, check.kind(v)) end
    local whole = math.tointeger(v)
    if math.type(v) == "integer" and math.abs(v) > LARGEST or v == math.mininteger then
      check.fail(1, "%s: whole numbers above 2^53 are not exact in JSON, got %d", name, v)
    end
    return whole and math.abs(whole) <= LARGEST and whole or v
  end
  if kind == "string" or kind == "boolean" then return v end
  if kind ~= "table" or getmetatable(v) or depth > 16 then
    check.fail(1, "%s must be plain data, got %s", name, check.kind(v))
  end
  local out = {}
  for key, inner in pairs(v) do
    if type(key) ~= "string" and math.type(key) ~= "integer"
      or type(key) == "string" and key:find "^%d+$" then -- in JSON that is the number
      check.fail(1, "%s: names and whole numbers expected for keys, got %s", name, check.kind(key))
    end
    out[key] = plain(inner, name, depth + 1)
  end
  return out
end

local function check_leaf(v, name)
  local leaf = plain(v, "space." .. name, 0)
  if leaf.kind == "choice" then
    if type(leaf.values) ~= "table" or #leaf.values == 0 then
      check.fail(1, "space.%s: a choice of nothing", name)
    end
  elseif leaf.kind ~= "constant" then
    check.number(1, "space." .. name .. ".lo", leaf.lo)
    check.number(1, "space." .. name .. ".hi", leaf.hi, leaf.lo)
    if range.is_too_wide(leaf) then
      check.fail(1, "space.%s: the range from %g to %g is too wide", name, leaf.lo, leaf.hi)
    end
    if leaf.kind == "log" then check.number(1, "space." .. name .. ".lo", leaf.lo, 1e-300) end
    if leaf.kind == "int" then
      leaf.lo = check.integer(1, "space." .. name .. ".lo", leaf.lo)
      leaf.hi = check.integer(1, "space." .. name .. ".hi", leaf.hi)
    end
  end
  return leaf
end

local check_part

-- One `when` as {on =, ...}: without `on`, its conditions are what the space has already.
local function with_on(when, known)
  if type(when) ~= "table" or #when > 0 then
    check.fail(1, "space.when must be {on = {name = value}, ...} or a list of such, got %s",
      check.kind(when))
  elseif when.on ~= nil then
    return when
  end
  local out, names = { on = {} }, {}
  for name in pairs(known) do names[#names + 1] = name end
  local hint = ""
  for name, v in pairs(when) do
    if known[name] then out.on[name] = v else out[name] = v end
    if hint == "" and not known[name] then hint = near.hint(tostring(name), names) end
  end
  if next(out.on) == nil then
    check.fail(1, "space.when has no condition on a name of the space%s", hint)
  end
  return out
end

-- A condition can be met: a part has each of the values.
local function check_condition(part, wanted)
  for _, v in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    local leaf, met = part.leaf, false
    for _, each in ipairs(leaf.values or { leaf.value }) do met = met or each == v end
    if leaf.kind == "int" then met = math.tointeger(v) and v >= leaf.lo and v <= leaf.hi end
    if not met then
      local names = {}
      for i, each in ipairs(leaf.values or {}) do names[i] = tostring(each) end
      check.fail(1, "space.when: %s is never %s%s", part.path, check.kind(v),
        near.hint(tostring(v), names))
    end
  end
end

local function check_when(list, known)
  if type(list) ~= "table" then
    check.fail(1, "space.when must be {on = {name = value}, ...} or a list of such, got %s",
      check.kind(list))
  end
  local out, names = {}, {}
  for name in pairs(known) do names[#names + 1] = name end
  for i, when in ipairs(#list > 0 and list or { list }) do
    when = with_on(when, known)
    if type(when.on) ~= "table" or next(when.on) == nil then
      check.fail(1, "space.when[%d] must be {on = {name = value}, ...}, got %s", i,
        check.kind(when.on))
    end
    out[i] = check_part(when, ("when[%d]"):format(i), "on")
    out[i].on = plain(when.on, ("space.when[%d].on"):format(i), 0)
    for name, wanted in pairs(out[i].on) do
      if not known[name] then
        check.fail(1, "space.when: no '%s' in the space%s", tostring(name),
          near.hint(tostring(name), names))
      end
      check_condition(known[name], wanted)
    end
  end
  return out
end

function check_part(t, name, except)
  local out = {}
  for key, v in pairs(t) do
    local inner = name == "" and tostring(key) or name .. "." .. tostring(key)
    if type(key) ~= "string" or key:find "^%d+$" then -- in JSON that is a number
      check.fail(1, "space: names expected, got the key %s", check.kind(key))
    elseif key == except then
      out[key] = nil
    elseif key == "when" then
      check.fail(1, "space.%s: `when` stands at the top of a space, with paths for what is deeper",
        inner)
    elseif is_leaf(v) then
      out[key] = check_leaf(v, inner)
    elseif type(v) ~= "table" then
      out[key] = plain(v, "space." .. inner, 0)
    elseif next(v) == nil then
      check.fail(1, "space.%s: a choice of nothing; constant{} is an empty table", inner)
    elseif is_policy(v) then
      out[key] = { kind = "constant", value = named.canonical(1, v) }
    elseif #v > 0 then
      out[key] = check_leaf({ kind = "choice", values = v }, inner)
    else
      if v.kind ~= nil and type(v.lo) == "number" then
        check.fail(1, "space.%s: unknown kind '%s'%s", inner, tostring(v.kind),
          near.hint(tostring(v.kind), { "choice", "uniform", "log", "int", "constant" }))
      end
      out[key] = check_part(v, inner)
    end
  end
  return out
end

-- ==}

-- {== Configs ==============================================================================

local function names_of(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Adds the leaves of a part, by the names that lead there. Deeper paths come behind what they are in.
local function collect(t, above, on, list)
  for _, name in ipairs(names_of(t)) do
    local v, full = t[name], above == "" and name or above .. "." .. name
    local leaf = is_leaf(v) and v or type(v) ~= "table" and { kind = "constant", value = v }
    if leaf then
      local deep = above == "" and path.is(name)
      list[#list + 1] = { path = full, keys = path.read(full), deep = deep, leaf = leaf, on = on }
    else
      collect(v, full, on, list)
    end
  end
end

--- What a config is made of, in the order in which it is set: first what is always there.
-- @param t checked space
-- @return list of {path =, keys = the same as a list, leaf =, on = conditions or nil}
function space.parts(t)
  local list, base = {}, {}
  for name, v in pairs(t) do if name ~= "when" then base[name] = v end end
  collect(base, "", nil, list)
  for _, part in ipairs(t.when or {}) do
    local inner = {}
    for name, v in pairs(part) do if name ~= "on" then inner[name] = v end end
    collect(inner, "", part.on, list)
  end
  for i, part in ipairs(list) do part.at = i end
  table.sort(list, function(a, b)
    if (a.on ~= nil) ~= (b.on ~= nil) then return b.on ~= nil end
    if a.deep ~= b.deep then return b.deep end
    return a.at < b.at
  end)
  return list
end

local function copied(v)
  if type(v) ~= "table" then return v end
  local out = {}
  for key, inner in pairs(v) do out[key] = copied(inner) end
  return out
end

local function same(a, wanted)
  if type(wanted) ~= "table" then return a == wanted end
  for _, each in ipairs(wanted) do if a == each then return true end end
  return false
end

--- Is a part there, in a config as far as that is made?
function space.active(part, config)
  for name, wanted in pairs(part.on or {}) do
    if not same(path.get(config, path.read(name)), wanted) then return false end
  end
  return true
end

--- Sets a part of a config.
function space.set(config, part, value)
  local ok, message = path.set(config, part.keys, copied(value))
  if not ok then check.fail(1, "space[\"%s\"]: %s", part.path, message) end
end

--- What a config holds for a part.
function space.get(config, part) return (path.get(config, part.keys)) end

--- A config.
-- @param parts of a space
-- @param pick function(part) that gives the value of one
-- @return table
function space.build(parts, pick)
  local config = {}
  for _, part in ipairs(parts) do
    if space.active(part, config) then
      local constant = part.leaf.kind == "constant"
      space.set(config, part, constant and part.leaf.value or pick(part))
    end
  end
  return config
end

-- Sets every path once in each of the choices that it may lie in: what it names must be there.
local function check_paths(parts)
  local function build(choice, u)
    space.build(parts, function(part) return space.value(part.leaf, part == choice and u or 0) end)
  end
  build()
  local inside = {}
  for _, part in ipairs(parts) do
    if part.deep then inside[part.keys[1]] = true end
  end
  for _, part in ipairs(parts) do
    local leaf = part.leaf
    if leaf.kind == "choice" and not part.deep and inside[part.keys[1]] then
      for i = 2, #leaf.values do build(part, (i - 0.5) / #leaf.values) end
    end
  end
end

--- A config, checked: a copy that is plain data, as it comes back from a file.
-- @param config table
-- @param what the caller's name for it
-- @return table
-- @raise functions, NaN and infinities, whole numbers above 2^53
function space.plain(config, what) return plain(config, what, 0) end

--- A config of the caller's own, checked: it has names of the space and no others, and constants that
-- it lacks are added.
-- @param config table
-- @param t checked space
-- @param what the caller's name for it
-- @return a copy
-- @raise names that the space does not have, or that are missing
function space.fill(config, t, what)
  local parts, firsts, names, out = space.parts(t), {}, {}, space.plain(config, what)
  for _, part in ipairs(parts) do
    if not firsts[part.keys[1]] then
      firsts[part.keys[1]], names[#names + 1] = true, part.keys[1]
    end
  end
  for name in pairs(config) do
    if not firsts[name] then
      check.fail(1, "%s: no '%s' in the space%s", what, tostring(name),
        near.hint(tostring(name), names))
    end
  end
  for _, part in ipairs(parts) do
    if space.active(part, out) and space.get(out, part) == nil then
      if part.leaf.kind ~= "constant" then check.fail(1, "%s has no '%s'", what, part.path) end
      space.set(out, part, part.leaf.value)
    end
  end
  return out
end

--- A space, checked: a table of its own that is plain data.
-- @param t table
-- @return table: every list in it is a {kind = "choice", values =}
-- @raise what is no plain data, ranges that are none, conditions that are never met, paths that lead
-- nowhere
function space.check(t)
  if type(t) ~= "table" then check.fail(1, "space must be a table, got %s", check.kind(t)) end
  local out, known = check_part(t, "", "when"), {}
  for _, part in ipairs(space.parts(out)) do known[part.path] = part end
  if t.when ~= nil then out.when = check_when(t.when, known) end
  check_paths(space.parts(out))
  return out
end

--- The parts of a space with the values that a grid has for each.
-- @param t checked space
-- @return list as of space.parts, each with values
-- @raise on ranges that have no list of values
function space.lists(t)
  local parts = space.parts(t)
  for _, part in ipairs(parts) do part.values = range.values(part.leaf, part.path) end
  return parts
end

--- Calls a function for each config of a grid; the last name changes fastest.
-- @param parts as of space.lists
-- @param f function of a config
function space.each(parts, f)
  local function go(at, config)
    local part = parts[at]
    if not part then return f(config) end
    if not space.active(part, config) then return go(at + 1, config) end
    for _, v in ipairs(part.values) do
      local copy = copied(config)
      space.set(copy, part, v)
      go(at + 1, copy)
    end
  end
  go(1, {})
end

--- All configs of a space; the last name changes fastest.
-- @param t checked space
-- @return list of tables
-- @raise on ranges that have no list of values
-- @example #require("sslkit.sweep.space").grid { a = { kind = "int", lo = 1, hi = 2 }, b = "x" } --> 2
function space.grid(t)
  local list = {}
  space.each(space.lists(t), function(config) list[#list + 1] = config end)
  return list
end

--- A config as JSON that is the same for the same config.
-- @param config table
-- @return string
-- @example require("sslkit.sweep.space").canonical { b = 1, a = "x" } --> {"a": "x", "b": 1}
function space.canonical(config) return (json.encode(config)) end

-- ==}

return space
