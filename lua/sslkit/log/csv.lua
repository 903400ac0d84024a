-- A log for spreadsheets: one line a record, one column a field (RFC 4180). What RFC 4180 leaves open:
-- a field that a record lacks is an empty cell, and one that is new is a new last column, for which
-- the file is written anew.

local check = require "sslkit.check"
local core = require "sslkit.core"
local record = require "sslkit.log.record"
local sink = require "sslkit.log.sink"
local text = require "sslkit.text.csv"

--- A log of comma-separated values.
-- @kind CsvLog, csv
-- @field step integer: that of the last record
-- @field path string
-- @field columns list of strings
local Csv = sink.prototype "csv"

-- The row of a record.
local function row_of(columns, values)
  local row = {}
  for i, name in ipairs(columns) do row[i] = values[name] end
  return text.row(row, #columns)
end

-- {== Going on with a file =================================================================

-- The whole rows of what a file holds, each with its end: a line break within quotes is none.
local function rows_of(content)
  local rows, pieces, quotes = {}, {}, 0
  for piece in content:gmatch "[^\n]*\n" do
    pieces[#pieces + 1] = piece
    quotes = quotes + select(2, piece:gsub('"', '"'))
    if quotes % 2 == 0 then
      rows[#rows + 1] = table.concat(pieces)
      pieces = {}
    end
  end
  return rows
end

-- The text in the cells of a row.
local function cells_of(row)
  local cells, at = {}, 1
  row = row:gsub("\r?\n$", "") .. ","
  while at <= #row do
    local stop
    if row:byte(at) == 34 then -- a quote: up to one that is not doubled
      stop = at + 1
      while row:byte(stop) and (row:byte(stop) ~= 34 or row:byte(stop + 1) == 34) do
        stop = stop + (row:byte(stop) == 34 and 2 or 1)
      end
      cells[#cells + 1] = row:sub(at + 1, stop - 1):gsub('""', '"')
      stop = row:find(",", stop, true) or #row
    else
      stop = row:find(",", at, true)
      cells[#cells + 1] = row:sub(at, stop - 1)
    end
    at = stop + 1
  end
  return cells
end

local function read_rows(path)
  local file <close>, message = io.open(path, "rb")
  if not file then return nil, message end
  local content
  content, message = file:read "a"
  if not content then return nil, ("%s: %s"):format(path, message) end
  return rows_of(content), #content
end

local function set_columns(self, columns)
  self.columns, self.known = columns, {}
  for i, name in ipairs(columns or {}) do self.known[name] = i end
end

-- The columns and the last step of the file; a last row that a kill has cut off is dropped. True, or
-- nil and a message.
local function resume(self)
  local rows, size = read_rows(self.path)
  if not rows then return nil, size end
  local whole = table.concat(rows)
  set_columns(self, rows[1] and cells_of(rows[1]))
  local at = self.known.step
  if not at then return nil, self.path .. ": it has no column 'step'; is this a log?" end
  local last = #rows > 1 and cells_of(rows[#rows])[at]
  self.step = math.tointeger(tonumber(last)) or self.step
  return #whole == size or core.write_atomic(self.path, { whole })
end

-- Opens the file to go on with it.
function Csv:_reopen()
  set_columns(self, nil)
  if (core.file_size(self.path) or 0) > 0 then
    local ok, message = resume(self)
    if not ok then return nil, message end
  end
  return sink.open(self, "ab")
end

-- The file with more columns: the names become those of the log when it is written.
local function widen(self, names)
  local columns = table.move(self.columns, 1, #self.columns, 1, {})
  table.move(names, 1, #names, #columns + 1, columns)
  local rows, message = read_rows(self.path)
  local ok = rows ~= nil
  if ok then
    local empty = (","):rep(#names) .. "\n"
    for i = 2, #rows do rows[i] = rows[i]:gsub("\n$", empty) end
    rows[1] = text.row(columns, #columns)
    ok, message = core.write_atomic(self.path, { table.concat(rows) })
  end
  if ok then -- the old file is nobody's any more
    sink.close(self)
    ok, message = sink.open(self, "ab")
  end
  if not ok then check.raise("%s", message) end
  set_columns(self, columns)
end

-- ==}

local csv = {}

--- A log of comma-separated values: step, time, then the fields of the first record by name; what is
-- nested is a column "outer/inner". A later record may lack fields, whose cells are empty, and bring
-- new ones, for which the whole file is written anew: where fields come and go, `ssl.log.jsonl` is the
-- better log. NumPy, pandas and ssl.load read it (NaN as nan, infinity as inf).
-- @param path string
-- @param options {append=true (go on with a file that is there, behind its last step, and drop a last
-- row that a kill has cut off, false begins anew)}
-- @return csv log with `write` and `close`, as of `ssl.log.jsonl`; or nil and a message when the file
-- cannot be written, or holds something else
-- @raise a path that is no string, unknown options; `write` raises for values that a log cannot hold,
-- and when the disk is full
-- @example select(2, ssl.log.csv "/nowhere/a.csv") --> /nowhere/a.csv: No such file or directory
-- @example local p = os.tmpname(); ssl.log.csv(p):write{step = 1, time = 0, lr = 0.5}; for line in io.lines(p) do os.remove(p); return line end --> step,time,lr
function csv.csv(path, options)
  local self = setmetatable({ path = sink.check_path(1, path), known = {} }, Csv)
  options = check.options(2, options, { append = true })
  if options.append then return self:_reopen() end
  return sink.open(self, "wb")
end

--- Writes a record.
-- @param fields table of names and values
-- @return the csv log
-- @raise values that a log cannot hold; when the file cannot be written
-- @example local p = os.tmpname(); local l = ssl.log.csv(p):write{loss = 1}; os.remove(p); return l.step --> 1
function Csv:write(fields)
  local step, time = record.head(self, fields)
  local names, values = record.flat(fields)
  sink.ready(self)
  if not self.columns then
    set_columns(self, table.move(names, 1, #names, 3, { "step", "time" }))
    sink.put(self, text.row(self.columns, #self.columns))
  else
    local new = {}
    for _, name in ipairs(names) do
      if not self.known[name] then new[#new + 1] = name end
    end
    if #new > 0 then widen(self, new) end
  end
  values.step, values.time = step, time
  sink.put(self, row_of(self.columns, values))
  self.step = step
  return self
end

--- Closes the log; a second call does nothing.
-- @return the csv log
-- @example local p = os.tmpname(); local l = ssl.log.csv(p):close():close(); os.remove(p); return io.type(l.file) --> nil
function Csv:close() return sink.close(self) end

return csv
