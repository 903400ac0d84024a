-- Matrices as pictures: reduced to the pixels that there are, and drawn as rectangles, or, where
-- those would be many, as one PNG in the SVG.

local T = require "sslkit.tensor"
local base64 = require "sslkit.text.base64"
local svg = require "sslkit.plot.svg"

local raster = {}

local FEW = 4096  -- rectangles at most
local MADE_OF = 8 -- pixels of a PNG, across and down, for one of the picture's at most

-- [R down, C across] as [R, C]: the mean of the finite values of each block, NaN where there are none.
local function block_means(t, rows, columns, down, across)
  local finite = t:isfinite():double()
  local function sums(part)
    local room = T.zeros(rows * down, columns * across, "float64")
    room:narrow(1, 1, t:size(1)):narrow(2, 1, t:size(2)):copy_(part)
    return room:reshape(rows, down, columns, across):sum { 2, 4 }
  end
  -- divided first: the sum of a block may be too large for a number
  local size = down * across
  local all = sums(t:nan_to_num(0, 0, 0) * (1 / size))
  return all / (sums(finite) * (1 / size))
end

--- A matrix with at most so many rows and columns: each value is the mean of a block of down x across
-- values, without those that are NaN or infinite.
-- @param t float64 [rows, columns]
-- @param most_rows, most_columns counts
-- @return {rows=, columns=, down=, across=, height= and width= of t, and its values row by row}
function raster.reduce(t, most_rows, most_columns)
  local height, width = t:shape()
  local down = math.max(1, -(-height // math.max(most_rows // 1, 1)))
  local across = math.max(1, -(-width // math.max(most_columns // 1, 1)))
  local rows, columns = -(-height // down), -(-width // across)
  if down > 1 or across > 1 then t = block_means(t, rows, columns, down, across) end
  local grid = t:reshape(rows * columns):totable()
  grid.rows, grid.columns, grid.height, grid.width = rows, columns, height, width
  grid.down, grid.across = down, across
  return grid
end

--- Can pictures be put into an SVG: is the part of sslkit that needs libpng there?
-- @return true or false
function raster.has_png() return (pcall(require, "sslkit.image.core")) end

--- A matrix for a field of pixels: no finer than those, and coarser where it would take too many
-- rectangles and there is no PNG.
-- @param t float64 [rows, columns]
-- @param width, height pixels
-- @return as reduce
function raster.fit(t, width, height)
  local large = math.min(t:size(1), height) * math.min(t:size(2), width) > FEW
  if large and not raster.has_png() then
    width, height = math.min(width, FEW ^ 0.5), math.min(height, FEW ^ 0.5)
  end
  return (raster.reduce(t, height, width))
end

--- The remark that a matrix was reduced.
-- @param grid from reduce
-- @param area where it stands, see plot/axes.lua
-- @return element
function raster.note(grid, area)
  local said = ("means of %d×%d"):format(grid.down, grid.across)
  return svg.text(area.right, area.top - 4, said,
    { font_size = 11, fill = area.paint "muted", text_anchor = "end" })
end

--- Calls visit(first column, first row, last column, last row, color) for each run of equal colours
-- in a row, in places of the whole matrix.
-- @param grid from reduce
-- @param colors list of the colours of its values; what is not drawn is false
-- @param visit function
function raster.runs(grid, colors, visit)
  for row = 1, grid.rows do
    local top, bottom = (row - 1) * grid.down + 1, math.min(row * grid.down, grid.height)
    local first, before = 1, (row - 1) * grid.columns
    for column = 1, grid.columns do
      local color = colors[before + column]
      if column == grid.columns or colors[before + column + 1] ~= color then
        if color then
          local left, right = (first - 1) * grid.across + 1, column * grid.across
          visit(left, top, math.min(right, grid.width), bottom, color)
        end
        first = column + 1
      end
    end
  end
end

--- Are so many cells drawn as a PNG?
-- @param grid from reduce
-- @return true or false
function raster.is_large(grid) return grid.rows * grid.columns > FEW end

--- A PNG as the address that holds it. Not all that draw an SVG leave the pixels of a picture sharp
-- when they enlarge it: those that will be large are made of several.
-- @param t uint8 or float [C,H,W]
-- @param size pixels that one of t will take
-- @return string
function raster.uri(t, size)
  local channels, height, width = t:shape()
  local k = math.max(1, math.min(math.ceil(size), MADE_OF))
  if k > 1 then
    t = t:reshape(channels, height, 1, width, 1):expand(channels, height, k, width, k)
      :reshape(channels, height * k, width * k)
  end
  return "data:image/png;base64," .. base64(require("sslkit.image").encode(t))
end

--- Fills one half cell of a field of characters.
-- @param canvas see plot/canvas.lua
-- @param column, half places from 0, two halves a row
-- @param color "#rrggbb"
-- @param share darkness 0..1 where there are no colours
function raster.cell(canvas, column, half, color, share)
  local wide, tall = (canvas.width - 1) / canvas.columns, (canvas.height - 1) / (2 * canvas.rows)
  canvas:fill(column * wide, half * tall, (column + 1) * wide, (half + 1) * tall, color, share)
end

-- The bytes of colours as RGBA; what is not drawn is transparent.
local function pixels(grid, colors)
  local bytes = { [false] = "\0\0\0\0" }
  local out = {}
  for i = 1, grid.rows * grid.columns do
    local color = colors[i]
    local pixel = bytes[color]
    if not pixel then
      local r, g, b = color:match "^#(%x%x)(%x%x)(%x%x)$"
      pixel = string.char(tonumber(r, 16), tonumber(g, 16), tonumber(b, 16), 255)
      bytes[color] = pixel
    end
    out[i] = pixel
  end
  return table.concat(out)
end

-- All cells as one picture. The last blocks may reach beyond the matrix: what does is cut off by the
-- inner document's edge.
local function embedded(grid, colors, box)
  local t = T.frombytes(pixels(grid, colors), "uint8", { grid.rows, grid.columns, 4 })
  local picture = svg.element("image", {
    width = grid.columns * grid.across, height = grid.rows * grid.down,
    href = raster.uri(t:movedim(3, 1), (box.right - box.left) / grid.columns),
    preserveAspectRatio = "none",
    style = "image-rendering:pixelated",
  })
  return svg.element("svg", {
    x = box.left, y = box.top, width = box.right - box.left, height = box.bottom - box.top,
    viewBox = ("0 0 %d %d"):format(grid.width, grid.height), preserveAspectRatio = "none",
  }, picture)
end

--- Appends the cells of a matrix, the first row on top.
-- @param grid from reduce
-- @param colors list of "#rrggbb", or false for cells that are not drawn
-- @param box {left=, top=, right=, bottom=} in pixels
-- @param out list of elements
function raster.draw(grid, colors, box, out)
  if raster.is_large(grid) and raster.has_png() then
    out[#out + 1] = embedded(grid, colors, box)
    return
  end
  local wide, tall = (box.right - box.left) / grid.width, (box.bottom - box.top) / grid.height
  local cells = {}
  raster.runs(grid, colors, function(left, top, right, bottom, color)
    cells[#cells + 1] = svg.element("rect", {
      x = box.left + (left - 1) * wide, y = box.top + (top - 1) * tall,
      width = (right - left + 1) * wide, height = (bottom - top + 1) * tall, fill = color,
    })
  end)
  -- without crisp edges the ground shines through between neighbours
  out[#out + 1] = svg.element("g", { shape_rendering = "crispEdges" }, cells)
end

return raster
