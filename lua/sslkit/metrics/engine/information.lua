-- Entropies of two divisions and their mutual information, in nats.

local check = require "sslkit.check"

local information = {}

local function entropy(sizes, n)
  local sum = 0
  for _, size in ipairs(sizes:totable()) do sum = sum - size / n * math.log(size / n) end
  return math.max(sum, 0.0)
end

--- {mutual=, clusters=, classes= (entropies)} of a contingency.
function information.of(c)
  local a, b, n = c.cluster_sizes:totable(), c.class_sizes:totable(), c.n + 0.0
  local i, j, sum = c.i:totable(), c.j:totable(), 0
  for cell, count in ipairs(c.count:totable()) do
    -- independent parts give a ratio of exactly 1
    sum = sum + count / n * math.log(count * n / (a[i[cell]] * (b[j[cell]] + 0.0)))
  end
  return {
    mutual = math.max(sum, 0.0), clusters = entropy(c.cluster_sizes, n),
    classes = entropy(c.class_sizes, n),
  }
end

local MEANS = {
  arithmetic = function(x, y) return (x + y) / 2 end,
  geometric = function(x, y) return math.sqrt(x * y) end,
  min = function(x, y) return math.min(x, y) end,
  max = function(x, y) return math.max(x, y) end,
}

--- The mean of both entropies that a measure divides by; `more` has further names and their functions
-- of the three numbers.
function information.mean(argn, kind, h, more)
  local names = { "arithmetic", "geometric", "min", "max" }
  for name in pairs(more or {}) do names[#names + 1] = name end
  check.one_of(argn, "average", kind, names)
  return (more and more[kind] or MEANS[kind])(h.clusters, h.classes, h.mutual)
end

return information
