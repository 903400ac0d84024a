-- Batch normalisation (Ioffe and Szegedy 2015).

local core = require "sslkit.core"
local check = require "sslkit.check"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

local BatchNorm1d = {}

function BatchNorm1d:init(width, options)
  self.width = check.integer(1, "width", width, 1)
  options = check.options(2, options,
    { momentum = 0.1, eps = 1e-5, affine = true, dtype = "float32" })
  self.momentum = check.number(2, "momentum", options.momentum, 0, 1)
  self.eps = check.number(2, "eps", options.eps, 0)
  if options.affine then
    self.weight = T.ones({ width }, options.dtype):requires_grad()
    self.bias = T.zeros({ width }, options.dtype):requires_grad()
  end
  self.running_mean = T.zeros({ width }, options.dtype)
  self.running_var = T.ones({ width }, options.dtype)
end

-- The running variance is the unbiased one, the batch is divided by the biased one: as in PyTorch.
-- core's functions leave nothing on the tape.
local function update(self, mean, var, n)
  local m = self.momentum
  core.add_(core.mul_(self.running_mean, 1 - m), core.mul(mean, m))
  core.add_(core.mul_(self.running_var, 1 - m), core.mul(var, m * n / (n - 1)))
end

function BatchNorm1d:forward(x)
  check.tensor(1, x, { dtype = core.dtype(self.running_mean), dim = 2 }, "input [N,C]")
  if core.size(x, 2) ~= self.width then
    check.fail(1, "input (N,%d) expected, got %s", self.width, core.describe(x))
  end
  local centred, var
  if self.training then
    local n = core.size(x, 1)
    if n < 2 then
      check.fail(1, "more than one row expected in training, got %s", core.describe(x))
    end
    local mean = T.mean(x, 1)
    centred = x - mean
    var = T.mean(centred * centred, 1)
    update(self, mean, var, n)
  else
    centred, var = x - self.running_mean, self.running_var
  end
  local out = centred * T.rsqrt(var + self.eps)
  return self.weight and out * self.weight + self.bias or out
end

function BatchNorm1d:extra() return tostring(self.width) end

--- Columns scaled to mean 0 and variance 1 over the batch, then by a learned weight and bias; in
-- evaluation mode by running statistics.
-- @param width number of columns
-- @param options {momentum=0.1, eps=1e-5, affine=true, dtype="float32"}
-- @return module: [N, width] -> [N, width]
-- @raise on one row in training mode
-- @source Ioffe and Szegedy 2015, algorithm 1
-- @example ssl.nn.BatchNorm1d(1)(ssl.tensor{{1}, {3}})[{2, 1}] --> 0.999995
M.BatchNorm1d = module.kind("BatchNorm1d", BatchNorm1d)

return M
