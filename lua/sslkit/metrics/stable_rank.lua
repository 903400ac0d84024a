-- Stable rank.

local entropy = require "sslkit.metrics.engine.entropy"
local read = require "sslkit.metrics.engine.reader"

--- Stable rank |Z|_F^2 / |Z|_2^2, between 1 and min(N,D); 0 for a zero matrix.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {center=false, tolerance=1e-6, nan="error",
-- full=false}
-- @return number; with full a table {value=, fraction=, n=, d=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Tsitsulin, Munkhoeva, Perozzi 2023, "Unsupervised embedding quality evaluation", arXiv 2305.16562
-- @example ssl.metrics.stable_rank(ssl.tensor{{3, 0}, {0, 1}}) --> 1.111111
local function stable_rank(z, options)
  local answer = read("stable_rank", z, options, { center = false }, "variance", function(s)
    local value = entropy.total(s, 2)
    return value, { fraction = value / #s }
  end)
  return answer
end

return stable_rank
