-- The steps of sgd, adam and adamw: worked numbers, PyTorch's trajectories, recursions written out.

local fixtures = dofile("spec/fixtures/nn.lua").optimisers
local ssl = require "sslkit"

local optim = ssl.optim
local F64 = "float64"

local function double(values) return ssl.tensor(values, F64) end

-- x = (1, -2) after one step with gradient (0.1, -0.3).
local function stepped(make, options, slot)
  local x = double { 1, -2 }:requires_grad()
  local opt = make({ x }, options)
  if slot then
    local state = opt:state()
    state.t, state.slots = 1, { slot }
    opt:load_state(state)
  end
  x:grad(double { 0.1, -0.3 })
  assert.is_true(opt:step())
  return x
end

describe("one step of", function()
  it("sgd is that of the worked example, with and without Nesterov", function()
    local function slot() return { t = 1, momentum = double { 0.2, -0.1 } } end
    local o = { lr = 0.1, momentum = 0.9, weight_decay = 0.01 }
    assert.tensor_near({ 0.971, -1.959 }, stepped(optim.sgd, o, slot()), 1e-14)
    o.nesterov = true
    assert.tensor_near({ 0.9629, -1.9311 }, stepped(optim.sgd, o, slot()), 1e-14)
    assert.tensor_near({ 0.99, -1.97 }, stepped(optim.sgd, { lr = 0.1 }), 1e-14)
  end)

  it("adam and adamw is that of the worked example", function()
    local o = { lr = 0.1, weight_decay = 0.01 }
    -- 1e-10: the example's digits
    assert.tensor_near({ 0.8990000100, -1.8980000033 }, stepped(optim.adamw, o), 1e-10)
    assert.tensor_near({ 0.9000000091, -1.9000000031 }, stepped(optim.adam, o), 1e-10)
  end)
end)

describe("ten steps on two parameters are PyTorch's:", function()
  local common = { lr = 0.05, weight_decay = 0.1 }
  local settings = {
    sgd = { optim.sgd, { lr = 0.05 } },
    sgd_decay = { optim.sgd, common },
    sgd_momentum = { optim.sgd, { lr = 0.05, weight_decay = 0.1, momentum = 0.9 } },
    sgd_dampening = { optim.sgd, { lr = 0.05, momentum = 0.9, dampening = 0.3 } },
    sgd_nesterov = { optim.sgd,
      { lr = 0.05, weight_decay = 0.1, momentum = 0.9, nesterov = true } },
    adam = { optim.adam, { lr = 0.1 } },
    adam_decay = { optim.adam,
      { lr = 0.1, betas = { 0.8, 0.95 }, eps = 1e-3, weight_decay = 0.1 } },
    adamw = { optim.adamw, { lr = 0.1 } },
    adamw_decay = { optim.adamw, { lr = 0.1, weight_decay = 0.3 } },
  }

  local function trajectory(make, options, dtype, visit)
    local ps = {}
    for i, values in ipairs(fixtures.start) do
      ps[i] = ssl.tensor(values, dtype):requires_grad()
    end
    local opt = make(ps, options)
    for t = 1, 10 do
      opt:zero_grad()
      local loss = 0
      for i, p in ipairs(ps) do loss = loss + (p * p * i):sum() + (p * ((t - 5) / 3)):sum() end
      loss:backward()
      opt:step()
      visit(t, ps)
    end
  end

  for name, s in pairs(settings) do
    it(name, function()
      trajectory(s[1], s[2], F64, function(t, ps)
        -- 1e-8: the fixture holds 9 digits
        for i, p in ipairs(ps) do assert.tensor_near(fixtures[name][t][i], p, 1e-8) end
      end)
      trajectory(s[1], s[2], "float32", function(t, ps)
        -- 2e-6: ten steps of float32
        for i, p in ipairs(ps) do assert.tensor_near(fixtures[name][t][i], p, 2e-6) end
      end)
    end)
  end
end)

describe("steps", function()
  it("of large parameters are those of their elements, whatever the number of threads", function()
    -- 300001 elements make several pieces, the last one ragged
    local n = 300001
    local start, g = ssl.randn(n), ssl.randn(n)
    for _, kind in ipairs { "sgd", "adam", "adamw", "lion" } do
      local options = { lr = 0.1, weight_decay = 0.01, momentum = kind == "sgd" and 0.9 or nil }
      local results = {}
      for _, threads in ipairs { 1, 2 } do
        ssl.set_threads(threads)
        local x = start:clone():requires_grad()
        local opt = optim[kind]({ x }, options)
        for _ = 1, 2 do
          x:grad(g)
          opt:step()
        end
        results[threads] = x:detach()
      end
      assert.is_true(ssl.equal(results[1], results[2]), kind)
      for _, i in ipairs { 1, 65536, 65537, n } do
        local x = start:narrow(1, i, i):clone():requires_grad()
        local opt = optim[kind]({ x }, options)
        for _ = 1, 2 do
          x:grad(g:narrow(1, i, i):clone())
          opt:step()
        end
        assert.tensor_near(x, results[1]:narrow(1, i, i), 1e-6)
      end
    end
  end)

  it("take gradients that are views", function()
    local x = ssl.zeros(2, 2):requires_grad()
    x:grad(ssl.tensor { { 1, 2 }, { 3, 4 } }:t())
    optim.sgd({ x }, { lr = 1 }):step()
    assert.tensor_near({ { -1, -3 }, { -2, -4 } }, x)
  end)

  it("count for every parameter from its own first gradient", function()
    local late, fresh = double { 1 }:requires_grad(), double { 1 }:requires_grad()
    local other = double { 1 }:requires_grad()
    local opt = optim.adam({ other, late }, { lr = 0.1 })
    for _ = 1, 50 do
      other:grad(double { 1 })
      opt:step()
    end
    late:grad(double { 0.5 })
    opt:step()
    local again = optim.adam({ fresh }, { lr = 0.1 })
    fresh:grad(double { 0.5 })
    again:step()
    assert.tensor_near(fresh, late, 1e-15)
  end)

  it("of a leaf leave it a leaf, and are noticed by a graph from before", function()
    local w = ssl.ones(2):requires_grad()
    local loss = (w * w):sum()
    loss:backward { retain_graph = true }
    optim.sgd({ w }, { lr = 0.1 }):step()
    assert.is_true(w:is_leaf() and w:needs_grad())
    assert.raises("changed in place", loss.backward, loss)
  end)
end)
