-- Variance, invariance and covariance.

local core = require "sslkit.core"
local check = require "sslkit.check"
local views = require "sslkit.losses.views"
local T = require "sslkit.tensor"

local M = {}

local EPS = 1e-4

-- Sum of the squares off the diagonal of c^T c, c [N,D]. That of all squares is the same for c c^T,
-- which is the smaller one in most batches.
local function off_diagonal(c)
  local n, d = core.shape(c)
  local small = n < d and T.matmul(c, T.transpose(c, 1, 2)) or T.matmul(T.transpose(c, 1, 2), c)
  return T.sum(T.square(small)) - T.sum(T.square(T.sum(T.square(c), 1)))
end

local function weighted(argn, options, cov)
  options = check.options(argn, options, { inv = 25, var = 25, cov = cov })
  for _, name in ipairs { "inv", "var", "cov" } do check.number(argn, name, options[name], 0) end
  return options
end

-- The centred features, and how far their standard deviations are from 1, on average.
local function spread(z)
  local c = z - T.mean(z, 1, true)
  local deviation = T.sqrt(T.sum(T.square(c), 1) / (core.size(z, 1) - 1) + EPS)
  return c, T.mean(T.relu(1 - deviation))
end

--- Brings two views together while every feature keeps its variance and goes with no other: inv times
-- the mean of (z1 - z2)^2, var times the mean over features and views of max(0, 1 - std), and cov
-- times the sum over views of the squared covariances of different features, divided by D.
-- @param z1 float tensor [N,D], embeddings of one view, as they are
-- @param z2 float tensor [N,D], embeddings of the other
-- @param options {inv=25, var=25, cov=1}, the weights
-- @return 0-dim tensor
-- @raise on shapes that differ, fewer than two samples, and a result that is not finite
-- @source Bardes, Ponce and LeCun 2022, "VICReg", equations 1 to 6 (std = sqrt(var + 1e-4), unbiased)
-- @example ssl.losses.vicreg(ssl.eye(3), ssl.eye(3)):item() --> 10.6752
function M.vicreg(z1, z2, options)
  local n, d = views.pair(z1, z2)
  options = weighted(3, options, 1)
  local a, flat_a = spread(z1)
  local b, flat_b = spread(z2)
  local covariance = (off_diagonal(a) + off_diagonal(b)) / ((n - 1) ^ 2 * d)
  local loss = T.mean(T.square(z1 - z2)) * options.inv + (flat_a + flat_b) * (0.5 * options.var)
    + covariance * options.cov
  return (views.finite(loss, z1, z2))
end

--- VICReg with correlations in place of covariances: the centred features are scaled to length 1, and
-- the squares off the diagonal averaged over D^2; the variance terms of both views are added.
-- @param z1 float tensor [N,D], embeddings of one view (of a whitening projector, in the paper)
-- @param z2 float tensor [N,D], embeddings of the other
-- @param options {inv=25, var=25, cov=200}, the weights
-- @return 0-dim tensor
-- @raise on shapes that differ, fewer than two samples, and a result that is not finite
-- @source Lee and Aune 2021, "VIbCReg", section 3.2
-- @example ssl.losses.vibcreg(ssl.eye(2), ssl.eye(2)):item() --> 214.641
function M.vibcreg(z1, z2, options)
  local _, d = views.pair(z1, z2)
  options = weighted(3, options, 200)
  local a, flat_a = spread(z1)
  local b, flat_b = spread(z2)
  local function columns(c) return T.transpose(views.unit(T.transpose(c, 1, 2)), 1, 2) end
  local correlation = (off_diagonal(columns(a)) + off_diagonal(columns(b))) / d ^ 2
  local loss = T.mean(T.square(z1 - z2)) * options.inv + (flat_a + flat_b) * options.var
    + correlation * options.cov
  return (views.finite(loss, z1, z2))
end

return M
