-- Dead units: those that no sample switches on.

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local units = require "sslkit.metrics.engine.units"

--- The share of dead units: those whose activation is 0 or less for every sample.
-- @param h activations: float tensor [N,D], [N,C,H,W] (a channel is a unit) or [...,D]; or a list of
-- them, one a layer
-- @param options {nan="error", "skip" or "propagate", full=false}
-- @return number 0 .. 1, of all units; with full a table {value=, count=, units=, layers= (list of shares),
-- sparsity= (share of activations that are exactly 0), always_on= (share of units that are above 0 for
-- every sample), mask= (uint8 [D]; a list where layers came in one), ...}
-- @raise on NaN or Inf, naming the row
-- @source Sokar, Agarwal, Castro, Evci 2023, ICML; Lyle et al. 2023, "Understanding plasticity in neural networks", ICML
-- @example ssl.metrics.dead(ssl.tensor{{0, 1, 2, 0.02}, {0, 3, 2, 0}}) --> 0.25
-- @example ssl.metrics.dead(ssl.tensor{{0, 1, 2, 0.02}, {0, 3, 2, 0}}, {full=true}).sparsity --> 0.375
local function dead(h, options)
  local o = check.options(2, options, { nan = "error", full = false })
  local list, alone, skipped = units.layers(1, h, o.nan)
  if not list then return result.of("dead", o.full, 0 / 0, { undefined = alone }) end
  local masks, shares, count, total, zeros, elements, on = {}, {}, 0, 0, 0, 0, 0
  local function sum(mask) return math.tointeger(core.item(core.sum(mask))) end
  for i, z in ipairs(list) do
    masks[i] = core.le(core.amax(z, 1), 0)
    local off, width = sum(masks[i]), core.size(z, 2)
    shares[i] = off / width
    count, total, on = count + off, total + width, on + sum(core.gt(core.amin(z, 1), 0))
    zeros, elements = zeros + sum(core.eq(z, 0)), elements + core.numel(z)
  end
  local info = {
    count = count, units = total, layers = shares, sparsity = zeros / elements,
    always_on = on / total, mask = alone and masks[1] or masks,
  }
  if skipped > 0 then info.n_skipped = skipped end
  return result.of("dead", o.full, count / total, info)
end

return dead
