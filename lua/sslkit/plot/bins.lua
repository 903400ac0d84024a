-- Where the bins of a histogram begin and end, and how many values each holds.

local check = require "sslkit.check"
local T = require "sslkit.tensor"

local bins = {}

local MOST = 1000 -- bins that "auto" makes: a few values far out must not make millions

-- The width that NumPy's "auto" takes: the smaller one of Freedman and Diaconis's and Sturges's.
local function auto_width(values, low, high, whole)
  local n = #values
  local quartiles = values:quantile { 0.25, 0.75 }
  local fd = 2 * (quartiles[2] - quartiles[1]) / n ^ (1 / 3)
  local sturges = (high - low) / (math.log(n, 2) + 1)
  local width = fd > 0 and math.min(fd, sturges) or sturges
  return whole and math.max(width, 1) or width
end

local function given_edges(argn, given)
  local edges = type(given) == "table" and given
    or check.tensor(argn, given, { dim = 1 }, "bins"):totable()
  if #edges < 2 then check.fail(argn, "bins needs 2 edges at least, got %d", #edges) end
  for i, edge in ipairs(edges) do
    check.number(argn, ("edge %d of bins"):format(i), edge)
    if i > 1 and edge <= edges[i - 1] then
      check.fail(argn, "edges of bins must ascend, got %g after %g", edge, edges[i - 1])
    end
  end
  return edges
end

--- The edges of bins.
-- @param argn the options' place
-- @param given "auto", a count, or the edges as list or 1-D tensor
-- @param values all of them: finite, float64 [n]
-- @param whole true for values from integer tensors: no bin is narrower than 1 then
-- @return ascending list, one more than there are bins
function bins.edges(argn, given, values, whole)
  if type(given) == "table" or type(given) == "userdata" then return given_edges(argn, given) end
  if given ~= "auto" then
    if type(given) ~= "number" then
      check.fail(argn, "bins must be 'auto', a count or edges, got %s", check.kind(given))
    end
    given = check.integer(argn, "bins", given, 1, 100000)
  end
  if #values == 0 then return { 0, 1 } end
  local low, high = values:amin():item(), values:amax():item()
  local count = given
  if low == high then
    local room = math.max(0.5, 1e-9 * math.abs(low))
    low, high = low - room, high + room
    if given == "auto" then count = 1 end
  end
  if count == "auto" then
    count = math.ceil((high - low) / auto_width(values, low, high, whole))
    count = math.max(1, math.min(count, MOST))
  end
  local edges = {}
  for i = 0, count do edges[i + 1] = low + (high - low) * (i / count) end
  edges[count + 1] = high
  return edges
end

--- How many values lie in each bin; the last one holds its upper edge.
-- @param edges ascending list
-- @param values float64 [n]
-- @return list of counts
function bins.counts(edges, values)
  local counts = {}
  for i = 1, #edges - 1 do counts[i] = 0 end
  if #values == 0 then return counts end
  local places = T.searchsorted(T.tensor(edges, "float64"), values, { right = true })
  local found = T.bincount(places, { minlength = #edges + 1 }):totable()
  -- place p: p - 1 edges are at most the value
  for i = 1, #counts do counts[i] = found[i + 1] end
  local on_last = values:eq(edges[#edges]):sum():item()
  counts[#counts] = counts[#counts] + math.tointeger(on_last)
  return counts
end

return bins
