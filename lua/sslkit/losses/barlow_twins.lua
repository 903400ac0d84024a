-- Barlow Twins: features of two views that agree with themselves and with no other.

local core = require "sslkit.core"
local check = require "sslkit.check"
local views = require "sslkit.losses.views"
local T = require "sslkit.tensor"

local M = {}

local EPS = 1e-5

-- Features of mean 0 and variance 1 over the batch.
local function standardized(z, unbiased)
  local n = core.size(z, 1)
  local c = z - T.mean(z, 1, true)
  local squares = T.sum(T.square(c), 1, true)
  return c * T.rsqrt(unbiased and squares / (n - 1) or squares / n + EPS)
end

local function turned(z) return T.transpose(z, 1, 2) end

-- The sum of the squares of a^T b, [D,D]: that of the products of a a^T and b b^T is the same, and
-- those are smaller in most batches.
local function squares(a, b)
  local n, d = core.shape(a)
  if 2 * n < d then return T.sum(T.matmul(a, turned(a)) * T.matmul(b, turned(b))) end
  return T.sum(T.square(T.matmul(turned(a), b)))
end

local function twins(a, b, lambda)
  local n = core.size(a, 1)
  local same = T.sum(a * b, 1) / n
  local off = squares(a, b) / n ^ 2 - T.sum(T.square(same))
  return T.sum(T.square(1 - same)) + off * lambda
end

--- Brings the cross-correlation C of the features of two views to the identity: the sum of
-- (1 - C_ii)^2 and of lambda C_ij^2 over i ~= j. Features are standardised over the batch, by
-- sqrt(variance + 1e-5).
-- @param z1 float tensor [N,D], embeddings of one view, as they are
-- @param z2 float tensor [N,D], embeddings of the other
-- @param options {lambda=0.0051, unbiased=false (true: by the unbiased deviation alone, as in the
-- paper's pseudo-code)}
-- @return 0-dim tensor
-- @raise on shapes that differ, fewer than two samples, and a result that is not finite
-- @source Zbontar et al. 2021, "Barlow Twins", equations 1 and 2
-- @example ssl.losses.barlow_twins(ssl.eye(2), ssl.eye(2)):item() --> 0.0101992
function M.barlow_twins(z1, z2, options)
  views.pair(z1, z2)
  options = check.options(3, options, { lambda = 0.0051, unbiased = false })
  local lambda = check.number(3, "lambda", options.lambda, 0)
  local a, b = standardized(z1, options.unbiased), standardized(z2, options.unbiased)
  return (views.finite(twins(a, b, lambda), z1, z2))
end

local function check_mix(options, n)
  options = check.options(4, options, { lambda = 0.0051, lambda_reg = 5, unbiased = false,
    detach_mix_target = false }, { alpha = true, perm = true })
  check.number(4, "alpha", options.alpha, 0, 1)
  check.number(4, "lambda", options.lambda, 0)
  check.number(4, "lambda_reg", options.lambda_reg, 0)
  check.tensor(4, options.perm, { dtype = "int64", dim = 1 }, "perm")
  local perm = options.perm
  if core.len(perm) ~= n then
    check.fail(4, "perm must have one number for each of %d samples, got %s", n,
      core.describe(perm))
  end
  for i = 1, n do check.integer(4, ("perm[%d]"):format(i), perm[i], 1, n) end
  return options
end

--- Barlow Twins, and embeddings of mixed samples x_m = alpha x1 + (1 - alpha) x2[perm] that correlate
-- with both views as the mixture of their embeddings would: lambda_reg lambda times the squared
-- distances of those correlations.
-- @param z1 float tensor [N,D], embeddings of one view
-- @param z2 float tensor [N,D], embeddings of the other
-- @param zm float tensor [N,D], embeddings of the mixed samples
-- @param options {alpha=share of the first view, perm=int64 [N] (which sample of the second was mixed
-- in), lambda=0.0051, lambda_reg=5, unbiased=false, detach_mix_target=false}
-- @return 0-dim tensor
-- @raise on shapes that differ, fewer than two samples, and a result that is not finite
-- @source Bandara et al. 2023, "Guarding Barlow Twins against overfitting with mixed samples",
-- equations 3 to 6
-- @example local z = ssl.eye(2); return ssl.losses.mixed_barlow_twins(z, z, z, {alpha = 1, perm = ssl.tensor({1, 2}, "int64")}):item() --> 0.0101992
function M.mixed_barlow_twins(z1, z2, zm, options)
  local n = views.pair(z1, z2)
  views.check(3, zm, z1)
  options = check_mix(options, n)
  local a, b = standardized(z1, options.unbiased), standardized(z2, options.unbiased)
  local m, alpha = standardized(zm, options.unbiased), options.alpha
  local mixture = a * alpha + T.index(b, 1, options.perm) * (1 - alpha)
  if options.detach_mix_target then mixture = T.detach(mixture) end
  -- (m - mixture)^T z / N is the difference of the two correlations
  local gap = m - mixture
  local wrong = (squares(gap, a) + squares(gap, b)) / n ^ 2
  local loss = twins(a, b, options.lambda) + wrong * (options.lambda_reg * options.lambda)
  return (views.finite(loss, z1, z2, zm))
end

return M
