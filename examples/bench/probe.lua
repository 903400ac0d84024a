-- Probes against scikit-learn and PyTorch, on a mixture of Gaussians and on pixels.

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local ssl = require "sslkit"

local function mixture(n, d, seed)
  local g = ssl.generator(1)
  local means = ssl.randn({ 10, d }, { generator = g }) * 0.25
  g = ssl.generator(seed)
  local y = ssl.randint(1, 10, { n }, { generator = g })
  return ssl.randn({ n, d }, { generator = g }) + means:index(1, y), y
end

local function pixels(split)
  local ds = assert(ssl.data.fashion_mnist { split = split })
  return ds.x:narrow(1, 1, 10000):reshape(10000, 784):float() / 255, ds.y:narrow(1, 1, 10000)
end

local alphas = {}
for power = -2, 6 do alphas[#alphas + 1] = 10.0 ^ power end

local function compare(name, z, y, test_z, test_y)
  local peer = bench:peer("peer_probe.py", bench:file(z), bench:file(y), bench:file(test_z),
    bench:file(test_y))
  local function case(probe, options, peer_name)
    bench:compare { name = probe .. "/" .. name, peer = peer(probe), peer_name = peer_name,
      ours = function() return ssl.probe[probe](z, y, test_z, test_y, options).accuracy end }
  end
  case("knn", {}, "torch matmul and topk, float32")
  case("ridge", { standardize = true, lambdas = alphas }, "sklearn RidgeClassifierCV")
  case("logistic", {}, "sklearn LogisticRegression, L-BFGS")
end

local z, y = mixture(10000, 256, 2)
compare("mixture 10000x256", z, y, mixture(10000, 256, 3))
z, y = pixels "train"
compare("pixels 10000x784", z, y, pixels "test")
