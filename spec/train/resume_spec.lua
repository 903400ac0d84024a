-- Runs that end too early and go on: from checkpoints in this process, after kill -9, after Ctrl-C
-- and SIGTERM.

local core = require "sslkit.core"
local runs = require "spec.train.runs"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

-- Noise from the default generator, batch norm, an average, records that do not divide the steps,
-- and an object with a state of its own.
local function rich(more)
  local counter = { n = 0 }
  function counter.state() return { n = counter.n } end
  function counter.load_state(_, s) counter.n = s.n end
  local o = runs.options {
    model = runs.net "batch", ema = 0.9, clip = 1, log_every = 3,
    schedule = { "cosine", steps = 20 },
    optimizer = { "sgd", lr = 0.1, momentum = 0.9 }, seed = 11, state = { counter = counter },
    loss = function(net, batch)
      counter.n = counter.n + 1
      local x = batch.x:flatten(2)
      x = x + ssl.randn(x:shape()) * 0.1
      local loss = ssl.losses.cross_entropy(net(x), batch.y)
      return { loss = loss * (1 + 0.01 * counter.n), noise = ssl.rand(1) }
    end,
  }
  for name, v in pairs(more) do o[name] = v end
  return o
end

describe("a resumed run", function()
  local temp, path
  before_each(function()
    temp = temporary()
    path = temp.path "run.ckpt"
  end)
  after_each(function() temp.remove() end)

  -- A log without the time of day.
  local function records(name)
    local list = {}
    for i, r in ipairs(assert(ssl.log.read(temp.path(name)))) do
      local copy = {}
      for key, v in pairs(r) do if key ~= "time" then copy[key] = v end end
      list[i] = copy
    end
    return list
  end

  local function die_at(step)
    return { step = function(run) if run.step == step then error("dead", 0) end end }
  end

  -- Dies in each of the steps, and is begun again by the same call until it has come through.
  local function stumble(deaths, more)
    local net, result
    for _, step in ipairs(deaths) do
      more.hooks, more.resume, more.checkpoint = die_at(step), true, path
      more.log = temp.path "resumed.jsonl"
      local options = rich(more)
      net = options.model
      ssl.seed(step) -- whatever the process has drawn before
      local ok, value = pcall(ssl.train, options)
      if ok then result = assert(value) else assert.equal("dead", value) end
    end
    return net, result
  end

  for name, more in pairs {
    ["in the middle of epochs"] = { checkpoint_every = 3 },
    ["from the ends of epochs"] = {},
    ["with several batches a step"] = { accumulate = 2, checkpoint_every = 2 },
    ["with adamw, in order"] = { checkpoint_every = 1, optimizer = { "adamw", lr = 0.01 },
      data = "in order" },
  } do
    it("is that which was never stopped, to the bit: " .. name, function()
      local function options()
        local o = { steps = 20 }
        for key, v in pairs(more) do o[key] = v end
        if o.data then o.data = runs.loader { shuffle = false } end
        return o
      end
      local first = options()
      first.log = temp.path "straight.jsonl"
      first = rich(first)
      local straight = assert(ssl.train(first))
      local tail = ssl.rand(3)
      local net, result
      local deaths = { 1, 5, 5, 8, 13, 20, 21 }
      net, result = stumble(deaths, options())
      assert.is_true(ssl.equal(tail, ssl.rand(3)))
      assert.is_true(runs.same(first.model, net))
      assert.is_true(runs.same(straight.ema.model, result.ema.model))
      assert.same(straight.history, result.history)
      assert.equal(straight.epochs, result.epochs)
      assert.same(records "straight.jsonl", records "resumed.jsonl")
    end)
  end

  it("differs where a state is left out, or the tests above were blind", function()
    local first = rich { steps = 6 }
    assert(ssl.train(first))
    local other = rich { steps = 6, state = {}, checkpoint = path, checkpoint_every = 2,
      hooks = die_at(5) }
    pcall(ssl.train, other)
    other = rich { steps = 6, state = {}, checkpoint = path, resume = true }
    assert(ssl.train(other))
    assert.is_false(runs.same(first.model, other.model))
  end)

  it("begins where there is no checkpoint yet, and has nothing left to do after its end", function()
    local options = rich { steps = 4, checkpoint = path, resume = true }
    assert.equal(4, assert(ssl.train(options)).steps)
    local before = options.model:state()
    local again = rich { steps = 4, checkpoint = path, resume = true }
    local result = assert(ssl.train(again))
    assert.equal(4, result.steps)
    assert.equal(2, #result.history)
    assert.is_true(runs.same(before, again.model:state()))
    local longer = rich { steps = 9, checkpoint = temp.path "other.ckpt", resume = path }
    assert.equal(9, assert(ssl.train(longer)).steps)
    assert.same({ "other.ckpt", "run.ckpt" }, temp.names())
  end)

  it("keeps checkpoints under the numbers of their steps", function()
    local seen = {}
    assert(ssl.train(rich { steps = 9, checkpoint = path, checkpoint_every = 2, keep = 2,
      hooks = { checkpoint = function(run, at) seen[#seen + 1] = { run.step, at } end } }))
    assert.same({ "run-8.ckpt", "run-9.ckpt", "run.ckpt" }, temp.names())
    assert.equal(5, #seen)
    assert.same({ 2, path }, seen[1])
    local eighth = rich { steps = 10, resume = temp.path "run-8.ckpt" }
    assert.equal(10, assert(ssl.train(eighth)).steps)
  end)

  it("refuses what is damaged or does not fit, and changes nothing", function()
    assert(ssl.train(rich { steps = 3, checkpoint = path }))
    local function refused(message, at, more)
      local options = rich { steps = 5, resume = at }
      for name, v in pairs(more or {}) do options[name] = v end
      options.optimizer = options.optimizer(options.model:parameters())
      local before, moved = options.model:state(), options.optimizer:state()
      ssl.seed(3)
      options.seed = nil
      local drawn = ssl.generator():state()
      local result, text = ssl.train(options)
      assert.is_nil(result)
      assert.matches(message, text)
      assert.is_true(runs.same(before, options.model:state()))
      assert.same(moved, options.optimizer:state())
      assert.same(drawn, ssl.generator():state())
    end
    local function sgd(params) return ssl.optim.sgd(params, { momentum = 0.9 }) end
    local plain = { optimizer = sgd }
    refused("nowhere.ckpt: No such file", temp.path "nowhere.ckpt", plain)
    refused("a.ckpt: not a checkpoint", temp.write("a.ckpt", ("x"):rep(99)), plain)
    refused("b.ckpt: damaged: its check sum does not fit",
      temp.write("b.ckpt", temp.read("run.ckpt"):sub(1, -2) .. "x"), plain)
    require("sslkit.train.checkpoint").write(temp.path "c.ckpt", { 1, 2 })
    refused("c.ckpt: not a checkpoint of ssl.train", temp.path "c.ckpt", plain)
    refused("its state of 'optimizer' does not fit: m of parameter 1 expected, got nil$", path,
      { optimizer = ssl.optim.adam })
    refused("its state of 'model' does not fit: '4.%l+' is %(.*%) float32 here, got %(10", path,
      { optimizer = sgd, model = ssl.nn.mlp { sizes = { 64, 16, 9 }, norm = "batch" } })
    refused("it has a state of 'state.counter', which is not here", path,
      { optimizer = sgd, state = {} })
    local extra = { state = function() return {} end, load_state = function() end }
    refused("it has no state of 'state.queue'", path,
      { optimizer = sgd, state = { counter = extra, queue = extra } })
  end)

  it("ends at Ctrl-C behind the step, saves, says so, and gives the signal back", function()
    local signal = "INT"
    local function press() io.popen(("kill -%s $PPID"):format(signal)):close() end
    local function interrupted_run()
      local said, stderr = io.tmpfile(), io.stderr
      rawset(io, "stderr", said)
      local ok, result = pcall(ssl.train, rich { steps = 9, checkpoint = path, interrupt = true,
        progress = false, hooks = { step = function(run) if run.step == 4 then press() end end } })
      rawset(io, "stderr", stderr)
      assert(ok, result)
      assert.is_true(result.interrupted)
      assert.equal(4, result.steps)
      said:seek "set"
      assert.equal(("interrupted after step 4; saved in %s: resume = true goes on from there\n")
        :format(path), said:read "a")
      assert.matches("interrupted\n", tostring(result))
    end
    interrupted_run()
    assert.is_true(core.interrupts(true)) -- nobody has it any more, not even what is collected now
    collectgarbage()
    assert.is_true(core.interruptible(print, interrupted_run)) -- as at the prompt
    signal = "TERM" -- asked to go, as batch systems do
    interrupted_run()
    assert.is_true(core.interrupts(false))
    interrupted_run()

    local straight = rich { steps = 9 }
    local resumed = rich { steps = 9, checkpoint = path, resume = true }
    local a, b = assert(ssl.train(straight)), assert(ssl.train(resumed))
    assert.is_true(runs.same(straight.model, resumed.model))
    assert.same(a.history, b.history)

    assert.is_false((pcall(ssl.train, rich { steps = 9, interrupt = true, hooks = die_at(2) })))
    assert.is_true(core.interrupts(true))
    assert.is_true(core.interrupts(false))
  end)

  it("leaves SIGTERM to whoever had it before", function()
    local script = temp.write("run.lua", [[
      local ssl = require "sslkit"
      local function ask() io.popen("kill -TERM $PPID"):close() end
      local result = ssl.train {
        model = ssl.nn.Linear(2, 1), steps = 3, optimizer = "sgd", interrupt = true,
        data = function() return ssl.ones(3, 2) end,
        loss = function(m, b) return m(b.x):mean() end, hooks = { step = ask },
      }
      io.stdout:write(result.steps, "\n"):flush()
      ask()
      print "still here"
    ]])
    local function said(before)
      local pipe = io.popen(("%s exec lua5.4 %s 2>&1"):format(before, script))
      local text = pipe:read "a"
      return text, select(3, pipe:close())
    end
    local line = "interrupted after step 1; not saved, for want of checkpoint = path\n1\n"
    assert.same({ line, 15 }, { said "" })
    assert.same({ line .. "still here\n", 0 }, { said "trap '' TERM;" })
  end)

  -- A process of its own, killed in a step that chance chooses, until one comes through.
  it("is that which was never stopped, after kill -9 #slow", function()
    local script = temp.write("run.lua", [[
      local ssl = require "sslkit"
      local path, out, resume = arg[1], arg[2], arg[3] == "resume"
      ssl.set_threads(1)
      ssl.seed(5)
      local net = ssl.nn.mlp { sizes = { 64, 32, 10 }, norm = "batch" }
      local result = assert(ssl.train {
        model = net, steps = 60, checkpoint = path, checkpoint_every = 4, resume = resume,
        optimizer = { "adamw", lr = 0.01 }, schedule = "cosine", ema = 0.9, seed = 3,
        data = ssl.data.loader(ssl.data.digits(), { batch = 64, seed = 2 }),
        loss = function(m, batch)
          local x = batch.x:flatten(2)
          return ssl.losses.cross_entropy(m(x + ssl.randn(x:shape()) * 0.1), batch.y)
        end,
        hooks = { step = function(run) print(run.step) io.stdout:flush() end },
      })
      assert(ssl.save(out, net))
      print("end " .. result.history[#result.history].loss)
    ]])
    -- Runs it; kills it where it prints `last`. Gives its last line.
    local function child(at, out, mode, last)
      local pipe = io.popen(("echo $$; exec lua5.4 %s %s %s %s 2>&1"):format(script, at, out, mode))
      local pid, line = pipe:read(), nil
      for text in pipe:lines() do
        line = text
        if text == last then os.execute("kill -9 " .. pid) break end
      end
      pipe:close()
      return line
    end
    local straight = child(temp.path "a.ckpt", temp.path "a.safetensors", "fresh", "")
    local seed = os.time()
    math.randomseed(seed)
    local line
    local attempts = 0
    repeat
      attempts = attempts + 1
      line = child(path, temp.path "b.safetensors", "resume",
        attempts <= 4 and tostring(math.random(attempts * 12 - 11, attempts * 12)) or "")
    until not line or line:find "^end" or attempts > 9
    assert.equal(straight, line, "seed " .. seed)
    assert.is_true(runs.same(assert(ssl.load(temp.path "a.safetensors")),
      assert(ssl.load(temp.path "b.safetensors"))), "seed " .. seed)
  end)
end)
