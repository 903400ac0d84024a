-- The negative log-likelihood of the truth.

local core = require "sslkit.core"
local check = require "sslkit.check"
local probabilities = require "sslkit.metrics.engine.probabilities"
local result = require "sslkit.metrics.engine.result"

--- The negative log-likelihood, or log loss: the mean of -ln of the probability that the true class is
-- given, in nats; infinite where one is given 0. Give logits where you have them: small probabilities
-- have lost their digits, and the smallest are 0.
-- @param p float tensor [N,K], the probabilities of the classes
-- @param y int64 [N], the labels, numbers of columns
-- @param options {logits=false (true: p are logits), classes= int64 [K] (the labels of the columns, 1..K
-- if not given), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, perplexity= (its exp), n_zero= (how many true classes are
-- given 0), accuracy=, n=, k=}
-- @raise rows that are no probabilities, a label without a column, NaN or Inf, naming the row
-- @source Good 1952, "Rational decisions", Journal of the Royal Statistical Society B
-- @example ssl.metrics.nll(ssl.tensor{{.5, .5}, {.5, .5}}, ssl.tensor({1, 2}, "int64")) --> 0.69314718056
-- @example ssl.metrics.nll(ssl.tensor{{1000, 0}}, ssl.tensor({2}, "int64"), {logits=true}) --> 1000.0
local function nll(p, y, options)
  options = check.options(3, options, {
    logits = false, nan = "error", full = false,
  }, { classes = true })
  local self, reason = probabilities.of(p, y, options)
  if not self then return result.of("nll", options.full, 0 / 0, { undefined = reason }) end
  local zeros = 0
  local sum = probabilities.sum(self, true, function(block, at)
    local own = core.gather(block, 2, at)
    if not self.logits then own = core.log(own) end
    zeros = zeros + core.item(core.sum(core.eq(own, -math.huge)))
    return core.item(core.sum(own))
  end)
  local value = -sum / self.n
  local info = probabilities.info(self, { perplexity = math.exp(value), n_zero = zeros })
  return result.of("nll", options.full, value, info)
end

return nll
