-- What every log does with a record first: a table of names and values gets its step and its time,
-- and values that no log can hold are the caller's mistake.

local check = require "sslkit.check"
local core = require "sslkit.core"

local record = {}

local DEPTH = 16             -- of tables in tables: a table that holds itself ends here
local LATEST = 253402300799  -- the last second of the year 9999, where dates have four digits

local offset -- what core.clock lacks to be Unix time

-- Unix time with a fraction: os.time has none, and core.clock does not know what year it is. Put
-- right whenever the two disagree about the second: after a start, a sleep, a change of the clock.
function record.now()
  local second, now = os.time(), core.clock()
  if not offset or now + offset < second or now + offset >= second + 1 then
    offset = second - now
  end
  return (now + offset) * 1000 // 1 / 1000
end

-- The name as messages show it.
local function quoted(name) return #name > 60 and "a field" or ("field '%s'"):format(name) end

-- A key as a part of a name; `list`: is it within a field, where lists have numbers for names?
local function name_of(key, list)
  if type(key) == "string" and key ~= "" then return key end
  if list and math.type(key) == "integer" then return tostring(key) end
  local kind = key == "" and "an empty one" or check.kind(key)
  check.fail(2, "the names of a record must be strings, got %s", kind)
end

-- A number, a string, a boolean, or a table to be looked into.
function record.value(name, v)
  local kind = type(v)
  if kind == "number" or kind == "string" or kind == "boolean" or kind == "table" then return v end
  if not core.is_tensor(v) then
    check.fail(2, "%s must be a number, string, boolean, table or tensor of one element, got %s",
      quoted(name), check.kind(v))
  elseif core.numel(v) ~= 1 then
    check.fail(2, "%s must be a tensor of one element, got %s: its mean, perhaps?", quoted(name),
      check.kind(v))
  end
  return core.item(v)
end

-- A step for int64, from a number or a tensor of one element.
function record.step(argn, v)
  if core.is_tensor(v) and core.numel(v) == 1 then v = core.item(v) end
  return check.integer(argn, "step", v)
end

-- The step and the time of a record: its own, or the step behind the last one and the time of day.
function record.head(log, fields)
  if type(fields) ~= "table" then
    check.fail(2, "a table of names and values expected, got %s", check.kind(fields))
  end
  local step, time = fields.step, fields.time
  if step == nil then step = (log.step or 0) + 1 else step = record.step(2, step) end
  if time == nil then return step, record.now() end
  return step, check.number(2, "time", time, 0, LATEST)
end

local function is_head(name, depth) return depth == 1 and (name == "step" or name == "time") end

-- The names in a table, sorted, and its values by name; `depth` is 1 for the record itself, whose step
-- and time are left out.
function record.fields(t, prefix, depth)
  if depth > DEPTH then check.fail(2, "%s holds too many tables in tables", quoted(prefix)) end
  local names, values = {}, {}
  for key, v in pairs(t) do
    local name = name_of(key, depth > 1)
    if not is_head(name, depth) then
      if values[name] ~= nil then check.fail(2, "two fields are called '%s'", prefix .. name) end
      names[#names + 1], values[name] = name, record.value(prefix .. name, v)
    end
  end
  table.sort(names)
  return names, values
end

local function gather(t, prefix, depth, names, values)
  local own, found = record.fields(t, prefix, depth)
  for _, name in ipairs(own) do
    local v = found[name]
    name = prefix .. name
    if type(v) == "table" then
      gather(v, name .. "/", depth + 1, names, values)
    elseif values[name] ~= nil then
      check.fail(2, "two fields are called '%s'", name)
    else
      names[#names + 1], values[name] = name, v
    end
  end
  return names, values
end

-- The names in a record, sorted, and its values by name; what is nested is called "outer/inner".
function record.flat(fields)
  local names, values = gather(fields, "", 1, {}, {})
  table.sort(names)
  return names, values
end

return record
