-- ssl.train in one go; what goes on from checkpoints is in resume_spec.lua.

local cjson = require "cjson"
local runs = require "spec.train.runs"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local losses = ssl.losses

describe("train", function()
  it("does what the loop by hand does, to the bit", function()
    local net, by_hand = runs.net "batch", runs.net "batch"
    local result = ssl.train(runs.options { model = net, epochs = 2 })
    local opt = ssl.optim.adam(by_hand:parameters(), { lr = 0.01 })
    local loader, steps, last = runs.loader(), 0, nil
    for _ = 1, 2 do
      for x, y in loader do
        opt:zero_grad()
        local loss = losses.cross_entropy(by_hand(x:flatten(2)), y)
        loss:backward()
        opt:step()
        steps, last = steps + 1, loss:item()
      end
    end
    assert.is_true(runs.same(net, by_hand))
    assert.equal(14, steps)
    assert.equal(14, result.steps)
    assert.equal(2, result.epochs)
    assert.is_false(net.training)
    assert.is_true(last < 0.9 * result.history[1].loss)
  end)

  it("keeps means over log_every steps, and what is left at the end", function()
    local seen = {}
    local result = ssl.train(runs.options { steps = 8, log_every = 3, hooks = {
      step = function(run) seen[run.step] = run.loss end } })
    local history = result.history
    assert.same({ 3, 6, 8 }, { history[1].step, history[2].step, history[3].step })
    assert.same({ 1, 1, 2 }, { history[1].epoch, history[2].epoch, history[3].epoch })
    assert.equal((seen[4] + seen[5] + seen[6]) / 3, history[2].loss)
    assert.equal((seen[7] + seen[8]) / 2, history[3].loss)
    assert.equal(0.01, history[1].lr)
    local by_epoch = ssl.train(runs.options { epochs = 3, log_every = "epoch" }).history
    assert.same({ 7, 14, 21 }, { by_epoch[1].step, by_epoch[2].step, by_epoch[3].step })
  end)

  it("records named values, and writes them to a log", function()
    local temp = temporary()
    local path = temp.path "run.jsonl"
    local result = ssl.train(runs.options { steps = 4, log = path, log_every = 2, clip = 1,
      loss = function(net, batch)
        local z = net(batch.x:flatten(2))
        return { loss = losses.cross_entropy(z, batch.y), largest = z:max(), n = #batch.y }
      end })
    assert.equal(32, result.history[1].n)
    assert.is_true(result.history[1].grad_norm > 0)
    local records = assert(ssl.log.read(path))
    assert.equal(2, #records)
    for name, v in pairs(result.history[2]) do assert.equal(v, records[2][name]) end
    ssl.train(runs.options { steps = 2, log = path }) -- a new run begins a new log
    assert.equal(1, #ssl.log.read(path))
    local log = ssl.log.jsonl(path)
    ssl.train(runs.options { steps = 2, log = log })
    log:write { loss = 0 } -- the caller's log stays open
    log:close()
    local last
    for line in temp.read("run.jsonl"):gmatch "[^\n]+" do last = cjson.decode(line) end
    assert.equal(3, last.step)
    temp.remove()
  end)

  it("calls its hooks, which may stop it, record, and turn to evaluation", function()
    local events = {}
    local result = ssl.train(runs.options { epochs = 3, log_every = 100, hooks = {
      step = function(run)
        assert.is_true(run.model.training)
        events[#events + 1] = run.step
      end,
      epoch = function(run)
        events[#events + 1] = "epoch " .. run.epoch
        run.model:eval()
        if run.epoch == 2 then return false end
        return { accuracy = run.epoch / 2 }
      end,
    } })
    assert.same({ 1, 2, 3, 4, 5, 6, 7, "epoch 1", 8, 9, 10, 11, 12, 13, 14, "epoch 2" }, events)
    assert.is_true(result.stopped)
    assert.equal(0.5, result.history[1].accuracy)
    assert.same({ 7, 14 }, { result.history[1].step, result.history[2].step })
    assert.is_nil(result.history[2].accuracy)
    local few = ssl.train(runs.options { steps = 9, hooks = {
      step = function(run) return run.step < 4 end } })
    assert.equal(4, few.steps)
  end)

  it("averages the gradients of several batches, and of what an epoch has left", function()
    local one, two = runs.net(), runs.net()
    -- in order, so that two batches of 25 are one of 50; float32 sums differ by some 1e-7
    local function options(net, batch, accumulate)
      return runs.options { model = net, epochs = 2, accumulate = accumulate,
        data = runs.loader { batch = batch, shuffle = false }, optimizer = { "sgd", lr = 0.1 } }
    end
    local a = ssl.train(options(one, 50))
    local b = ssl.train(options(two, 25, 2))
    assert.equal(8, a.steps)
    assert.equal(8, b.steps)
    for name, t in pairs(one:state()) do
      assert.is_true(ssl.allclose(t, two:state()[name], { rtol = 1e-5, atol = 1e-6 }), name)
    end
    assert.equal(2, ssl.train(options(runs.net(), 40, 4)).epochs)
    assert.equal(4, ssl.train(options(runs.net(), 40, 4)).steps) -- 4 and 1 batches, twice
  end)

  it("looks at its batches once more for sam", function()
    local x = ssl.randn({ 6, 3 }, { generator = ssl.generator(3) })
    local function loss_of(model, batch) return (model(batch.x) - 1):square():mean() end
    for _, accumulate in ipairs { 1, 2 } do
      local net = ssl.nn.Linear(3, 1)
      local twin = net:clone()
      local size = 6 // accumulate
      local i = 0
      ssl.train { model = net, steps = 1, accumulate = accumulate, clip = 0.1, loss = loss_of,
        optimizer = { "sam", base = "sgd", rho = 0.5, lr = 0.1 },
        data = function()
          i = i + 1
          return i <= accumulate and x:narrow(1, (i - 1) * size + 1, i * size) or nil
        end }
      local opt = ssl.optim.sam(twin:parameters(), { base = "sgd", rho = 0.5, lr = 0.1 })
      local function gradients() -- of all rows at once
        opt:zero_grad()
        loss_of(twin, { x = x }):backward()
        ssl.optim.clip_grad_norm(twin:parameters(), 0.1)
      end
      gradients()
      opt:step(gradients)
      assert.tensor_near(twin.weight, net.weight, 1e-6)
    end
  end)

  it("clips the norm of all gradients together", function()
    local net = ssl.nn.Linear(2, 1, { bias = false })
    ssl.no_grad(function() net.weight:fill_(0) end)
    local result = ssl.train { model = net, steps = 1, optimizer = { "sgd", lr = 1 }, clip = 0.5,
      data = function() return ssl.tensor { { 3, 4 } } end,
      loss = function(m, b) return m(b.x):sum() end }
    assert.equal(5, result.history[1].grad_norm)
    assert.tensor_near({ { -0.3, -0.4 } }, net.weight, 1e-6)
  end)

  it("makes optimisers, schedules and averages of names, and takes made ones", function()
    local net = runs.net()
    local rates = {}
    local result = ssl.train(runs.options { model = net, steps = 6, ema = 0.5,
      optimizer = function(params) return ssl.optim.sgd(params, { lr = 0.2 }) end,
      schedule = { "cosine", warmup = 2 }, log_every = 1 })
    for i, entry in ipairs(result.history) do rates[i] = entry.lr end
    local schedule = ssl.optim.schedule.cosine { lr = 0.2, steps = 6, warmup = 2 }
    for t = 1, 6 do assert.equal(schedule(t), rates[t]) end
    assert.equal(6, result.ema.updates)
    assert.is_false(runs.same(net, result.ema.model))
    local opt = ssl.optim.adam(net:parameters())
    ssl.train(runs.options { model = net, steps = 2, optimizer = opt,
      schedule = function() return 0.125 end })
    assert.equal(0.125, opt.lr)
    assert.equal(2, opt.t)
  end)

  it("gives the loss what the data give", function()
    local function batches(data, steps)
      local list = {}
      ssl.train { model = ssl.nn.Linear(1, 1), data = data, steps = steps or 1, optimizer = "sgd",
        loss = function(net, batch)
          list[#list + 1] = batch
          return net(ssl.ones(1, 1)):sum()
        end }
      return list
    end
    local b = batches(runs.loader { views = 2 })[1]
    assert.is_true(rawequal(b.x, b.x1) and rawequal(b.x1, b[1]) and rawequal(b.x2, b[2]))
    assert.is_true(rawequal(b.y, b[3]) and rawequal(b.index, b[4]))
    assert.equal(32, #b.index)
    local own = { anything = 3 }
    assert.is_true(rawequal(own, batches(function() return own end)[1]))
    local n = 0
    local list = batches(function()
      n = n + 1
      return n % 4 > 0 and ssl.full({ 1 }, n) or nil -- three batches an epoch
    end, 4)
    assert.equal(5, list[4].x:item())
  end)

  it("seeds the default generator", function()
    local function draw()
      local x
      ssl.train(runs.options { steps = 1, seed = 7, loss = function(net, b)
        x = ssl.rand(1):item()
        return runs.loss(net, b)
      end })
      return x
    end
    assert.equal(draw(), draw())
  end)

  it("raises when the loss is not finite, and leaves the model as it was", function()
    local net, calls, before = runs.net(), 0, nil
    local options = runs.options { model = net, steps = 9, loss = function(m, batch)
      calls, before = calls + 1, m:state()
      return runs.loss(m, batch) * (calls == 3 and 0 / 0 or 1)
    end }
    assert.raises("the loss is nan in step 3 (epoch 1, lr 0.01); the losses before it: 2.",
      function() ssl.train(options) end)
    assert.equal(3, calls)
    assert.is_true(runs.same(before, net:state()))
  end)

  it("passes over steps that are not finite, when told so", function()
    local calls = 0
    local net = runs.net()
    local result = ssl.train(runs.options { model = net, steps = 5, on_nan = "skip", log_every = 1,
      loss = function(m, batch)
        calls = calls + 1
        local loss = runs.loss(m, batch)
        if calls == 2 then return loss * math.huge end
        -- a finite loss whose slope is infinite
        if calls == 4 then return loss + (m(batch.x:flatten(2)) * 0):sum():sqrt() end
        return loss
      end })
    assert.equal(2, result.skipped)
    assert.equal(5, result.steps)
    for _, t in pairs(net:state()) do assert.is_true(t:isfinite():all():item() == 1) end
    assert.matches("skipped +2", tostring(result))
  end)

  it("prints what it has come to", function()
    local text = tostring(ssl.train(runs.options { epochs = 1, log_every = 1 }))
    assert.matches("^training: 7 steps, 1 epoch, [%d.]+ s\n", text)
    assert.matches("\n  loss +2%.%d+ %-> [%d.]+\n", text)
    assert.matches("\n  peak memory +[%d.]+ MiB %([%d.]+ MiB resident%)$", text)
  end)

  it("tells the largest memory in use", function()
    local result = ssl.train { model = ssl.nn.Linear(1, 1), steps = 1, optimizer = "sgd",
      data = function() return ssl.ones(1, 1) end,
      loss = function(net, batch)
        local large = ssl.zeros(5 << 20) -- 20 MiB
        return net(batch.x):sum() + large[1]
      end }
    assert.is_true(result.peak_memory > 20 << 20)
    assert.is_true(result.peak_memory < 200 << 20)
    assert.is_true(result.peak_rss >= 20 << 20)
  end)

  it("stops before the first step where none is asked for", function()
    local net = runs.net()
    local before = net:state()
    local result = ssl.train(runs.options { model = net, steps = 0 })
    assert.equal(0, result.steps)
    assert.same({}, result.history)
    assert.is_true(runs.same(before, net:state()))
  end)

  it("puts the collector back, and closes what it opened, after errors too", function()
    local pause = collectgarbage("setpause", 200)
    local ok, message = pcall(ssl.train, runs.options { steps = 3, loss = function()
      error "mine"
    end })
    assert.is_false(ok)
    assert.matches("mine$", message)
    assert.equal(200, collectgarbage("setpause", pause))
  end)
end)

describe("train says what is wrong:", function()
  local function raises(message, more)
    local options = runs.options(more)
    assert.raises(message, function() ssl.train(options) end)
  end

  it("with its options", function()
    assert.raises("#1 to 'train' (table of options expected, got number 3)",
      function() ssl.train(3) end)
    assert.raises("#1 to 'train' (model must be a module, got nil)", function() ssl.train {} end)
    raises("unknown option 'epoch'; known: accumulate,", { epoch = 3 })
    raises("steps or epochs must say when to end", {})
    raises("steps must be in 0..inf, got -1", { steps = -1 })
    raises("data is a dataset: ssl.data.loader(data, {batch = ...}) gives its batches",
      { steps = 1, data = ssl.data.digits() })
    raises("data must be a loader or a function that gives the next batch, got number 3",
      { steps = 1, data = 3 })
    raises("loss must be a function of the model and a batch, got string 'ce'",
      { steps = 1, loss = "ce" })
    raises("there is no optimizer 'adan'", { steps = 1, optimizer = "adan" })
    raises("optimizer must be one, a function of the parameters", { steps = 1, optimizer = 3 })
    raises("unknown option 'rate'", { steps = 1, optimizer = { "sgd", rate = 3 } })
    raises("there is no schedule 'cosin'", { steps = 1, schedule = "cosin" })
    raises("unknown option 'steps_'; known: checkpoint, epoch, step",
      { steps = 1, hooks = { steps_ = print } })
    raises("hook 'step' must be a function, got number 3", { steps = 1, hooks = { step = 3 } })
    raises("clip must be above 0", { steps = 1, clip = 0 })
    raises("ema must be in 0..1, got 2", { steps = 1, ema = 2 })
    raises("on_nan must be one of raise, skip, got string 'no'", { steps = 1, on_nan = "no" })
    raises('log_every (or "epoch") must be a whole number, got string \'step\'',
      { steps = 1, log_every = "step" })
    raises("log must be a path or a log, got number 3", { steps = 1, log = 3 })
    raises("checkpoint must be a path, got boolean true", { steps = 1, checkpoint = true })
    raises("resume = true needs checkpoint = path", { steps = 1, resume = true })
    raises("state 'queue' must have the functions state and load_state, got table",
      { steps = 1, state = { queue = {} } })
    raises("interrupt must be true or false, got number 1", { steps = 1, interrupt = 1 })
  end)

  it("with a loss", function()
    raises("the loss must be a tensor of one element that depends on parameters, got number 3",
      { steps = 1, loss = function() return 3 end })
    raises("got tensor () float32 off the tape",
      { steps = 1, loss = function() return ssl.ones(2):sum() end })
    raises("got tensor (10) float32",
      { steps = 1, loss = function(net, b) return net(b.x:flatten(2))[1] end })
    raises("'lr' cannot be the name of a value: step, epoch, time and lr are taken",
      { steps = 1, loss = function(net, b) return { loss = runs.loss(net, b), lr = 3 } end })
    raises("'name' must be a number or a tensor of one element, got string 'x'",
      { steps = 1, loss = function(net, b) return { loss = runs.loss(net, b), name = "x" } end })
  end)

  it("with data that end, and hooks that answer nonsense", function()
    raises("data gave no batch in epoch 1", { epochs = 1, data = function() end })
    local n = 0
    raises("data gave no batch in epoch 2", { epochs = 2, data = function()
      n = n + 1
      return n < 3 and { x = ssl.ones(1, 64), y = ssl.ones(1, "int64") } or nil
    end })
    raises("hook 'step' must return nothing, false or a table of numbers, got number 3",
      { steps = 1, hooks = { step = function() return 3 end } })
  end)

  it("with a log that cannot be opened, as a message", function()
    local net = runs.net()
    local result, message = ssl.train(runs.options { model = net, steps = 1,
      log = "/nowhere/a.jsonl" })
    assert.is_nil(result)
    assert.equal("/nowhere/a.jsonl: No such file or directory", message)
  end)
end)
