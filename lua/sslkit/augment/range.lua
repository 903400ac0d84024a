-- Options that may be one number or a range {lo, hi} to draw from.

local check = require "sslkit.check"

local range = {}

-- What a value is, for messages: lists of numbers in full.
function range.show(v)
  if type(v) ~= "table" or #v == 0 or #v > 8 then return check.kind(v) end
  local parts = {}
  for i, e in ipairs(v) do
    parts[i] = type(e) == "number" and ("%.6g"):format(e) or check.kind(e)
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

-- The two ends.
function range.ends(v)
  if type(v) == "table" then return v[1], v[2] end
  return v, v
end

local function is_range(v, least, most)
  if type(v) == "table" and (rawlen(v) ~= 2 or next(v, 2) ~= nil) then return false end
  local lo, hi = range.ends(v)
  if type(lo) ~= "number" or type(hi) ~= "number" then return false end
  return least <= lo and lo <= hi and hi <= most
end

-- A number from least to most, or {lo, hi} with both there; otherwise fail(message, ...).
function range.check(fail, name, v, least, most)
  if is_range(v, least, most) then return end
  fail("%s must be a number from %g to %g, or {lo, hi} of such, got %s", name, least, most,
    range.show(v))
end

-- Around what leaves an image as it is, as torchvision reads a single number: x is at most x away
-- from it. A table holds the two ends themselves. Nothing below `least`.
function range.around(v, centre, least)
  if type(v) == "table" then return v[1], v[2] end
  return math.max(least, centre - v), centre + v
end

return range
