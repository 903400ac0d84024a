-- Labels in contour lines: where a line is straight and has room, it is cut and says its level.

local svg = require "sslkit.plot.svg"

local tags = {}

local SIZE = 10     -- of the font, in pixels
local ROOM = 6      -- beside a label
local STRAIGHT = 0.9 -- at least so long is the chord over the cut, of the way along the line
local APART = 45    -- pixels between labels
local EDGE = 8      -- pixels from the edge of the area
local TRIES = 24

-- How far along the line each point is.
local function lengths(line)
  local at = { 0 }
  for k = 3, #line, 2 do
    local step = ((line[k] - line[k - 2]) ^ 2 + (line[k + 1] - line[k - 1]) ^ 2) ^ 0.5
    at[#at + 1] = at[#at] + step
  end
  return at
end

-- The place so far along a line, and the number of the point before it.
local function along(line, at, distance)
  local low, high = 1, #at - 1
  while low < high do
    local middle = (low + high + 1) // 2
    if at[middle] <= distance then low = middle else high = middle - 1 end
  end
  local span = at[low + 1] - at[low]
  local t = span > 0 and (distance - at[low]) / span or 0
  local x, y = line[2 * low - 1], line[2 * low]
  return x + t * (line[2 * low + 1] - x), y + t * (line[2 * low + 2] - y), low
end

local function is_free(x, y, area, taken)
  if x < area.left + EDGE or x > area.right - EDGE then return false end
  if y < area.top + EDGE or y > area.bottom - EDGE then return false end
  for _, other in ipairs(taken) do
    if (other.x - x) ^ 2 + (other.y - y) ^ 2 < APART ^ 2 then return false end
  end
  return true
end

--- The straightest place for a label.
-- @param line {x1, y1, ...} in pixels
-- @param word string
-- @param area {left=, top=, right=, bottom=}
-- @param taken list of labels, to which the new one is added
-- @return label, or nil where the line is too short or too bent or others are near
function tags.find(line, word, area, taken)
  local width = svg.width(word, SIZE) + ROOM
  local at = lengths(line)
  local whole = at[#at]
  if whole < 3 * width then return nil end
  local best, best_chord = nil, STRAIGHT * width
  for k = 0, TRIES do
    local from = (whole - width) * k / TRIES
    local x1, y1, before = along(line, at, from)
    local x2, y2, after = along(line, at, from + width)
    local chord = ((x2 - x1) ^ 2 + (y2 - y1) ^ 2) ^ 0.5
    if chord > best_chord * 1.001 and is_free((x1 + x2) / 2, (y1 + y2) / 2, area, taken) then
      best_chord = chord
      best = { x1 = x1, y1 = y1, x2 = x2, y2 = y2, before = before, after = after, word = word }
    end
  end
  if best then
    best.x, best.y = (best.x1 + best.x2) / 2, (best.y1 + best.y2) / 2
    taken[#taken + 1] = best
  end
  return best
end

--- A line without the part under its label: open, from behind the label around to before it where
-- it was closed; else in two parts.
-- @param line {x1, y1, ..., closed=}
-- @param label from find
-- @return list of lines
function tags.cut(line, label)
  local first = table.move(line, 1, 2 * label.before, 1, {})
  first[#first + 1], first[#first + 2] = label.x1, label.y1
  local second = { label.x2, label.y2 }
  table.move(line, 2 * label.after + 1, #line, 3, second)
  if not line.closed then return { first, second } end
  table.move(first, 1, #first, #second + 1, second)
  return { second }
end

--- The label as an element, upright enough to be read.
-- @param label from find
-- @param color of the letters
-- @return string
function tags.element(label, color)
  local angle = math.deg(math.atan(label.y2 - label.y1, label.x2 - label.x1))
  if angle > 90 then angle = angle - 180 elseif angle < -90 then angle = angle + 180 end
  local x, y = svg.number(label.x), svg.number(label.y)
  return svg.text(label.x, label.y + 0.36 * SIZE, label.word, {
    font_size = SIZE, text_anchor = "middle", fill = color,
    transform = ("rotate(%s %s %s)"):format(svg.number(angle), x, y),
  })
end

return tags
