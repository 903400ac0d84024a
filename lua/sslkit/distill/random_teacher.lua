-- The student of a random teacher (von Sarnthein, Adilova, Hofmann, ICML 2023): a student learns
-- the outputs of a frozen random network from images without labels, and its features become
-- better than the teacher's.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local data = require "sslkit.data"
local losses = require "sslkit.losses"
local metrics = require "sslkit.metrics"
local optim = require "sslkit.optim"
local evaluation = require "sslkit.distill.evaluate"
local interpolation = require "sslkit.distill.interpolate"
local model = require "sslkit.distill.model"
local T = require "sslkit.tensor"

local M = {}

local DEFAULTS = {
  arch = "mlp", loss = "ce", alpha = 1e-3, steps = 400, lr = 2e-3, final_lr = 0.02, batch = 64,
  seed = 1, weight_norm = true, noise = false, k = 20, probe_rows = 10000, log_every = 20,
}
local MORE = {
  data = true, test = true, head = true, teacher = true, pixels = true, progress = true,
}
local HEAD = { hidden = { 256, 256 }, bottleneck = 64, prototypes = 256 }

-- Streams of one seed: what one of them draws never depends on the others.
local TEACHER, FRESH, NOISE = 1, 2, 3

local WATCHED = 1000 -- rows whose RankMe is followed during training
local AHEAD = 16     -- batches that the teacher sees at once

local function read_options(given)
  local o = check.options(1, given, DEFAULTS, MORE)
  for _, name in ipairs { "data", "test" } do
    local ds = o[name]
    if type(ds) ~= "table" or not core.is_tensor(ds.x) or not core.is_tensor(ds.y) then
      check.fail(1, "%s must be a dataset with x and y, got %s", name, check.kind(ds))
    end
  end
  for name, least in pairs { steps = 1, batch = 2, k = 1, probe_rows = 1, log_every = 1 } do
    o[name] = check.integer(1, name, o[name], least)
  end
  check.integer(1, "seed", o.seed)
  check.number(1, "alpha", o.alpha, 0, 1)
  check.number(1, "lr", o.lr, 0)
  check.one_of(1, "loss", o.loss, { "ce", "mse" })
  if #o.data < o.batch then
    check.fail(1, "batch of %d from a dataset with %d samples", o.batch, #o.data)
  end
  o.head = check.options(1, o.head, HEAD)
  o.head.weight_norm = o.weight_norm
  return o
end

-- All inputs are shifted and scaled by the mean and spread of the training pixels.
local function statistics(ds)
  local levels = core.dtype(ds.x) == "uint8" and (ds.levels or 255) or 1
  local mean, std = T.mean(ds.x):item() / levels, T.std(ds.x):item() / levels
  return { mean = mean, std = std > 0 and std or 1, levels = levels }
end

local function standardise(x, s) return (x:to "float32" / s.levels - s.mean) / s.std end

local function probing_data(o, s)
  local rows = math.min(o.probe_rows, #o.data)
  return {
    k = o.k,
    train_x = standardise(o.data.x:narrow(1, 1, rows), s), train_y = o.data.y:narrow(1, 1, rows),
    test_x = standardise(o.test.x, s), test_y = o.test.y,
  }
end

-- Batches of inputs without end, epoch after epoch; under `noise` Gaussian ones of the same shape.
local function batches(o, s)
  if o.noise then
    local shape, g = { core.shape(o.data.x) }, T.generator(o.seed):split(NOISE)
    shape[1] = o.batch
    return function() return T.randn(shape, { generator = g }) end
  end
  local loader = data.loader(o.data, {
    batch = o.batch, seed = o.seed, drop_last = true, normalize = { mean = s.mean, std = s.std },
  })
  return coroutine.wrap(function()
    while true do
      for x in loader do coroutine.yield(x) end
    end
  end)
end

-- Batches with the teacher's outputs for them. The teacher is frozen, so it sees many batches at
-- once: one large product is faster than many small ones.
local function lessons(teacher, next_batch)
  teacher:eval()
  local xs, targets, at = {}, nil, AHEAD
  return function()
    if at == AHEAD then
      for i = 1, AHEAD do xs[i] = next_batch() end
      targets, at = autograd.no_grad(function() return teacher(T.cat(xs)) end), 0
    end
    at = at + 1
    local n = #xs[at]
    return xs[at], targets:narrow(1, (at - 1) * n + 1, at * n)
  end
end

-- The loss to be learnt from, and a function that gives it above its least possible value: for
-- "ce" the KL divergence, which cross-entropy exceeds by the teacher's entropy.
local function objective(o, out, target)
  if o.loss == "mse" then
    local loss = losses.mse(out, target)
    return loss, function() return loss:item() end
  end
  local p = T.softmax(target)
  return losses.cross_entropy(out, p), function()
    return losses.kl(T.log_softmax(core.detach(out)), p):item()
  end
end

-- Trains the student in place; `log(step, excess loss)` is called before the first step, every
-- log_every steps and before the last one.
local function distil(o, teacher, student, next_batch, log)
  local opt = optim.adamw(student:parameters(),
    { lr = o.lr, betas = { 0.9, 0.98 }, weight_decay = 0 })
  local schedule = { lr = o.lr, steps = o.steps, final = o.lr * o.final_lr }
  opt:set_schedule(optim.schedule.cosine(schedule))
  local lesson = lessons(teacher, next_batch)
  student:train()
  for step = 1, o.steps do
    local x, target = lesson()
    local loss, excess = objective(o, student(x), target)
    if step == 1 or step % o.log_every == 0 or step == o.steps then log(step, excess()) end
    opt:zero_grad()
    loss:backward()
    opt:step()
    if o.progress then o.progress:update(1) end
  end
  student:eval()
end

local function features_of(m)
  return function(x) return m:features(x) end
end

--- Trains a student on the outputs of a frozen random teacher, and measures teacher, student and
-- raw inputs alike on the first `probe_rows` training rows and all test rows: kNN (L2, k
-- neighbours, unweighted; and cosine, weighted), a logistic probe, RankMe, effective rank,
-- alignment (an image and itself moved by a pixel) and uniformity.
-- @param options table: data, test = datasets with x and y; arch = "mlp" (five ReLU layers of 256)
-- or a module [N, ...] -> [N, d], whose parameters are drawn anew; head = {hidden={256, 256},
-- bottleneck=64, prototypes=256}; loss = "ce" | "mse" on the logits ("ce"); alpha = how far from
-- the teacher the student starts, see interpolate (1e-3); steps (400); lr (2e-3); final_lr = where its
-- cosine ends, as a share (0.02); batch (64); seed (1); weight_norm (true); noise = train on Gaussian
-- inputs (false); k (20); probe_rows (10000); log_every (20); teacher, pixels = those of an earlier
-- result of the same seed and data, taken as they are; progress = a progress bar to move
-- @return table {teacher=, student=, pixels=} of {model=, knn=, knn_cosine=, linear=, rankme=,
-- effective_rank=, alignment=, uniformity=} (accuracies in 0..1); history = { {step=, loss=,
-- rankme=}, ... } before that step (loss: KL divergence in nats); settings; seconds
-- @raise on wrong options; an error while training says how far it had come
-- @source von Sarnthein, Adilova, Hofmann 2023, "Random teachers are good teachers", ICML, sec. 3
-- @example local d = ssl.data.digits():subset(ssl.arange(1, 99, 1, "int64")); return ssl.distill.random_teacher{data = d, test = d, steps = 2, k = 3}.history[1].step --> 1
function M.random_teacher(options)
  local o = read_options(options)
  local started = core.clock()
  local s = statistics(o.data)
  local probing = probing_data(o, s)
  local g = T.generator(o.seed)
  local sample = probing.train_x:narrow(1, 1, 1)
  local function draw(stream) return model.build(o.arch, o.head, sample, g:split(stream)) end
  local teacher = o.teacher and o.teacher.model or draw(TEACHER)
  local student = interpolation.interpolate(teacher, draw(FRESH), o.alpha)

  local watched = probing.train_x:narrow(1, 1, math.min(WATCHED, #probing.train_x))
  local history, reached = {}, 0
  local function log(step, excess)
    student:eval()
    local rankme = metrics.rankme(evaluation.embed(features_of(student), watched))
    student:train()
    history[#history + 1] = { step = step, loss = excess, rankme = rankme }
    reached = step
    if o.progress then o.progress:set { loss = excess } end
  end
  local ok, message = pcall(distil, o, teacher, student, batches(o, s), log)
  if not ok then
    error(("random teacher, seed %d, between steps %d and %d of %d: %s"):format(
      o.seed, reached, math.min(reached + o.log_every, o.steps), o.steps, message), 0)
  end

  local function measured(m)
    local result = evaluation.evaluate(features_of(m), probing)
    result.model = m
    return result
  end
  local result = {
    teacher = o.teacher or measured(teacher),
    student = measured(student),
    pixels = o.pixels or evaluation.evaluate(function(x) return T.flatten(x, 2) end, probing),
    history = history,
    settings = o,
    seconds = core.clock() - started,
  }
  for name in pairs(MORE) do -- what is left are the settings, which are plain data
    if name ~= "head" then o[name] = nil end
  end
  return result
end

return M
