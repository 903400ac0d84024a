-- The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kegl, NIPS 2011): the trials so
-- far are cut into the few best ones and the others; of some candidates drawn where the best ones are,
-- the one is taken that is most likely there and least likely elsewhere. Each part of a config by
-- itself.

local check = require "sslkit.check"
local space = require "sslkit.sweep.space"
local T = require "sslkit.tensor"

local tpe = { settings = { startup = true, candidates = true, share = true } }

local MOST_GOOD = 25 -- of the best trials

-- {== Densities over [0,1] =================================================================

-- To 1e-7, which is plenty here: Abramowitz and Stegun 1964, 7.1.26.
local function normal_cdf(x)
  local z = math.abs(x) / 2 ^ 0.5
  local t = 1 / (1 + 0.3275911 * z)
  local tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027
    + t * 1.061405429)))) * math.exp(-z * z)
  return x < 0 and tail / 2 or 1 - tail / 2
end

local function kernel(at, wide)
  return { at = at, wide = wide, mass = normal_cdf((1 - at) / wide) - normal_cdf(-at / wide) }
end

-- Normal kernels at the points, each as wide as the way to its farther neighbour, though not narrower
-- than the number of all trials would have it; and a wide one in the middle that stands for knowing
-- nothing. All are cut off at 0 and 1.
local function kernels(points, trials)
  local least = 1 / math.min(100, trials + 1)
  local sorted, list = { table.unpack(points) }, { kernel(0.5, 1) }
  table.sort(sorted)
  for i, p in ipairs(sorted) do
    local left = sorted[i - 1] and p - sorted[i - 1] or 0
    local right = sorted[i + 1] and sorted[i + 1] - p or 0
    local wide = #sorted == 1 and 0.25 or math.max(left, right)
    list[#list + 1] = kernel(p, math.max(wide, least))
  end
  return list
end

local function density(list, x)
  local sum = 0
  for _, k in ipairs(list) do
    local z = (x - k.at) / k.wide
    sum = sum + math.exp(-0.5 * z * z) / (k.wide * k.mass)
  end
  return sum / #list
end

-- One draw: a kernel, and a normal number about it that lies within.
local function draw(list, next_u)
  local k = list[math.floor(next_u() * #list) + 1]
  for _ = 1, 100 do
    local x = k.at + k.wide * (-2 * math.log(1 - next_u())) ^ 0.5 * math.cos(2 * math.pi * next_u())
    if x >= 0 and x < 1 then return x end
  end
  return math.min(k.at, 1 - 1e-12)
end

-- ==}

-- {== Choices ==============================================================================

-- How likely each of n values is: as often as it was taken, and once more for knowing nothing.
local function shares(points, n)
  local count = {}
  for i = 1, n do count[i] = 1 / n end
  for _, p in ipairs(points) do
    local i = math.min(n, math.floor(p * n) + 1)
    count[i] = count[i] + 1
  end
  for i = 1, n do count[i] = count[i] / (#points + 1) end
  return count
end

local function best_choice(good, bad, n, candidates, next_u)
  local l, g, best, most = shares(good, n), shares(bad, n), 1, -math.huge
  for _ = 1, candidates do
    local u, i = next_u(), 1
    while i < n and u >= l[i] do u, i = u - l[i], i + 1 end
    local score = math.log(l[i]) - math.log(g[i])
    if score > most then best, most = i, score end
  end
  return (best - 0.5) / n
end

-- ==}

-- Where a part lies in a config that has it; false in others: the space may have been another one.
local function place_of(part, config)
  local v
  if space.active(part, config) then v = space.get(config, part) end
  local place = v ~= nil and space.place(part.leaf, v)
  return place and math.min(1, math.max(0, place)) or false
end

-- Where the part lies in the configs of these trials that have it; found once for each.
local function points_of(self, part, trials)
  local points = {}
  for _, t in ipairs(trials) do
    local places = self.places[t.config]
    if not places then
      places = {}
      self.places[t.config] = places
    end
    if places[part] == nil then places[part] = place_of(part, t.config) end
    if places[part] then points[#points + 1] = places[part] end
  end
  return points
end

-- The trials that count, best first.
local function ranked(history, direction)
  local list, sign = {}, direction == "minimize" and 1 or -1
  for i, t in ipairs(history) do
    if t.state == "ok" and type(t.value) == "number" and t.value == t.value then
      list[#list + 1] = { config = t.config, key = sign * t.value, at = i }
    end
  end
  table.sort(list, function(a, b)
    if a.key ~= b.key then return a.key < b.key end
    return a.at < b.at
  end)
  return list
end

local function suggest(self, part, good, bad, next_u)
  local leaf, a, b = part.leaf, points_of(self, part, good), points_of(self, part, bad)
  if leaf.kind == "choice" then
    return best_choice(a, b, #leaf.values, self.candidates, next_u)
  end
  local trials = #good + #bad
  local l, g = kernels(a, trials), kernels(b, trials)
  local best, most = 0.5, -math.huge
  for _ = 1, self.candidates do
    local x = draw(l, next_u)
    local score = math.log(density(l, x)) - math.log(density(g, x))
    if score > most then best, most = x, score end
  end
  return best
end

--- A sampler that learns from what has ended.
-- @param parts of the space
-- @param options {seed=, direction=, startup=10 random suggestions first, candidates=24, share=0.1 (of
-- the trials are the best ones, 25 at most)}
-- @param random sampler for the first suggestions
-- @return table with a function ask(self, i, history)
function tpe.new(parts, options, random)
  local self = {
    name = "tpe", learns = true, startup = check.integer(1, "startup", options.startup or 10, 1),
    places = setmetatable({}, { __mode = "k" }), -- of each part, by config
    candidates = check.integer(1, "candidates", options.candidates or 24, 1),
    share = check.number(1, "share", options.share or 0.1, 0.001, 0.999),
  }
  self.ask = function(_, i, history)
    local list = ranked(history, options.direction)
    if #list < self.startup then return random:ask(i, history) end
    local count, good, bad = math.min(MOST_GOOD, math.ceil(self.share * #list)), {}, {}
    for k, t in ipairs(list) do
      if k <= count then good[#good + 1] = t else bad[#bad + 1] = t end
    end
    local g = T.generator(options.seed):split(i)
    local buffer, at = {}, 0
    local function next_u()
      if at == #buffer then
        buffer, at = T.rand({ 256 }, { dtype = "float64", generator = g }):totable(), 0
      end
      at = at + 1
      return buffer[at]
    end
    return space.build(parts, function(part)
      return space.value(part.leaf, suggest(self, part, good, bad, next_u))
    end)
  end
  return self
end

return tpe
