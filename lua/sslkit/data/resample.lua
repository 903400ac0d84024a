-- Filters and changes of size of images as matrix products: along each side, a matrix [out,in] says
-- what every pixel of the result takes from those of the image.

local T = require "sslkit.tensor"

local resample = {}

-- A matrix [out,n] from weights(i), which gives for row i (from 0) a table from column (from 0) to
-- weight.
local function matrix(out, n, weights)
  local rows = {}
  for i = 0, out - 1 do
    local row = {}
    for j = 1, n do row[j] = 0 end
    for j, weight in pairs(weights(i)) do row[j + 1] = row[j + 1] + weight end
    rows[i + 1] = row
  end
  return T.tensor(rows, "float32")
end

-- What lies outside of 0..n-1 by position: the nearest pixel, or the image mirrored with its border
-- ("reflect", as SciPy has it) or about it ("mirror").
local EDGES = {}
function EDGES.nearest(i, n) return math.max(0, math.min(n - 1, i)) end
function EDGES.reflect(i, n)
  i = i % (2 * n)
  return i < n and i or 2 * n - 1 - i
end
function EDGES.mirror(i, n)
  if n == 1 then return 0 end
  i = i % (2 * n - 2)
  return i < n and i or 2 * n - 2 - i
end

--- A blur along a side of n pixels.
-- @param n pixels
-- @param sigma standard deviation in pixels
-- @param truncate the kernel ends so many sigma from its middle
-- @param edge "nearest", "reflect" or "mirror"
-- @return float32 [n,n]
-- @source SciPy, ndimage.gaussian_filter
function resample.gaussian(n, sigma, truncate, edge)
  local radius, kernel, sum = math.floor(truncate * sigma + 0.5), {}, 0
  for k = -radius, radius do
    kernel[k] = sigma > 0 and math.exp(-k * k / (2 * sigma * sigma)) or 1
    sum = sum + kernel[k]
  end
  return matrix(n, n, function(i)
    local row = {}
    for k = -radius, radius do
      local j = EDGES[edge](i + k, n)
      row[j] = (row[j] or 0) + kernel[k] / sum
    end
    return row
  end)
end

--- Linear interpolation between points that keep their ends, first to first and last to last.
-- @param n pixels before
-- @param out pixels after
-- @return float32 [out,n]
-- @source SciPy, ndimage.zoom with order 1
function resample.stretch(n, out)
  return matrix(out, n, function(i)
    local at = out > 1 and i * (n - 1) / (out - 1) or 0
    local j = math.min(math.floor(at), n - 1)
    if j == n - 1 then return { [j] = 1 } end
    return { [j] = 1 - (at - j), [j + 1] = at - j }
  end)
end

-- Filters by the distance from the middle, and how far they reach.
local FILTERS = {
  box = { function(d) return d > -0.5 and d <= 0.5 and 1 or 0 end, 0.5 },
  bilinear = { function(d) return math.max(0, 1 - math.abs(d)) end, 1 },
}

--- A change of size in which a filter covers all pixels that a smaller result stands for.
-- @param n pixels before
-- @param out pixels after
-- @param name "box" or "bilinear"
-- @return float32 [out,n]
-- @source Pillow, Image.resize
function resample.resize(n, out, name)
  local filter, reach = table.unpack(FILTERS[name])
  local scale = n / out
  local wide = math.max(scale, 1)
  return matrix(out, n, function(i)
    local middle, row, sum = (i + 0.5) * scale, {}, 0
    local first = math.max(0, math.floor(middle - reach * wide + 0.5))
    local last = math.min(n, math.floor(middle + reach * wide + 0.5)) - 1
    for j = first, last do
      row[j] = filter((j - middle + 0.5) / wide)
      sum = sum + row[j]
    end
    for j, weight in pairs(row) do row[j] = weight / sum end
    return row
  end)
end

--- Images changed along both sides.
-- @param x float32 [..., H, W]
-- @param down matrix [h,H]
-- @param across matrix [w,W]
-- @return float32 [..., h, w]
function resample.apply(x, down, across) return down:matmul(x:matmul(across:t())) end

--- Where pixels outside of an image are taken from.
-- @param i int64 tensor of positions from 0
-- @param n pixels
-- @param edge "nearest", "reflect" or "mirror"
-- @return int64 tensor in 0..n-1
function resample.fold(i, n, edge)
  if edge == "nearest" or n == 1 then return i:clamp(0, n - 1) end
  local period = edge == "reflect" and 2 * n or 2 * n - 2
  i = i % period
  return T.minimum(i, (edge == "reflect" and period - 1 or period) - i)
end

--- Images at points between their pixels, by linear interpolation.
-- @param x float32 [N,C,H,W]
-- @param rows float tensor [N,H,W] of positions from 0
-- @param columns alike
-- @param edge "nearest", "reflect" or "mirror"
-- @return float32 [N,C,H,W]
function resample.sample(x, rows, columns, edge)
  local n, channels, height, width = x:shape()
  local top, left = rows:floor(), columns:floor()
  local below, beside = (rows - top):float():view(n, 1, -1), (columns - left):float():view(n, 1, -1)
  top, left = top:long(), left:long()
  local flat = x:reshape(n, channels, height * width)
  local function at(i, j)
    local place = resample.fold(i, height, edge) * width + resample.fold(j, width, edge) + 1
    return flat:gather(3, place:view(n, 1, -1):expand(n, channels, height * width))
  end
  local upper = at(top, left) * (1 - beside) + at(top, left + 1) * beside
  local lower = at(top + 1, left) * (1 - beside) + at(top + 1, left + 1) * beside
  return (upper * (1 - below) + lower * below):view(n, channels, height, width)
end

return resample
