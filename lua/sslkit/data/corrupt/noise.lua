-- Corruptions by noise.

local T = require "sslkit.tensor"

local FINEST = 2 ^ -32 -- the step of the draws: rarer events never come

-- Standard normal numbers of x's shape, by Box and Muller (1958).
local function normal(x, draws)
  local rest = x:numel() // #x
  local half = (rest + 1) // 2
  local u = draws(2 * half)
  local radius = ((1 - u:narrow(2, 1, half)):log() * -2):sqrt():float()
  local angle = (u:narrow(2, half + 1, 2 * half) * (2 * math.pi)):float()
  local both = T.cat({ radius * angle:cos(), radius * angle:sin() }, 2)
  return both:narrow(2, 1, rest):reshape(x:shape())
end

-- The distribution function of Poisson numbers for each level v, with mean `mean` v, as one rising
-- list: v + F(k). And where the list of each level begins.
local function poisson_table(levels, mean)
  local list, starts = {}, {}
  for v = 0, levels do
    local lambda = mean * v
    local p, k = math.exp(-lambda), 0
    local f = p
    starts[v + 1] = #list
    while f < 1 - FINEST / 2 and p > 0 do
      list[#list + 1] = v + f
      k = k + 1
      p = p * lambda / k
      f = f + p
    end
  end
  return T.tensor(list, "float64"), T.tensor(starts, "int64")
end

local noise = {}

noise.gaussian_noise = {
  severities = { 0.04, 0.06, 0.08, 0.09, 0.10 },
  make = function(sigma)
    return function(x, draws) return x + normal(x, draws) * sigma end
  end,
}

noise.shot_noise = {
  severities = { 500, 250, 100, 75, 50 },
  make = function(photons, about)
    local table_of_all, starts = poisson_table(about.levels, photons / about.levels)
    return function(x, draws)
      local level = (x * about.levels):round():long()
      local u = draws(x:numel() // #x):view(x:shape())
      local place = table_of_all:searchsorted(level:double() + u)
      local count = place - 1 - starts:index(1, level:view(-1) + 1):view(x:shape())
      return count:float() / photons
    end
  end,
}

noise.impulse_noise = {
  severities = { 0.01, 0.02, 0.03, 0.05, 0.07 },
  make = function(amount)
    return function(x, draws)
      local u = draws(x:numel() // #x):view(x:shape())
      return x:masked_fill(u:lt(amount), 1):masked_fill(u:lt(amount / 2), 0)
    end
  end,
}

noise.speckle_noise = {
  severities = { 0.06, 0.1, 0.12, 0.16, 0.2 },
  make = function(sigma)
    return function(x, draws) return x + x * normal(x, draws) * sigma end
  end,
}

return noise
