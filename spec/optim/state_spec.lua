-- States of optimisers: resuming is exact to the bit, and what does not fit changes nothing.

local ssl = require "sslkit"

local optim = ssl.optim

local KINDS = {
  sgd = { "sgd", { momentum = 0.9, dampening = 0.2 } },
  sgd_plain = { "sgd", {} },
  adam = { "adam", {} },
  adamw = { "adamw", { weight_decay = 0.1 } },
  lars = { "lars", { eta = 0.1, weight_decay = 0.1 } },
  lion = { "lion", {} },
  orthograd = { "orthograd", { base = "adamw" } },
  sam = { "sam", { base = "sgd", momentum = 0.9 } },
  frugal_columns = { "frugal", { every = 3, density = 0.4 } },
  frugal_rows = { "frugal", { every = 4, select = "rows", stateful = "lion", weight_decay = 0.1 } },
  frugal_coordinates = { "frugal", { every = 2, select = "coordinates", seed = 5 } },
  frugal_blocks = { "frugal", { every = 2, select = "blocks", density = 0.5 } },
}

-- A problem of three parameters: the optimiser and they.
local function make(kind, dtype)
  local g = ssl.generator(3)
  local ps = {}
  for i, shape in ipairs { { 4, 5 }, { 3, 3, 2 }, { 5 } } do
    ps[i] = ssl.randn(shape, { dtype = dtype, generator = g }):requires_grad()
  end
  local options = { lr = 0.1 }
  for key, value in pairs(KINDS[kind][2]) do options[key] = value end
  local opt = optim[KINDS[kind][1]]({
    { params = { ps[1] } }, { params = { ps[2], ps[3] }, weight_decay = 0.3, lr = 0.05 },
  }, options)
  return opt:set_schedule(optim.schedule.cosine { lr = 0.1, steps = 20, warmup = 3 }), ps
end

local function run(opt, ps, first, last)
  for t = first, last do
    opt:zero_grad()
    local function backward()
      local loss = 0
      for i, p in ipairs(ps) do loss = loss + (p * p * i):sum() + (p * ((t - 7) / 3)):sum() end
      if t == 4 then loss = loss * (0 / 0) end -- one step is skipped
      loss:backward()
    end
    backward()
    if t == 5 then opt.groups[2].lr, opt.groups[1].weight_decay = 0.02, 0.2 end
    opt:step(backward) -- the closure is for sam
  end
end

local function copies(ps)
  local list = {}
  for i, p in ipairs(ps) do list[i] = p:detach():clone() end
  return list
end

describe("an optimiser's state", function()
  for kind in pairs(KINDS) do
    for _, dtype in ipairs { "float32", "float64" } do
      it(("resumes to the bit: %s %s"):format(kind, dtype), function()
        local opt, ps = make(kind, dtype)
        run(opt, ps, 1, 6)
        local state, at = opt:state(), copies(ps)
        run(opt, ps, 7, 15)
        local again, qs = make(kind, dtype)
        for i, q in ipairs(qs) do q:detach():copy_(at[i]) end
        assert.equal(again, again:load_state(state))
        assert.equal(1, again.skipped)
        assert.equal(5, again.t)
        run(again, qs, 7, 15)
        for i, p in ipairs(ps) do
          assert.is_true(ssl.equal(p, qs[i]))
          assert.is_false(ssl.equal(p, at[i]))
        end
        assert.equal(opt.lr, again.lr)
      end)
    end
  end

  it("holds what was set while training", function()
    local opt = make("sgd", "float32")
    opt.lr, opt.weight_decay, opt.momentum, opt.groups[1].momentum = 0.5, 0.25, 0.75, 0.125
    local again = optim.sgd({
      { params = { ssl.ones(4, 5):requires_grad() }, lr = 3 },
      { params = { ssl.ones(3, 3, 2):requires_grad(), ssl.ones(5):requires_grad() } },
    }, { lr = 1 })
    again:load_state(opt:state())
    assert.same({ 0.5, 0.1, 0.25, 0.75 },
      { again.lr, again.base_lr, again.weight_decay, again.momentum })
    assert.is_nil(again.groups[1].lr)
    assert.same({ 0.125, 0.05, 0.3 },
      { again.groups[1].momentum, again.groups[2].lr, again.groups[2].weight_decay })
  end)

  it("is a copy, and plain", function()
    local opt, ps = make("adam", "float32")
    run(opt, ps, 1, 2)
    local state = opt:state()
    local m = state.slots[1].m:clone()
    run(opt, ps, 3, 3)
    assert.is_true(ssl.equal(m, state.slots[1].m))
    opt:load_state(state)
    run(opt, ps, 5, 5)
    assert.is_true(ssl.equal(m, state.slots[1].m))
    local fields = {}
    for name in pairs(state) do fields[#fields + 1] = name end
    table.sort(fields)
    assert.same({ "base_lr", "groups", "lr", "skipped", "slots", "t", "weight_decay" }, fields)
  end)

  it("is taken whole or not at all", function()
    local opt, ps = make("adam", "float32")
    run(opt, ps, 1, 2)
    local function refused(message, change)
      local state, before = opt:state(), opt:state()
      state.lr, state.weight_decay, state.groups[1].lr = 77, 77, 77
      change(state)
      assert.raises(message, opt.load_state, opt, state)
      local after = opt:state()
      assert.same({ 2, before.lr, 0 }, { opt.t, opt.lr, opt.weight_decay })
      assert.same(before.groups, after.groups)
      assert.is_true(ssl.equal(before.slots[1].m, after.slots[1].m))
    end
    refused("m of parameter 1 is (3) float32, and (4,5) float32 is needed",
      function(s) s.slots[1].m = ssl.ones(3) end)
    refused("v of parameter 2 is (2) float32", function(s) s.slots[2].v = ssl.ones(2) end)
    refused("v of parameter 1 expected, got nil", function(s) s.slots[1].v = nil end)
    refused("parameter 1 has no 'b' here", function(s) s.slots[1].b = ssl.ones(4, 5) end)
    refused("t of parameter 1 must be a whole number, got nil", function(s) s.slots[1].t = nil end)
    refused("a table for parameter 2 expected, got number 3", function(s) s.slots[2] = 3 end)
    refused("the state has a parameter 4, which is not here", function(s) s.slots[4] = {} end)
    refused("t must be in 0..inf, got -1", function(s) s.t = -1 end)
    refused("lr must be a finite number, got nil", function(s) s.lr = nil end)
    refused("base_lr must be a finite number, got nil", function(s) s.base_lr = nil end)
    refused("weight_decay must be in 0..inf, got -1", function(s) s.weight_decay = -1 end)
    refused("skipped must be a whole number, got nil", function(s) s.skipped = nil end)
    refused("state table with slots expected", function(s) s.slots = nil end)
    refused("a list of groups as long as here, 2, expected, got 1", function(s)
      s.groups[2] = nil
    end)
    refused("a list of groups as long as here, 2, expected, got nil",
      function(s) s.groups = nil end)
    refused("a table for group 2 expected, got number 1", function(s) s.groups[2] = 1 end)
    refused("lr of group 2 must be in 0..inf, got -3", function(s) s.groups[2].lr = -3 end)
    assert.raises("state table with slots expected, got nil", opt.load_state, opt)
    local other = make("sgd", "float32")
    assert.raises("parameter 1 has no '", other.load_state, other,
      (function() local s = opt:state(); s.momentum = 0; return s end)())
    local frugal, qs = make("frugal_columns", "float32")
    run(frugal, qs, 1, 1)
    local state = frugal:state()
    state.slots[1].m = ssl.ones(4, 5)
    assert.raises("m of parameter 1 is (4,5) float32, and (4,2) float32 is needed",
      frugal.load_state, frugal, state)
  end)
end)
