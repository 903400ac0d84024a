-- Metrics against PyTorch and scikit-learn: RankMe on spectra of several kinds, uniformity, exact
-- nearest neighbours, intrinsic dimension, CKA.

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local core = require "sslkit.core"
local ssl = require "sslkit"

local PEER = "peer_metrics.py"

local function randn(n, d, seed) return ssl.randn({ n, d }, { generator = ssl.generator(seed) }) end

-- Features as networks give them: a common offset, and a spectrum that falls.
local function features(n, d)
  local scale = ssl.arange(1, d) ^ -0.5
  return (randn(n, d, 1) * scale):matmul(randn(d, d, 2)) + 1
end

-- Rows whose singular values fall as rank^-power, about, along axes in no column's direction.
local function falling(n, d, power)
  local axes = ssl.linalg.qr(randn(d, d, 2))
  return (randn(n, d, 1) * ssl.arange(1, d) ^ -power):matmul(axes)
end

-- Half of the values 0, and a sixteenth of the columns.
local function rectified(n, d)
  local z = features(n, d):sub(1):relu()
  z[{ {}, { 1, d // 16 } }] = 0
  return z
end

-- {== RankMe ================================================================================

local function rankme(name, make)
  local one, two, three = "rankme/" .. name, "rankme gram/" .. name, "rankme float64/" .. name
  if not bench:wants(one, two, three) then return end
  local z = make()
  local peer = bench:peer(PEER, bench:file(z))
  local function ours() return ssl.metrics.rankme(z) end
  bench:compare { name = one, ours = ours, peer = peer "rankme_svd",
    peer_name = "torch.linalg.svdvals float32" }
  bench:compare { name = two, ours = ours, peer = peer "rankme_gram32",
    peer_name = "torch eigvalsh of a float32 Gram matrix" }
  bench:compare { name = three, ours = ours, peer = peer "rankme_svd64",
    peer_name = "torch.linalg.svdvals float64" }
end

for _, size in ipairs { { 25600, 512 }, { 25600, 2048 } } do
  local n, d = table.unpack(size)
  local shape = ("%dx%d"):format(n, d)
  rankme(shape .. " features", function() return features(n, d) end)
  rankme(shape .. " flat", function() return randn(n, d, 1) end)
  rankme(shape .. " 1/rank", function() return falling(n, d, 1) end)
  rankme(shape .. " 1/rank^2", function() return falling(n, d, 2) end)
  rankme(shape .. " rectified", function() return rectified(n, d) end)
  rankme(shape .. " of rank 64", function() return randn(n, 64, 3):matmul(randn(64, d, 4)) end)
end

-- ==}

-- {== Pairs and neighbours ==================================================================

local function uniformity(n, d)
  local name = ("uniformity/%dx%d"):format(n, d)
  if not bench:wants(name, name .. " products") then return end
  local z = features(n, d)
  local peer = bench:peer(PEER, bench:file(z), "--rows", n)
  local function ours() return ssl.metrics.uniformity(z) end
  bench:compare { name = name, ours = ours, peer = peer "uniformity", peer_name = "torch.pdist" }
  bench:compare { name = name .. " products", ours = ours, peer = peer "uniformity_gemm",
    peer_name = "torch matmul and exp, float32" }
end

uniformity(10000, 256)
uniformity(20000, 128)

local function neighbours(n, d)
  local name = ("20 neighbours/10000 of %dx%d"):format(n, d)
  if not bench:wants(name) then return end
  local z = features(n, d)
  local queries = z:narrow(1, 1, 10000)
  bench:compare { name = name, peer = bench:peer(PEER, bench:file(z)) "knn_top20_10k",
    ours = function()
      local _, cosine = core.neighbours(queries, z, 20, "cosine")
      return cosine:sum():item()
    end,
    peer_name = "torch matmul and topk, float32" }
end

neighbours(10000, 256)
neighbours(60000, 512)

if bench:wants "twonn/10000x2048" then
  local z = randn(10000, 2048, 1)
  bench:compare { name = "twonn/10000x2048", peer = bench:peer(PEER, bench:file(z)) "twonn_10k",
    ours = function() return ssl.metrics.twonn(z, { method = "ml" }) end,
    peer_name = "sklearn NearestNeighbors, brute" }
end

-- ==}

if bench:wants "cka/50000x512" then
  local x, y = features(50000, 512), randn(50000, 512, 5)
  y:add_(x)
  bench:compare { name = "cka/50000x512",
    peer = bench:peer(PEER, bench:file(x), bench:file(y)) "cka_linear",
    ours = function() return ssl.metrics.cka(x, y) end, peer_name = "torch matmul, float32" }
end

-- The whole page, of labelled rows; nobody has its like, so that only its time counts.
if bench:wants "report/50000x512" then
  local y = ssl.randint(1, 100, { 50000 }, { generator = ssl.generator(5) })
  local z = features(50000, 512) + (randn(100, 512, 3) * 2)[{ y }]
  local seconds = {}
  for i = 0, bench.runs do
    local start = core.clock()
    ssl.metrics.report(z, { labels = y })
    seconds[i] = core.clock() - start
  end
  table.sort(seconds)
  bench:report { name = "report/50000x512", ours = seconds[(bench.runs + 1) // 2], unit = "s",
    peer_name = "" }
end
