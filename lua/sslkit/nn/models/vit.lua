-- The vision transformer. Parameters have the names that timm gives them.

local core = require "sslkit.core"
local check = require "sslkit.check"
local initialise = require "sslkit.nn.initialise"
local linear = require "sslkit.nn.linear"
local module = require "sslkit.nn.module"
local norm = require "sslkit.nn.norm"
local patch = require "sslkit.nn.patch"
local sequential = require "sslkit.nn.sequential"
local transformer = require "sslkit.nn.transformer"
local T = require "sslkit.tensor"

local M = {}

local VisionTransformer = {}

-- Weights of linear layers normal with deviation 0.02, cut at twice that; biases 0.
local function restart(self, generator)
  for _, entry in ipairs(self:named_parameters()) do
    local name, p = entry[1], entry[2]
    if name == "cls_token" then initialise.normal_(p, { std = 1e-6, generator = generator })
    elseif core.dim(p) > 1 then initialise.trunc_normal_(p, { std = 0.02, generator = generator })
    elseif name:find "bias$" then initialise.constant_(p, 0) end
  end
end

function VisionTransformer:init(options)
  local dim, dtype = options.dim, options.dtype
  local draw = { dtype = dtype, generator = options.generator }
  local embed = patch.PatchEmbed(options.image, options.patch, { channels = options.channels,
    dim = dim, dtype = dtype, generator = options.generator })
  self.pool = options.pool
  self.cls_token = T.zeros({ 1, 1, dim }, dtype):requires_grad()
  self.pos_embed = T.zeros({ 1, embed.length + 1, dim }, dtype):requires_grad()
  self.patch_embed = embed
  local blocks = {}
  for i = 1, options.depth do
    blocks[i] = transformer.TransformerBlock(dim, { heads = options.heads, dtype = dtype,
      mlp_ratio = options.mlp_ratio, dropout = options.dropout, generator = options.generator })
  end
  self.blocks = sequential.Sequential(table.unpack(blocks))
  self.norm = norm.LayerNorm(dim, { eps = 1e-6, dtype = dtype })
  if options.head then self.head = linear.Linear(dim, options.head, draw) end
  restart(self, options.generator)
end

-- Patches behind the class token, and each knows its place.
local function embedded(self, x)
  x = self.patch_embed(x)
  local N, _, dim = core.shape(x)
  return T.cat({ T.expand(self.cls_token, { N, 1, dim }), x }, 2) + self.pos_embed
end

-- What stands for the image: the class token, or the mean of the patches.
local function pooled(self, x)
  x = self.norm(x)
  if self.pool == "token" then return T.select(x, 2, 1) end
  return T.mean(T.narrow(x, 2, 2, core.size(x, 2)), 2)
end

--- The vector [N, dim] that stands for each image.
function VisionTransformer:features(x)
  return (pooled(module.check_self(self), self.blocks(embedded(self, x))))
end

function VisionTransformer:forward(x)
  x = self:features(x)
  return self.head and self.head(x) or x
end

--- The sequences behind the embedding and behind each block, the features, and what the head makes
-- of them.
function VisionTransformer:probe_points(x)
  x = embedded(module.check_self(self), x)
  local points = { { "patch_embed", x } }
  for _, point in ipairs(self.blocks:probe_points(x)) do
    points[#points + 1] = { "blocks." .. point[1], point[2] }
    x = point[2]
  end
  x = pooled(self, x)
  points[#points + 1] = { "features", x }
  if self.head then points[#points + 1] = { "head", self.head(x) } end
  return points
end

local build = module.kind("VisionTransformer", VisionTransformer)

--- A vision transformer: patches and a class token, learned places, blocks with the norms first.
-- @param options table: image = side of the images (32); patch = side of the patches (4); channels
-- (3); dim = length of the vectors (192); depth = number of blocks (9); heads (3); mlp_ratio = width
-- between a block's two layers over dim (4); dropout = of the attention (0); pool = what the
-- features are, "token" or "mean" of the patches ("token"); head = number of classes, or false: the
-- features (false); dtype ("float32"); generator (the default one)
-- @return module: [N, channels, image, image] -> [N, dim], or [N, classes]
-- @source Dosovitskiy et al. 2021, "An image is worth 16x16 words"
-- @example ssl.nn.vit{image = 8, dim = 6, depth = 1, head = 10}(ssl.ones(2, 3, 8, 8)):size(2) --> 10
function M.vit(options)
  options = check.options(1, options, {
    image = 32, patch = 4, channels = 3, dim = 192, depth = 9, heads = 3, mlp_ratio = 4,
    dropout = 0, pool = "token", head = false, dtype = "float32",
  }, { generator = true })
  check.integer(1, "depth", options.depth, 0)
  check.one_of(1, "pool", options.pool, { "token", "mean" })
  if options.head then check.integer(1, "head (classes)", options.head, 1) end
  return (build(options))
end

return M
