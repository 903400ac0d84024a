-- Text in paragraphs: wrapped to a width, indented, headed.

local text = require "sslkit.text"

local layout = {}

--- A text broken into lines between words.
-- @param s string
-- @param width columns, the indent included
-- @param indent what stands before the first line ("")
-- @param hang what stands before the others (indent)
-- @return string of lines
function layout.fill(s, width, indent, hang)
  indent = indent or ""
  hang = hang or indent
  local lines, line, room = {}, indent, math.max(width, #hang + 16)
  local empty = true
  for word in s:gmatch "%S+" do
    if not empty and text.width(line) + 1 + text.width(word) > room then
      lines[#lines + 1] = line
      line, empty = hang, true
    end
    line = line .. (empty and "" or " ") .. word
    empty = false
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

--- Names with what they are, in two columns; a name too long for its column has a line of its own.
-- @param rows list of {name, text}
-- @param width columns
-- @param indent string
-- @param paint function that decorates the names (none)
-- @return string of lines
function layout.definitions(rows, width, indent, paint)
  local column = 0
  for _, row in ipairs(rows) do column = math.max(column, text.width(row[1])) end
  column = math.min(column, math.max(12, width // 3))
  local hang = indent .. (" "):rep(column + 2)
  local lines = {}
  for _, row in ipairs(rows) do
    local name = paint and paint(row[1]) or row[1]
    local wide = text.width(row[1])
    local filled = layout.fill(row[2], width, hang)
    if row[2] == "" then
      lines[#lines + 1] = indent .. name
    elseif wide <= column then
      lines[#lines + 1] = indent .. name .. (" "):rep(column + 2 - wide) .. filled:sub(#hang + 1)
    else
      lines[#lines + 1] = indent .. name .. "\n" .. filled
    end
  end
  return table.concat(lines, "\n")
end

--- A text cut to one line, with an ellipsis where something is missing.
-- @param s string
-- @param width columns
-- @return string
function layout.line(s, width)
  if text.width(s) <= width then return s end
  local cut = text.cut(s, math.max(width - 3, 1))
  return (cut:gsub("%s+%S*$", ""):gsub("[%s.,;:]+$", "")) .. "..."
end

return layout
