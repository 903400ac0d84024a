-- Does training end where PyTorch's does? A ResNet-18 of width 16 learns 5000 images of Fashion-MNIST
-- for 3 epochs, with 3 seeds (--runs), and so does its twin: the mean accuracies on 2000 test images,
-- and the time.

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local core = require "sslkit.core"
local ssl = require "sslkit"

local NAME = "fashion/resnet18 width 16"
local EPOCHS, BATCH, RATE = 3, 64, 0.05
local SEEDS = math.min(bench.runs, 3)

local function first(split, n)
  return assert(ssl.data.fashion_mnist { split = split }):subset(ssl.arange(1, n, 1, "int64"))
end

local function pixels(x) return x:float() / 255 end

local function train(set, test, seed)
  ssl.seed(seed)
  local net = ssl.nn.resnet18 { channels = 1, width = 16, head = 10 }
  ssl.train {
    model = net, epochs = EPOCHS,
    data = ssl.data.loader(set, { batch = BATCH, seed = seed }),
    loss = function(model, batch)
      return ssl.losses.cross_entropy(model(batch.x), batch.y) -- the loader gives 0..1
    end,
    optimizer = { "sgd", lr = RATE, momentum = 0.9, weight_decay = 5e-4 },
    schedule = "cosine", progress = false,
  }
  net:eval()
  local right = 0
  ssl.no_grad(function()
    for from = 1, #test.y, 500 do
      local guess = net(pixels(test.x:narrow(1, from, from + 499))):argmax(2)
      right = right + guess:eq(test.y:narrow(1, from, from + 499)):long():sum():item()
    end
  end)
  return 100 * right / #test.y
end

if bench:wants(NAME) then
  local set, test = first("train", 5000), first("test", 2000)
  local peer = bench:peer("peer_fashion.py", bench:file(pixels(set.x)), bench:file(set.y),
    bench:file(pixels(test.x)), bench:file(test.y), "--epochs", EPOCHS, "--batch", BATCH,
    "--lr", RATE)
  local ours, theirs, seconds, their_seconds = 0, 0, 0, 0
  for seed = 1, SEEDS do
    local start = core.clock()
    ours = ours + train(set, test, seed) / SEEDS
    seconds = seconds + (core.clock() - start) / SEEDS
    local answer = peer(tostring(seed))()
    theirs = theirs + answer.value / SEEDS
    their_seconds = their_seconds + answer.seconds / SEEDS
  end
  bench:report { name = NAME .. " accuracy", ours = ours, peer = theirs, unit = "%",
    ratio = ours / theirs, check = math.abs(ours - theirs), peer_name = "torch, mean of seeds" }
  bench:report { name = NAME .. " time", ours = seconds, peer = their_seconds, unit = "s",
    ratio = their_seconds / seconds, peer_name = "torch" }
end
