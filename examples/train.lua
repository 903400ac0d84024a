-- A classifier of handwritten digits, trained as real runs are: with a log, checkpoints, and an end
-- by Ctrl-C from which the same command goes on.
-- usage: lua5.4 examples/train.lua [epochs] [folder for the log and the checkpoint]
local ssl = require "sslkit"

local epochs, folder = math.tointeger(tonumber(arg[1] or 30)) or 30, arg[2] or "."
local path = folder .. "/train.ckpt"

local function quit(...)
  io.stderr:write("train: ", ...)
  io.stderr:write "\n"
  os.exit(1, true)
end

local train, test = ssl.data.digits():split(0.7, { seed = 1 })
print(("%s\n%s\n"):format(train, test))

-- Pixels 0..1 as rows; while training, moved by noise that the default generator draws.
local function rows(x, noise)
  x = x:flatten(2)
  return noise and x + ssl.randn_like(x) * noise or x
end

local function accuracy(net, x, y)
  return ssl.no_grad(function() return ssl.metrics.accuracy(net(x), y) end)
end

ssl.seed(1)
local net = ssl.nn.mlp { sizes = { 64, 128, 128, 10 }, norm = "batch" }
local test_x = rows(test.x:float() / 16)

local result, message = ssl.train {
  model = net,
  data = ssl.data.loader(train, { batch = 64, seed = 1 }),
  loss = function(model, batch)
    local logits = model(rows(batch.x, 0.1))
    return {
      loss = ssl.losses.cross_entropy(logits, batch.y, { label_smoothing = 0.05 }),
      train_accuracy = ssl.metrics.accuracy(logits:detach(), batch.y),
    }
  end,
  optimizer = { "adamw", lr = 3e-3, weight_decay = 0.05, no_decay = "1d" },
  schedule = { "cosine", warmup = 20 },
  epochs = epochs, clip = 1, ema = 0.98,
  hooks = {
    epoch = function(run)
      run.model:eval()
      return {
        test_accuracy = accuracy(run.model, test_x, test.y),
        average_accuracy = accuracy(run.ema.model, test_x, test.y),
      }
    end,
  },
  log = folder .. "/train.jsonl", log_every = "epoch",
  checkpoint = path, resume = true, interrupt = true,
}
if not result then quit(message) end
print(result)
if result.interrupted then os.exit(130, true) end

local saved, problem = ssl.save(folder .. "/train.safetensors", result.ema.model)
if not saved then quit(problem) end
os.remove(path) -- the run is over: the next one begins anew
print(("\n%s/train.jsonl: the records; %s/train.safetensors: the averaged model"):format(folder,
  folder))
