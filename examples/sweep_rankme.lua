-- Hyper-parameters chosen without labels, the experiment of the RankMe paper (Garrido et al. 2023) in
-- small: Barlow Twins, VICReg and SimCLR, each trained with many settings; what is lost by taking the
-- setting that a label-free metric likes best instead of the one that labels choose? A quarter of an
-- hour on two cores; with 300 steps a third of that, and then the networks have learned too little for
-- their rank to tell.
-- A run that was stopped, or killed, goes on when the same command is given again.
-- usage: lua5.4 examples/sweep_rankme.lua [folder] [trials] [steps] ["digits" in place of Fashion-MNIST]
local ssl = require "sslkit"

local folder = arg[1] or "sweeps/rankme"
local trials = math.tointeger(tonumber(arg[2] or 42))
local steps = math.tointeger(tonumber(arg[3] or 900))
local data = arg[4] or "fashion_mnist"

local function quit(code, ...)
  io.stderr:write("sweep_rankme: ", ...)
  io.stderr:write "\n"
  os.exit(code, true)
end

if data == "fashion_mnist" then
  local found, message, why = ssl.data.fashion_mnist { split = "test" }
  if not found and why ~= "missing" then quit(1, message) end
  if not found then
    print(message .. ";\nthe digits that sslkit carries stand in for it")
    data = "digits"
  end
end
if not (trials and trials >= 6 and steps and steps >= 1) then
  quit(1, "the number of trials must be 6 or more, that of steps 1 or more")
end

-- {== What is tried ========================================================================

local log = ssl.sweep.log

local POLICY = ssl.augment.policy { n = 2,
  { "random_resized_crop", scale = { 0.3, 1 } },
  { "hflip" },
  { "jitter", p = 0.8, b = 0.4, c = 0.4 },
}

-- RankMe compares settings of one method, so each has a sweep of its own, in which the network and the
-- augmentation stay the same, as in the paper; loss = options of its loss.
local METHODS = {
  { name = "barlow_twins", loss = { lambda = log(5e-4, 0.5) } },
  { name = "vicreg", loss = { inv = log(2.5, 100), var = log(2.5, 100), cov = log(0.01, 10) } },
  { name = "ntxent", loss = { temperature = log(0.05, 1) } },
}

local function space_of(method)
  return {
    data = data, steps = steps, -- constants belong to a trial's identity, too
    width = 256, -- of the projector
    augment = POLICY, loss = method.loss, lr = log(1e-3, 1e-2), weight_decay = log(1e-5, 0.1),
  }
end

-- ==}

-- {== A trial ==============================================================================

local METRICS = { "rankme", "effective_rank", "stable_rank", "nesum", "alpha_req", "coherence",
  "uniformity" } -- of the embeddings; alignment and the features' RankMe stand beside them

local TRAIN, PROBE = 15000, 5000 -- images that the encoder learns from; the first of them teach probes

-- Training and test images.
local function load_data(name)
  if name == "digits" then return ssl.data.digits():split(0.6, { seed = 1 }) end
  local train = assert(ssl.data.fashion_mnist { split = "train" })
  local first = ssl.arange(1, TRAIN, 1, "int64")
  return train:subset(first), assert(ssl.data.fashion_mnist { split = "test" })
end

local function convolution(inputs, outputs)
  local conv = ssl.nn.Conv2d(inputs, outputs, 3, { stride = 2, padding = 1, bias = false })
  return ssl.nn.Sequential(conv, ssl.nn.BatchNorm2d(outputs), ssl.nn.ReLU())
end

-- Three convolutions and a layer of 256 features for images of so many pixels a side.
local function encoder_for(side)
  for _ = 1, 3 do side = (side + 1) // 2 end
  return ssl.nn.Sequential(convolution(1, 16), convolution(16, 32), convolution(32, 64),
    ssl.nn.mlp { sizes = { 64 * side * side, 256 }, norm = "batch", activate_last = true })
end

-- A network's outputs for images as they are stored, or as a policy has made them.
local function outputs(net, x, levels)
  return ssl.no_grad(function()
    local parts = {}
    for i, block in ipairs(x:split(1000)) do
      parts[i] = net(levels and block:float():div_(levels) or block)
    end
    return ssl.cat(parts)
  end)
end

local function run(method, config, trial)
  local train, test = load_data(config.data)
  local x, y, levels = train.x, train.y, train.levels
  if #train > PROBE then x, y = x:narrow(1, 1, PROBE), y:narrow(1, 1, PROBE) end
  local encoder = encoder_for(x:size(3))
  local width, loss = config.width, ssl.losses[method]
  local model = ssl.nn.Sequential(encoder,
    ssl.nn.mlp { sizes = { 256, width, width }, norm = "batch" })
  local every = math.max(1, config.steps // 4)
  ssl.train {
    model = model, steps = config.steps,
    data = ssl.data.loader(train, { batch = 128, augment = config.augment, drop_last = true }),
    loss = function(net, batch) return loss(net(batch.x1), net(batch.x2), config.loss) end,
    optimizer = { "adamw", lr = config.lr, weight_decay = config.weight_decay, no_decay = "1d" },
    schedule = { "cosine", warmup = config.steps // 6 },
    hooks = {
      step = function(at)
        if at.step % every ~= 0 then return end
        model:eval()
        trial:report(at.step, ssl.metrics.rankme(outputs(model, x:narrow(1, 1, 1000), levels)))
        model:train()
      end,
    },
  }
  local features, test_features = outputs(encoder, x, levels), outputs(encoder, test.x, levels)
  local u, v = ssl.augment.compile(POLICY)(x, { seed = 1, levels = levels }) -- the same for all
  return {
    embeddings = outputs(model, x, levels),
    features_rankme = ssl.metrics.rankme(features),
    alignment = ssl.metrics.alignment(outputs(model, u), outputs(model, v)),
    accuracy = ssl.probe.ridge(features, y, test_features, test.y).accuracy,
    knn = ssl.probe.knn(features, y, test_features, test.y).accuracy,
  }
end

-- ==}

-- {== What came of it ======================================================================

-- All studies before anything is printed: a trial's process comes through here, too.
local studies = {}
for i, method in ipairs(METHODS) do
  local study, message = ssl.sweep {
    name = method.name, space = space_of(method),
    store = ("%s/%s-%s-%d"):format(folder, method.name, data, steps),
    run = function(config, trial) return run(method.name, config, trial) end,
    sampler = "sobol", trials = math.ceil(trials / #METHODS), timeout = 600,
    objective = "rankme", metrics = METRICS, interrupt = true,
  }
  if not study then quit(1, message) end
  studies[i] = study
  if study.interrupted then quit(130, "interrupted; the same command goes on") end
  if study.stopped then quit(1, study.stopped) end
end

local judged = table.move(METRICS, 1, #METRICS, 1, {})
table.move({ "alignment", "features_rankme" }, 1, 2, #judged + 1, judged)
local header = { "chosen by" }
for k, method in ipairs(METHODS) do header[k + 1] = method.name end
header[#header + 1] = "mean"

-- Prints the points of accuracy that each metric's choice costs against the best for a probe, and gives
-- their means over the methods.
local function lost(oracle)
  local rows, mean = {}, {}
  for i, metric in ipairs(judged) do
    local row, sum = { metric }, 0
    for k, study in ipairs(studies) do
      local points = 100 * study:select(metric, { oracle = oracle }).regret
      row[k + 1], sum = ("%.2f"):format(points), sum + points
    end
    mean[i] = sum / #studies
    row[#row + 1] = ("%.2f"):format(mean[i])
    rows[i] = row
  end
  print(ssl.text.table { header = header, rows = rows })
  return mean
end

for _, study in ipairs(studies) do print(("%s\n%s\n"):format(study.name, study:select "rankme")) end
print "Points of linear probe accuracy lost by choosing without labels (the paper's RankMe: < 0.5):"
local linear = lost "accuracy"
print "\nPoints of kNN accuracy lost:"
local nearest = lost "knn"

-- One point a trial, in the colour of its method, and the bars of the table's last column.
local x, y, labels = {}, {}, {}
for k, study in ipairs(studies) do
  for _, trial in ipairs(study:trials { state = "ok" }) do
    x[#x + 1], y[#y + 1] = trial.values.rankme, trial.values.accuracy
    labels[#labels + 1] = METHODS[k].name
  end
end
local picture = ssl.plot.column {
  ssl.plot.scatter(x, y, { labels = labels, title = "RankMe of embeddings, accuracy of features",
    xlabel = "RankMe", ylabel = "accuracy of a ridge probe" }),
  ssl.plot.bar(judged, { linear, nearest }, { labels = { "linear probe", "kNN" }, horizontal = true,
    title = "Lost by choosing without labels",
    xlabel = "points of accuracy, mean of the methods" }),
}
local saved, problem = picture:save(folder .. "/rankme.svg")
for k, study in ipairs(studies) do
  if saved then saved, problem = study:report(("%s/%s.html"):format(folder, METHODS[k].name)) end
end
if not saved then quit(1, problem) end
print(("\n%s: rankme.svg, and a report on each sweep as an HTML page"):format(folder))

-- ==}
