-- The cells of a .csv file as text, column by column: what ssl.load reads as numbers only.

local core = require "sslkit.core"
local form = require "sslkit.io.csv"
local inflate = require "sslkit.io.inflate"
local source = require "sslkit.io.source"

local cells = {}

local BLOCK = 1 << 20
local MARK = "^\xef\xbb\xbf" -- of UTF-8, which some programs put in front

-- Everything that a file holds; or nil and a message without the path.
local function read_all(path)
  local from <close>, message = source.open(path)
  if not from then return nil, message end
  local stream = from
  if path:lower():find "%.gz$" then
    stream, message = inflate.gzip(from)
    if not stream then return nil, message end
  end
  local pieces = {}
  repeat
    local piece, why = stream:upto(BLOCK)
    if not piece then return nil, why end
    pieces[#pieces + 1] = piece
  until piece == ""
  local complete
  complete, message = stream:finish()
  if not complete then return nil, message end
  return (table.concat(pieces):gsub(MARK, ""))
end

-- Runs through the lines that are not blank: the line, and its number in the file.
local function each_line(text)
  local at, number = 1, 1
  return function()
    while at <= #text do
      local first, stop = number, text:find("\n", at, true) or #text + 1
      if text:sub(at, stop - 1):find('"', 1, true) then -- a quoted cell may go over several lines
        stop = form.find_break(text, at) or #text + 1
      end
      local line = text:sub(at, stop - 1):gsub("\r$", "")
      local _, breaks = line:gsub("\n", "")
      at, number = stop + 1, number + breaks + 1
      if line:find "%S" then return line, first end
    end
  end
end

-- Is the first line one of names? Where nobody says, it is when none of its cells is a number.
local function has_names(first, header)
  if header ~= "auto" then return header end
  for _, cell in ipairs(first) do
    if core.csv_number(cell) then return false end
  end
  return true
end

--- Reads a table of text.
-- @param path string; a name that ends in .gz is one of a gzipped file
-- @param options table: sep = separator, or false to tell it from the first line; header = true,
-- false, or "auto"
-- @return table: names = list (the columns' numbers where there is no header), columns = list of
-- lists of strings, lines = number in the file of each row; or nil and a message
function cells.read(path, options)
  local text, message = read_all(path)
  if not text then return nil, ("%s: %s"):format(path, message) end
  local sep, names
  local columns, lines = {}, {}
  for line, number in each_line(text) do
    sep = sep or options.sep or form.detect(line)
    local row = form.split(line, sep)
    if not names then
      names = row
      for j = 1, #row do columns[j] = {} end
      if has_names(row, options.header) then goto continue end
      names = {}
      for j = 1, #row do names[j] = tostring(j) end
    end
    if #row ~= #names then
      return nil, ("%s: line %d: %d cells, expected %d"):format(path, number, #row, #names)
    end
    lines[#lines + 1] = number
    for j, cell in ipairs(row) do columns[j][#lines] = cell end
    ::continue::
  end
  if #lines == 0 then return nil, path .. ": there are no rows in it" end
  return { names = names, columns = columns, lines = lines }
end

return cells
