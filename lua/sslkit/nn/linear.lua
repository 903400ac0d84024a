-- Linear layers.

local check = require "sslkit.check"
local initialise = require "sslkit.nn.initialise"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

local Linear = {}

function Linear:init(inp, out, options)
  self.inp, self.out = check.integer(1, "inp", inp, 1), check.integer(2, "out", out, 1)
  options = check.options(3, options, { bias = true, dtype = "float32" }, { generator = true })
  local bound = 1 / math.sqrt(inp)
  local function drawn(...)
    local draw = { low = -bound, high = bound, generator = options.generator }
    return initialise.uniform_(T.zeros({ ... }, options.dtype), draw):requires_grad()
  end
  self.weight = drawn(out, inp)
  if options.bias then self.bias = drawn(out) end
end

function Linear:forward(x) return T.linear(x, self.weight, self.bias) end

function Linear:extra()
  return ("%d, %d%s"):format(self.inp, self.out, self.bias and "" or ", bias=false")
end

--- x W^T + b with W [out, inp]; initial values uniform within 1 / sqrt(inp), as in PyTorch.
-- @param inp whole number, the width of the input
-- @param out whole number, the width of the output
-- @param options {bias=true, dtype="float32", generator=}
-- @return module: x [..., inp] -> [..., out]
-- @example ssl.nn.Linear(3, 2)(ssl.ones(5, 3)):size(2) --> 2
M.Linear = module.kind("Linear", Linear)

return M
