-- Pairs of samples of one batch, and how much each of a pair keeps.

local T = require "sslkit.tensor"

local mixing = {}

local TRIES = 10
mixing.DRAWS = 2 * (1 + 3 * TRIES) -- that one Beta number takes

-- The logarithm of a number of the gamma distribution (Marsaglia and Tsang 2000): of shape + 1, where
-- one try in twenty fails at most, brought back by a power of a uniform number.
local function log_gamma(shape, u)
  local d = shape + 2 / 3
  local c, back, v = 1 / math.sqrt(9 * d), math.log(1 - u()) / shape, 1
  for _ = 1, TRIES do
    local x = math.sqrt(-2 * math.log(1 - u())) * math.cos(2 * math.pi * u())
    local w = 1 - u()
    v = (1 + c * x) ^ 3
    if v > 0 and math.log(w) < x * x / 2 + d * (1 - v + math.log(v)) then break end
    v = 1
  end
  return math.log(d * v) + back
end

--- A number of Beta(alpha, alpha).
-- @param numbers list of mixing.DRAWS numbers in [0,1)
function mixing.beta(alpha, numbers)
  local at = 0
  local function u()
    at = at + 1
    return numbers[at]
  end
  local a = log_gamma(alpha, u)
  at = mixing.DRAWS // 2
  return 1 / (1 + math.exp(log_gamma(alpha, u) - a))
end

--- A partner for each of n samples, maybe itself: int64 [n], a permutation.
function mixing.permutation(draws, n) return T.argsort(draws.batch(n)) end

--- The numbers of one batch, or of each sample, for Beta and `more` other choices: a list of lists.
function mixing.numbers(o, draws, more)
  local k = mixing.DRAWS + more
  if o.per == "sample" then return draws(k):totable() end
  return { draws.batch(k):totable() }
end

--- A number for each sample as a tensor that goes with x [n,...], or the one number of the batch.
-- @param list numbers, one or n
function mixing.beside(list, x, dtype)
  if #list == 1 and #x ~= 1 then return list[1] end
  local shape = { #list }
  for d = 2, x:dim() do shape[d] = 1 end
  return T.tensor(list, dtype):view(shape)
end

--- Checks the options that all have.
function mixing.check(o, fail)
  if type(o.alpha) ~= "number" or not (o.alpha >= 1e-3 and o.alpha <= 1e3) then
    fail("alpha must be a number from 0.001 to 1000, got %s", tostring(o.alpha))
  end
  if o.per ~= "batch" and o.per ~= "sample" then
    fail("per must be one of batch, sample, got %s", tostring(o.per))
  end
end

return mixing
