-- Operations on the rows of tables, [N,D]. Cells take the values of other rows of the batch; of those
-- of a whole table by ssl.augment.corruption.

local corrupting = require "sslkit.augment.corrupting"
local normal = require "sslkit.augment.normal"
local range = require "sslkit.augment.range"
local T = require "sslkit.tensor"

local ops = {}

local function define(name, op)
  op.vector, op.scope = true, "batch"
  ops[name] = op
end

local function by_kind(name, kind, doc)
  local how = corrupting.KINDS[kind]
  define(name, {
    doc = doc,
    options = { { "rate", how.rate }, { "p", 1 } },
    check = function(o, fail) corrupting.check_rate(o.rate, fail) end,
    apply = function(x, o, draws)
      if x:numel() == 0 then return x end
      return (corrupting.apply(x, x, how.exact, o.rate, draws))
    end,
  })
end

by_kind("scarf", "scarf", "the share `rate` of a row's columns, each from any row of the batch")
by_kind("swap_noise", "swap", "each cell with the probability `rate` from any row of the batch")

define("column_noise", {
  doc = "Gaussian noise of sigma standard deviations of the column, in the batch",
  options = { { "sigma", 0.1 }, { "p", 1 } },
  check = function(o, fail) range.check(fail, "sigma", o.sigma, 0, 1000) end,
  apply = function(x, o, draws)
    if x:numel() == 0 then return x end
    local lo, hi = range.ends(o.sigma)
    local sigma = draws(1) * (hi - lo) + lo
    local noise = normal(draws(2 * x:size(2)), "float64") * sigma
    local std = T.std(x:to "float64", 1, true, { ddof = 0 })
    return x + (noise * std):to(x:dtype())
  end,
})

return ops
