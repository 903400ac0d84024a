-- Minimisation of a smooth function by L-BFGS with a line search for the strong Wolfe conditions
-- (Nocedal and Wright 2006, algorithms 7.4, 3.5 and 3.6).

local T = require "sslkit.tensor"

local C1, C2 = 1e-4, 0.9
local TRIALS = 30 -- of a line search

local function dot(a, b) return T.dot(a, b):item() end

-- The minimum of the cubic through two values and slopes; the middle where there is none inside.
local function cubic(a, fa, ga, b, fb, gb)
  local d1 = ga + gb - 3 * (fa - fb) / (a - b)
  local square = d1 * d1 - ga * gb
  local lo, hi = math.min(a, b), math.max(a, b)
  if square >= 0 then
    local d2 = (b > a and 1 or -1) * math.sqrt(square)
    local t = b - (b - a) * (gb + d2 - d1) / (gb - ga + 2 * d2)
    local edge = 0.1 * (hi - lo) -- not so near an end that nothing is learnt
    if t == t then return math.max(lo + edge, math.min(hi - edge, t)) end
  end
  return (lo + hi) / 2
end

-- A step along `direction` from `x`: {t=, x=, f=, g=, slope=}, or nil. `start` is the point at 0.
local function line_search(evaluate, start, direction, t)
  local function at(step)
    local p = { t = step, x = start.x + direction * step }
    p.f, p.g = evaluate(p.x)
    p.slope = dot(p.g, direction)
    return p
  end
  -- Differences of f drown in its rounding errors near the minimum.
  local noise = 1e-14 * math.max(1, math.abs(start.f))
  local function too_high(p)
    return not (p.f <= start.f + C1 * p.t * start.slope + noise)
  end
  local function flat(p) return math.abs(p.slope) <= -C2 * start.slope end

  local lo, hi = start, nil
  for trial = 1, TRIALS do
    local p = at(t)
    if too_high(p) or trial > 1 and not hi and p.f >= lo.f + noise then
      hi = p
    elseif flat(p) then
      return p
    else
      -- The minimum lies on the side to which p slopes down.
      local beyond = hi and p.slope * (hi.t - lo.t) >= 0 or not hi and p.slope >= 0
      if beyond then hi = lo end
      lo = p
    end
    if not hi then
      t = 2 * t
    elseif lo.f == lo.f and hi.f == hi.f and hi.f < math.huge then
      t = cubic(lo.t, lo.f, lo.slope, hi.t, hi.f, hi.slope)
    else
      t = (lo.t + hi.t) / 2
    end
    if hi and math.abs(hi.t - lo.t) <= 1e-15 * math.max(lo.t, hi.t) then break end
  end
  return lo ~= start and lo or nil
end

-- The two loops: the gradient times the inverse Hessian that the last steps tell.
local function direction_of(g, memory)
  local q, alpha = -g, {}
  for i = #memory, 1, -1 do
    local m = memory[i]
    alpha[i] = dot(m.s, q) / m.sy
    q:add_(m.y * -alpha[i])
  end
  local last = memory[#memory]
  if last then q:mul_(last.sy / dot(last.y, last.y)) end
  for i, m in ipairs(memory) do q:add_(m.s * (alpha[i] - dot(m.y, q) / m.sy)) end
  return q
end

--- Minimises f from x (float64 [n]). f(x) gives the value and the gradient, a fresh tensor. Options:
-- done(gradient) -> true at the end; max_iterations; memory (10 pairs). Gives x and
-- {value=, gradient=, iterations=, evaluations=, converged=}. After a line search that finds nothing
-- the memory starts anew; the third time the search is over.
return function(f, x, options)
  local info = { iterations = 0, evaluations = 0, converged = false }
  local function evaluate(p)
    info.evaluations = info.evaluations + 1
    return f(p)
  end
  local now, memory, failures = { t = 0, x = x }, {}, 0
  now.f, now.g = evaluate(x)
  while true do
    if options.done(now.g) then
      info.converged = true
      break
    end
    if info.iterations >= options.max_iterations then break end
    local direction = direction_of(now.g, memory)
    now.t, now.slope = 0, dot(now.g, direction)
    local first = #memory == 0 and math.min(1, 1 / now.g:abs():sum():item()) or 1
    local next_point = now.slope < 0 and line_search(evaluate, now, direction, first)
    if next_point then
      info.iterations = info.iterations + 1
      local s, y = next_point.x - now.x, next_point.g - now.g
      local sy = dot(s, y)
      if sy > 1e-16 * dot(y, y) then
        memory[#memory + 1] = { s = s, y = y, sy = sy }
        if #memory > (options.memory or 10) then table.remove(memory, 1) end
      end
      now = next_point
    else
      failures, memory = failures + 1, {}
      if failures == 3 then break end
    end
  end
  info.value, info.gradient = now.f, now.g
  return now.x, info
end
