-- What the measures of how far classes lie apart have in common: their input, and what they give
-- where there is nothing to compare.

local check = require "sslkit.check"
local classes = require "sslkit.metrics.engine.classes"
local labels = require "sslkit.metrics.engine.labels"
local moments = require "sslkit.metrics.engine.moments"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"

local separation = {}

--- The checked rows and labels (see labels.rows) in a range where squares are numbers, or nil and why
-- the measure is undefined.
function separation.rows(z, y, policy)
  local given, reason = labels.rows(z, y, policy)
  if not given then return nil, reason end
  given.z, given.unit = rows.in_range(given.z)
  return given
end

--- The classes that the accumulator z has, made with classes; nil where z is no accumulator. Then there
-- are no labels, and the options are the third argument as ever.
function separation.accumulated(z, y)
  if not moments.is(z) then return nil end
  if not z.by_class then
    check.fail(1, "rows, or an accumulator with classes=true, expected, got %s", tostring(z))
  end
  if y ~= nil then
    check.fail(2, "nil expected behind an accumulator of classes, got %s", check.kind(y))
  end
  if z.n == 0 then check.fail(1, "%s: no rows yet", tostring(z)) end
  local fine, largest = moments.in_range(z)
  if not fine then
    check.fail(1, "%s: elements up to %.3g, whose squares leave the range of float64", tostring(z),
      largest)
  end
  return z.by_class
end

--- The answer of `name` from the moments of classes. value(c, o) gives the number and a table of what
-- else is known, for two classes and more; z may be those moments, or an accumulator that has them.
function separation.of(name, z, y, options, defaults, scatter, value)
  defaults.full, defaults.nan = false, "error"
  local o = check.options(3, options, defaults)
  local c, skipped, reason = separation.accumulated(z, y) or z, 0, nil
  if classes.is(c) then
    if c.k == 0 then check.fail(1, "no rows yet") end
  else
    local given
    given, reason = separation.rows(z, y, o.nan)
    if given then c, skipped = classes.of(given, scatter), given.skipped end
  end
  if reason then return result.of(name, o.full, 0 / 0, { undefined = reason }) end
  local number, info = 0 / 0, { undefined = "one class has no other" }
  if c.k > 1 then number, info = value(c, o) end
  info.n, info.d, info.n_classes = c.n, c.d, c.k
  if skipped > 0 then info.n_skipped = skipped end
  return result.of(name, o.full, number, info)
end

return separation
