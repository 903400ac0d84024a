-- Layers that normalise: over the batch (Ioffe and Szegedy 2015), each sample by itself (Ba, Kiros and
-- Hinton 2016), and to length 1.

local core = require "sslkit.core"
local check = require "sslkit.check"
local module = require "sslkit.nn.module"
local normalise = require "sslkit.nn.normalise"
local T = require "sslkit.tensor"

local M = {}

-- {== Batches ===============================================================

local BatchNorm = {}

function BatchNorm:init(width, options)
  self.width = check.integer(1, "width", width, 1)
  options = check.options(2, options,
    { momentum = 0.1, eps = 1e-5, affine = true, relu = false, dtype = "float32" })
  if options.momentum == "cumulative" then
    self.num_batches_tracked = T.zeros({}, "int64")
  else
    self.momentum = check.number(2, "momentum", options.momentum, 0, 1)
  end
  self.eps, self.relu = check.number(2, "eps", options.eps, 0), options.relu
  if options.affine then
    self.weight = T.ones({ width }, options.dtype):requires_grad()
    self.bias = T.zeros({ width }, options.dtype):requires_grad()
  end
  self.running_mean = T.zeros({ width }, options.dtype)
  self.running_var = T.ones({ width }, options.dtype)
end

function BatchNorm:extra()
  return ("%d%s"):format(self.width, self.relu and ", relu=true" or "")
end

-- A layer for inputs of `least` to `most` dimensions.
local function batch_norm(what, least, most)
  local methods = setmetatable({}, { __index = BatchNorm })
  function methods:forward(x)
    check.tensor(1, x, { dtype = core.dtype(self.running_mean) }, "input " .. what)
    local n = core.dim(x)
    if n < least or n > most or core.size(x, 2) ~= self.width then
      check.fail(1, "input %s of %d channels expected, got %s", what, self.width, core.describe(x))
    end
    if self.training and core.numel(x) < 2 * self.width then
      check.fail(1, "more than one value a channel expected in training, got %s", core.describe(x))
    end
    local count, share = self.num_batches_tracked, self.momentum
    if count and self.training then share = 1 / core.add_(count, 1):item() end
    return (normalise.batch(x, self.weight, self.bias, self.running_mean, self.running_var,
      self.eps, self.training and share or nil, self.relu))
  end
  return methods
end

--- Channels scaled to mean 0 and variance 1 over the batch, then by a learned weight and bias; in
-- evaluation mode by running statistics, of which the variance is the unbiased one. With `relu`
-- negative results become 0, at no further cost.
-- @param width number of channels
-- @param options {momentum=0.1 (the share of a batch in the running statistics; "cumulative" for the
-- mean over all batches, PyTorch's momentum=None), eps=1e-5, affine=true, relu=false,
-- dtype="float32"}
-- @return module: [N, width] or [N, width, L] -> the same shape
-- @raise on one value a channel in training mode
-- @source Ioffe and Szegedy 2015, algorithm 1
-- @example ssl.nn.BatchNorm1d(1)(ssl.tensor{{1}, {3}})[{2, 1}] --> 0.999995
M.BatchNorm1d = module.kind("BatchNorm1d", batch_norm("[N,C] or [N,C,L]", 2, 3))

--- Channels of images scaled to mean 0 and variance 1 over the batch and all places, then by a learned
-- weight and bias; otherwise as `BatchNorm1d`.
-- @param width number of channels
-- @param options {momentum=0.1, eps=1e-5, affine=true, relu=false, dtype="float32"}
-- @return module: [N, width, H, W] -> the same shape
-- @raise on one value a channel in training mode
-- @source Ioffe and Szegedy 2015, section 3.2
-- @example ssl.nn.BatchNorm2d(3)(ssl.randn(2, 3, 4, 4)):size(2) --> 3
-- @example ssl.nn.BatchNorm2d(3, {relu = true})(ssl.randn(2, 3, 4, 4)):ge(0):all():item() --> 1
M.BatchNorm2d = module.kind("BatchNorm2d", batch_norm("[N,C,H,W]", 4, 4))

-- ==}

-- {== Single samples ========================================================

local LayerNorm = {}

function LayerNorm:init(shape, options)
  self.shape = check.shape(1, type(shape) == "table" and shape or { shape })
  self.size = 1
  for _, n in ipairs(self.shape) do self.size = self.size * n end
  if #self.shape == 0 or self.size == 0 then
    check.fail(1, "size, or list of sizes, above 0 expected, got %s", check.kind(shape))
  end
  options = check.options(2, options, { eps = 1e-5, affine = true, dtype = "float32" })
  self.eps = check.number(2, "eps", options.eps, 0)
  self.dtype = check.dtype(2, options.dtype, true)
  if options.affine then
    self.weight = T.ones(self.shape, self.dtype):requires_grad()
    self.bias = T.zeros(self.shape, self.dtype):requires_grad()
  end
end

function LayerNorm:forward(x)
  check.tensor(1, x, { dtype = self.weight and core.dtype(self.weight) or "float" }, "input")
  local skipped, fits = core.dim(x) - #self.shape, core.dim(x) >= #self.shape
  for d, n in ipairs(self.shape) do fits = fits and core.size(x, skipped + d) == n end
  if not fits then
    check.fail(1, "input (...,%s) expected, got %s", table.concat(self.shape, ","),
      core.describe(x))
  end
  return (normalise.layer(x, self.weight, self.bias, self.size, self.eps))
end

function LayerNorm:extra()
  local sizes = table.concat(self.shape, ", ")
  return #self.shape == 1 and sizes or ("{%s}"):format(sizes)
end

--- Each sample scaled to mean 0 and variance 1 over its last dimensions, then by a learned weight and
-- bias of their shape.
-- @param shape size of the last dimension, or list of those of the last ones
-- @param options {eps=1e-5, affine=true, dtype="float32"}
-- @return module: [..., shape] -> the same shape
-- @source Ba, Kiros and Hinton 2016, "Layer normalization"
-- @example ssl.nn.LayerNorm(2)(ssl.tensor{{1, 3}})[{1, 2}] --> 0.999995
M.LayerNorm = module.kind("LayerNorm", LayerNorm)

local L2Norm = {}

function L2Norm:init(options)
  options = check.options(1, options, { dim = -1, eps = 1e-12 })
  self.dim = check.integer(1, "dim", options.dim)
  self.eps = check.number(1, "eps", options.eps, 0)
end

function L2Norm:forward(x) return (T.normalize(x, self.dim, { eps = self.eps })) end

--- Rows scaled to length 1: x / max(|x|, eps), as `normalize`.
-- @param options {dim=-1, eps=1e-12}
-- @return module: the same shape
-- @example ssl.nn.L2Norm()(ssl.tensor{{3, 4}}):sum():item() --> 1.4
M.L2Norm = module.kind("L2Norm", L2Norm)

-- ==}

return M
