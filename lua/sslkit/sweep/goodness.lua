-- Which way a value of a trial is good.

local goodness = {}

-- Where nothing is said, more is better.
local LESS = {
  alignment = true, uniformity = true, coherence = true, self_cluster = true, condition = true,
  hubness = true, dormant = true, dead = true,
}

--- Is less of a value better? What is about losses and errors says so itself.
-- @param name of the value
-- @return true or false
-- @example require("sslkit.sweep.goodness").less "test_loss" --> true
function goodness.less(name)
  return LESS[name] or name:find "loss$" ~= nil or name:find "error$" ~= nil
end

--- How good a value is, more being better. A spectrum's exponent is best at 1.
-- @param name of the value
-- @param v number
-- @param less is less better, where that is known (as goodness.less says)
-- @return number
-- @source Agrawal et al. 2022, alpha-ReQ, for the exponent
-- @example require("sslkit.sweep.goodness").of("alignment", 0.3) --> -0.3
function goodness.of(name, v, less)
  if less == nil then
    if name == "alpha_req" then return -math.abs(v - 1) end
    less = goodness.less(name)
  end
  return less and -v or v
end

return goodness
