-- Convolutional layers.

local check = require "sslkit.check"
local conv = require "sslkit.tensor.conv"
local initialise = require "sslkit.nn.initialise"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

local Conv2d = {}

local DEFAULTS = { bias = true, dtype = "float32" }
for name, value in pairs(conv.defaults) do DEFAULTS[name] = value end

function Conv2d:init(inp, out, k, options)
  self.inp, self.out = check.integer(1, "inp", inp, 1), check.integer(2, "out", out, 1)
  local kh, kw = conv.pair(3, "kernel", k, 1)
  options = check.options(4, options, DEFAULTS, { generator = true })
  self.kernel, self.geometry = { kh, kw }, conv.geometry(4, options)
  local groups = self.geometry[7]
  if inp % groups ~= 0 or out % groups ~= 0 then
    check.fail(4, "%d inputs and %d outputs do not make %d groups", inp, out, groups)
  end
  local bound = 1 / math.sqrt(inp // groups * kh * kw)
  local function drawn(...)
    local draw = { low = -bound, high = bound, generator = options.generator }
    return initialise.uniform_(T.zeros({ ... }, options.dtype), draw):requires_grad()
  end
  self.weight = drawn(out, inp // groups, kh, kw)
  if options.bias then self.bias = drawn(out) end
end

function Conv2d:forward(x) return (T._conv2d(x, self.weight, self.bias, self.geometry)) end

local function pair(h, w) return h == w and tostring(h) or ("{%d, %d}"):format(h, w) end

function Conv2d:extra()
  local g = self.geometry
  local parts = { self.inp, self.out, pair(table.unpack(self.kernel)) }
  local function option(name, text, usual)
    if text ~= usual then parts[#parts + 1] = ("%s=%s"):format(name, text) end
  end
  option("stride", pair(g[1], g[2]), "1")
  option("padding", pair(g[3], g[4]), "0")
  option("dilation", pair(g[5], g[6]), "1")
  option("groups", tostring(g[7]), "1")
  option("bias", tostring(self.bias ~= nil), "true")
  return table.concat(parts, ", ")
end

--- Images under moving kernels, as `ssl.conv2d`; initial values uniform within 1 / sqrt(inp / groups
-- kh kw), as in PyTorch.
-- @param inp whole number, channels of the input
-- @param out whole number, channels of the output
-- @param k size of the kernel: a number, or {height, width}
-- @param options {stride=1, padding=0, dilation=1, groups=1, bias=true, dtype="float32", generator=};
-- the first three may be {height, width}
-- @return module: x [N, inp, H, W] -> [N, out, H', W']
-- @raise where inp or out cannot be cut into groups
-- @example ssl.nn.Conv2d(3, 8, 3, {padding = 1})(ssl.ones(2, 3, 4, 4)):size(2) --> 8
-- @example ssl.nn.Conv2d(3, 8, 3, {stride = 2, bias = false}) --> Conv2d(3, 8, 3, stride=2, bias=false) 216 parameters
M.Conv2d = module.kind("Conv2d", Conv2d)

return M
