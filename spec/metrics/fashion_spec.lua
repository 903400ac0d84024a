-- What scikit-learn says of images: of 600 of Fashion-MNIST, labels, clusterings and scores. The data
-- are Debian's; where they are missing, this fails, and says how to get them.

local ssl = require "sslkit"

local labels = dofile("spec/fixtures/metrics_labels.lua").fashion
local scores = dofile("spec/fixtures/metrics_scores.lua").fashion
local M = ssl.metrics

-- Both sides are exact to rounding.
local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end

describe("on Fashion-MNIST", function()
  local x, y, clusters

  setup(function()
    local data = assert(ssl.data.fashion_mnist { split = "test" })
    x = data.x:narrow(1, 1, 600):double():view(600, 784) / 255
    y = data.y:narrow(1, 1, 600)
    -- no fit: which of seven fixed directions fits best, and the parity of the class
    local w = (ssl.arange(0, 7 * 784 - 1, 1, "float64") * 0.37):cos():view(7, 784)
    clusters = { projection = (x - x:mean(1)):matmul(w:t()):argmax(2), parity = y % 2 + 1 }
  end)

  it("clusters and classes agree as scikit-learn says", function()
    for name, c in pairs(clusters) do
      local want = labels[name .. "_agreement"]
      for _, kind in ipairs { "arithmetic", "geometric", "min", "max" } do
        near(want["nmi_" .. kind], M.nmi(c, y, { average = kind }))
        near(want["ami_" .. kind], M.ami(c, y, { average = kind }))
      end
      near(want.expected, M.ami(c, y, { full = true }).expected)
      local ari, v = M.ari(c, y, { full = true }), M.v_measure(c, y, { full = true })
      near(want.ari, ari.value)
      near(want.rand, ari.rand)
      near(want.v_measure, v.value)
      near(want.homogeneity, v.homogeneity)
      near(want.completeness, v.completeness)
      near(want.v_measure_half, M.v_measure(c, y, { beta = 0.5 }))
      near(want.cluster_accuracy, M.cluster_accuracy(c, y))
      near(want.purity, M.purity(c, y))
      near(want.accuracy, M.accuracy(c, y))
      near(want.balanced_accuracy, M.accuracy(c, y, { average = "macro" }))
    end
  end)

  it("classes and clusters lie apart as scikit-learn says", function()
    for name, c in pairs { classes = y, projection = clusters.projection,
      parity = clusters.parity } do
      local want = labels[name .. "_separation"]
      for _, metric in ipairs { "euclidean", "sql2", "cosine" } do
        local s = M.silhouette(x, c, { metric = metric, full = true })
        near(want["silhouette_" .. metric], s.value)
        near(want["silhouette_" .. metric .. "_last"], s.samples[-1])
      end
      near(1, M.calinski_harabasz(x, c) / want.calinski_harabasz)
      near(1, M.davies_bouldin(x, c) / want.davies_bouldin)
      -- the shares of 255 round in float32, by a part in 2^25
      near(want.silhouette_euclidean, M.silhouette(x:float(), c), 1e-6)
    end
  end)

  it("nearness to class means ranks as scikit-learn says", function()
    local means = {}
    for k = 1, 10 do means[k] = x[y:eq(k)]:mean(1) end
    local nearness = -x:cdist(ssl.stack(means, 1))
    for name, s in pairs { exact = nearness, tied = (nearness * 2):round() } do
      for k = 1, 10 do
        local own, positives = s:select(2, k), y:eq(k)
        near(scores[name].auroc[k], M.auroc(own, positives))
        near(scores[name].average_precision[k], M.average_precision(own, positives))
      end
    end
  end)
end)
