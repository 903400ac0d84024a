-- The space of configs of a sweep, as a plain table. A list is a choice; `uniform`, `log` and `int`
-- are ranges; an augmentation policy is itself; another table is a part of the config; anything else
-- is a constant. A name with dots sets what lies deeper, in a policy too:
-- ["augment.views[1].jitter.b"] = uniform(0, 0.8). Parts that depend on others stand in `when`:
-- { { on = { aug = "byol" }, ema = uniform(0.9, 1) } }.

local check = require "sslkit.check"
local json = require "sslkit.text.json"
local named = require "sslkit.augment.named"
local near = require "sslkit.near"
local path = require "sslkit.augment.path"

local space = { constructors = {} }

-- {== Ranges ===============================================================================

local LARGEST_GRID = 10000

local function bounds(kind, lo, hi)
  check.number(1, "lo", lo)
  check.number(2, "hi", hi)
  if lo >= hi then check.fail(2, "hi must be above lo = %g, got %g", lo, hi) end
  return { kind = kind, lo = lo, hi = hi }
end

local C = space.constructors

--- One of a list of values: strings, numbers, booleans or plain tables. In a space a list by itself
-- means the same.
-- @param values list
-- @return table {kind = "choice", values =}
-- @example ssl.sweep.choice{ "byol", "simclr" }.kind --> choice
function C.choice(values)
  if type(values) ~= "table" or #values == 0 then
    check.fail(1, "a list of values expected, got %s", check.kind(values))
  end
  return { kind = "choice", values = values }
end

--- A number between two, each as likely as any other.
-- @param lo number
-- @param hi number above lo
-- @return table {kind = "uniform", lo =, hi =}
-- @example ssl.sweep.uniform(0, 0.8).hi --> 0.8
function C.uniform(lo, hi) return (bounds("uniform", lo, hi)) end

--- A number between two, each factor as likely as any other: for learning rates and the like.
-- @param lo number above 0
-- @param hi number above lo
-- @return table {kind = "log", lo =, hi =}
-- @example ssl.sweep.log(1e-4, 1).lo --> 0.0001
function C.log(lo, hi)
  local range = bounds("log", lo, hi)
  if lo <= 0 then check.fail(1, "lo must be above 0, got %g", lo) end
  return range
end

--- A whole number between two, both included.
-- @param lo whole number
-- @param hi whole number above lo
-- @return table {kind = "int", lo =, hi =}
-- @example ssl.sweep.int(1, 6).kind --> int
function C.int(lo, hi)
  return (bounds("int", check.integer(1, "lo", lo), check.integer(2, "hi", hi)))
end

--- A table as it is: one whose lists are no choices, such as a policy.
-- @param value table, string, number or boolean
-- @return table {kind = "constant", value =}
-- @example ssl.sweep.constant{ 1, 2 }.value[2] --> 2
function C.constant(value) return { kind = "constant", value = value } end

local KINDS = { choice = true, uniform = true, log = true, int = true, constant = true }

-- {views = ...}, or a list of operations, whose names are strings.
local function is_policy(v)
  if v.views ~= nil then return true end
  for _, op in ipairs(v) do
    if type(op) ~= "table" or type(op[1] or op.op) ~= "string" then return false end
  end
  return #v > 0
end

local function is_leaf(v) return type(v) == "table" and KINDS[v.kind] == true end

-- ==}

-- {== Checks ===============================================================================

-- A copy of a plain value.
local function plain(v, name, depth)
  local kind = type(v)
  if kind == "number" and (v ~= v or v == math.huge or v == -math.huge) then
    check.fail(1, "space.%s must be finite, got %s", name, check.kind(v))
  end
  if kind == "number" or kind == "string" or kind == "boolean" then return v end
  if kind ~= "table" or getmetatable(v) or depth > 16 then
    check.fail(1, "space.%s must be plain data, got %s", name, check.kind(v))
  end
  local out = {}
  for key, inner in pairs(v) do out[key] = plain(inner, name, depth + 1) end
  return out
end

local function check_leaf(v, name)
  local leaf = plain(v, name, 0)
  if leaf.kind == "choice" then
    if type(leaf.values) ~= "table" or #leaf.values == 0 then
      check.fail(1, "space.%s: a choice of nothing", name)
    end
  elseif leaf.kind ~= "constant" then
    check.number(1, "space." .. name .. ".lo", leaf.lo)
    check.number(1, "space." .. name .. ".hi", leaf.hi, leaf.lo)
    if leaf.kind == "log" then check.number(1, "space." .. name .. ".lo", leaf.lo, 1e-300) end
    if leaf.kind == "int" then
      leaf.lo = check.integer(1, "space." .. name .. ".lo", leaf.lo)
      leaf.hi = check.integer(1, "space." .. name .. ".hi", leaf.hi)
    end
  end
  return leaf
end

local check_part

local function check_when(list)
  if type(list) ~= "table" then
    check.fail(1, "space.when must be a list of {on = {name = value}, ...}, got %s",
      check.kind(list))
  end
  local out = {}
  for i, part in ipairs(list.on and { list } or list) do
    if type(part) ~= "table" or type(part.on) ~= "table" or next(part.on) == nil then
      check.fail(1, "space.when[%d] must be {on = {name = value}, ...}, got %s", i,
        check.kind(part))
    end
    out[i] = check_part(part, ("when[%d]"):format(i), "on")
    out[i].on = plain(part.on, ("when[%d].on"):format(i), 0)
  end
  return out
end

function check_part(t, name, except)
  local out = {}
  for key, v in pairs(t) do
    local inner = name == "" and tostring(key) or name .. "." .. tostring(key)
    if type(key) ~= "string" then
      check.fail(1, "space: names expected, got the key %s", check.kind(key))
    elseif key == except then
      out[key] = nil
    elseif is_leaf(v) then
      out[key] = check_leaf(v, inner)
    elseif type(v) ~= "table" then
      out[key] = plain(v, inner, 0)
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

--- A space, checked: a table of its own that is plain data.
-- @param t table
-- @return table: every list in it is a {kind = "choice", values =}
-- @raise what is no plain data, ranges that are none
function space.check(t)
  if type(t) ~= "table" then check.fail(1, "space must be a table, got %s", check.kind(t)) end
  local out = check_part(t, "", "when")
  if t.when ~= nil then out.when = check_when(t.when) end
  for _, part in ipairs(out.when or {}) do
    for name in pairs(part.on) do
      if out[name] == nil then
        local names = {}
        for each in pairs(out) do names[#names + 1] = each end
        check.fail(1, "space.when: no '%s' in the space%s", name, near.hint(name, names))
      end
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
local function collect(t, keys, on, list)
  for _, name in ipairs(names_of(t)) do
    local v, inner = t[name], { table.unpack(keys) }
    inner[#inner + 1] = name
    local leaf = is_leaf(v) and v or type(v) ~= "table" and { kind = "constant", value = v }
    if leaf then
      list[#list + 1] = { keys = inner, leaf = leaf, on = on }
    elseif name ~= "on" then
      collect(v, inner, on, list)
    end
  end
end

--- What a config is made of, in the order in which it is set: first what is always there.
-- @param t checked space
-- @return list of {keys = names that lead there, leaf =, on = conditions or nil}
function space.parts(t)
  local list, base = {}, {}
  for name, v in pairs(t) do if name ~= "when" then base[name] = v end end
  collect(base, {}, nil, list)
  for _, part in ipairs(t.when or {}) do
    local inner = {}
    for name, v in pairs(part) do if name ~= "on" then inner[name] = v end end
    collect(inner, {}, part.on, list)
  end
  local deep = {}
  for i, part in ipairs(list) do part.at = i end
  for _, part in ipairs(list) do
    part.path = table.concat(part.keys, ".")
    deep[part] = part.path:find "[%[.]" and #part.keys == 1 and 1 or 0
  end
  table.sort(list, function(a, b)
    if (a.on ~= nil) ~= (b.on ~= nil) then return b.on ~= nil end
    if deep[a] ~= deep[b] then return deep[a] < deep[b] end
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
    if not same(config[name], wanted) then return false end
  end
  return true
end

--- Sets a part of a config.
function space.set(config, part, value)
  local keys = part.keys
  if #keys == 1 and keys[1]:find "[%[.]" then
    local head, rest = keys[1]:match "^([^.%[]+)%.?(.*)$"
    local inner = config[head]
    if rest:find "^views%[" then
      config[head] = path.set(inner, rest, copied(value))
      return
    end
    keys = {}
    for name in part.keys[1]:gmatch "[^.]+" do keys[#keys + 1] = name end
  end
  for i = 1, #keys - 1 do
    config[keys[i]] = type(config[keys[i]]) == "table" and config[keys[i]] or {}
    config = config[keys[i]]
  end
  config[keys[#keys]] = copied(value)
end

--- What a config holds for a part.
function space.get(config, part)
  local keys = part.keys
  if #keys == 1 and keys[1]:find "[%[.]" then
    local head, rest = keys[1]:match "^([^.%[]+)%.?(.*)$"
    if rest:find "^views%[" then return (path.get(config[head], rest)) end
    keys = {}
    for name in part.keys[1]:gmatch "[^.]+" do keys[#keys + 1] = name end
  end
  for _, name in ipairs(keys) do
    if type(config) ~= "table" then return nil end
    config = config[name]
  end
  return config
end

--- The value of a leaf at u.
-- @param leaf of a checked space
-- @param u number in [0,1)
function space.value(leaf, u)
  if leaf.kind == "constant" then return leaf.value end
  if leaf.kind == "choice" then return leaf.values[math.floor(u * #leaf.values) + 1] end
  if leaf.kind == "int" then return leaf.lo + math.floor(u * (leaf.hi - leaf.lo + 1)) end
  if leaf.kind == "log" then
    return math.min(leaf.hi, leaf.lo * math.exp(u * math.log(leaf.hi / leaf.lo)))
  end
  return leaf.lo + (leaf.hi - leaf.lo) * u
end

--- Where in [0,1) a value of a leaf lies: the middle of its part for one of several.
function space.place(leaf, value)
  if leaf.kind == "choice" then
    local text = json.encode { v = value }
    for i, each in ipairs(leaf.values) do
      if json.encode { v = each } == text then return (i - 0.5) / #leaf.values end
    end
    return 0.5
  end
  if leaf.kind == "int" then return (value - leaf.lo + 0.5) / (leaf.hi - leaf.lo + 1) end
  if leaf.kind == "log" then return math.log(value / leaf.lo) / math.log(leaf.hi / leaf.lo) end
  return (value - leaf.lo) / (leaf.hi - leaf.lo)
end

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

-- All values of a leaf, for a grid.
local function values_of(part)
  local leaf = part.leaf
  if leaf.kind == "constant" then return { leaf.value } end
  if leaf.kind == "choice" then return leaf.values end
  if leaf.kind ~= "int" or leaf.hi - leaf.lo >= LARGEST_GRID then
    check.fail(1, "a grid needs lists: space.%s is %s(%g, %g); give trials = and a sampler such as "
      .. "random", part.path, leaf.kind, leaf.lo, leaf.hi)
  end
  local list = {}
  for v = leaf.lo, leaf.hi do list[#list + 1] = v end
  return list
end

--- All configs of a space; the last name changes fastest.
-- @param t checked space
-- @return list of tables
-- @raise on ranges that have no list of values
-- @example #require("sslkit.sweep.space").grid { a = { kind = "int", lo = 1, hi = 2 }, b = "x" } --> 2
function space.grid(t)
  local parts, list = space.parts(t), {}
  local function go(at, config)
    local part = parts[at]
    if not part then
      list[#list + 1] = config
    elseif not space.active(part, config) then
      go(at + 1, config)
    else
      for _, v in ipairs(values_of(part)) do
        local copy = copied(config)
        space.set(copy, part, v)
        go(at + 1, copy)
      end
    end
  end
  go(1, {})
  return list
end

--- A config as JSON that is the same for the same config.
-- @param config table
-- @return string
-- @example require("sslkit.sweep.space").canonical { b = 1, a = "x" } --> {"a": "x", "b": 1}
function space.canonical(config) return (json.encode(config)) end

-- ==}

return space
