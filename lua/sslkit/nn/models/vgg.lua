-- VGG networks. Parameters have the names that torchvision gives them.

local core = require "sslkit.core"
local check = require "sslkit.check"
local activation = require "sslkit.nn.activation"
local conv = require "sslkit.nn.conv"
local dropout = require "sslkit.nn.dropout"
local initialise = require "sslkit.nn.initialise"
local linear = require "sslkit.nn.linear"
local module = require "sslkit.nn.module"
local norm = require "sslkit.nn.norm"
local pool = require "sslkit.nn.pool"
local sequential = require "sslkit.nn.sequential"
local shape = require "sslkit.nn.shape"
local T = require "sslkit.tensor"

local M = {}

-- Halves a map, unless one pixel is left of it: so images of less than 32 pixels go through.
local Halve = module.kind("Halve", {
  init = function(self) self.pool = pool.MaxPool2d(2) end,
  forward = function(self, x)
    return math.min(core.size(x, 3), core.size(x, 4)) < 2 and x or self.pool(x)
  end,
})

local STAGES = { { 1 }, { 2 }, { 4, 4 }, { 8, 8 }, { 8, 8 } } -- convolutions, in widths

local function convolution(inp, out, options)
  local draw = { mode = "fan_out", generator = options.generator }
  local c = conv.Conv2d(inp, out, 3, { padding = 1, dtype = options.dtype,
    generator = options.generator })
  initialise.kaiming_normal_(c.weight, draw)
  initialise.constant_(c.bias, 0)
  return c
end

-- The convolutional part, and the set of the names of its activations.
local function build_features(options)
  local parts, ends, inp = {}, {}, options.channels
  for _, stage in ipairs(STAGES) do
    for _, multiple in ipairs(stage) do
      local out = multiple * options.width
      parts[#parts + 1] = convolution(inp, out, options)
      local batch = options.norm == "batch"
      if batch then -- which does the activation's work as well
        parts[#parts + 1] = norm.BatchNorm2d(out, { dtype = options.dtype, relu = true })
      end
      ends[tostring(#parts)] = true -- names count from 0
      parts[#parts + 1] = batch and shape.Identity() or activation.ReLU()
      inp = out
    end
    parts[#parts + 1] = Halve()
  end
  return sequential.Sequential(table.unpack(parts)), ends
end

local function last_layers(inp, hidden, options)
  local draw = { dtype = options.dtype, generator = options.generator }
  if options.classifier == "linear" then return linear.Linear(inp, options.head, draw) end
  local net = sequential.Sequential(
    linear.Linear(49 * inp, hidden, draw), activation.ReLU(), dropout.Dropout(0.5),
    linear.Linear(hidden, hidden, draw), activation.ReLU(), dropout.Dropout(0.5),
    linear.Linear(hidden, options.head, draw))
  for _, p in ipairs(net:parameters()) do
    if core.dim(p) == 1 then initialise.constant_(p, 0)
    else initialise.normal_(p, { std = 0.01, generator = options.generator }) end
  end
  return net
end

-- The name of the convolutional part in states, as torchvision has it. The key of that field is no
-- string, since "features" is a method.
local CONVOLUTIONS = setmetatable({}, { __tostring = function() return "features" end })

local VGG = {}

function VGG:init(options)
  local inp = 8 * options.width
  local convolutions, ends = build_features(options)
  self[CONVOLUTIONS] = convolutions
  self.activations = ends
  self.avgpool = pool.AdaptiveAvgPool2d(options.classifier == "imagenet" and 7 or 1)
  if options.head then self.classifier = last_layers(inp, 8 * inp, options) end
end

local function pooled(self, x) return T.flatten(self.avgpool(x), 2) end

--- The maps behind the last pooling, averaged down to one pixel (7 x 7 before the classifier
-- "imagenet"): [N, 8 width].
function VGG:features(x) return (pooled(module.check_self(self), self[CONVOLUTIONS](x))) end

function VGG:forward(x)
  x = self:features(x)
  return self.classifier and self.classifier(x) or x
end

--- The maps behind each convolution (its norm and activation too), the features, and what the
-- classifier makes of them.
function VGG:probe_points(x)
  local convolutions, points = module.check_self(self)[CONVOLUTIONS], {}
  for _, point in ipairs(convolutions:probe_points(x)) do
    local name
    name, x = point[1], point[2]
    if self.activations[name] then points[#points + 1] = { "features." .. name, x } end
  end
  x = pooled(self, x)
  points[#points + 1] = { "features", x }
  if self.classifier then points[#points + 1] = { "classifier", self.classifier(x) } end
  return points
end

local build = module.kind("VGG", VGG)

--- VGG's network of 11 layers, without the last three unless a head is asked for. Images of less
-- than 32 pixels go through too: a map of one pixel is not pooled. With torchvision's names: its
-- files can be loaded where classifier = "imagenet".
-- @param options table: channels (3); width = of the first layer (64); norm = "batch" or "none"
-- ("batch"); head = number of classes, or false: the features (false); classifier = what the head
-- is, "linear", or "imagenet": three linear layers on maps of 7 x 7 with dropout ("linear"); dtype
-- ("float32"); generator (the default one)
-- @return module: [N, channels, H, W] -> [N, 8 width], or [N, classes]
-- @source Simonyan and Zisserman 2015, "Very deep convolutional networks", table 1, A; norm: Ioffe
-- and Szegedy 2015
-- @example ssl.nn.vgg11{width = 2, head = 10}(ssl.ones(2, 3, 32, 32)):size(2) --> 10
function M.vgg11(options)
  options = check.options(1, options, {
    channels = 3, width = 64, norm = "batch", head = false, classifier = "linear",
    dtype = "float32",
  }, { generator = true })
  check.integer(1, "width", options.width, 1)
  check.one_of(1, "norm", options.norm, { "batch", "none" })
  check.one_of(1, "classifier", options.classifier, { "linear", "imagenet" })
  if options.head then check.integer(1, "head (classes)", options.head, 1) end
  return (build(options))
end

return M
