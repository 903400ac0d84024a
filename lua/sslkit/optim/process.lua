-- A Gaussian process of one dimension on 0..1, for the search of rates: what to expect of a function
-- between and beyond a few noisy values of it.

local check = require "sslkit.check"
local linalg = require "sslkit.linalg"
local T = require "sslkit.tensor"

local M = {}

local NOISE = 1e-3 -- variance of a value, where those of the function have variance 1
local SCALES = { 0.05, 0.1, 0.2, 0.4, 0.8 } -- distances over which the function may change

local function column(values) return T.unsqueeze(T.tensor(values, "float64"), 2) end

-- Covariances exp(-(a - b)^2 / (2 scale^2)) of all pairs.
local function covariance(a, b, scale)
  return T.exp(T.square(column(a) - T.t(column(b))) * (-0.5 / scale ^ 2))
end

-- Cholesky factor of the values' covariance, K^-1 y, and the log likelihood up to a constant.
local function fit_scale(x, y, scale)
  local factor = linalg.cholesky(covariance(x, x, scale) + T.eye(#x, "float64") * NOISE)
  local half = linalg.solve_triangular(factor, y)
  local weights = linalg.solve_triangular(T.contiguous(T.t(factor)), half, { upper = true })
  local likelihood = -0.5 * T.sum(T.square(half)):item() - T.sum(T.log(T.diagonal(factor))):item()
  return { factor = factor, weights = weights, scale = scale }, likelihood
end

--- What is expected at the places `at`, given values y at x: lists of means and of standard
-- deviations. The scale is the likeliest of a few.
function M.expect(x, y, at)
  check.integer(1, "number of values", #x, 1)
  local given = T.tensor(y, "float64")
  local mean = T.mean(given):item()
  local spread = #y > 1 and T.std(given):item() or 0
  if spread == 0 then spread = 1 end -- all values are equal
  local unit = T.unsqueeze((given - mean) / spread, 2)
  local best, top
  for _, scale in ipairs(SCALES) do
    local fit, likelihood = fit_scale(x, unit, scale)
    if not top or likelihood > top then best, top = fit, likelihood end
  end
  local across = covariance(at, x, best.scale)
  local means = T.squeeze(T.matmul(across, best.weights), 2) * spread + mean
  local known = linalg.solve_triangular(best.factor, T.contiguous(T.t(across)))
  local left = T.clamp(1 - T.sum(T.square(known), 1), 0, 1)
  return means:totable(), (T.sqrt(left) * spread):totable()
end

return M
