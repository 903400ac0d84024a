-- Clouds: fractal landscapes by the diamond-square algorithm, many at a time.
-- @source A. Fournier, D. Fussell, L. Carpenter 1982, "Computer rendering of stochastic models"

local T = require "sslkit.tensor"

-- The mean of four grids of points, with noise that fades by the step. The four are given as sums of
-- two.
local function shaken(sum, amplitude, draws)
  local n, height, width = sum:shape()
  local u = draws(height * width):view(n, height, width)
  return sum / 4 + (2 * u - 1) * (amplitude * amplitude)
end

--- Maps whose edges fit together, from 0 to 1.
-- @param n count
-- @param side pixels that are needed
-- @param decay what the noise is divided by from step to step
-- @param draws function(k): float64 [n,k] in [0,1)
-- @return float32 [n,s,s], where s is the power of two from `side` on
local function plasma(n, side, decay, draws)
  local size = 1
  while size < side do size = 2 * size end
  local map = T.zeros({ n, size, size }, "float64")
  local step, amplitude = size, 100
  while step >= 2 do
    local half = step // 2
    local at, between = { 1, size, step }, { half + 1, size, step }
    local corners = map[{ {}, at, at }]
    local sum = corners + corners:roll(-1, 2)
    sum = sum + sum:roll(-1, 3)
    local middles = shaken(sum, amplitude, draws)
    map[{ {}, between, between }] = middles
    local above = middles + middles:roll(1, 2) + corners + corners:roll(-1, 3)
    map[{ {}, at, between }] = shaken(above, amplitude, draws)
    local beside = middles + middles:roll(1, 3) + corners + corners:roll(-1, 2)
    map[{ {}, between, at }] = shaken(beside, amplitude, draws)
    step, amplitude = half, amplitude / decay
  end
  map = map - map:amin({ 2, 3 }, true)
  local most = map:amax({ 2, 3 }, true)
  return (map / most:masked_fill(most:eq(0), 1)):float()
end

return plasma
