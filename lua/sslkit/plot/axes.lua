-- The frame of a figure: where its data stand, and the ticks, names, grid and titles around them.

local colorbar = require "sslkit.plot.colorbar"
local legend = require "sslkit.plot.legend"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"

local axes = {}

local GAP, SIZE, TICK_SIZE = style.GAP, style.SIZE, style.TICK_SIZE
local COS, SIN = math.cos(math.rad(40)), math.sin(math.rad(40)) -- of slanted names
local LEAST = 40        -- pixels that the data have in any case
local LONGEST_NAME = 150
local BOLD = 1.12       -- bold letters are so much wider

local function widest(ticks)
  local width = 0
  for _, tick in ipairs(ticks) do width = math.max(width, svg.width(tick.label, TICK_SIZE)) end
  return width
end

-- As many numbers as fit side by side.
local function fitting_ticks(scale, length)
  for most = math.max(4, length // 60), 2, -1 do
    local ticks = scale:ticks(most)
    if #ticks * (widest(ticks) + 2 * GAP) <= length then return ticks end
  end
  return scale:ticks(2)
end

--- The ticks of an axis whose places 1, 2, ... have names: all of them, or each second, third...
-- where they would stand closer than `gap`.
-- @param scale scale
-- @param names list
-- @param length of the axis
-- @param gap in the unit of the length
-- @return list of {value=, label=, at = its place}
function axes.name_ticks(scale, names, length, gap)
  local ticks, last = {}, nil
  for i, name in ipairs(names) do
    local at = scale:at(i)
    if at >= -1e-9 and at <= 1 + 1e-9 and (not last or math.abs(at - last) * length >= gap) then
      ticks[#ticks + 1] = { value = i, label = tostring(name):gsub("%s", " "), at = at }
      last = at
    end
  end
  return ticks
end

-- The ticks at the left: numbers, or names that are cut to the room they may have.
local function left_ticks(fig, height)
  if not fig.y_names then return fig.y:ticks(math.max(2, height // 38)) end
  local ticks = axes.name_ticks(fig.y, fig.y_names, height, style.LINE_HEIGHT)
  for _, tick in ipairs(ticks) do
    tick.label = svg.fit(tick.label, math.min(LONGEST_NAME, 0.3 * fig.width), TICK_SIZE)
  end
  return ticks
end

-- The ticks at the bottom, and the height of slanted names or nil: names slant where they do not
-- fit side by side, as deep as the figure has room.
local function bottom_ticks(fig, width, room)
  if not fig.x_names then return fitting_ticks(fig.x, width) end
  local all = axes.name_ticks(fig.x, fig.x_names, width, 0)
  if #all * (widest(all) + GAP) <= width then return all end
  local ticks = axes.name_ticks(fig.x, fig.x_names, width, style.LINE_HEIGHT)
  local longest = math.min(LONGEST_NAME, room / SIN)
  for _, tick in ipairs(ticks) do tick.label = svg.fit(tick.label, longest, TICK_SIZE) end
  return ticks, widest(ticks) * SIN + 4
end

--- The largest part of a field on which a unit is as long in both directions.
-- @param fig figure
-- @param width, height numbers
-- @return width, height
function axes.square(fig, width, height)
  if fig.log_x or fig.log_y or not fig.is_square then return width, height end
  local unit = math.min(width / (fig.x.high - fig.x.low), height / (fig.y.high - fig.y.low))
  return unit * (fig.x.high - fig.x.low), unit * (fig.y.high - fig.y.low)
end

--- Where the data stand when all labels have their room.
-- @param fig figure
-- @param left, margin at least so much room at the left and the right (none)
-- @return {left=, top=, right=, bottom=} in pixels, and what drawing needs beside
function axes.layout(fig, left, margin)
  local area = { top = fig.title and 40 or 16 }
  local below = fig.xlabel and 52 or 32
  area.bar_ticks = fig.colorbar and colorbar.ticks(fig.colorbar, fig.height - area.top - below)
  local right = math.max(margin or 0, 2 * GAP)
  local bar = colorbar.width(fig.colorbar, area.bar_ticks)
  right = math.max(right, bar + legend.width(fig))
  area.right, area.bar_width, area.margin = fig.width - right, bar, right

  area.bottom = fig.height - below
  local function make_left()
    area.y_ticks = left_ticks(fig, area.bottom - area.top)
    local own = math.ceil(widest(area.y_ticks)) + 2 * GAP + (fig.ylabel and 22 or 0)
    area.left = math.min(math.max(left or 0, own), fig.width - LEAST)
    area.right = math.max(area.right, area.left + LEAST)
  end
  make_left()
  local room = math.max(0.35 * (area.bottom - area.top), 2 * TICK_SIZE)
  local width, height
  for _ = 1, 2 do -- slanted names take height, and with it the width of a square
    width = axes.square(fig, area.right - area.left, area.bottom - area.top)
    area.x_ticks, area.slant = bottom_ticks(fig, width, room)
    area.bottom = math.max(fig.height - below - (area.slant or 0), area.top + 20)
  end
  if area.slant then make_left() end
  width, height = axes.square(fig, area.right - area.left, area.bottom - area.top)
  area.right, area.bottom = area.left + width, area.top + height
  return area
end

-- The names or numbers at the bottom, one tick.
local function x_label(area, tick, x, muted)
  local attributes = { font_size = TICK_SIZE, fill = muted, text_anchor = "middle" }
  if not area.slant then return svg.text(x, area.bottom + 18, tick.label, attributes) end
  local y = area.bottom + 14
  attributes.text_anchor = "end"
  attributes.transform = ("rotate(-40 %s %s)"):format(svg.number(x + 4), svg.number(y))
  return svg.text(x + 4, y, svg.fit(tick.label, x / COS, TICK_SIZE), attributes)
end

--- Appends the grid, the ticks' labels and the two lines of the frame.
-- @param fig figure
-- @param area from axes.layout
-- @param out list of elements
-- @param paint as style.painter makes it
function axes.draw(fig, area, out, paint)
  local grid = { stroke = paint "grid", stroke_width = 1 }
  local muted = paint "muted"
  for _, tick in ipairs(area.x_ticks) do
    local x = area.left + tick.at * (area.right - area.left)
    if not fig.x_names then
      out[#out + 1] = svg.line(x, area.top, x, area.bottom, grid)
    end
    out[#out + 1] = x_label(area, tick, x, muted)
  end
  for _, tick in ipairs(area.y_ticks) do
    local y = area.bottom - tick.at * (area.bottom - area.top)
    if not fig.y_names then
      out[#out + 1] = svg.line(area.left, y, area.right, y, grid)
    end
    out[#out + 1] = svg.text(area.left - GAP, y + 4, tick.label,
      { font_size = TICK_SIZE, fill = muted, text_anchor = "end" })
  end
end

--- Appends the two lines of the frame: after the data, which may fill the area.
function axes.frame(area, out, paint)
  local frame = { stroke = paint "frame", stroke_width = 1 }
  out[#out + 1] = svg.line(area.left, area.bottom, area.right, area.bottom, frame)
  out[#out + 1] = svg.line(area.left, area.top, area.left, area.bottom, frame)
end

--- Appends the title.
-- @param fig figure
-- @param left where it begins
-- @param out list of elements
function axes.title(fig, left, out)
  if not fig.title then return end
  local size = BOLD * style.TITLE_SIZE
  if svg.width(fig.title, size) > fig.width - left - GAP then left = GAP end
  local title = svg.fit(fig.title, fig.width - left - GAP, size)
  out[#out + 1] = svg.text(left, 25, title,
    { font_size = style.TITLE_SIZE, font_weight = "600" })
end

--- Appends the names of the axes.
-- @param fig figure
-- @param area from axes.layout
-- @param out list of elements
-- @param paint as style.painter makes it
function axes.labels(fig, area, out, paint)
  local across, down = (area.left + area.right) / 2, (area.top + area.bottom) / 2
  if fig.xlabel then
    local label = svg.fit(fig.xlabel, area.right - area.left, SIZE)
    local y = math.min(area.bottom + 40 + (area.slant or 0), fig.height - 12)
    out[#out + 1] = svg.text(across, y, label, { text_anchor = "middle" })
  end
  if fig.ylabel then
    local label = svg.fit(fig.ylabel, area.bottom - area.top, SIZE)
    out[#out + 1] = svg.text(18, down, label, {
      text_anchor = "middle", transform = ("rotate(-90 18 %s)"):format(svg.number(down)),
    })
  end
  if fig.empty then
    out[#out + 1] = svg.text(across, down, "no data",
      { text_anchor = "middle", fill = paint "frame" })
  end
end

return axes
