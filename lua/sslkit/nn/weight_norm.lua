-- Linear layers whose rows have a fixed length.

local check = require "sslkit.check"
local initialise = require "sslkit.nn.initialise"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

local WeightNormLinear = {}

function WeightNormLinear:init(inp, out, options)
  self.inp, self.out = check.integer(1, "inp", inp, 1), check.integer(2, "out", out, 1)
  options = check.options(3, options, { normalize = true, g_frozen = true, dtype = "float32" },
    { generator = true })
  self.normalize = options.normalize
  local draw = { std = 1 / math.sqrt(inp), generator = options.generator }
  self.weight = initialise.normal_(T.zeros({ out, inp }, options.dtype), draw):requires_grad()
  if not options.g_frozen then self.g = T.ones({ out }, options.dtype):requires_grad() end
end

function WeightNormLinear:forward(x)
  local y = T.linear(x, self.normalize and T.normalize(self.weight) or self.weight)
  return self.g and y * self.g or y
end

function WeightNormLinear:extra()
  return ("%d, %d%s"):format(self.inp, self.out, self.g and ", g_frozen=false" or "")
end

--- A linear map without bias whose rows are scaled to length 1: with rows of length 1 in x, cosines
-- to `out` prototypes.
-- @param inp whole number, the width of the input
-- @param out number of prototypes
-- @param options {normalize=true, g_frozen=true, dtype="float32", generator=}; normalize=false
-- leaves the rows as they are; g_frozen=false lets their lengths g, which begin at 1, be learned
-- @return module: x [..., inp] -> [..., out]
-- @source Salimans and Kingma 2016, "Weight normalization", eq. 2; with g fixed at 1 as in DINO
-- (Caron et al. 2021)
-- @example ssl.nn.WeightNormLinear(3, 2)(ssl.zeros(1, 3)):sum():item() --> 0.0
M.WeightNormLinear = module.kind("WeightNormLinear", WeightNormLinear)

return M
