-- What a caller gives as one or several series of numbers.

local check = require "sslkit.check"

local series = {}

--- A list without a metatable, which might have no end.
-- @param v table
-- @return v, or its elements in a new table
function series.plain(v)
  return getmetatable(v) == nil and v or table.move(v, 1, rawlen(v), 1, {})
end

--- A 1-D tensor or a list of numbers as a list.
-- @param argn the argument's place
-- @param what its name in messages
-- @param v the caller's value
-- @return list, which may be the caller's own
function series.numbers(argn, what, v)
  if type(v) ~= "table" then return check.tensor(argn, v, { dim = 1 }, what):totable() end
  v = series.plain(v)
  for i = 1, #v do
    if type(v[i]) ~= "number" then
      check.fail(argn, "%s must hold numbers, got %s at %d", what, check.kind(v[i]), i)
    end
  end
  return v
end

--- The rows of a 2-D tensor, or the members of a list of series, or the one series given.
-- @param argn the argument's place
-- @param what its name in messages
-- @param v the caller's value
-- @param is_record function(table) -> is it one series, and no list of them?
-- @return list of series
function series.split(argn, what, v, is_record)
  if type(v) ~= "table" then
    check.tensor(argn, v, nil, what)
    if v:dim() == 1 then return { v } end
    if v:dim() ~= 2 then
      check.fail(argn, "%s with 1 or 2 dimensions expected, got %s", what, check.kind(v))
    end
    local rows = {}
    for i = 1, #v do rows[i] = v:select(1, i) end
    return rows
  end
  if is_record and is_record(v) or type(v[1]) == "number" or next(v) == nil then return { v } end
  return series.plain(v)
end

--- The names of n series, or nil.
-- @param argn the options' place
-- @param labels the caller's option
-- @param n count
-- @return list or nil
function series.labels(argn, labels, n)
  if labels == nil then return nil end
  if type(labels) ~= "table" or #labels ~= n then
    check.fail(argn, "labels must be a list of %d names, got %s", n,
      type(labels) == "table" and #labels or check.kind(labels))
  end
  return labels
end

--- A list that must be as long as another.
-- @param argn the argument's place
-- @param what, list its name and itself
-- @param other, like the name and the list of the other
-- @return list
function series.same_length(argn, what, list, other, like)
  if #list ~= #like then
    check.fail(argn, "%s has %d points, but %s has %d", what, #list, other, #like)
  end
  return list
end

return series
