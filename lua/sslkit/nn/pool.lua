-- Pooling: of each window of an image, the largest element or the mean.

local core = require "sslkit.core"
local check = require "sslkit.check"
local conv = require "sslkit.tensor.conv"
local hook = require "sslkit.tensor.hook"
local module = require "sslkit.nn.module"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local M = {}

-- {== Operations ============================================================

-- Elements of x by the numbers in their windows that max_pool gave, and gradients brought back to
-- them: each is the other's gradient.
local returned

local function picked(x, taps, geometry)
  local out = core.max_pool_pick(x, taps, geometry)
  hook.record("max_pool_pick", out, x, taps, geometry)
  return out
end

function returned(g, taps, geometry, h, w)
  local out = core.max_pool_return(g, taps, geometry, h, w)
  hook.record("max_pool_return", out, g, taps, geometry)
  return out
end

local function back(g, _, x, taps, geometry)
  return returned(g, taps, geometry, core.size(x, 3), core.size(x, 4))
end
tools.rule("max_pool", { 2 }, back)
tools.rule("max_pool_pick", { 2 }, back)
tools.rule("max_pool_return", { 2 }, function(h, _, _, taps, geometry)
  return picked(h, taps, geometry)
end)

local function max_pool(x, geometry)
  local out, taps = core.max_pool(x, geometry)
  hook.record("max_pool", out, x, taps, geometry)
  return out
end

local function avg_pool(x, geometry)
  local out = core.avg_pool(x, geometry)
  hook.record("avg_pool", out, x, geometry)
  return out
end

tools.rule("avg_pool", {}, function(g, _, x, geometry)
  local out = core.avg_pool_spread(g, geometry, core.size(x, 3), core.size(x, 4))
  hook.record("avg_pool_spread", out, g, geometry)
  return out
end)
tools.rule("avg_pool_spread", {}, function(h, _, _, geometry) return avg_pool(h, geometry) end)

-- ==}

-- {== Modules ===============================================================

-- {height of the window, width, stride, padding likewise, does padding count}, from options that have
-- stride and padding.
local function geometry_of(k, options)
  local kh, kw = conv.pair(1, "window", k, 1)
  local sh, sw = conv.pair(2, "stride", options.stride or { kh, kw }, 1)
  local ph, pw = conv.pair(2, "padding", options.padding, 0)
  if 2 * ph > kh or 2 * pw > kw then
    check.fail(2, "padding of at most half of the window expected: %dx%d, got %dx%d", kh, kw, ph,
      pw)
  end
  return { kh, kw, sh, sw, ph, pw, options.count_include_pad }
end

local function pair(h, w) return h == w and tostring(h) or ("{%d, %d}"):format(h, w) end

local function extra(self)
  local g = self.geometry
  local text = pair(g[1], g[2])
  if g[3] ~= g[1] or g[4] ~= g[2] then text = text .. ", stride=" .. pair(g[3], g[4]) end
  if g[5] + g[6] > 0 then text = text .. ", padding=" .. pair(g[5], g[6]) end
  return text
end

local MaxPool2d = { extra = extra }

function MaxPool2d:init(k, options)
  options = check.options(2, options, { padding = 0 }, { stride = true })
  self.geometry = geometry_of(k, options)
  if self.geometry[1] * self.geometry[2] > 256 then
    check.fail(1, "a window of at most 256 elements expected, got %dx%d", self.geometry[1],
      self.geometry[2])
  end
end

function MaxPool2d:forward(x) return max_pool(x, self.geometry) end

--- The largest element of each window; of equal ones the first gets the gradient.
-- @param k size of the window: a number, or {height, width}; at most 256 elements (`amax` takes the
-- largest of whole images)
-- @param options {stride=k, padding=0 (at most half of the window; it is never the largest)}, numbers
-- or {height, width}
-- @return module: [N,C,H,W] -> [N, C, (H + 2 padding - k) // stride + 1, likewise for W]
-- @example ssl.nn.MaxPool2d(2)(ssl.arange(1, 16):reshape(1, 1, 4, 4)):sum():item() --> 44.0
M.MaxPool2d = module.kind("MaxPool2d", MaxPool2d)

local AvgPool2d = { extra = extra }

function AvgPool2d:init(k, options)
  options = check.options(2, options, { padding = 0, count_include_pad = true }, { stride = true })
  self.geometry = geometry_of(k, options)
end

function AvgPool2d:forward(x) return avg_pool(x, self.geometry) end

--- The mean of each window.
-- @param k size of the window: a number, or {height, width}
-- @param options {stride=k, padding=0 (at most half of the window), count_include_pad=true (false
-- takes the mean of what lies inside the image alone)}, sizes as numbers or {height, width}
-- @return module: [N,C,H,W] -> [N, C, (H + 2 padding - k) // stride + 1, likewise for W]
-- @example ssl.nn.AvgPool2d(2)(ssl.arange(1, 16):reshape(1, 1, 4, 4)):sum():item() --> 34.0
M.AvgPool2d = module.kind("AvgPool2d", AvgPool2d)

local AdaptiveAvgPool2d = {}

function AdaptiveAvgPool2d:init(size)
  self.size = { conv.pair(1, "size", size, 1) }
end

function AdaptiveAvgPool2d:extra() return pair(table.unpack(self.size)) end

-- A matrix [to,n] that takes means along dimension d of x: row i that of the elements from
-- floor((i-1) n / to) + 1 to ceil(i n / to).
local function means(x, d, to)
  local n = core.size(x, d)
  local a = T.zeros({ to, n }, core.dtype(x))
  for i = 1, to do
    local first, last = (i - 1) * n // to + 1, (i * n + to - 1) // to
    core.fill_(core.narrow(core.select(a, 1, i), 1, first, last), 1 / (last - first + 1))
  end
  return a
end

function AdaptiveAvgPool2d:forward(x)
  check.tensor(1, x, { dtype = "float", dim = 4 }, "images [N,C,H,W]")
  local h, w = self.size[1], self.size[2]
  if core.size(x, 3) == 0 or core.size(x, 4) == 0 then
    check.fail(1, "images without elements: %s", core.describe(x))
  end
  if h == 1 and w == 1 then return (T.mean(x, { 3, 4 }, true)) end
  return (T.matmul(T.matmul(means(x, 3, h), x), T.transpose(means(x, 4, w), 1, 2)))
end

--- Means over windows that are chosen so that the result has a given size: element i of n covers the
-- inputs from floor((i - 1) H / n) + 1 to ceil(i H / n), as in PyTorch.
-- @param size of the result: a number, or {height, width}; 1 is the mean of the whole image
-- @return module: [N,C,H,W] -> [N, C, height, width]
-- @example ssl.nn.AdaptiveAvgPool2d(1)(ssl.arange(1, 4):reshape(1, 1, 2, 2)):item() --> 2.5
M.AdaptiveAvgPool2d = module.kind("AdaptiveAvgPool2d", AdaptiveAvgPool2d)

-- ==}

return M
