-- The effective rank of value networks.

local check = require "sslkit.check"
local entropy = require "sslkit.metrics.engine.entropy"
local read = require "sslkit.metrics.engine.reader"

--- srank: the fewest singular values that make up 1 - delta of their sum.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {delta=0.01, squared=false, center=false, tolerance=1e-6, nan="error",
-- full=false}
-- @return whole number, 0 for a zero matrix; with full a table {value=, delta=, n=, d=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Kumar, Agarwal, Ghosh, Levine 2021, "Implicit under-parameterization", ICLR
-- @example ssl.metrics.srank(ssl.tensor{{99.5, 0}, {0, 0.5}}) --> 1
local function srank(z, options)
  local defaults = { center = false, delta = 0.01, squared = false }
  local answer = read("srank", z, options, defaults, "tail", function(s, o)
    local delta, power = check.number(2, "delta", o.delta, 0, 1), o.squared and 2 or 1
    local info, sum = { delta = delta, squared = o.squared }, 0
    if s[1] == 0 then return 0, info end
    -- a hair below, so that a share which is exactly the threshold counts whatever the rounding
    local enough = (1 - delta) * entropy.total(s, power) * (1 - 1e-12)
    for k, v in ipairs(s) do
      sum = sum + (v / s[1]) ^ power
      if sum >= enough then return k, info end
    end
  end)
  return answer
end

return srank
