-- What every spectral metric needs to know of data that never are in memory at once.

local check = require "sslkit.check"
local classes = require "sslkit.metrics.engine.classes"
local moments = require "sslkit.metrics.engine.moments"
local two_sets = require "sslkit.metrics.engine.two_sets"

local function check_flag(name, value)
  if value ~= nil and type(value) ~= "boolean" then
    check.fail(2, "%s must be true or false, got %s", name, check.kind(value))
  end
  return value
end

--- An accumulator of rows that come in blocks: their number, mean and second moments in float64, centred
-- as they come, so that a common offset costs no digits. Every spectral metric (and `spectrum`) takes
-- it in place of the tensor of all rows and gives the same value, to rounding: see `certified` and
-- `bound` with {full=true}, since singular values below some 1e-8 of the largest drown in it. It holds
-- D^2 numbers, whatever the number of rows.
-- With classes it takes labels with the rows, and knows the means and scatter of the classes, which
-- `lidar` reads (a class is a sample) and the metrics of labelled rows; with pair it takes pairs of rows.
-- @param d width of the rows
-- @param options {center= (what metrics centre that are not told, true or false; each metric has its
-- own default), classes=false, pair=false (true, or the width of the other rows)}
-- @return accumulator A: A:add(Z), A:add(Z, y) and A:merge(B) give A back, A.n and #A are the rows so
-- far; A:save(path)
-- @raise a width that is no positive whole number, unknown options, classes and pair at once
-- @source Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance"
-- @example local a = ssl.metrics.accumulator(4); for i = 1, 4 do a:add(ssl.eye(4):narrow(1, i, i)) end; return ssl.metrics.rankme(a) --> 4.0
-- @example ssl.metrics.accumulator(3):add(ssl.ones(5, 3)) --> accumulator of 5 rows of width 3
-- @example #ssl.metrics.accumulator(3):add(ssl.ones(5, 3)) --> 5
-- @example ssl.metrics.accumulator(3, {classes=true}):add(ssl.ones(2, 3), ssl.tensor({7, -1}, "int64")) --> accumulator of 2 rows of width 3 in 2 classes
local function accumulator(d, options)
  local o = check.options(2, options, { classes = false, pair = false }, { center = true })
  local empty = moments.new(d, check_flag("center", o.center))
  if check_flag("classes", o.classes) then
    if o.pair then check.fail(2, "classes or pair expected, got both") end
    empty.by_class = classes.new(empty.d, true)
  end
  if o.pair then
    local width = o.pair == true and empty.d or check.integer(2, "pair", o.pair, 1)
    empty.pair = two_sets.new(empty.d, width)
  end
  return empty
end

return accumulator
