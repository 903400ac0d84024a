-- Accuracy: how often a classifier is right.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local predicted = require "sslkit.metrics.engine.predicted"
local result = require "sslkit.metrics.engine.result"

local AVERAGES = { "micro", "macro" }

-- Is the label among the k largest logits? The earlier of equal ones counts as the larger.
local function among(p, k)
  local own = core.gather(p.logits, 2, p.at:unsqueeze(2))
  local ahead = core.sum(core.gt(p.logits, own), 2)
  local equal = core.cumsum(core.eq(p.logits, own), 2)
  return core.le(ahead + core.gather(equal, 2, p.at:unsqueeze(2)):squeeze(2), k)
end

local function hits(p, k)
  if k == 1 then return core.eq(p.guess, p.y) end
  if not p.logits then check.fail(3, "k=%d needs logits [N,K], not predictions", k) end
  if k > core.len(p.classes) then
    check.fail(3, "k must be at most %d, the number of classes, got %d", core.len(p.classes), k)
  end
  return among(p, k)
end

--- Accuracy: the share of predictions that are right. Of logits, the largest is the prediction (the
-- first of equal ones).
-- @param predictions int64 [N], compared with the labels; or logits, a float tensor [N,K]
-- @param y int64 [N], the labels; for logits, numbers of columns
-- @param options {k=1 (right is a label among the k largest logits), average="micro" (over the rows) or
-- "macro" (over the classes of y, each alike: balanced accuracy), classes= int64 [K] (the labels of the
-- columns, 1..K if not given), nan="error", "skip" or "propagate" (of logits), full=false}
-- @return number in 0..1; with full a table {value=, correct= (how many), n=, classes= (those of y),
-- per_class= (accuracy of each, float64), k=, average=, ...}
-- @raise labels that are not int64 or not one a row; for logits: a label without a column, and NaN or
-- Inf, naming the row
-- @source Brodersen, Ong, Stephan, Buhmann 2010, "The balanced accuracy and its posterior distribution", ICPR
-- @example ssl.metrics.accuracy(ssl.tensor({3, 3, 8}, "int64"), ssl.tensor({3, 8, 8}, "int64")) --> 0.666666666667
-- @example ssl.metrics.accuracy(ssl.tensor{{2, 1, 0}, {2, 1, 0}}, ssl.tensor({2, 3}, "int64"), {k=2}) --> 0.5
local function accuracy(predictions, y, options)
  options = check.options(3, options, {
    k = 1, average = "micro", nan = "error", full = false,
  }, { classes = true })
  local k = check.integer(3, "k", options.k, 1)
  check.one_of(3, "average", options.average, AVERAGES)
  local info = { k = k, average = options.average }
  local p, reason = predicted.of(predictions, y, options.nan, options.classes)
  if not p then
    info.undefined = reason
    return result.of("accuracy", options.full, 0 / 0, info)
  end
  local right = hits(p, k)
  local classes, id, count = labels.numbered(p.y)
  info.n, info.correct = p.n, core.item(core.sum(right))
  info.classes = classes
  info.per_class = core.bincount(id, core.len(classes), right:double()) / count:double()
  if p.skipped > 0 then info.n_skipped = p.skipped end
  local value = info.correct / p.n
  if options.average == "macro" then value = core.item(core.mean(info.per_class)) end
  return result.of("accuracy", options.full, value, info)
end

return accuracy
