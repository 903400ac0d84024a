-- Figures as SVG documents.

local axes = require "sslkit.plot.axes"
local colorbar = require "sslkit.plot.colorbar"
local legend = require "sslkit.plot.legend"
local style = require "sslkit.plot.style"
local svg = require "sslkit.plot.svg"

local picture = {}

local EDGE = 16 -- pixels around a figure without axes

--- The function that gives points their pixels.
-- @param fig figure
-- @param area {left=, top=, right=, bottom=}
-- @return function(x, y) -> px, py; nothing for a point without a place
function picture.placer(fig, area)
  local left, bottom = area.left, area.bottom
  local width, height = area.right - left, bottom - area.top
  local x_scale, y_scale = fig.x, fig.y
  return function(x, y)
    local across, up = x_scale:at(x), y_scale:at(y)
    if not across or not up then return nil end
    return left + across * width, bottom - up * height
  end
end

--- The layout of a figure: see axes.layout; one without axes has the whole field below its title.
function picture.layout(fig, left, margin)
  if fig.layers then return axes.layout(fig, left, margin) end
  return {
    left = EDGE, top = fig.title and 40 or EDGE, right = fig.width - EDGE,
    bottom = fig.height - EDGE, margin = EDGE,
  }
end

local function elements(fig, area, page, out)
  local paint = style.painter(page)
  area.paint = paint
  if fig.painter then
    fig.painter:svg(out, fig, area)
    axes.title(fig, area.left, out)
    return
  end
  local place = picture.placer(fig, area)
  axes.draw(fig, area, out, paint)
  for _, layer in ipairs(fig.layers) do layer:svg(place, out, area) end
  axes.frame(area, out, paint)
  if fig.colorbar then colorbar.draw(fig.colorbar, area, out, paint) end
  legend.draw(fig, area, place, out, paint)
  axes.title(fig, area.left, out)
  axes.labels(fig, area, out, paint)
end

--- A figure as a document.
-- @param fig figure
-- @param page is it a part of a page?
-- @param area its layout (its own)
-- @param y where it stands in an enclosing document (it stands alone)
-- @return string
function picture.document(fig, page, area, y)
  local paint = style.painter(page)
  local out = {}
  if not page then
    out[1] = svg.element("rect", { width = fig.width, height = fig.height, fill = paint "paper" })
  end
  elements(fig, area or picture.layout(fig), page, out)
  return svg.document(fig.width, fig.height, out, {
    y = y, fill = paint "ink", role = y == nil and "img" or nil,
    aria_label = y == nil and fig.title or nil,
  })
end

return picture
