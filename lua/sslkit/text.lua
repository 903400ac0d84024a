-- Plain text that lines up: display widths of UTF-8 strings, and tables for terminals and logs.

local check = require "sslkit.check"

local text = {}

-- Code points that take no column (combining marks, joiners, variation selectors) and two (East
-- Asian wide, emoji), as first, last, first, last...
local ZERO = { 0x300, 0x36F, 0x200B, 0x200F, 0x20D0, 0x20FF, 0xFE00, 0xFE0F }
local WIDE = {
  0x1100, 0x115F, 0x2E80, 0xA4CF, 0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE30, 0xFE6F, 0xFF00, 0xFF60,
  0xFFE0, 0xFFE6, 0x1F300, 0x1FAFF, 0x20000, 0x3FFFD,
}

local function within(code, ranges)
  for i = 1, #ranges, 2 do
    if code < ranges[i] then return false end
    if code <= ranges[i + 1] then return true end
  end
  return false
end

local function columns_of(code)
  if code < ZERO[1] then return 1 end
  return within(code, ZERO) and 0 or within(code, WIDE) and 2 or 1
end

--- The number of terminal columns that a string takes; bytes that are no UTF-8 count one each.
-- @param s string
-- @return whole number of columns
-- @example ssl.text.width("naïve") --> 5
-- @example ssl.text.width("数据") --> 4
function text.width(s)
  if type(s) ~= "string" then check.fail(1, "string expected, got %s", check.kind(s)) end
  if not s:find("[\x80-\xff]") or not utf8.len(s) then return #s end
  local width = 0
  for _, code in utf8.codes(s) do width = width + columns_of(code) end
  return width
end

--- Does the locale of the environment use UTF-8?
-- @return true or false
-- @example type(ssl.text.unicode()) --> boolean
function text.unicode()
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = os.getenv(name)
    if value and value ~= "" then return value:lower():find "utf%-?8" ~= nil end
  end
  return false
end

--- A string filled with spaces up to a width; a longer one stays as it is.
-- @param s string
-- @param width columns
-- @param align "left" or "right": where the text stands ("left")
-- @return string
-- @example "[" .. ssl.text.pad("é", 3, "right") .. "]" --> [  é]
function text.pad(s, width, align)
  align = check.one_of(3, "align", align or "left", { "left", "right" })
  local space = (" "):rep(width - text.width(s))
  return align == "right" and space .. s or s .. space
end

--- The beginning of a string that fits in a width, never half of a character.
-- @param s string
-- @param width columns
-- @return string
-- @example ssl.text.cut("données", 4) --> donn
function text.cut(s, width)
  if text.width(s) <= width then return s end
  if not utf8.len(s) then return s:sub(1, width) end
  local used = 0
  for at, code in utf8.codes(s) do
    used = used + columns_of(code)
    if used > width then return s:sub(1, at - 1) end
  end
  return s
end

-- A count or a measure, perhaps with a short unit behind it: such columns stand right.
local function is_number(cell)
  return tonumber(cell) ~= nil or cell == "" or cell == "-" or cell == "nan" or cell == "-nan"
    or cell == "inf" or cell == "-inf" or cell:find("^[+-]?[%d.]+ ?%S?%S?%S?$") ~= nil
end

-- A row as strings, and its last column: a row may have holes.
local function cells_of(row)
  local cells, last = {}, 0
  for at, cell in pairs(row) do
    if math.type(at) == "integer" and at > 0 then
      cells[at] = tostring(cell):gsub("%s", " ")
      last = math.max(last, at)
    end
  end
  return cells, last
end

local function align_of(column, rows)
  local seen = false
  for _, cells in ipairs(rows) do
    local cell = cells[column] or ""
    if not is_number(cell) then return "left" end
    seen = seen or cell ~= ""
  end
  return seen and "right" or "left"
end

--- An aligned plain-text table. Columns of numbers stand right, others left; values are shown as
-- given, so format the numbers first; a missing cell is blank.
-- @param spec table: rows = list of lists of values; header = list of names (none); align = one
-- letter l or r for each column ("", the content decides)
-- @return string without a newline at its end
-- @raise unknown options, rows that are no tables
-- @example ssl.text.table{ rows = { {"rankme", 12.5}, {"std", 1} } } --> rankme  12.5...
function text.table(spec)
  local options = check.options(1, spec, { align = "" }, { rows = true, header = true })
  if type(options.rows) ~= "table" then
    check.fail(1, "rows must be a list of rows, got %s", check.kind(options.rows))
  end
  local header, count = cells_of(options.header or {})
  local rows = {}
  for i, row in ipairs(options.rows) do
    if type(row) ~= "table" then
      check.fail(1, "row %d must be a table, got %s", i, check.kind(row))
    end
    local last
    rows[i], last = cells_of(row)
    count = math.max(count, last)
  end

  local widths, aligns = {}, {}
  for column = 1, count do
    local letter = options.align:sub(column, column)
    aligns[column] = letter == "r" and "right" or letter == "l" and "left" or align_of(column, rows)
    widths[column] = text.width(header[column] or "")
    for _, cells in ipairs(rows) do
      widths[column] = math.max(widths[column], text.width(cells[column] or ""))
    end
  end

  local function line(cells)
    local parts = {}
    for column = 1, count do
      parts[column] = text.pad(cells[column] or "", widths[column], aligns[column])
    end
    return (table.concat(parts, "  "):gsub("%s+$", ""))
  end

  local lines = {}
  if options.header then
    local rule = {}
    for column = 1, count do rule[column] = ("-"):rep(widths[column]) end
    lines = { line(header), table.concat(rule, "  ") }
  end
  for _, cells in ipairs(rows) do lines[#lines + 1] = line(cells) end
  return table.concat(lines, "\n")
end

return text
