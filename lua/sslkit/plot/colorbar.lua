-- Colour bars: which colour stands for which value.

local canvas = require "sslkit.plot.canvas"
local color = require "sslkit.text.color"
local scale = require "sslkit.plot.scale"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"

local colorbar = {}

local WIDTH, STEPS = 14, 64
local LABEL = 18 -- pixels for the bar's own label
local COLUMNS = 24 -- of a bar in characters

local function scale_of(bar)
  return scale.new(bar.log, bar.low, bar.high, { tight = true })
end

--- The ticks of a bar.
-- @param bar {low=, high=, color=function(share), label=, log=false}
-- @param length of the bar in pixels
-- @return list of {value=, label=, at=}
function colorbar.ticks(bar, length)
  return scale_of(bar):ticks(math.max(2, length // 38))
end

--- The room that a bar takes right of the data.
-- @param bar as above, or nil
-- @param ticks its ticks
-- @return pixels, 0 for no bar
function colorbar.width(bar, ticks)
  if not bar then return 0 end
  local width = 0
  for _, tick in ipairs(ticks) do
    width = math.max(width, svg.width(tick.label, style.TICK_SIZE))
  end
  return math.ceil(style.GAP + WIDTH + style.GAP + width + (bar.label and LABEL or 0))
    + style.GAP
end

--- Appends a bar's elements.
-- @param bar as above
-- @param area as plot/axes.lua lays it out
-- @param out list of elements
-- @param paint as style.painter makes it
function colorbar.draw(bar, area, out, paint)
  local left, height = area.right + style.GAP + 4, area.bottom - area.top
  for k = 1, STEPS do
    -- each reaches under the next, so that no seam shows
    local y = area.top + height * (STEPS - k) / STEPS
    local tall = math.min(2 * height / STEPS, area.bottom - y)
    out[#out + 1] = svg.element("rect", {
      x = left, y = y, width = WIDTH, height = tall, fill = bar.color((k - 0.5) / STEPS),
    })
  end
  local right = left + WIDTH
  local width = 0
  for _, tick in ipairs(area.bar_ticks) do
    local y = area.bottom - tick.at * height
    out[#out + 1] = svg.line(right, y, right + 3, y, { stroke = paint "frame", stroke_width = 1 })
    out[#out + 1] = svg.text(right + style.GAP - 2, y + 4, tick.label,
      { font_size = style.TICK_SIZE, fill = paint "muted" })
    width = math.max(width, svg.width(tick.label, style.TICK_SIZE))
  end
  if bar.label then
    local x, y = right + style.GAP + width + LABEL - 6, (area.top + area.bottom) / 2
    out[#out + 1] = svg.text(x, y, svg.fit(tostring(bar.label), height, style.SIZE), {
      text_anchor = "middle",
      transform = ("rotate(-90 %s %s)"):format(svg.number(x), svg.number(y)),
    })
  end
end

--- A bar as a line of characters.
-- @param bar as above
-- @param unicode may it be of blocks?
-- @param colored may it have colours?
-- @return string
function colorbar.line(bar, unicode, colored)
  local parts = {}
  for k = 1, COLUMNS do
    local share = (k - 0.5) / COLUMNS
    local sign = colored and unicode and "█" or canvas.shade(share, unicode)
    parts[k] = colored and color.paint(sign, canvas.color(bar.color(share))) or sign
  end
  local line = ("%.4g %s %.4g"):format(bar.low, table.concat(parts), bar.high)
  return bar.label and line .. "  " .. tostring(bar.label) or line
end

return colorbar
