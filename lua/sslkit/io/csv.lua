-- .csv files of numbers: rows of cells between separators, perhaps under a line of names.

local check = require "sslkit.check"
local core = require "sslkit.core"
local T = require "sslkit.tensor"
local elements = require "sslkit.io.elements"

local csv = {
  reading = { sep = false, header = "auto" }, -- options, with their defaults
  writing = { sep = ",", header = false },
}

local SEPARATORS = { "\t", ";", ",", "|", ":" }
local TOLD = 3 -- so many of them are told from the first line
local BLOCK = 1 << 20 -- bytes read, or numbers written, at a time
local LONGEST = 1 << 26 -- bytes of a line: a broken file must not fill the memory
local MARK = "^\xef\xbb\xbf" -- of UTF-8, which some programs put in front

--- One of the separators that are known.
function csv.check_separator(argn, sep)
  for _, known in ipairs(SEPARATORS) do
    if sep == known then return sep end
  end
  check.fail(argn, "sep must be one of , ; | : and the tab, got %s", check.kind(sep))
end

-- {== Reading =============================================================================

-- A file that is being read is {from = source, rest = the text that has been read and not yet used,
-- line = the number of rest's first line, ended = rest is all that is left, inked = the pattern of
-- what a blank line lacks}.

-- Adds to the rest; true, or nil and a message.
local function more(state)
  local n = math.max(BLOCK, #state.rest)
  if #state.rest > LONGEST then
    return nil, ("line %d is longer than %d bytes"):format(state.line, LONGEST)
  end
  local bytes, message = state.from:upto(n)
  if not bytes then return nil, message end
  state.rest, state.ended = state.rest .. bytes, bytes == ""
  return true
end

--- The position of the line break behind the line that begins at `at` (1), whose quoted cells may
-- hold others; or nil when there is none, and whether a quote is open.
function csv.find_break(text, at)
  at = at or 1
  local stop = text:find("\n", at, true)
  while true do
    local open = text:find('"', at, true)
    if not open or stop and stop < open then return stop, false end
    local close = text:find('"', open + 1, true)
    if not close then return nil, true end
    at = close + 1
    if stop and at > stop then stop = text:find("\n", at, true) end
  end
end

-- Takes the blank lines in front from the rest.
local function skip_blank(state)
  local blank = state.rest:sub(1, (state.rest:find(state.inked) or #state.rest + 1) - 1)
  local _, cut = blank:find "^.*\n"
  local _, breaks = blank:gsub("\n", "")
  state.rest, state.line = state.rest:sub((cut or 0) + 1), state.line + breaks
end

-- Takes the first line that is not blank from the rest; "" when there is none; or nil and a message.
local function take_line(state)
  while true do
    skip_blank(state)
    local stop, quoted = csv.find_break(state.rest)
    if not stop and state.ended then
      if quoted then return nil, ("line %d: a quote is not closed"):format(state.line) end
      stop = #state.rest + 1
    end
    if stop then
      local line = state.rest:sub(1, stop - 1)
      state.rest = state.rest:sub(stop + 1)
      return line:find(state.inked) and line:gsub("\r$", "") or ""
    end
    local ok, message = more(state)
    if not ok then return nil, message end
  end
end

--- The separator that a line shows outside of quotes.
function csv.detect(line)
  local bare = line:gsub('"[^"]*"', "")
  for i = 1, TOLD do
    if bare:find(SEPARATORS[i], 1, true) then return SEPARATORS[i] end
  end
  return ","
end

-- A cell in quotes, of which two stand for one, and the position behind it; nil when there is none.
local function quoted_cell(line, at)
  local text, behind = line:match('^ *"([^"]*)"()', at)
  if not text then return nil end
  local parts = { text }
  while line:sub(behind, behind) == '"' do
    text, at = line:match('^([^"]*)"()', behind + 1)
    if not text then break end
    parts[#parts + 1], behind = text, at
  end
  return table.concat(parts, '"'), behind
end

--- The cells of a line, without blanks and quotes around them.
function csv.split(line, sep)
  local cells, at = {}, 1
  while true do
    local cell, behind = quoted_cell(line, at)
    behind = line:find(sep, behind or at, true) or #line + 1
    -- greedy patterns: a lazy one would take the square of the time for a long run of blanks
    cells[#cells + 1] = cell or line:sub(at, behind - 1):match "^[ \t]*(.*)":match "^.*[^ \t]" or ""
    if behind > #line then return cells end
    at = behind + 1
  end
end

-- Are these names, and not numbers?
local function are_names(cells)
  for _, cell in ipairs(cells) do
    if cell ~= "" and not core.csv_number(cell) then return true end
  end
  return false
end

local function explain(state, columns, line, cells, column, cell)
  line = state.line + line - 1
  if not column then return ("line %d: %d cells, expected %d"):format(line, cells, columns) end
  cell = #cell > 40 and cell:sub(1, 40) .. "..." or cell
  return ("line %d, column %d: '%s' is not a number"):format(
    line, column, (cell:gsub("[^ -~\x80-\xff]", "?")))
end

-- The rows that are left, as a list of tensors; or nil and a message.
local function read_rows(state, sep, columns)
  local parts = {}
  repeat
    local ok, message = more(state)
    if not ok then return nil, message end
    local result, why = elements.try(function()
      return table.pack(core.csv_read(state.rest, sep, columns, state.ended))
    end)
    if not result then return nil, why end
    local part, used, lines = result[1], result[2], result[3]
    if not part then
      return nil, explain(state, columns, table.unpack(result, 2, result.n))
    end
    if #part > 0 then parts[#parts + 1] = part end
    state.rest, state.line = state.rest:sub(used + 1), state.line + lines
  until state.ended
  return parts
end

--- Reads a table of numbers.
-- @param from source (io/source.lua) that stands at the beginning of the file
-- @param options sep = separator, or false to tell it from the first line; header = true, false, or
-- "auto": the first line is one of names when a cell of it is no number
-- @return float64 tensor [rows,columns], and the list of names where there is a header; or nil and
-- a message
function csv.decode(from, options)
  if options.sep then csv.check_separator(2, options.sep) end
  if type(options.header) ~= "boolean" and options.header ~= "auto" then
    check.fail(2, "header must be true, false or \"auto\", got %s", check.kind(options.header))
  end
  local state = {
    from = from, rest = "", line = 1, ended = false,
    inked = (options.sep or "\t") == "\t" and "[^ \r\n]" or "[^ \t\r\n]",
  }
  local ok, message = more(state)
  if not ok then return nil, message end
  state.rest = state.rest:gsub(MARK, "")
  local line
  line, message = take_line(state)
  if not line then return nil, message end
  if line == "" then return nil, "there are no rows in it" end
  local sep = options.sep or csv.detect(line)
  local names = csv.split(line, sep)
  local columns = #names
  if options.header == true or options.header == "auto" and are_names(names) then
    names[1] = names[1]:gsub("^#%s*", "") -- as NumPy's savetxt marks its header
    local _, breaks = line:gsub("\n", "")
    state.line = state.line + breaks + 1
  else
    names, state.rest = nil, line .. "\n" .. state.rest
  end
  local parts
  parts, message = read_rows(state, sep, columns)
  if not parts then return nil, message end
  if #parts == 0 then parts[1] = T.empty({ 0, columns }, "float64") end
  if #parts == 1 then return parts[1], names end
  local rows
  rows, message = elements.try(T.cat, parts)
  if not rows then return nil, message end
  return rows, names
end

-- ==}

-- {== Writing =============================================================================

-- A cell of text, quoted where it must be.
local function quote(name, sep)
  if not (name:find('["\r\n]') or name:find(sep, 1, true) or name:find "^[ \t]"
    or name:find "[ \t]$") then
    return name
  end
  return '"' .. name:gsub('"', '""') .. '"'
end

local function check_names(names, columns)
  if type(names) ~= "table" or #names ~= columns then
    check.fail(3, "header must be a list of %d names, got %s", columns,
      type(names) == "table" and #names .. " of them" or check.kind(names))
  end
  for _, name in ipairs(names) do
    if type(name) ~= "string" then
      check.fail(3, "a name must be a string, got %s", check.kind(name))
    end
  end
end

--- A tensor as the pieces of a file: numbers with as many digits as their dtype needs to be read
-- back as they were.
-- @param tensor [rows,columns], or [rows] for one column
-- @param options sep = separator, header = list of names or false
-- @return list of strings, or nil and a message
function csv.encode(tensor, options)
  local sep = csv.check_separator(3, options.sep)
  if tensor:dim() < 1 or tensor:dim() > 2 then
    check.fail(2, "1 or 2 dimensions expected, got %s", check.kind(tensor))
  end
  local rows = core.contiguous(core.detach(tensor))
  if rows:dim() == 1 then rows = rows:unsqueeze(2) end
  local n, columns = rows:shape()
  local pieces = {}
  if options.header then
    check_names(options.header, columns)
    local cells = {}
    for i, name in ipairs(options.header) do cells[i] = quote(name, sep) end
    pieces[1] = table.concat(cells, sep) .. "\n"
  end
  if columns == 0 or n == 0 and not options.header then
    return nil, ("a .csv file without a header cannot hold %s"):format(check.kind(tensor))
  end
  local step = math.max(1, BLOCK // columns)
  for first = 1, n, step do
    local block = rows:narrow(1, first, math.min(first + step - 1, n))
    pieces[#pieces + 1] = core.csv_write(block, sep)
  end
  return pieces
end

-- ==}

return csv
