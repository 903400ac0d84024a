-- Comma-separated values as RFC 4180 has them, for what is written; src/k_csv.c reads.

local plain = require "sslkit.text.plain"

local csv = {}

local function cell(v)
  if v == nil then return "" end
  if v ~= v then return "nan" end -- as NumPy and pandas read it, whatever its sign
  if v == math.huge or v == -math.huge then return v > 0 and "inf" or "-inf" end
  if type(v) == "number" then return plain.number(v) end
  v = plain.utf8(tostring(v))
  if v ~= "" and not v:find '[",\r\n]' and not v:find "^%s" and not v:find "%s$" then return v end
  return '"' .. v:gsub('"', '""') .. '"'
end

--- A row, with its end.
-- @param values list, which may have holes: empty cells
-- @param count of the cells
-- @return string
-- @example require("sslkit.text.csv").row({ 1, "a,b" }, 3) --> 1,"a,b",
function csv.row(values, count)
  local cells = {}
  for i = 1, count do cells[i] = cell(values[i]) end
  return table.concat(cells, ",") .. "\n"
end

--- A line of names, then the rows.
-- @param names list of strings
-- @param rows list of lists; nil is an empty cell
-- @return string
-- @example require("sslkit.text.csv").table({ "x", "y" }, { { 1, 2 } }):gsub("\n", ";") --> x,y;1,2;
function csv.table(names, rows)
  local lines = { csv.row(names, #names) }
  for _, row in ipairs(rows) do lines[#lines + 1] = csv.row(row, #names) end
  return table.concat(lines)
end

return csv
