-- The entropy of a representation's second moments.

local check = require "sslkit.check"
local entropy = require "sslkit.metrics.engine.entropy"
local read = require "sslkit.metrics.engine.reader"

local function renyi(values, order)
  local largest, total, sum = values[1], entropy.total(values, 2), 0
  if largest == 0 then return 0 end
  for _, v in ipairs(values) do
    if v > 0 then sum = sum + ((v / largest) ^ 2 / total) ^ order end
  end
  return math.log(sum) / (1 - order)
end

--- Matrix-based (von Neumann) entropy of Z Z^T / trace, in nats: 0 .. ln min(N,D).
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {normalized=false (divide by ln min(N,D)), order=1 (of Renyi's entropies), center=false, tolerance=1e-6, nan="error",
-- full=false}
-- @return number; with full a table {value=, order=, n=, d=, ...}
-- @raise on NaN or Inf, naming the row
-- @source Skean et al. 2025, "Layer by layer", arXiv 2502.02013
-- @example ssl.metrics.matrix_entropy(ssl.tensor{{3, 0}, {0, 1}}) --> 0.325083
-- @example ssl.metrics.matrix_entropy(ssl.eye(3), {normalized=true}) --> 1.0
local function matrix_entropy(z, options)
  local defaults = { center = false, normalized = false, order = 1 }
  local answer = read("matrix_entropy", z, options, defaults, "variance", function(s, o)
    local order = check.number(2, "order", o.order, 0)
    local value = order == 1 and entropy.shannon(s, 2) or renyi(s, order)
    local info = { order = order, normalized = o.normalized }
    if o.normalized then
      if #s == 1 then
        info.undefined = "one singular value: there is nothing to divide by"
        return 0 / 0, info
      end
      value = value / math.log(#s)
    end
    return value, info
  end)
  return answer
end

return matrix_entropy
