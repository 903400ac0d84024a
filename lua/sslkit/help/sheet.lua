-- A page in the making: lines that are put below each other.

local color = require "sslkit.text.color"
local layout = require "sslkit.help.layout"

local Sheet = {}
Sheet.__index = Sheet

local sheet = { INDENT = "  " }

--- An empty page.
-- @param settings table: width = columns; color = may it hold escapes
-- @return sheet
function sheet.new(settings)
  return setmetatable({ lines = {}, width = settings.width, color = settings.color }, Sheet)
end

--- Adds a line, or several in one string.
-- @param line string
function Sheet:put(line) self.lines[#self.lines + 1] = line end

--- Adds a paragraph.
-- @param text string
-- @param indent before its first line ("")
-- @param hang before the others (indent)
function Sheet:fill(text, indent, hang)
  self:put(layout.fill(text, self.width, indent, hang))
end

--- A text in a style, where that may be.
-- @param s string
-- @param style as of color.paint
-- @return string
function Sheet:paint(s, style) return self.color and color.paint(s, style) or s end

--- Adds a heading.
-- @param name string
function Sheet:head(name)
  self:put ""
  self:put(self:paint(name, "bold"))
end

--- Adds a heading and a paragraph, unless there is nothing to say.
-- @param name string
-- @param text string or nil
function Sheet:section(name, text)
  if not text or text == "" then return end
  self:head(name)
  self:fill(text, sheet.INDENT)
end

--- Adds names with what they are, in two columns.
-- @param rows list of {name, text}
-- @param indent string
function Sheet:definitions(rows, indent)
  self:put(layout.definitions(rows, self.width, indent))
end

--- Adds names with what they are, cut to a line each.
-- @param rows list of {name, text}
function Sheet:list(rows)
  local column = 0
  for _, row in ipairs(rows) do column = math.max(column, #row[1]) end
  column = math.min(column, self.width // 2)
  for _, row in ipairs(rows) do
    local taken = math.max(column, #row[1]) + 2
    local room = math.max(self.width - #sheet.INDENT - taken, 16)
    local line = sheet.INDENT .. row[1] .. (" "):rep(taken - #row[1]) .. layout.line(row[2], room)
    self:put(line:match "^(.-)%s*$")
  end
end

--- The page as text.
-- @return string
function Sheet:text() return table.concat(self.lines, "\n") end

return sheet
