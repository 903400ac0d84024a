-- Scores in order, and which of them are positives: what the measures of detection read. Equal scores
-- are one step, which no threshold divides; counts are whole numbers, so that nothing is rounded.

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local ranking = {}

local function check_positives(positives, scores)
  check.tensor(2, positives, { dim = 1 }, "positives")
  local dtype = core.dtype(positives)
  if dtype ~= "int64" and dtype ~= "uint8" then
    check.fail(2, "positives of 0 and 1 (int64 or uint8) expected, got %s",
      core.describe(positives))
  end
  if core.len(positives) ~= core.len(scores) then
    check.fail(2, "%d positives expected, one a score, got %s", core.len(scores),
      core.describe(positives))
  end
  positives = core.contiguous(core.detach(positives))
  local known = core.logical_or(core.eq(positives, 0), core.eq(positives, 1))
  if core.item(core.all(known)) == 0 then
    local row = core.item(core.argmin(known))
    check.fail(2, "0 or 1 expected in row %d, got %d", row, positives:at(row))
  end
  return core.ne(positives, 0)
end

--- The thresholds that differ, highest first: {score= [G], tp= and fp= int64 [G] (positives and
-- negatives at or above each), n=, positives=, negatives=, skipped=}; nil and the reason where there is
-- nothing to tell apart, or a NaN to pass on, and what is known of n.
function ranking.of(scores, positives, policy)
  check.tensor(1, scores, { dtype = "float", dim = 1 }, "scores")
  if core.len(scores) == 0 then check.fail(1, "at least one score expected, got none") end
  positives = check_positives(positives, scores)
  scores = core.contiguous(core.detach(scores))
  local whole = core.unsqueeze(core.contiguous(core.detach(scores)), 2)
  local kept, skipped = rows.finite(1, whole, policy, 3)
  if not kept then return nil, skipped, {} end
  if skipped > 0 then positives = core.masked_select(positives, rows.which_finite(whole)) end
  scores = core.squeeze(kept, 2)
  local self = { n = core.len(scores), skipped = skipped }
  self.positives = core.item(core.sum(positives))
  self.negatives = self.n - self.positives
  local known = ranking.info(self, {})
  if self.positives == 0 then return nil, "no positives", known end
  if self.negatives == 0 then return nil, "no negatives", known end
  local score, order = core.sort(scores, 1, true)
  local tp = core.cumsum(core.take(positives, 1, order), 1)
  local last = T.ones({ self.n }, "uint8") -- of each run of equal scores
  local differ = core.ne(score:narrow(1, 1, self.n - 1), score:narrow(1, 2, self.n))
  core.copy_(core.narrow(last, 1, 1, self.n - 1), differ)
  self.score, self.tp = core.masked_select(score, last), core.masked_select(tp, last)
  self.fp = core.sub(core.masked_select(T.arange(1, self.n, 1, "int64"), last), self.tp)
  return self
end

--- By how much counts [G] grow at each threshold, from 0.
function ranking.growth(counts)
  local out = core.clone(counts)
  local n = core.len(counts)
  core.sub_(core.narrow(out, 1, 2, n), core.narrow(counts, 1, 1, n - 1))
  return out
end

--- The table of info that the measures share, with what is `more`.
function ranking.info(self, more)
  more.n, more.positives, more.negatives = self.n, self.positives, self.negatives
  if self.skipped > 0 then more.n_skipped = self.skipped end
  return more
end

return ranking
