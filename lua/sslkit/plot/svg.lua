-- SVG text: elements, attributes, numbers, escaping.

local text = require "sslkit.text"

local svg = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

--- Text that may stand in an element or an attribute: what XML forbids is replaced.
-- @param s string
-- @return string
function svg.escape(s)
  if not utf8.len(s) then s = s:gsub("[\x80-\xff]", "?") end
  s = s:gsub("\xef\xbf[\xbe\xbf]", "?") -- U+FFFE, U+FFFF
  return (s:gsub('[&<>"]', ENTITIES):gsub("[%z\1-\8\11\12\14-\31\127]", "?"))
end

--- A coordinate with at most two decimals.
-- @param v number
-- @return string
function svg.number(v)
  local s = ("%.2f"):format(v):gsub("%.?0+$", "")
  return s == "-0" and "0" or s
end

-- Widths in parts of the font size, of DejaVu Sans, which is wider than most: room that is made for
-- it will do for others.
local NARROW, CAPITAL, BROAD, OTHER = 0.38, 0.72, 0.95, 0.63

--- About how wide a text is when drawn.
-- @param s string
-- @param size of the font, in pixels
-- @return pixels, rather too many than too few
function svg.width(s, size)
  local _, narrow = s:gsub("[iIljtf .,:;'|!()%[%]]", "")
  local _, broad = s:gsub("[mwMW%%@]", "")
  local _, capital = s:gsub("[A-HJ-LN-VX-Z]", "")
  local other = text.width(s) - narrow - broad - capital
  return size * (NARROW * narrow + BROAD * broad + CAPITAL * capital + OTHER * other)
end

--- A text cut to the room there is, with an ellipsis where something is missing.
-- @param s string
-- @param room pixels
-- @param size of the font, in pixels
-- @return string
function svg.fit(s, room, size)
  if svg.width(s, size) <= room then return s end
  local columns = text.width(s)
  repeat
    columns = columns - 1
    s = text.cut(s, columns)
  until columns <= 0 or svg.width(s .. "…", size) <= room
  return s .. "…"
end

--- One element.
-- @param name string
-- @param attributes table of name = string or number; an underscore in a name stands for a hyphen
-- @param content string, already escaped, or list of such (none)
-- @return string
function svg.element(name, attributes, content)
  local names, parts = {}, {}
  for key in pairs(attributes) do names[#names + 1] = key end
  table.sort(names)
  for i, key in ipairs(names) do
    local value = attributes[key]
    value = type(value) == "number" and svg.number(value) or svg.escape(value)
    parts[i] = (' %s="%s"'):format(key:gsub("_", "-"), value)
  end
  local start = "<" .. name .. table.concat(parts)
  if content == nil then return start .. "/>" end
  if type(content) == "table" then content = "\n" .. table.concat(content, "\n") .. "\n" end
  return start .. ">" .. content .. "</" .. name .. ">"
end

--- Text at a place.
-- @param x, y the anchor, on the base line
-- @param content string, not yet escaped
-- @param attributes table (none)
-- @return string
function svg.text(x, y, content, attributes)
  local all = { x = x, y = y }
  for key, value in pairs(attributes or {}) do all[key] = value end
  return svg.element("text", all, svg.escape(content))
end

--- A straight line.
-- @param x1, y1, x2, y2 its ends
-- @param attributes table (none)
-- @return string
function svg.line(x1, y1, x2, y2, attributes)
  local all = { x1 = x1, y1 = y1, x2 = x2, y2 = y2 }
  for key, value in pairs(attributes or {}) do all[key] = value end
  return svg.element("line", all)
end

--- A whole document of some size in pixels.
-- @param width, height numbers
-- @param content list of elements
-- @param attributes table, such as y = where it stands in an enclosing document (none)
-- @return string
function svg.document(width, height, content, attributes)
  local all = {
    xmlns = "http://www.w3.org/2000/svg", width = width, height = height,
    viewBox = ("0 0 %s %s"):format(svg.number(width), svg.number(height)),
    font_family = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
    font_size = 13, fill = "#222",
  }
  for key, value in pairs(attributes or {}) do all[key] = value end
  return svg.element("svg", all, content)
end

return svg
