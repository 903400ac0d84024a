-- Tables with values of other rows: as a function that tells which cells, and as operations that take
-- the values from a whole table.

local check = require "sslkit.check"
local core = require "sslkit.core"
local corrupting = require "sslkit.augment.corrupting"
local single = require "sslkit.augment.single"
local T = require "sslkit.tensor"

local corrupt = {}

local function check_kind(argn, kind)
  return corrupting.KINDS[check.one_of(argn, "kind", kind, { "scarf", "swap" })]
end

local function check_rate(argn, rate, how)
  rate = rate == nil and how.rate or rate
  corrupting.check_rate(rate, function(text, ...) check.fail(argn, text, ...) end)
  return rate
end

local function check_reference(argn, reference)
  check.tensor(argn, reference, { dtype = "float", dim = 2 }, "reference [R,D]")
  if #reference == 0 then check.fail(argn, "reference has no rows") end
  return reference
end

local KEY = { rate = true, reference = true, seed = true, epoch = true, view = true, index = true,
  batch = true }

--- Rows with some cells replaced by values that other rows have in the same column, so each from the
-- column's empirical distribution; and which cells, as VIME's task wants to know.
-- @param x float tensor [N,D]
-- @param options {kind="scarf", rate=share, reference=tensor [R,D], seed=0, epoch=1, view=1,
-- index=int64 [N], batch=number}: kind "scarf" replaces that share of each row's columns (0.6, rounded
-- down), "swap" each cell with that probability (0.15; VIME takes 0.3); values come from any row of
-- the reference (x itself: then what a row becomes depends on the batch); the others name the random
-- numbers, as a policy's call does
-- @return tensor [N,D]; mask uint8 [N,D], 1 where a value was replaced (it may be by its like)
-- @raise on a reference of another width or dtype
-- @source Bahri et al. 2022, "SCARF: Self-supervised contrastive learning using random feature
-- corruption", algorithm 1; Yoon et al. 2020, "VIME", equation 3
-- @example local x, mask = ssl.augment.corrupt(ssl.zeros(4, 5), {reference = ssl.ones(2, 5)}); return ssl.equal(x:byte(), mask) and mask:double():mean():item() --> 0.6
function corrupt.corrupt(x, options)
  check.tensor(1, x, { dtype = "float", dim = 2 }, "rows [N,D]")
  local o = check.options(2, options, { kind = "scarf" }, KEY)
  local how = check_kind(2, o.kind)
  local rate = check_rate(2, o.rate, how)
  local reference = x
  if o.reference ~= nil then reference = check_reference(2, o.reference) end
  if core.dtype(reference) ~= core.dtype(x) or reference:size(2) ~= x:size(2) then
    check.fail(2, "reference of the columns and the dtype of %s expected, got %s",
      core.describe(x), core.describe(reference))
  end
  local own = single.draws(2, o, #x, o.kind == "swap" and "swap_noise" or "scarf")
  if x:numel() == 0 then return x, T.zeros({ x:shape() }, "uint8") end
  return corrupting.apply(x, reference, how.exact, rate, own)
end

--- An operation for ssl.augment.register that corrupts rows by the values of a table of yours, instead
-- of those of the batch: what a row becomes does not depend on its batch then.
-- @param options {reference=tensor [R,D], kind="scarf", rate=share}: as for ssl.augment.corrupt; the
-- policy that uses the operation may give another rate
-- @return table for ssl.augment.register
-- @raise without a reference
-- @source Bahri et al. 2022, "SCARF: Self-supervised contrastive learning using random feature
-- corruption"
-- @example ssl.augment.register("of_ones", ssl.augment.corruption{reference = ssl.ones(2, 3)}); return ssl.augment.compile{ {"of_ones", rate = 1} }(ssl.zeros(1, 3)) --> [[1., 1., 1.]] (1,3) float32
function corrupt.corruption(options)
  local o = check.options(1, options, { kind = "scarf" }, { reference = true, rate = true })
  local how = check_kind(1, o.kind)
  local rate = check_rate(1, o.rate, how)
  local reference = check_reference(1, o.reference):detach():to "float32"
  local width = reference:size(2)
  return {
    doc = ("values of the rows of a table of %d (%s)"):format(#reference, o.kind),
    options = { { "rate", rate }, { "p", 1 } },
    vector = true,
    check = function(given, fail) corrupting.check_rate(given.rate, fail) end,
    apply = function(x, given, draws)
      if x:size(2) ~= width then
        check.raise("rows of %d columns expected, got %s", width, core.describe(x))
      end
      if x:numel() == 0 then return x end
      return (corrupting.apply(x, reference, how.exact, given.rate, draws))
    end,
  }
end

return corrupt
