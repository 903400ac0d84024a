-- Coherence: does some row stand for a direction that no other row has?

local axes = require "sslkit.metrics.engine.axes"
local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local stream = require "sslkit.metrics.engine.stream"

-- The largest squared length of a row of the left singular vectors, and which row it is.
local function largest_leverage(source, a)
  local back = a.axis / a.values
  local largest, row, before = -1, nil, 0
  source:each(function(block)
    local lengths = (block:double() - a.mean):matmul(back):square():sum(2)
    local high = core.item(core.amax(lengths))
    if high > largest then
      largest, row = high, before + math.tointeger(core.item(core.argmax(lengths)))
    end
    before = before + core.len(block)
  end)
  return largest, row
end

--- Coherence of the left singular vectors, N / rank times the largest squared row of them: 1 when all
-- rows matter alike, which makes a linear separation easy and stable, up to N / rank when one row has a
-- direction of its own. Directions that only rounding made are left out.
-- @param z float tensor [N,D], or an opened .npy file
-- @param options {rtol= (share of the largest singular value below which one is rounding; 4.8e-7 for
-- float32), center=false, nan="error", "skip" or "propagate", full=false}
-- @return number >= 1, NaN for a zero matrix; with full a table {value=, rank=, leverage=, row= (where it
-- is, among those that are not skipped), rtol=, n=, d=, center=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Tsitsulin, Munkhoeva, Perozzi 2023, arXiv 2305.16562; Candes, Recht 2009, "Exact matrix completion via convex optimization"
-- @example ssl.metrics.coherence(ssl.tensor{{1, 0}, {0, 1}, {0, 0}, {0, 0}}) --> 2.0
-- @example ssl.metrics.coherence(ssl.tensor{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}) --> 1.0
local function coherence(z, options)
  local o = check.options(2, options, { center = false, nan = "error", full = false },
    { rtol = true })
  local rtol = o.rtol and check.number(2, "rtol", o.rtol, 0, 1)
  local source, reason = stream.source(1, z, o.nan)
  local a
  if source then
    rtol = rtol or axes.rounding(z:dtype(), source.d)
    a, reason = axes.of(source, o.center, rtol)
  end
  if not a then return result.of("coherence", o.full, 0 / 0, { undefined = reason }) end
  local value, info = 0 / 0, { rank = a.r, rtol = rtol, n = a.n, d = a.d, center = o.center }
  if source.skipped > 0 then info.n_skipped = source.skipped end
  if o.center and a.n == 1 then
    info.undefined = "one row has no variance"
  elseif a.r == 0 then
    info.undefined = "all singular values are zero"
  else
    info.leverage, info.row = largest_leverage(source, a)
    value = math.max(1.0, a.n / a.r * info.leverage) -- the mean of the leverages is rank / N
  end
  return result.of("coherence", o.full, value, info)
end

return coherence
