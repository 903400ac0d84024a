-- Metrics against PyTorch: RankMe, uniformity, exact nearest neighbours.

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local core = require "sslkit.core"
local ssl = require "sslkit"

local function randn(n, d, seed) return ssl.randn({ n, d }, { generator = ssl.generator(seed) }) end

-- Features as networks give them: a common offset, and a spectrum that falls.
local function features(n, d)
  local scale = ssl.arange(1, d) ^ -0.5
  return (randn(n, d, 1) * scale):matmul(randn(d, d, 2)) + 1
end

local function rankme(name, z)
  local peer = bench:peer("peer_metrics.py", bench:file(z))
  local function ours() return ssl.metrics.rankme(z) end
  bench:compare { name = "rankme/" .. name, ours = ours, peer = peer "rankme_svd",
    peer_name = "torch.linalg.svdvals float32" }
  bench:compare { name = "rankme gram/" .. name, ours = ours, peer = peer "rankme_gram32",
    peer_name = "torch eigvalsh of a float32 Gram matrix" }
end

rankme("25600x512", features(25600, 512))
rankme("25600x512 of rank 64", randn(25600, 64, 3):matmul(randn(64, 512, 4)))
rankme("25600x2048", features(25600, 2048))

for _, d in ipairs { 256, 784 } do
  local z = features(10000, d)
  local peer = bench:peer("peer_metrics.py", bench:file(z), "--rows", 10000)
  local size = ("10000x%d"):format(d)
  local function uniformity() return ssl.metrics.uniformity(z) end
  bench:compare { name = "uniformity/" .. size, ours = uniformity, peer = peer "uniformity",
    peer_name = "torch.pdist" }
  bench:compare { name = "uniformity gemm/" .. size, ours = uniformity,
    peer = peer "uniformity_gemm", peer_name = "torch matmul and exp, float32" }
  bench:compare { name = "20 neighbours/" .. size, peer = peer "knn_top20_10k",
    ours = function()
      local _, cosine = core.neighbours(z, z, 20, "cosine")
      return cosine:sum():item()
    end,
    peer_name = "torch matmul and topk, float32" }
end
