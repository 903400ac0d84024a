-- What a caller gives as rows with named columns: lists of records, tables of columns, matrices.

local check = require "sslkit.check"
local core = require "sslkit.core"
local near = require "sslkit.near"
local scale = require "sslkit.plot.scale"

local records = {}

-- A cell as number, string or boolean; nil for what is missing.
local function cell(v, row, name)
  if core.is_tensor(v) and v:numel() == 1 then v = v:item() end
  local kind = type(v)
  if v == nil or kind == "userdata" and not core.is_tensor(v) then return nil end -- JSON's null
  if kind ~= "number" and kind ~= "string" and kind ~= "boolean" then
    check.fail(1, "numbers, strings and booleans expected, got %s in row %d of column '%s'",
      check.kind(v), row, name)
  end
  return v
end

local function sorted_keys(tables)
  local seen, names = {}, {}
  for _, t in ipairs(tables) do
    for name in pairs(t) do
      if type(name) == "string" and not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names, seen
end

-- The caller's choice among the names that there are, or all.
local function chosen(argn, given, names, known)
  if given == nil then return names end
  if type(given) ~= "table" then
    check.fail(argn, "columns must be a list of names, got %s", check.kind(given))
  end
  for i, name in ipairs(given) do
    if not known[name] then
      check.fail(argn, "no column is called %s%s", check.kind(name),
        near.hint(tostring(name), names))
    end
    for k = 1, i - 1 do
      if given[k] == name then check.fail(argn, "column '%s' stands twice", name) end
    end
  end
  return given
end

-- What columns that have no names are called: as the caller says, or 1, 2, ...
local function called(argn, given, count)
  if given ~= nil and (type(given) ~= "table" or #given ~= count) then
    check.fail(argn, "columns must be a list of %d names, got %s", count,
      type(given) == "table" and #given or check.kind(given))
  end
  local names = {}
  for c = 1, count do names[c] = tostring(given and given[c] or c) end
  return names
end

local function from_matrix(argn, t, given)
  check.tensor(1, t, { dim = 2 }, "rows")
  local n, count = t:shape()
  local names, values = called(argn, given, count), {}
  for c = 1, count do values[c] = t:detach():select(2, c):totable() end
  return names, values, n
end

local function from_lists(argn, rows, given)
  local names, values = called(argn, given, #rows[1]), {}
  for c in ipairs(names) do
    values[c] = {}
    for i, row in ipairs(rows) do values[c][i] = cell(row[c], i, names[c]) end
  end
  return names, values, #rows
end

local function from_records(argn, rows, given)
  for i, row in ipairs(rows) do
    if type(row) ~= "table" then
      check.fail(1, "row %d must be a table of column = value, got %s", i, check.kind(row))
    end
  end
  local all, known = sorted_keys(rows)
  if #all == 0 and rows[1] and #rows[1] > 0 then return from_lists(argn, rows, given) end
  local names, values = chosen(argn, given, all, known), {}
  for c, name in ipairs(names) do
    values[c] = {}
    for i, row in ipairs(rows) do values[c][i] = cell(row[name], i, name) end
  end
  return names, values, #rows
end

local function from_columns(argn, columns, given)
  local all, known = sorted_keys { columns }
  local lists, longest = {}, 0
  for _, name in ipairs(all) do
    local list = columns[name]
    if core.is_tensor(list) then list = check.tensor(1, list, { dim = 1 }, name):totable() end
    if type(list) ~= "table" then
      check.fail(1, "column '%s' must be a list or tensor, got %s", name, check.kind(list))
    end
    lists[name], longest = list, math.max(longest, #list)
  end
  local names, values = chosen(argn, given, all, known), {}
  for c, name in ipairs(names) do
    values[c] = {}
    for i = 1, longest do values[c][i] = cell(lists[name][i], i, name) end
  end
  return names, values, longest
end

-- What a column holds, in order: the distinct values as words, and each value's number.
local function categories(list, n)
  local kinds = {}
  for i = 1, n do
    if list[i] ~= nil then kinds[list[i]] = true end
  end
  local order, words, number = {}, {}, {}
  for v in pairs(kinds) do order[#order + 1] = v end
  table.sort(order, function(a, b)
    if type(a) == "number" and type(b) == "number" then return a < b end
    if type(a) ~= type(b) then return type(a) < type(b) end
    return tostring(a) < tostring(b)
  end)
  for i, v in ipairs(order) do words[i], number[v] = tostring(v):gsub("%s", " "), i end
  return words, number
end

-- A column: {name=, values = n numbers or nil, low=, high=, words = of categories 1, 2, ...}.
local function column(name, list, n, log)
  local out = { name = name, values = {}, given = list, log = log }
  local numeric = true
  for i = 1, n do numeric = numeric and (list[i] == nil or type(list[i]) == "number") end
  local number
  if not numeric then out.words, number = categories(list, n) end
  for i = 1, n do
    local v = list[i]
    if v ~= nil and not numeric then v = number[v] end
    if v ~= nil and scale.can_show(log and numeric, v) then
      out.values[i] = v
      out.low, out.high = math.min(out.low or v, v), math.max(out.high or v, v)
    end
  end
  return out
end

--- Rows with named columns.
-- @param argn the options' place
-- @param rows list of records or of lists, table of columns, or tensor [rows, columns]
-- @param names the columns to take, in their order; of a tensor, what they are called (all)
-- @param log set of the names of columns on logarithmic scales
-- @return list of columns, each {name=, given = list of the values as they were, values = list with
-- holes of numbers that have a place, low=, high=, words = what numbers stand for, where they were
-- no numbers}; the count of rows
function records.read(argn, rows, names, log)
  local values, n
  if core.is_tensor(rows) then
    names, values, n = from_matrix(argn, rows, names)
  elseif type(rows) ~= "table" then
    check.fail(1, "rows as list of records, table of columns or tensor expected, got %s",
      check.kind(rows))
  elseif #rows > 0 or next(rows) == nil then
    names, values, n = from_records(argn, rows, names)
  else
    names, values, n = from_columns(argn, rows, names)
  end
  local out, known = {}, {}
  for c, name in ipairs(names) do
    out[c], known[name] = column(name, values[c], n, log[name]), true
  end
  for name in pairs(log) do
    if not known[name] then
      check.fail(argn, "log names the column '%s', which is not there%s", tostring(name),
        near.hint(tostring(name), names))
    end
  end
  return out, n
end

return records
