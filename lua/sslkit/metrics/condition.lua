-- The condition number of a representation.

local read = require "sslkit.metrics.engine.reader"

local EPS = 2.0 ^ -52

--- The condition number: the largest singular value over the smallest; inf when rank is deficient.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {center=false, tolerance=1e-6, nan="error",
-- full=false}
-- @return number >= 1; with full a table {value=, cond_inv= (the smallest over the largest, 0..1), n=, d=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Tsitsulin, Munkhoeva, Perozzi 2023, arXiv 2305.16562 (whose pseudo-condition number is cond_inv)
-- @example ssl.metrics.condition(ssl.tensor{{3, 0}, {0, 1}}) --> 3.0
-- @example ssl.metrics.condition(ssl.tensor{{3, 0}, {0, 1}}, {full=true}).cond_inv --> 0.333333
local function condition(z, options)
  local answer = read("condition", z, options, { center = false }, "tail", function(s)
    if s[1] == 0 then return 0 / 0, { undefined = "all singular values are zero" } end
    local inverse = s[#s] / s[1]
    if inverse <= math.max(s.n, s.d) * EPS then inverse = 0.0 end
    return 1 / inverse, { cond_inv = inverse }
  end)
  return answer
end

return condition
