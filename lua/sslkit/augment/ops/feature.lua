-- Operations on embeddings [N,D]. None of them changes its input in place, and gradients go through
-- all of them, for ssl.augment.feature.

local linalg = require "sslkit.linalg"
local mixing = require "sslkit.augment.mixing"
local normal = require "sslkit.augment.normal"
local range = require "sslkit.augment.range"
local T = require "sslkit.tensor"

local ops = {}

local function define(name, op)
  op.vector, op.feature = true, true
  ops[name] = op
end

-- A number from the range for each sample, [N,1].
local function between(v, draws, dtype)
  local lo, hi = range.ends(v)
  return (draws(1) * (hi - lo) + lo):to(dtype)
end

define("feature_noise", {
  doc = "Gaussian noise",
  options = { { "sigma", 0.1 }, { "p", 1 } },
  check = function(o, fail) range.check(fail, "sigma", o.sigma, 0, 1000) end,
  apply = function(x, o, draws)
    local dtype, sigma = x:dtype(), between(o.sigma, draws, x:dtype())
    return x + normal(draws(2 * x:size(2)), dtype) * sigma
  end,
})

define("feature_mask", {
  doc = "each dimension is 0 with the probability `rate`; the others make up for it if asked",
  options = { { "rate", 0.1 }, { "rescale", false }, { "p", 1 } },
  check = function(o, fail)
    range.check(fail, "rate", o.rate, 0, 1)
    if type(o.rescale) ~= "boolean" then
      fail("rescale must be true or false, got %s", range.show(o.rescale))
    end
  end,
  apply = function(x, o, draws)
    local dtype, rate = x:dtype(), between(o.rate, draws, "float64")
    local keep = draws(x:size(2)):ge(rate):to "float64"
    if o.rescale then keep = keep / T.maximum(1 - rate, 0x1p-32) end
    return x * keep:to(dtype)
  end,
})

define("feature_mix", {
  doc = "lambda of each sample, the larger part, and 1 - lambda of another one",
  options = { { "alpha", 1 }, { "per", "sample" }, { "p", 1 } },
  scope = "batch",
  check = mixing.check,
  apply = function(x, o, draws)
    if #x == 0 then return x end
    local lambda = {}
    for i, numbers in ipairs(mixing.numbers(o, draws, 0)) do
      local l = mixing.beta(o.alpha, numbers)
      lambda[i] = math.max(l, 1 - l)
    end
    local keep = mixing.beside(lambda, x, x:dtype())
    return x * keep + T.index(x, 1, mixing.permutation(draws, #x)) * (1 - keep)
  end,
})

-- Wang et al. 2019, with the covariance of the batch: R of the batch's QR factors has R^T R = N times
-- the covariance.
define("feature_isda", {
  doc = "Gaussian noise of `strength` times the covariance of the batch",
  options = { { "strength", 0.5 }, { "p", 1 } },
  scope = "batch",
  check = function(o, fail) range.check(fail, "strength", o.strength, 0, 1000) end,
  apply = function(x, o, draws)
    local n = #x
    if n < 2 then return x end
    local dtype, strength = x:dtype(), between(o.strength, draws, "float64")
    local centred = x:detach():to "float64"
    local _, r = linalg.qr(centred - centred:mean(1, true))
    local g = normal(draws(2 * r:size(1)), "float64") * T.sqrt(strength / n)
    return x + g:matmul(r):to(dtype)
  end,
})

define("feature_rotate", {
  doc = "all samples turned by one random orthogonal matrix: distances and whiteness stay",
  options = { { "p", 1 } },
  scope = "batch",
  apply = function(x, _, draws)
    local d = x:size(2)
    if #x == 0 or d == 0 then return x end
    local q, r = linalg.qr(normal(draws.batch(2 * d * d):view(1, -1), "float64"):view(d, d))
    -- with the signs of r's diagonal, all orthogonal matrices are as likely (Mezzadri 2007)
    return x:matmul((q * T.sign(r:diagonal())):to(x:dtype()))
  end,
})

return ops
