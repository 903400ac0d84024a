-- Cross-entropy of logits with classes or probabilities.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local reduce = require "sslkit.losses.reduction"
local T = require "sslkit.tensor"

local M = {}

-- One fused kernel for a row's loss, and one for its gradient softmax(z) - p.
local function fused(z, p)
  local out = core.cross_entropy(z, p)
  if hook.record then hook.record("cross_entropy", out, z, p) end
  return out
end

function T._cross_entropy_grad(z, p, g)
  local out = core.cross_entropy_grad(z, p, g)
  if hook.record then hook.record("cross_entropy_grad", out, z, p, g) end
  return out
end

-- Class numbers 1..K as rows of probabilities.
local function one_hot(z, y)
  check.tensor(2, y, { dtype = "int64", dim = 1 }, "classes")
  local n, k = core.shape(z)
  if core.len(y) ~= n then
    check.fail(2, "one class a row expected: logits %s, classes %s", core.describe(z),
      core.describe(y))
  end
  local outside = T.lt(y, 1):logical_or(T.gt(y, k))
  if n > 0 and core.item(core.any(outside)) == 1 then
    local row = core.item(core.argmax(outside))
    check.fail(2, "class %d of row %d is outside 1..%d", y[row], row, k)
  end
  return T.zeros({ n, k }, core.dtype(z)):scatter_(2, T.unsqueeze(y, 2), 1)
end

-- Rows must be probabilities: the fused gradient takes it that they sum to 1.
local function check_probabilities(z, p)
  if not core.is_tensor(p) or core.dtype(p) ~= core.dtype(z) then
    check.fail(2, "classes (int64 [N]) or probabilities (%s [N,K]) expected, got %s",
      core.dtype(z), check.kind(p))
  end
  if not core.same_shape(z, p) then
    check.fail(2, "probabilities %s do not fit the logits %s", core.describe(p), core.describe(z))
  end
  local off = core.abs(core.sub(core.sum(core.detach(p), 2), 1))
  if core.numel(off) > 0 and not (core.item(core.amax(off)) <= 1e-3) then
    local row = core.item(core.argmax(off))
    check.fail(2, "row %d of the probabilities sums to %g, not to 1", row,
      core.item(core.sum(core.detach(p)[row])))
  end
  return p
end

--- -sum_k p_k log softmax(z)_k, p the true class or a probability for each.
-- @param logits float tensor z [N,K]
-- @param target int64 [N] of classes 1..K, or probabilities [N,K] of the logits' dtype (rows sum to
-- 1)
-- @param options {reduction="mean" | "sum" | "none", label_smoothing=0, weight=tensor [K] of class
-- weights}; with weights the mean divides by the sum of the weights of the rows' classes (N for
-- probabilities), as PyTorch does
-- @return 0-dim tensor, or [N] with reduction="none"; in nats
-- @raise on classes outside 1..K, on rows that do not sum to 1, and where a mean or sum is not
-- finite, naming the row
-- @source label smoothing: Szegedy et al. 2016, section 7
-- @example ssl.losses.cross_entropy(ssl.zeros(2, 4), ssl.tensor({1, 4}, "int64")):item() --> 1.38629
function M.cross_entropy(logits, target, options)
  local z = check.tensor(1, logits, { dtype = "float", dim = 2 }, "logits [N,K]")
  options = check.options(3, options, { reduction = "mean", label_smoothing = 0 },
    { weight = true })
  local k, smoothing = core.size(z, 2), options.label_smoothing
  check.number(3, "label_smoothing", smoothing, 0, 1)
  local classes = core.is_tensor(target) and core.dtype(target) == "int64"
  local p = classes and one_hot(z, target) or check_probabilities(z, target)
  if smoothing > 0 then p = p * (1 - smoothing) + smoothing / k end
  if not options.weight then return (reduce(3, fused(z, p), options.reduction)) end
  local w = check.tensor(3, options.weight, { dtype = core.dtype(z), dim = 1 }, "weight")
  if core.len(w) ~= k then
    check.fail(3, "one weight a class expected: %d classes, weight %s", k, core.describe(w))
  end
  -- the kernel wants rows that sum to 1: they are scaled to that, and the losses back
  p = p * w
  local mass = T.sum(p, 2, true)
  local rows = fused(z, p / T.where(T.eq(mass, 0), 1, mass)) * T.squeeze(mass, 2)
  return (reduce(3, rows, options.reduction, classes and T.sum(T.index(w, 1, target))))
end

return M
