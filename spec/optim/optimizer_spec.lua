-- What all optimisers share: groups, decay, steps that are skipped, schedules, state.

local ssl = require "sslkit"

local optim = ssl.optim

local function leaf(...) return ssl.tensor { ... }:requires_grad() end

-- An optimiser after a step with gradients of 1 for all.
local function step(opt)
  for _, group in ipairs(opt.groups) do
    for _, p in ipairs(group.params) do p:grad(ssl.ones_like(p:detach())) end
  end
  opt:step()
  return opt
end

describe("groups", function()
  it("have rates and decays of their own, and otherwise the optimiser's", function()
    local a, b, c = leaf(1), leaf(1), leaf(1)
    step(optim.sgd({ { params = { a } }, { params = { b }, lr = 0.5 },
      { params = { c }, weight_decay = 1 } }, { lr = 0.1 }))
    assert.tensor_near({ 0.9 }, a)
    assert.tensor_near({ 0.5 }, b)
    assert.tensor_near({ 0.8 }, c)
  end)

  it("may be one tensor, or empty", function()
    local a = leaf(1)
    step(optim.sgd({ { params = a }, { params = {} } }, { lr = 0.1 }))
    assert.tensor_near({ 0.9 }, a)
  end)

  it("can be spared decay: all of them, or biases and norms", function()
    local function decayed(options, tag)
      local w, b = ssl.ones(1, 1):requires_grad(), leaf(1)
      step(optim.sgd({ { params = { w, b }, no_decay = tag } }, options))
      return { w:item() < 0.95, b:item() < 0.95 }
    end
    local with = { lr = 0.04, weight_decay = 1 }
    assert.same({ true, true }, decayed(with))
    assert.same({ false, false }, decayed(with, true))
    assert.same({ true, false }, decayed(with, "1d"))
    with.no_decay = "1d"
    assert.same({ true, false }, decayed(with))
    assert.same({ true, true }, decayed(with, false))
  end)

  it("have rates that a schedule moves in proportion", function()
    local a, b = leaf(1), leaf(1)
    local opt = optim.sgd({ { params = { a } }, { params = { b }, lr = 0.5 } }, { lr = 0.1 })
    step(opt:set_schedule(function() return 0.2 end))
    assert.tensor_near({ 0.8 }, a)
    assert.tensor_near({ 0 }, b)
    opt:set_schedule(nil)
    opt.lr = 0.05 -- as a rate that is set does
    step(opt)
    assert.tensor_near({ 0.75 }, a)
    assert.tensor_near({ -0.25 }, b)
  end)

  it("keep rates of their own where the optimiser was made with 0", function()
    local a, b = leaf(1), leaf(1)
    step(optim.sgd({ { params = { a } }, { params = { b }, lr = 0.5 } }, { lr = 0 }))
    assert.tensor_near({ 1 }, a)
    assert.tensor_near({ 0.5 }, b)
  end)

  it("may be changed while training", function()
    local a, b = leaf(0), leaf(1)
    local opt = optim.sgd({ { params = { a } }, { params = { b } } }, { lr = 1 })
    local first, second = opt.groups[1], opt.groups[2]
    step(opt) -- a has moved by 1, and keeps no momentum
    first.lr, first.momentum, second.weight_decay = 0.5, 0.9, 2
    step(opt)
    assert.tensor_near({ -1.5 }, a)
    assert.tensor_near({ -1 }, b)
    step(opt) -- the momentum begins with the first step that has one
    assert.tensor_near({ -1.5 - 0.5 * 1.9 }, a)
    assert.tensor_near({ -1 + 1 }, b)
    for key, message in pairs { lr = "lr must be a finite number, got string 'x'",
      weight_decay = "weight_decay must be", momentum = "momentum must be" } do
      local before, old = { a:clone(), b:clone() }, second[key]
      second[key] = "x"
      assert.raises({ "'step' on bad self", message }, step, opt)
      second[key] = old
      assert.is_true(ssl.equal(before[1], a) and ssl.equal(before[2], b))
      assert.equal(3, opt.t)
    end
  end)

  it("are checked", function()
    local a = leaf(1)
    local first = "bad argument #1 to 'sgd' ("
    assert.raises(first .. "list of parameters or of groups expected, got nil", optim.sgd)
    assert.raises(first .. "list of parameters or of groups expected, got an empty table",
      optim.sgd, {})
    assert.raises("got tensor (1) float32", optim.sgd, a)
    assert.raises("got sslkit.nn.Linear", optim.sgd, ssl.nn.Linear(2, 2))
    assert.raises(first .. "group 1 must be a table {params = ...}, got number 1", optim.sgd, { 1 })
    assert.raises("group 2 must be a table {params = ...}, got tensor", optim.sgd,
      { { params = { a } }, leaf(2) })
    assert.raises("group 1 needs params, a list of parameters, got nil", optim.sgd, { { lr = 1 } })
    assert.raises("unknown option 'momentum'; known: lr, no_decay, params, weight_decay",
      optim.adam, { { params = { a }, momentum = 0.9 } })
    assert.raises("momentum must be in 0..inf, got -1", optim.sgd,
      { { params = { a }, momentum = -1 } })
    assert.raises("lr must be a finite number, got string 'x'", optim.sgd,
      { { params = { a }, lr = "x" } })
    assert.raises("no_decay must be false, true or '1d', got string '2d'", optim.sgd,
      { { params = { a }, no_decay = "2d" } })
    assert.raises("parameter (1) float32 is listed twice", optim.sgd, { a, a })
    assert.raises("is listed twice", optim.sgd, { { params = { a } }, { params = { a } } })
    assert.raises("parameter (1) float32 is no leaf that requires_grad", optim.sgd, { ssl.ones(1) })
    assert.raises("is no leaf", optim.sgd, { a * 1 })
    assert.raises("parameter (3,2) float32 is not contiguous", optim.sgd,
      { ssl.ones(2, 3):t():requires_grad() })
    assert.raises("parameter expected, got string 'w'", optim.sgd, { a, "w" })
    assert.raises("parameter of dtype float expected, got (1) int64", optim.sgd,
      { ssl.ones(1, "int64") })
  end)
end)

describe("options", function()
  it("are checked", function()
    local params = { leaf(1) }
    local function refused(message, kind, options)
      message = { "bad argument #2 to '" .. kind .. "'", message }
      assert.raises(message, optim[kind], params, options)
    end
    refused("lr must be in 0..inf, got -1", "adam", { lr = -1 })
    refused("lr must be a finite number, got number inf", "adam", { lr = math.huge })
    refused("weight_decay must be a finite number, got boolean true", "sgd",
      { weight_decay = true })
    refused("momentum must be in 0..inf", "sgd", { momentum = -0.1 })
    refused("dampening must be a finite number", "sgd", { dampening = "x" })
    refused("eps must be a finite number", "adamw", { eps = {} })
    refused("betas = {b1, b2} expected, got number 0.9", "adam", { betas = 0.9 })
    refused("betas must lie in [0, 1), got 1", "adam", { betas = { 0.9, 1 } })
    refused("nesterov needs a momentum and no dampening", "sgd", { nesterov = true })
    refused("nesterov needs a momentum and no dampening", "sgd",
      { nesterov = true, momentum = 0.9, dampening = 0.1 })
    refused("unknown option 'momentum'; known: betas, eps, lr, no_decay, weight_decay", "adam",
      { momentum = 0.9 })
  end)

  it("belong to one optimiser", function()
    local first = optim.adam { leaf(1) }
    first.betas[1], first.lr = 0, 5
    local second = optim.adam { leaf(1) }
    assert.same({ 0.9, 0.999 }, second.betas)
    assert.equal(1e-3, second.lr)
  end)

  it("lr may be set, to a rate", function()
    local w = leaf(1)
    local opt = optim.sgd({ w }, { lr = 1 })
    opt.lr = 0.25
    step(opt)
    assert.tensor_near({ 0.75 }, w)
    assert.equal("sgd(lr 0.25, 1 steps)", tostring(opt))
    for _, wrong in ipairs { "x", -1, 0 / 0 } do
      opt.lr = wrong
      assert.raises("lr must be", step, opt)
    end
    assert.tensor_near({ 0.75 }, w)
    assert.equal(1, opt.t)
    assert.is_true((w * 1):needs_grad()) -- still recording
  end)

  it("are missed when a method is called without its colon", function()
    local opt = optim.sgd { leaf(1) }
    for _, name in ipairs { "step", "zero_grad", "state" } do
      assert.raises("optimiser expected, got nil; call its methods with a colon", function()
        opt[name]()
      end)
    end
  end)
end)

describe("a step", function()
  it("with NaN or Inf in any gradient is skipped as a whole, and counted", function()
    for _, bad in ipairs { 0 / 0, math.huge, -math.huge } do
      local a, b = leaf(1, 2, 3), leaf(4)
      local opt = step(optim.adam({ a, b }, { lr = 0.1 }))
      local before, state = { a:clone(), b:clone() }, opt:state()
      a:grad(ssl.ones(3))
      b:grad(ssl.tensor { bad })
      assert.is_false(opt:step())
      assert.equal(1, opt.skipped)
      assert.equal(1, opt.t)
      assert.is_true(ssl.equal(before[1], a) and ssl.equal(before[2], b))
      assert.is_true(ssl.equal(state.slots[1].m, opt:state().slots[1].m))
      b:grad(ssl.ones(1))
      assert.is_true(opt:step())
      assert.equal(1, opt.skipped)
      assert.equal(2, opt.t)
    end
    local g = ssl.ones(1000) -- wherever it stands
    local w = ssl.ones(1000):requires_grad()
    local opt = optim.sgd { w }
    for _, at in ipairs { 1, 17, 1000 } do
      local poisoned = g:clone()
      poisoned[at] = 0 / 0
      w:grad(poisoned)
      assert.is_false(opt:step())
    end
  end)

  it("leaves parameters without a gradient alone", function()
    local a, b = leaf(1), leaf(1)
    local opt = optim.sgd({ a, b }, { lr = 0.1, weight_decay = 1 })
    a:grad(ssl.ones(1))
    opt:step()
    assert.tensor_near({ 0.8 }, a)
    assert.tensor_near({ 1 }, b)
  end)

  it("leaves parameters alone that were frozen since", function()
    local net = ssl.nn.Linear(2, 1)
    local opt = optim.adam(net:parameters())
    local before = net.weight:clone()
    net.weight:requires_grad(false)
    net(ssl.ones(1, 2)):sum():backward()
    opt:step()
    opt:zero_grad()
    assert.is_true(ssl.equal(before, net.weight))
    assert.is_nil(net.bias:grad())
  end)
end)

describe("a schedule", function()
  it("gives the rate of step 1, 2, ...", function()
    local w, seen = leaf(1), {}
    local opt = optim.sgd({ w }, { lr = 9 })
    assert.equal(opt, opt:set_schedule(function(t)
      seen[#seen + 1] = t
      return 0.1 * t
    end))
    for t = 1, 3 do
      step(opt)
      assert.equal(0.1 * t, opt.lr)
    end
    assert.same({ 1, 2, 3 }, seen)
    assert.tensor_near({ 1 - 0.6 }, w)
    opt:set_schedule(nil)
    step(opt)
    assert.tensor_near({ 1 - 0.6 - 0.1 * 3 }, w)
  end)

  it("does not move on in a skipped step", function()
    local w, seen = leaf(1), {}
    local opt = optim.sgd({ w }):set_schedule(function(t)
      seen[#seen + 1] = t
      return 1
    end)
    w:grad(ssl.tensor { 0 / 0 })
    opt:step()
    step(opt)
    assert.same({ 1 }, seen)
  end)

  it("must be a function that gives rates", function()
    local opt = optim.sgd { leaf(1) }
    assert.raises("function expected, got number 0.1", opt.set_schedule, opt, 0.1)
    opt:set_schedule(function() end)
    assert.raises("lr must be a finite number, got nil", opt.step, opt)
    assert.equal(0, opt.t)
  end)
end)
