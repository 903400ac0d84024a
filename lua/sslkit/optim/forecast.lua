-- What a loss will be after more steps: a exp(b t) + c, b < 0, through the losses so far.

local linalg = require "sslkit.linalg"
local T = require "sslkit.tensor"

local M = {}

local PASSES = 10        -- of looking for outliers
local OUTLIERS = 0.03    -- share that is taken away in each
local COARSE = 60        -- rates of decay that are tried at first

-- Values of a quadratic spline with three inner knots through the points, by least squares.
local function spline(t, y)
  local x = T.tensor(t, "float64")
  x = (x - t[1]) / (t[#t] - t[1])
  local columns = { T.ones_like(x), x, T.square(x) }
  for knot = 1, 3 do columns[3 + knot] = T.square(T.relu(x - knot / 4)) end
  local design = T.stack(columns, 2)
  local weights = linalg.lstsq(design, T.tensor(y, "float64"))
  return T.matmul(design, weights):totable()
end

-- Without what lies farthest from a spline in the first half: losses jump at a new rate.
local function without_outliers(t, y)
  for _ = 1, PASSES do
    local half = #t // 2
    local n = math.floor(OUTLIERS * half + 0.5)
    if n == 0 or #t < 12 then break end
    local smooth, far, out = spline(t, y), {}, {}
    for i = 1, half do far[i] = i end
    table.sort(far, function(i, j)
      local a, b = math.abs(y[i] - smooth[i]), math.abs(y[j] - smooth[j])
      if a ~= b then return a > b end
      return i < j
    end)
    for k = 1, n do out[far[k]] = true end
    local kept_t, kept_y = {}, {}
    for i = 1, #t do
      if not out[i] then kept_t[#kept_t + 1], kept_y[#kept_y + 1] = t[i], y[i] end
    end
    t, y = kept_t, kept_y
  end
  return t, y
end

-- The best a and c for one b: least squares of y on exp(b t). Gives the sum of squares left, a, c.
local function line(t, y, b)
  local n, me, my = #t, 0, 0
  local e = {}
  for i = 1, n do
    e[i] = math.exp(b * t[i])
    me, my = me + e[i] / n, my + y[i] / n
  end
  local ee, ey = 0, 0
  for i = 1, n do
    ee, ey = ee + (e[i] - me) ^ 2, ey + (e[i] - me) * (y[i] - my)
  end
  local a = ee > 0 and ey / ee or 0
  local c, left = my - a * me, 0
  for i = 1, n do left = left + (y[i] - a * e[i] - c) ^ 2 end
  return left, a, c
end

-- The least of f on first .. last, which has one valley there.
local function golden(f, first, last)
  local share = (math.sqrt(5) - 1) / 2
  local x1, x2 = last - share * (last - first), first + share * (last - first)
  local f1, f2 = f(x1), f(x2)
  for _ = 1, 60 do
    if f1 < f2 then
      last, x2, f2 = x2, x1, f1
      x1 = last - share * (last - first)
      f1 = f(x1)
    else
      first, x1, f1 = x1, x2, f2
      x2 = first + share * (last - first)
      f2 = f(x2)
    end
  end
  return (first + last) / 2
end

--- The loss to expect at step `horizon`, from a list of finite losses spread evenly over the steps
-- 1 .. steps; then a, b and c. With fewer than four losses it is their mean.
function M.loss(losses, steps, horizon)
  local t, y = {}, {}
  for i, loss in ipairs(losses) do t[i], y[i] = i * steps / #losses, loss end
  if #t < 4 then
    local sum = 0
    for _, loss in ipairs(y) do sum = sum + loss end
    return sum / #y
  end
  t, y = without_outliers(t, y)
  -- log(-b) between a decay that takes 100 horizons and one that is over after one loss.
  local low, high = math.log(0.01 / horizon), math.log(10 * #losses / steps)
  local function left(x) return (line(t, y, -math.exp(x))) end
  local width, best, least = (high - low) / COARSE, low, math.huge
  for k = 0, COARSE do
    local value = left(low + k * width)
    if value < least then best, least = low + k * width, value end
  end
  local b = -math.exp(golden(left, math.max(low, best - width), math.min(high, best + width)))
  local _, a, c = line(t, y, b)
  return a * math.exp(b * horizon) + c, a, b, c
end

return M
