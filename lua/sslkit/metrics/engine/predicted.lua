-- What a classifier says, and the truth: class predictions or logits, and labels.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local predicted = {}

-- The labels of the columns [K] of logits, 1..K unless given, each once.
local function columns(given, k)
  if given == nil then return T.arange(1, k, 1, "int64") end
  given = labels.vector(3, given)
  if core.len(given) ~= k then
    check.fail(3, "classes (%d), one a column, expected, got %s", k, core.describe(given))
  end
  if core.len((core.unique(given))) < k then check.fail(3, "a class stands twice in classes") end
  return given
end

-- The number of the column of each label, or an error naming the first row without one.
local function column_of(y, classes)
  local sorted, order = core.sort(classes, 1, false)
  local at = core.minimum(core.searchsorted(sorted, y, false), core.len(sorted))
  local known = core.eq(core.take(sorted, 1, at), y)
  if core.item(core.all(known)) == 0 then
    local row = core.item(core.argmin(known, 1))
    check.fail(2, "label %d of row %d is none of the %d classes", y:at(row), row, core.len(classes))
  end
  return core.take(order, 1, at)
end

--- {guess=, y= (int64 [N]), n=, skipped=}, for logits with logits= [N,K], classes= [K] and at= [N], the
-- column of each label; or nil and the reason where a NaN is to be passed on. The first of equal logits
-- is the guess. `classes` labels the columns.
function predicted.of(x, y, policy, classes)
  check.tensor(1, x, nil, "predictions or logits")
  if core.dtype(x) == "int64" then
    if classes ~= nil then check.fail(3, "classes are those of logits; predictions are classes") end
    local guess = labels.vector(1, x)
    local n = core.len(guess)
    return { guess = guess, y = labels.vector(2, y, n), n = n, skipped = 0 }
  end
  local whole = rows.matrix(1, x, "predictions [N] int64 or logits [N,K]")
  y = labels.vector(2, y, core.len(whole))
  classes = columns(classes, core.size(whole, 2))
  local at = column_of(y, classes)
  local logits, skipped = rows.finite(1, whole, policy, 3)
  if not logits then return nil, skipped end
  if skipped > 0 then
    local kept = rows.which_finite(whole)
    y, at = core.masked_select(y, kept), core.masked_select(at, kept)
  end
  return {
    logits = logits, classes = classes, at = at, y = y, n = core.len(y),
    guess = core.take(classes, 1, core.argmax(logits, 2)), skipped = skipped,
  }
end

return predicted
