-- Moving averages of models.

local ssl = require "sslkit"

local nn, optim = ssl.nn, ssl.optim
local F64 = "float64"

local function net()
  return nn.Sequential(nn.Linear(2, 2, { dtype = F64 }), nn.BatchNorm1d(2, { dtype = F64 }))
end

describe("ema", function()
  it("starts as a copy without gradients, in evaluation mode", function()
    local m = net()
    local e = optim.ema(m)
    assert.equal(0.996, e.momentum)
    assert.equal(0, e.updates)
    for i, p in ipairs(e.model:parameters()) do
      assert.is_true(ssl.equal(p, m:parameters()[i]))
      assert.is_false(p:needs_grad())
      assert.are_not.equal(p, m:parameters()[i])
    end
    assert.equal(4, #e.model:parameters())
    assert.is_false(e.model.training)
    assert.is_true(m.training)
    assert.is_false(e.model(ssl.ones(2, 2, F64)):needs_grad())
  end)

  it("tells what it is", function()
    local e = ssl.optim.ema(ssl.nn.Linear(2, 2), { momentum = 0.9 })
    e:update()
    assert.equal("ema(momentum 0.9, 1 updates)", tostring(e))
  end)

  it("moves by the recursion p = momentum p + (1 - momentum) q", function()
    local m = net()
    local e = optim.ema(m, { momentum = 0.9 })
    local want = m["0"].weight:detach():clone()
    for k = 1, 5 do
      m["0"].weight:detach():fill_(k)
      e:update()
      want = want * 0.9 + 0.1 * k
      assert.tensor_near(want, e.model["0"].weight, 1e-14)
    end
    e:update(0.5)
    assert.tensor_near(want * 0.5 + 2.5, e.model["0"].weight, 1e-14)
    assert.equal(6, e.updates)
    e:update(1)
    assert.tensor_near(want * 0.5 + 2.5, e.model["0"].weight, 1e-14)
    e:update(0)
    assert.tensor_near({ { 5, 5 }, { 5, 5 } }, e.model["0"].weight)
    assert.is_true(m["0"].weight:needs_grad())
  end)

  it("copies running statistics, averages them, or leaves them to the average", function()
    for policy, want in pairs { copy = 4, ema = 0.4, own = 0 } do
      local m = net()
      m["1"].count = ssl.tensor({ 0 }, "int64")
      local e = optim.ema(m, { momentum = 0.9, buffers = policy })
      m["1"].running_mean:fill_(4)
      m["1"].count:fill_(4)
      e:update()
      assert.tensor_near({ want, want }, e.model["1"].running_mean, 1e-14)
      assert.same({ policy == "own" and 0 or 4 }, e.model["1"].count:totable())
    end
  end)

  it("follows a model in training", function()
    local m = net()
    local e, opt = optim.ema(m, { momentum = 0.5 }), optim.sgd(m:parameters(), { lr = 0.1 })
    for _ = 1, 3 do
      opt:zero_grad()
      m(ssl.randn(4, 2, F64)):square():mean():backward()
      opt:step()
      e:update()
    end
    assert.is_false(ssl.equal(e.model["0"].weight, m["0"].weight))
    assert.is_true((m["0"].weight * 1):needs_grad())
    assert.is_true(ssl.equal(e.model["1"].running_var, m["1"].running_var))
  end)

  it("follows a schedule of its momentum", function()
    local function momenta(options, n)
      local e, list = optim.ema(nn.Linear(1, 1), options), {}
      for k = 1, n do list[k] = e:update() end
      return list
    end
    local cosine = momenta({ momentum = 0.99, schedule = "cosine", steps = 10 }, 12)
    for t, want in pairs { [0] = 0.99, [3] = 0.9920610737, [5] = 0.995, [10] = 1, [11] = 1 } do
      assert.near(want, cosine[t + 1], 1e-10)
    end
    assert.tensor_near({ 0.5, 0.6, 0.7, 0.8, 0.9, 0.9 },
      momenta({ momentum = 0.5, schedule = "linear", steps = 4, final = 0.9 }, 6), 1e-15)
    assert.tensor_near({ 0, 1 / 2, 2 / 3, 3 / 4, 0.76, 0.76 },
      momenta({ momentum = 0.76, schedule = "mean_teacher" }, 6), 1e-15)
    assert.same({ 0.9, 0.9 }, momenta({ momentum = 0.9 }, 2))
    local e = optim.ema(nn.Linear(1, 1), { momentum = 0.5, schedule = "linear", steps = 2 })
    e:update()
    local again = optim.ema(nn.Linear(1, 1), { momentum = 0.5, schedule = "linear", steps = 2 })
    again:load_state(e:state()) -- the schedule goes on with the count
    assert.same({ 0.75, 0.75 }, { e:update(), again:update() })
    assert.equal(0.25, e:update(0.25))
  end)

  it("is, as a mean teacher, the mean of all weights at first", function()
    local m = nn.Linear(1, 1, { dtype = F64 })
    local e = optim.ema(m, { momentum = 0.999, schedule = "mean_teacher" })
    for k = 1, 5 do
      m.weight:detach():fill_(k)
      e:update()
      assert.tensor_near({ { (k + 1) / 2 } }, e.model.weight, 1e-14)
    end
  end)

  it("averages large parameters alike, whatever the number of threads", function()
    -- 300001 elements make several pieces, the last one ragged
    for _, dtype in ipairs { "float32", F64 } do
      local m, results = nn.Linear(1, 300001, { bias = false, dtype = dtype }), {}
      local start = m.weight:detach():clone()
      for _, threads in ipairs { 1, 2 } do
        ssl.set_threads(threads)
        m.weight:detach():copy_(start)
        local e = optim.ema(m, { momentum = 0.9 })
        m.weight:detach():fill_(2)
        e:update()
        results[threads] = e.model.weight
      end
      assert.is_true(ssl.equal(results[1], results[2]))
      assert.is_true(ssl.allclose(start * 0.9 + 0.2, results[1]))
    end
  end)

  it("resumes from its state to the bit", function()
    local m = net()
    local e = optim.ema(m, { momentum = 0.9 })
    m["0"].weight:detach():fill_(3)
    e:update()
    local state = e:state()
    local again = optim.ema(m, { momentum = 0.9 })
    assert.equal(again, again:load_state(state))
    e:update()
    again:update()
    assert.equal(2, again.updates)
    assert.is_true(ssl.equal(e.model["0"].weight, again.model["0"].weight))
  end)

  it("says what is wrong with its arguments, and when the model is another one now", function()
    local m = net()
    assert.raises("bad argument #1 to 'ema' (module expected, got nil)", optim.ema)
    assert.raises("momentum must be in 0..1, got 1.5", optim.ema, m, { momentum = 1.5 })
    assert.raises("buffers must be one of copy, ema, own", optim.ema, m, { buffers = "none" })
    assert.raises("unknown option 'decay'", optim.ema, m, { decay = 0.9 })
    assert.raises("schedule must be one of constant, cosine, linear, mean_teacher", optim.ema, m,
      { schedule = "x" })
    assert.raises("steps must be a whole number, got nil", optim.ema, m, { schedule = "cosine" })
    assert.raises("final must be in 0..1, got 2", optim.ema, m, { final = 2 })
    local e = optim.ema(m)
    assert.raises("momentum must be a finite number, got string 'x'", e.update, e, "x")
    assert.raises("updates must be a whole number, got nil", e.load_state, e, {})
    assert.raises("tensor '0.weight' expected, got nil", e.load_state, e,
      { updates = 1, model = {} })
    assert.equal(0, e.updates)
    m:to "float32"
    assert.raises({ "the model has changed", "'0.weight' is (2,2) float64 in the average",
      "(2,2) float32 in the model" }, e.update, e)
    assert.is_true((m["0"].weight * 1):needs_grad()) -- still recording
    m["1"] = nil
    assert.raises("the model has changed", e.update, e)
    local twin = net()
    local other = optim.ema(twin)
    local last = other.model["0"].weight:clone()
    twin["0"].weight:detach():fill_(7)
    twin["1"].running_mean = ssl.zeros(5, F64)
    assert.raises("'1.running_mean' is (2) float64 in the average", other.update, other)
    assert.is_true(ssl.equal(last, other.model["0"].weight)) -- none is moved where one does not fit
  end)
end)
