-- Images as sequences of patches.

local core = require "sslkit.core"
local check = require "sslkit.check"
local initialise = require "sslkit.nn.initialise"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

-- Patches do not overlap: their convolution is one linear map of every patch. Only the weight has
-- the shape that convolutions have, and their name.
local Projection = module.kind("Projection", {
  init = function(self, inp, out, size, options)
    local bound = 1 / math.sqrt(inp * size * size)
    local function drawn(...)
      local draw = { low = -bound, high = bound, generator = options.generator }
      return initialise.uniform_(T.zeros({ ... }, options.dtype), draw):requires_grad()
    end
    self.weight, self.bias = drawn(out, inp, size, size), drawn(out)
  end,
  forward = function(self, patches)
    return T.linear(patches, T.flatten(self.weight, 2), self.bias)
  end,
  extra = function(self)
    local out, inp, size = core.shape(self.weight)
    return ("%d, %d, %d"):format(inp, out, size)
  end,
})

local PatchEmbed = {}

function PatchEmbed:init(image, patch, options)
  self.image = check.integer(1, "image", image, 1)
  self.patch = check.integer(2, "patch", patch, 1)
  if image % patch ~= 0 then
    check.fail(2, "patches of %d do not fill an image of %d", patch, image)
  end
  options = check.options(3, options, { channels = 3, dtype = "float32" },
    { dim = true, generator = true })
  self.channels = check.integer(3, "channels", options.channels, 1)
  local dim = check.integer(3, "dim", options.dim, 1)
  self.length = (image // patch) * (image // patch)
  self.proj = Projection(self.channels, dim, patch, options)
end

function PatchEmbed:forward(x)
  check.tensor(1, x, { dtype = core.dtype(self.proj.weight), dim = 4 }, "images [N,C,H,W]")
  local N, C, H, W = core.shape(x)
  if C ~= self.channels or H ~= self.image or W ~= self.image then
    check.fail(1, "images (N,%d,%d,%d) expected, got %s", self.channels, self.image, self.image,
      core.describe(x))
  end
  local p, n = self.patch, self.image // self.patch
  local cut = T.permute(T.reshape(x, { N, C, n, p, n, p }), 1, 3, 5, 2, 4, 6)
  return self.proj(T.reshape(cut, { N, n * n, C * p * p }))
end

--- Images cut into square patches, each of which a linear map turns into a vector; row by row.
-- Weight [dim, channels, patch, patch], as of a convolution with stride = patch.
-- @param image height and width of the images, a multiple of patch
-- @param patch height and width of the patches
-- @param options {dim= (width of the vectors), channels=3, dtype="float32", generator=}
-- @return module: x [N, channels, image, image] -> [N, (image / patch)^2, dim]
-- @source Dosovitskiy et al. 2021, "An image is worth 16x16 words", eq. 1
-- @example ssl.nn.PatchEmbed(8, 4, {dim = 5})(ssl.ones(2, 3, 8, 8)):size(2) --> 4
M.PatchEmbed = module.kind("PatchEmbed", PatchEmbed)

return M
