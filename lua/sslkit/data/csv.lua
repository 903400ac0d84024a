-- Tables of numbers and text, as people keep them in .csv files.

local cells = require "sslkit.data.cells"
local check = require "sslkit.check"
local core = require "sslkit.core"
local dataset = require "sslkit.data.dataset"
local form = require "sslkit.io.csv"
local near = require "sslkit.near"
local T = require "sslkit.tensor"

local MANY = 256 -- texts of a column that become columns of their own; more are names or dates

-- How people write that they do not know.
local MISSING = {}
for text in ("NA N/A n/a NaN nan NAN null NULL None ? -"):gmatch "%S+" do MISSING[text] = true end
MISSING[""] = true

local DEFAULTS = { sep = false, header = "auto", encode = "onehot" }
local MORE = { path = true, target = true, columns = true, missing = true, name = true }

local function check_options(options)
  local o = check.options(1, options, DEFAULTS, MORE)
  if type(o.path) ~= "string" then check.fail(1, "path expected, got %s", check.kind(o.path)) end
  if o.path:find("\0", 1, true) then check.fail(1, "a path cannot hold a zero byte") end
  if o.sep then form.check_separator(1, o.sep) end
  if type(o.header) ~= "boolean" and o.header ~= "auto" then
    check.fail(1, "header must be true, false or \"auto\", got %s", check.kind(o.header))
  end
  check.one_of(1, "encode", o.encode, { "onehot", "codes" })
  if o.missing ~= nil and o.missing ~= "drop" and type(o.missing) ~= "number" then
    check.fail(1, "missing must be a number or \"drop\", got %s", check.kind(o.missing))
  end
  if o.columns ~= nil and type(o.columns) ~= "table" then
    check.fail(1, "columns must be a list, got %s", check.kind(o.columns))
  end
  return o
end

-- The position of a column that the caller gave by name or number.
local function find(what, wanted, names)
  if type(wanted) == "string" then
    for j, name in ipairs(names) do
      if name == wanted then return j end
    end
    check.fail(1, "%s '%s' is no column; known: %s%s", what, wanted, table.concat(names, ", "),
      near.hint(wanted, names))
  end
  local j = check.integer(1, what, wanted, -#names, #names)
  if j == 0 then check.fail(1, "%s must be in 1..%d, got 0", what, #names) end
  return j > 0 and j or #names + 1 + j
end

-- The positions of the columns that become x.
local function chosen(options, names, target)
  local list = {}
  if options.columns then
    for i, wanted in ipairs(options.columns) do
      list[i] = find(("columns[%d]"):format(i), wanted, names)
    end
  else
    for j = 1, #names do
      if j ~= target then list[#list + 1] = j end
    end
  end
  if #list == 0 then check.fail(1, "no column is left for x") end
  return list
end

-- Takes the rows away that lack one of the cells in use.
local function drop(sheet, used)
  local kept = { names = sheet.names, columns = {}, lines = {} }
  for j in pairs(used) do kept.columns[j] = {} end
  for i, line in ipairs(sheet.lines) do
    local whole = true
    for j in pairs(used) do whole = whole and not MISSING[sheet.columns[j][i]] end
    if whole then
      kept.lines[#kept.lines + 1] = line
      for j in pairs(used) do kept.columns[j][#kept.lines] = sheet.columns[j][i] end
    end
  end
  return kept
end

-- The numbers of a column, with the filler where one is missing; or nil where a cell is no number.
local function numbers_of(column, filler)
  local numbers = {}
  for i, cell in ipairs(column) do
    local number = MISSING[cell] and (filler or 0) or core.csv_number(cell)
    if not number then return nil end
    numbers[i] = number
  end
  return numbers
end

-- The codes 1..K of a column's cells, 0 where one is missing, and the K names in order: that of
-- numbers where all are whole, otherwise that of text.
local function codes_of(column)
  local seen, names, whole = {}, {}, true
  for _, cell in ipairs(column) do
    if not MISSING[cell] and not seen[cell] then
      seen[cell], names[#names + 1] = true, cell
      whole = whole and math.tointeger(core.csv_number(cell)) ~= nil
    end
  end
  table.sort(names, whole and function(a, b)
    return core.csv_number(a) < core.csv_number(b)
  end or nil)
  local code_of, codes = {}, {}
  for k, name in ipairs(names) do code_of[name] = k end
  for i, cell in ipairs(column) do codes[i] = code_of[cell] or 0 end
  return codes, names
end

-- One column as a float32 tensor [N,k] and the names of its k columns; or nil and a message.
local function encode(column, name, options)
  local filler = type(options.missing) == "number" and options.missing or nil
  local numbers = numbers_of(column, filler)
  if numbers then return T.tensor(numbers, "float32"):unsqueeze(2), { name } end
  local codes, texts = codes_of(column)
  codes = T.tensor(codes, "int64"):unsqueeze(2)
  if options.encode == "codes" then return codes:to "float32", { name } end
  if #texts > MANY then
    return nil, ("column '%s' has %d texts, too many for a column each: leave it out by columns=, "
      .. "or set encode=\"codes\""):format(name, #texts)
  end
  local names = {}
  for k, text in ipairs(texts) do names[k] = name .. "=" .. text end
  return codes:eq(T.arange(1, #texts, 1, "int64"):unsqueeze(1)):to "float32", names
end

-- The labels and their classes; or nil and a message.
local function labels_of(column, sheet, name)
  for i, cell in ipairs(column) do
    local number = core.csv_number(cell)
    if number and number == number and not math.tointeger(number) then
      return nil, ("line %d, column '%s': %s is no class: neither text nor a whole number"):format(
        sheet.lines[i], name, cell)
    end
  end
  local codes, classes = codes_of(column)
  return T.tensor(codes, "int64"), classes
end

-- What is missing, where that is not allowed.
local function complain(sheet, list, target, options)
  local used = options.missing == nil and { table.unpack(list) } or {}
  used[#used + 1] = target
  for _, j in ipairs(used) do
    for i, cell in ipairs(sheet.columns[j]) do
      if MISSING[cell] then
        return ("line %d, column '%s': no value; missing=number fills it in, missing=\"drop\" "
          .. "leaves such rows out"):format(sheet.lines[i], sheet.names[j])
      end
    end
  end
end

--- A dataset from a table of numbers and text. A column of x whose cells are all numbers stays one
-- column; one with text becomes a column of 0 and 1 for each of its texts, in alphabetical order.
-- @param options table: path = .csv file, or .csv.gz; target = name or number of the column that
-- holds the classes, text or whole numbers, which become 1..K in order (none); columns = list of the
-- names or numbers of those that become x (all others); missing = what stands for cells that are
-- empty, "NA", "NaN", "null", "None", "?" or "-": a number, where a text is missing zeros, or "drop"
-- to leave out such rows (they are an error); encode = "onehot" | "codes": texts as numbers 1..K in
-- one column, 0 where one is missing ("onehot"); header = is the first line one of names? true, false
-- or "auto": it is when none of its cells is a number ("auto"); sep = one of `, ; | :` and the tab
-- (told from the first line); name = string (the path)
-- @return dataset: x = float32 [N,D], y = int64 [N] with classes where there is a target; and the list
-- of the D columns' names. Or nil and a message that names the line
-- @raise unknown options, a column that is not there
-- @example ssl.data.csv{ path = "/nowhere/flowers.csv", target = "species" } --> nil
local function csv(options)
  local o = check_options(options)
  local sheet, message = cells.read(o.path, o)
  if not sheet then return nil, message end
  local target = o.target ~= nil and find("target", o.target, sheet.names) or nil
  local list = chosen(o, sheet.names, target)
  if o.missing == "drop" then
    local used = {}
    for _, j in ipairs(list) do used[j] = true end
    if target then used[target] = true end
    sheet = drop(sheet, used)
    if #sheet.lines == 0 then return nil, o.path .. ": no row is complete" end
  end
  message = complain(sheet, list, target, o)
  if message then return nil, ("%s: %s"):format(o.path, message) end
  local parts, names = {}, {}
  for i, j in ipairs(list) do
    local part, more = encode(sheet.columns[j], sheet.names[j], o)
    if not part then return nil, ("%s: %s"):format(o.path, more) end
    parts[i] = part
    table.move(more, 1, #more, #names + 1, names)
  end
  local y, classes
  if target then
    y, classes = labels_of(sheet.columns[target], sheet, sheet.names[target])
    if not y then return nil, ("%s: %s"):format(o.path, classes) end
  end
  return dataset.new {
    x = T.cat(parts, 2), y = y, classes = classes, name = o.name or o.path,
  }, names
end

return csv
