-- How much the augmentations of one sample say about which sample it was.

local core = require "sslkit.core"
local check = require "sslkit.check"
local probabilities = require "sslkit.metrics.engine.probabilities"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

-- Weights [n] that sum to 1, all alike unless given.
local function weights_of(given, n)
  if given == nil then return T.full({ n }, 1 / n, "float64") end
  check.tensor(2, given, { dtype = "float", dim = 1 }, "weights")
  if core.len(given) ~= n then
    check.fail(2, "%d weights expected, one a row, got %s", n, core.describe(given))
  end
  local w = core.contiguous(core.detach(given)):double()
  local total = core.item(core.sum(w))
  if core.item(core.all(core.ge(w, 0))) == 0 or not (total > 0 and total < math.huge) then
    check.fail(2, "weights that are not negative, with a finite sum above 0, expected")
  end
  return w / total
end

-- K(x,x) of each row, and the eigenvalues of the operator, from the probabilities of augmentations.
local function of_probabilities(p, w, full)
  p = p:double()
  local share = core.matmul(core.unsqueeze(w, 1), p) -- of each augmentation, over all rows
  local scale = T.where(core.gt(share, 0), share, 1)
  local diagonal = core.sum(core.square(p) / scale, 2)
  diagonal = core.masked_select(diagonal, core.gt(w, 0))
  if not full then return diagonal end
  local s = core.svdvals(p * core.unsqueeze(core.sqrt(w), 2) / core.sqrt(scale))
  return diagonal, core.square(s)
end

-- The policy on NaN and infinity for z, seen as rows; what is kept, its weights, how many are not.
local function kept_rows(z, given, policy)
  local n = core.size(z, 1)
  local flat = core.numel(z) > 0 and core.reshape(core.detach(z), { n, -1 }) or z
  local kept, skipped = rows.finite(1, flat, policy)
  local w = weights_of(given, n)
  if not kept then return nil, skipped end
  if skipped > 0 then
    w = weights_of(core.masked_select(w, rows.which_finite(core.contiguous(flat))), core.len(kept))
  end
  local shape = { core.shape(z) }
  shape[1] = core.len(kept)
  return core.reshape(kept, shape), w, skipped
end

--- The complexity kappa^2 of an augmentation: sup over samples x of the sum over augmentations a of
-- p(a|x)^2 / p(a), which is 1 + the largest chi-square divergence of p(a|x) from p(a): 1 where
-- augmentations hide their origin, the number of samples where they never meet. Sample bounds of
-- self-supervised learning grow with it. Exactly from the probabilities; or, a lower bound, from the
-- features of a model trained with the spectral contrastive loss: the largest |mean over views|^2.
-- @param p float tensor [N,M], the probability of each augmentation given each sample; or features
-- [N,V,D] of V augmentations of each
-- @param options {weights= float tensor [N] (of the samples, all alike if not given), quantile=1 (below
-- 1: an essential supremum, over the samples), nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, kappa= (its root), diagonal= (K(x,x) of each sample),
-- eigenvalues= (of the operator, descending, from probabilities), n=, undefined=, ...}
-- @raise rows that are no probabilities, NaN or Inf, naming the row
-- @source Zhai, Liu, Risteski, Kolter, Ravikumar 2024, "Understanding augmentation-based self-supervised representation learning via RKHS approximation and regression", ICLR
-- @example ssl.metrics.augmentation_complexity(ssl.tensor{{.75, .25}, {.25, .75}}) --> 1.25
local function augmentation_complexity(p, options)
  options = check.options(2, options, { quantile = 1, nan = "error", full = false },
    { weights = true })
  local quantile = check.number(2, "quantile", options.quantile, 0, 1)
  check.tensor(1, p, { dtype = "float" }, "probabilities [N,M] or features [N,V,D]")
  local dim = core.dim(p)
  if dim ~= 2 and dim ~= 3 or core.numel(p) == 0 then
    check.fail(1, "probabilities [N,M] or features [N,V,D] expected, got %s", core.describe(p))
  end
  local kept, w, skipped = kept_rows(p, options.weights, options.nan)
  if not kept then
    return result.of("augmentation_complexity", options.full, 0 / 0, { undefined = w })
  end
  local diagonal, eigenvalues
  if dim == 2 then
    probabilities.check(kept, "")
    diagonal, eigenvalues = of_probabilities(kept, w, options.full)
  else
    local mean = core.mean(kept:double(), 2)
    diagonal = core.masked_select(core.sum(core.square(mean), 2), core.gt(w, 0))
  end
  local value = core.item(core.amax(diagonal))
  if quantile < 1 then value = core.item(T.quantile(diagonal, quantile)) end
  return result.of("augmentation_complexity", options.full, value, {
    kappa = math.sqrt(value), diagonal = diagonal, eigenvalues = eigenvalues, quantile = quantile,
    n = core.len(kept), n_skipped = skipped > 0 and skipped or nil,
  })
end

return augmentation_complexity
