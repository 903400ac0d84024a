-- What a classifier believes, and the truth: probabilities [N,K] or logits, and labels.

local core = require "sslkit.core"
local check = require "sslkit.check"
local predicted = require "sslkit.metrics.engine.predicted"
local T = require "sslkit.tensor"

local probabilities = {}

local BLOCK = 65536 -- probabilities that are held in float64 at a time: what a cache has room for
local SUM = 1e-3    -- how far a row's sum may be from 1: what half precision leaves of a softmax

--- Raises unless the rows of argument 1 are probabilities; `hint` ends the message. (What is none, such
-- as logits, would give a number that looks like any other.)
function probabilities.check(p, hint)
  if core.item(core.amin(p)) < 0 then
    check.fail(1, "row %d of the probabilities has a negative one%s",
      core.item(core.argmax(core.lt(core.amin(p, 2), 0))), hint)
  end
  local sum = core.sum(p, 2)
  local off = core.gt(core.abs(core.sub(sum, 1)), SUM)
  if core.item(core.any(off)) == 1 then
    local row = core.item(core.argmax(off))
    check.fail(1, "row %d of the probabilities sums to %g, not to 1%s", row, sum:at(row), hint)
  end
end

--- {p= [N,K], logits=, classes=, at= [N] (the column of each label), y=, n=, k=, right= uint8 [N],
-- skipped=}, or nil and the reason where a NaN is to be passed on. The options (the third argument) are
-- logits (is p made of these?), classes and nan.
function probabilities.of(p, y, options)
  if type(options.logits) ~= "boolean" then
    check.fail(3, "logits must be true or false, got %s", check.kind(options.logits))
  end
  check.tensor(1, p, { dtype = "float", dim = 2 }, "probabilities [N,K]")
  local self, reason = predicted.of(p, y, options.nan, options.classes)
  if not self then return nil, reason end
  self.p, self.logits, self.k = self.logits, options.logits, core.len(self.classes)
  if not self.logits then probabilities.check(self.p, "; for logits see the option logits") end
  self.right = core.eq(self.guess, self.y)
  return self
end

--- Calls f(block, at) for blocks of rows: their probabilities in float64, or with `log` the logarithms
-- of those if p are logits; and the columns [n,1] of their labels. f may change the block. Returns the
-- sum of what f returns.
function probabilities.sum(self, log, f)
  local sum, of = 0, log and core.log_softmax or core.softmax
  local step = math.max(1, BLOCK // self.k)
  for first = 1, self.n, step do
    local last = math.min(first + step - 1, self.n)
    local block = core.clone(core.narrow(self.p, 1, first, last)):double()
    if self.logits then block = of(block) end
    sum = sum + f(block, core.unsqueeze(core.narrow(self.at, 1, first, last), 2))
  end
  return sum
end

--- The largest probability of each row [N]: of logits in float64, otherwise in the dtype that p has.
function probabilities.confidence(self)
  if not self.logits then return core.amax(self.p, 2) end
  local parts = {}
  probabilities.sum(self, false, function(block)
    parts[#parts + 1] = core.amax(block, 2)
    return 0
  end)
  return T.cat(parts)
end

--- The table of info that the metrics share, with what is `more`.
function probabilities.info(self, more)
  more.n, more.k, more.accuracy = self.n, self.k, core.item(core.sum(self.right)) / self.n
  if self.skipped > 0 then more.n_skipped = self.skipped end
  return more
end

return probabilities
