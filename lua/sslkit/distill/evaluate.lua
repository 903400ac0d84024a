-- What an encoder's embeddings are worth: probes with labels, and metrics without.

local core = require "sslkit.core"
local metrics = require "sslkit.metrics"
local probe = require "sslkit.probe"
local autograd = require "sslkit.autograd"
local T = require "sslkit.tensor"

local M = {}

local BLOCK = 1000

-- Largest element of the probe's gradient at its end, scikit-learn's default. The last hundred
-- iterations to a smaller one take most of the time and move no accuracy that can be told apart.
local PROBE_TOLERANCE = 1e-4

-- f over the rows of x, in blocks, without the tape.
function M.embed(f, x)
  return autograd.no_grad(function()
    local blocks = {}
    for first = 1, core.len(x), BLOCK do
      blocks[#blocks + 1] = f(x:narrow(1, first, math.min(first + BLOCK - 1, core.len(x))))
    end
    return T.cat(blocks)
  end)
end

-- Images moved by one pixel to the right and down, the border repeated: the positive pairs of the
-- alignment.
function M.shifted(x)
  if core.dim(x) < 2 then return x end
  for d = core.dim(x), math.max(2, core.dim(x) - 1), -1 do
    local n = core.size(x, d)
    if n > 1 then x = T.cat({ x:narrow(d, 1, 1), x:narrow(d, 1, n - 1) }, d) end
  end
  return x
end

-- data: {train_x=, train_y=, test_x=, test_y=} with standardised inputs.
function M.evaluate(f, data)
  local train, test = M.embed(f, data.train_x), M.embed(f, data.test_x)
  local function accuracy(kind, options)
    return probe[kind](train, data.train_y, test, data.test_y, options).accuracy
  end
  return {
    knn = accuracy("knn", { k = data.k, metric = "l2", weights = "uniform" }),
    knn_cosine = accuracy("knn", { k = data.k, metric = "cosine", weights = "exp" }),
    linear = accuracy("logistic", { tolerance = PROBE_TOLERANCE }),
    rankme = metrics.rankme(test),
    effective_rank = metrics.effective_rank(test),
    alignment = metrics.alignment(test, M.embed(f, M.shifted(data.test_x))),
    uniformity = metrics.uniformity(test),
  }
end

return M
