-- Corruptions of shape and of resolution.

local resample = require "sslkit.data.resample"
local T = require "sslkit.tensor"

local warp = {}

warp.pixelate = {
  severities = { 0.95, 0.9, 0.85, 0.75, 0.65 },
  make = function(share, about)
    local levels = about.levels
    local function both_ways(n)
      local less = math.max(1, math.floor(n * share))
      return resample.resize(n, less, "box"), resample.resize(less, n, "box")
    end
    local down, up = both_ways(about.height)
    local left, right = both_ways(about.width)
    local function rounded(x) return (x + 0.5):floor() end -- as Pillow does after every pass
    return function(x)
      local small = rounded(down:matmul(rounded((x * levels):matmul(left:t()))))
      return rounded(up:matmul(rounded(small:matmul(right:t())))) / levels
    end
  end,
}

-- Where each pixel of an image comes from that is moved and turned a little: three points go
-- elsewhere, each by up to `far` pixels, and all others with them. Float64 [n,H,W] rows and columns.
local function affine(n, about, far, draws)
  local size = math.max(1, math.min(about.height, about.width) // 3)
  local u = (2 * draws(6) - 1) * far
  local function shift(k) return u:select(2, k):view(n, 1, 1) end
  -- the points p + (size, size), p + (size, -size), p - (size, size) as (x, y), and their shifts
  local ax = (shift(3) - shift(5)) / (2 * size) + 1
  local ay = (shift(4) - shift(6)) / (2 * size)
  local bx = (shift(1) - shift(3)) / (2 * size)
  local by = (shift(2) - shift(4)) / (2 * size) + 1
  local px, py = about.width // 2 + size, about.height // 2 + size
  local tx, ty = shift(1) + px - ax * px - bx * py, shift(2) + py - ay * px - by * py
  local det = ax * by - bx * ay
  det = T.where(det:abs():lt(1e-6), T.full_like(det, 1e-6), det)
  local y = T.arange(0, about.height - 1, 1, "float64"):view(1, about.height, 1) - ty
  local x = T.arange(0, about.width - 1, 1, "float64"):view(1, 1, about.width) - tx
  return (y * ax - x * ay) / det, (x * by - y * bx) / det
end

warp.elastic_transform = {
  severities = {
    { 0, 0, 0.08 }, { 0.05, 0.2, 0.07 }, { 0.08, 0.06, 0.06 }, { 0.1, 0.04, 0.05 },
    { 0.1, 0.03, 0.03 },
  },
  make = function(c, about)
    local height, width = about.height, about.width
    local side = math.min(height, width)
    local down = resample.gaussian(height, c[2] * side, 3, "reflect"):double()
    local across = resample.gaussian(width, c[2] * side, 3, "reflect"):double()
    local y = T.arange(0, height - 1, 1, "float64"):view(1, height, 1)
    local x = T.arange(0, width - 1, 1, "float64"):view(1, 1, width)
    return function(images, draws)
      local n = #images
      local rows, columns = affine(n, about, c[3] * side, draws)
      local moved = resample.sample(images, rows, columns, "mirror")
      local u = (2 * draws(2 * height * width) - 1):view(n, 2, height, width)
      local d = resample.apply(u, down, across) * (c[1] * side)
      return resample.sample(moved, y + d:select(2, 2), x + d:select(2, 1), "reflect")
    end
  end,
}

return warp
