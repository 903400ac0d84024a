-- Residual networks. Parameters have the names that torchvision gives them.

local check = require "sslkit.check"
local conv = require "sslkit.nn.conv"
local initialise = require "sslkit.nn.initialise"
local linear = require "sslkit.nn.linear"
local module = require "sslkit.nn.module"
local norm = require "sslkit.nn.norm"
local pool = require "sslkit.nn.pool"
local sequential = require "sslkit.nn.sequential"
local T = require "sslkit.tensor"

local M = {}

-- A convolution without bias, as a norm follows.
local function convolution(inp, out, k, stride, draw)
  local c = conv.Conv2d(inp, out, k, { stride = stride, padding = k // 2, bias = false,
    dtype = draw.dtype, generator = draw.generator })
  initialise.kaiming_normal_(c.weight, { mode = "fan_out", generator = draw.generator })
  return c
end

local Block = {}

function Block:init(inp, out, stride, draw)
  self.conv1 = convolution(inp, out, 3, stride, draw)
  self.bn1 = norm.BatchNorm2d(out, { dtype = draw.dtype, relu = true })
  self.conv2 = convolution(out, out, 3, 1, draw)
  self.bn2 = norm.BatchNorm2d(out, { dtype = draw.dtype })
  if stride ~= 1 or inp ~= out then
    self.downsample = sequential.Sequential(convolution(inp, out, 1, stride, draw),
      norm.BatchNorm2d(out, { dtype = draw.dtype }))
  end
end

function Block:forward(x)
  local y = self.bn2(self.conv2(self.bn1(self.conv1(x))))
  return T.relu(y + (self.downsample and self.downsample(x) or x))
end

Block = module.kind("BasicBlock", Block)

local ResNet = {}

function ResNet:init(options)
  local width, draw = options.width, { dtype = options.dtype, generator = options.generator }
  local imagenet = options.stem == "imagenet"
  self.conv1 = convolution(options.channels, width, imagenet and 7 or 3, imagenet and 2 or 1, draw)
  self.bn1 = norm.BatchNorm2d(width, { dtype = draw.dtype, relu = true })
  if imagenet then self.maxpool = pool.MaxPool2d(3, { stride = 2, padding = 1 }) end
  local inp = width
  for i = 1, 4 do
    local out = width << i - 1
    self["layer" .. i] = sequential.Sequential(Block(inp, out, i == 1 and 1 or 2, draw),
      Block(out, out, 1, draw))
    inp = out
  end
  if options.head then self.fc = linear.Linear(inp, options.head, draw) end
end

local function stem(self, x)
  x = self.bn1(self.conv1(x))
  return self.maxpool and self.maxpool(x) or x
end

local function pooled(x) return T.mean(x, { 3, 4 }) end

--- The means over each map behind the last block: [N, 8 width].
function ResNet:features(x)
  x = stem(module.check_self(self), x)
  for i = 1, 4 do x = self["layer" .. i](x) end
  return (pooled(x))
end

function ResNet:forward(x)
  x = self:features(x)
  return self.fc and self.fc(x) or x
end

--- The maps behind the stem and behind each block, the features, and what the head makes of them.
function ResNet:probe_points(x)
  x = stem(module.check_self(self), x)
  local points = { { "stem", x } }
  for i = 1, 4 do
    for _, point in ipairs(self["layer" .. i]:probe_points(x)) do
      points[#points + 1] = { ("layer%d.%s"):format(i, point[1]), point[2] }
      x = point[2]
    end
  end
  x = pooled(x)
  points[#points + 1] = { "features", x }
  if self.fc then points[#points + 1] = { "fc", self.fc(x) } end
  return points
end

local build = module.kind("ResNet", ResNet)

--- A residual network of 18 layers, with torchvision's names: its files can be loaded.
-- @param options table: channels (3); stem = "cifar", 3x3 of stride 1, or "imagenet", 7x7 of stride
-- 2 and a max-pooling ("cifar"); width = of the first layers (64); head = number of classes, or
-- false: the features (false); dtype ("float32"); generator (the default one)
-- @return module: [N, channels, H, W] -> [N, 8 width], or [N, classes]
-- @source He, Zhang, Ren, Sun 2016, "Deep residual learning for image recognition"
-- @example ssl.nn.resnet18{width = 2, head = 10}(ssl.ones(2, 3, 8, 8)):size(2) --> 10
function M.resnet18(options)
  options = check.options(1, options,
    { channels = 3, stem = "cifar", width = 64, head = false, dtype = "float32" },
    { generator = true })
  check.one_of(1, "stem", options.stem, { "cifar", "imagenet" })
  check.integer(1, "width", options.width, 1)
  if options.head then check.integer(1, "head (classes)", options.head, 1) end
  return (build(options))
end

return M
