-- The Davies-Bouldin index.

local core = require "sslkit.core"
local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local result = require "sslkit.metrics.engine.result"
local separation = require "sslkit.metrics.engine.separation"

local NAN = 0 / 0

local function value_of(given)
  local mean = core.class_means(given.z, given.id, given.k)
  local distance = core.class_squares(given.z, given.id, mean):sqrt()
  local spread = core.bincount(given.id, given.k, distance) / given.count:double()
  local ratio = (spread:unsqueeze(2) + spread:unsqueeze(1)) / core.cdist(mean, mean, 2)
  ratio:diagonal():fill_(0)
  if core.item(core.any(core.isnan(ratio))) == 1 then return NAN, "two classes are one point" end
  return core.item(core.mean(core.amax(ratio, 2)))
end

--- The Davies-Bouldin index: of each class, the spread of it and of another over the distance of their
-- means, for the worst other; mean over the classes. Less is further apart.
-- @param z float tensor [N,D]; no accumulator: distances, other than their squares, do not add up over
-- blocks of rows before the means are known
-- @param y int64 [N], the labels
-- @param options {nan="error", "skip" or "propagate", full=false}
-- @return number, 0 and more; NaN for one class, inf where two means coincide; with full a table
-- {value=, n=, d=, n_classes=, ...}
-- @raise on NaN or Inf, naming the row, and on labels that are not int64 or not one a row
-- @source Davies, Bouldin 1979, "A cluster separation measure", IEEE TPAMI
-- @example ssl.metrics.davies_bouldin(ssl.tensor{{0}, {1}, {4}, {6}}, ssl.tensor({1, 1, 2, 2}, "int64")) --> 0.333333333333
local function davies_bouldin(z, y, options)
  options = check.options(3, options, { nan = "error", full = false })
  if moments.is(z) then
    check.fail(1, "rows expected, whose distances from the final means take a second look, got %s",
      tostring(z))
  end
  local given, reason = separation.rows(z, y, options.nan)
  if not given then
    return result.of("davies_bouldin", options.full, NAN, { undefined = reason })
  end
  local info = { n = given.n, d = given.d, n_classes = given.k }
  if given.skipped > 0 then info.n_skipped = given.skipped end
  local value = NAN
  if given.k == 1 then info.undefined = "one class has no other"
  else value, info.undefined = value_of(given) end
  if value == math.huge then info.warn = "two class means coincide" end
  return result.of("davies_bouldin", options.full, value, info)
end

return davies_bouldin
