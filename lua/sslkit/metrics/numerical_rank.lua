-- Numerical rank: singular values that stand out of the rounding errors.

local axes = require "sslkit.metrics.engine.axes"
local check = require "sslkit.check"
local read = require "sslkit.metrics.engine.reader"

local STORED = { float32 = 2.0 ^ -23, float64 = 2.0 ^ -52 }

local function tolerance(s, options)
  if options.rtol then return check.number(2, "rtol", options.rtol, 0) end
  if options.rule == "numpy" then return math.max(s.n, s.d) * STORED[s.dtype] end
  return axes.rounding(s.dtype, s.d)
end

--- The number of singular values above rtol times the largest.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {rtol= (what rounding to the dtype of z leaves, 4.8e-7 for float32), rule="storage" or "numpy" (max(N,D) eps), center=false, tolerance=1e-6, nan="error",
-- full=false}
-- @return whole number 0 .. min(N,D); with full a table {value=, rtol=, n=, d=, ...}
-- @raise on NaN or Inf, naming the row
-- @example ssl.metrics.numerical_rank(ssl.tensor{{1, 2}, {2, 4}, {3, 6}}) --> 1
local function numerical_rank(z, options)
  local defaults = { center = false, rule = "storage" }
  local answer = read("numerical_rank", z, options, defaults, "tail", function(s, o)
    check.one_of(2, "rule", o.rule, { "storage", "numpy" })
    local rtol, rank = tolerance(s, o), 0
    for _, v in ipairs(s) do
      if v > rtol * s[1] then rank = rank + 1 end
    end
    return rank, { rtol = rtol }
  end, { "rtol" })
  return answer
end

return numerical_rank
