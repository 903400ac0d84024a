-- What every spectral metric needs to know of data that never are in memory at once.

local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"

--- An accumulator of rows that come in blocks: their number, mean and second moments in float64, centred
-- as they come, so that a common offset costs no digits. Every spectral metric (and `spectrum`) takes
-- it in place of the tensor of all rows and gives the same value, to rounding: see `certified` and
-- `bound` with {full=true}, since singular values below some 1e-8 of the largest drown in it. It holds
-- D^2 numbers, whatever the number of rows.
-- @param d width of the rows
-- @param options {center= (what metrics centre that are not told, true or false; each metric has its
-- own default)}
-- @return accumulator A: A:add(Z) and A:merge(B) give A back, A.n and #A are the rows so far
-- @raise a width that is no positive whole number, unknown options
-- @source Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance"
-- @example local a = ssl.metrics.accumulator(4); for i = 1, 4 do a:add(ssl.eye(4):narrow(1, i, i)) end; return ssl.metrics.rankme(a) --> 4.0
-- @example ssl.metrics.accumulator(3):add(ssl.ones(5, 3)) --> accumulator of 5 rows of width 3
-- @example #ssl.metrics.accumulator(3):add(ssl.ones(5, 3)) --> 5
local function accumulator(d, options)
  local center = check.options(2, options, {}, { center = true }).center
  if center ~= nil and type(center) ~= "boolean" then
    check.fail(2, "center must be true or false, got %s", check.kind(center))
  end
  local empty = moments.new(d, center)
  return empty
end

return accumulator
