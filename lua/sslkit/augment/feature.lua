-- Operations on embeddings within a network: gradients go through them.

local check = require "sslkit.check"
local near = require "sslkit.near"
local registry = require "sslkit.augment.registry"
local single = require "sslkit.augment.single"

local feature = {}

local function names()
  local list = {}
  for _, name in ipairs(registry.ops()) do
    if registry.find(name).feature then list[#list + 1] = name end
  end
  return list
end

--- An operation on embeddings, as policies have it, with gradients: "feature_noise" adds Gaussian
-- noise, "feature_mask" makes dimensions 0, "feature_mix" mixes each sample with another one,
-- "feature_isda" adds noise of the batch's covariance, "feature_rotate" turns all by one random
-- orthogonal matrix.
-- @param z float tensor [N,D]
-- @param name of the operation
-- @param options {sigma=0.1, rate=0.1, rescale=false, alpha=1, per="sample", strength=0.5, seed=0,
-- epoch=1, view=1, index=int64 [N], batch=number}: sigma of the noise; rate of the mask, and shall the
-- others make up for it; alpha and per of the mixture, as for ssl.augment.mixup; strength of the noise
-- of feature_isda; sigma, rate and strength may be {lo, hi}, from which each sample draws its own. The
-- others name the random numbers, as a policy's call does
-- @return tensor [N,D]
-- @raise unknown names and options, with those that are near
-- @source Wang et al. 2019, "Implicit semantic data augmentation for deep networks", for feature_isda
-- @example ssl.augment.feature(ssl.ones(2, 3), "feature_mask", {rate = 1}) --> [[0., 0., 0.], [0., 0., 0.]] (2,3) float32
function feature.feature(z, name, options)
  check.tensor(1, z, { dtype = "float", dim = 2 }, "embeddings [N,D]")
  local op = type(name) == "string" and registry.find(name)
  if not op or not op.feature then
    local known = names()
    check.fail(2, "one of %s expected, got %s%s", table.concat(known, ", "), check.kind(name),
      near.hint(tostring(name), known))
  end
  local o, draws = single.read(3, name, options, #z)
  return (op.apply(z, o, draws))
end

return feature
