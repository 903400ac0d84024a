-- Dormant units: those that hardly do anything, compared with the rest of their layer.

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local T = require "sslkit.tensor"
local units = require "sslkit.metrics.engine.units"

local GUARD = 1e-9 -- a layer of zeros is dormant as a whole

-- The activity of each unit: mean absolute activation, or its standard deviation, which sees units that
-- are saturated.
local function activity(z, score)
  if score == "mean" then return units.mean(z, core.abs) end
  local first = z:narrow(1, 1, 1):double()
  local mean = units.mean(z, function(block) return block - first end)
  local variance = units.mean(z, function(block) return (block - first - mean):square() end)
  return variance:sqrt()
end

-- The share of the units that were dormant before which are so still.
local function overlap(masks, previous)
  local old = core.is_tensor(previous) and { previous } or previous
  if type(old) ~= "table" then
    check.fail(2, "previous must be a mask or a list of masks, got %s", check.kind(previous))
  end
  local both, before = 0, 0
  for i, mask in ipairs(masks) do
    local want, got = core.describe(mask), old[i]
    if not core.is_tensor(got) or core.describe(got) ~= want then
      check.fail(2, "previous must be the mask of the same units, %s, got %s", want,
        check.kind(got))
    end
    both = both + core.item(core.sum(core.logical_and(mask, got)))
    before = before + core.item(core.sum(got))
  end
  return before > 0 and both / before or 0 / 0
end

--- The share of dormant units: those whose mean absolute activation is at most tau of the mean of their
-- layer. A fresh network has next to none. Take a few thousand samples, and leave the output layer out.
-- @param h activations: float tensor [N,D], [N,C,H,W] (a channel is a unit) or [...,D]; or a list of
-- them, one a layer
-- @param options {tau=0.025 (0 counts dead units), aggregate="pooled" (share of all units) or "layers" (mean
-- of the layers' shares), score="mean" or "std" (the standard deviation in place of the mean absolute
-- activation), previous= (the mask of an earlier call), nan="error", "skip" or "propagate", full=false}
-- @return number 0 .. 1; with full a table {value=, count=, units=, layers= (list of shares), mask= (uint8
-- [D]; a list where layers came in one), scores= (likewise), overlap= (the share of the previous dormant
-- units that still are), tau=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Sokar, Agarwal, Castro, Evci 2023, "The dormant neuron phenomenon in deep reinforcement learning", ICML
-- @example ssl.metrics.dormant(ssl.tensor{{0, 1, 2, 0.02}, {0, 3, 2, 0}}) --> 0.5
-- @example ssl.metrics.dormant({ssl.ones(5, 3), ssl.zeros(5, 1)}) --> 0.25
-- @example ssl.metrics.dormant({ssl.ones(5, 3), ssl.zeros(5, 1)}, {aggregate="layers"}) --> 0.5
local function dormant(h, options)
  local o = check.options(2, options, {
    tau = 0.025, aggregate = "pooled", score = "mean", nan = "error", full = false,
  }, { previous = true })
  local tau = check.number(2, "tau", o.tau, 0)
  check.one_of(2, "aggregate", o.aggregate, { "pooled", "layers" })
  check.one_of(2, "score", o.score, { "mean", "std" })
  local list, alone, skipped = units.layers(1, h, o.nan)
  if not list then return result.of("dormant", o.full, 0 / 0, { undefined = alone }) end
  local masks, scores, shares, count, total, sum = {}, {}, {}, 0, 0, 0
  for i, z in ipairs(list) do
    local a = activity(z, o.score)
    scores[i] = a / (core.item(core.mean(a)) + GUARD)
    masks[i] = T.le(scores[i], tau)
    local quiet = math.tointeger(core.item(core.sum(masks[i])))
    shares[i] = quiet / core.len(a)
    count, total, sum = count + quiet, total + core.len(a), sum + shares[i]
  end
  local info = {
    tau = tau, aggregate = o.aggregate, score = o.score, count = count, units = total,
    layers = shares, mask = alone and masks[1] or masks, scores = alone and scores[1] or scores,
  }
  if o.previous ~= nil then info.overlap = overlap(masks, o.previous) end
  if skipped > 0 then info.n_skipped = skipped end
  local value = o.aggregate == "pooled" and count / total or sum / #list
  return result.of("dormant", o.full, value, info)
end

return dormant
