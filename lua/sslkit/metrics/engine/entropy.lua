-- Sums over singular values, and their entropies in nats; 0 ln 0 is 0. Values are taken in units of
-- the largest, so that no power of them leaves the range.

local entropy = {}

--- The sum of powers of descending values, in units of the largest; 0 where that is 0.
function entropy.total(values, power)
  local largest, sum = values[1], 0
  if largest == 0 then return 0 end
  for _, v in ipairs(values) do sum = sum + (v / largest) ^ power end
  return sum
end

--- - sum p ln p with p = v^power / (their sum), of descending values; 0 where all are 0.
function entropy.shannon(values, power)
  local largest, total, sum = values[1], entropy.total(values, power), 0
  if largest == 0 then return 0 end
  for _, v in ipairs(values) do
    local p = (v / largest) ^ power / total
    if p > 0 then sum = sum - p * math.log(p) end
  end
  return sum
end

return entropy
