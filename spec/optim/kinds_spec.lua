-- LARS, Lion, orthogonal gradients and SAM: worked numbers, and ten steps of recursions written out
-- in Python; groups and clipping against PyTorch.

local fixtures = dofile "spec/fixtures/optim.lua"
local ssl = require "sslkit"

local optim = ssl.optim
local F64 = "float64"

local function double(values) return ssl.tensor(values, F64) end

local function leaf(values) return double(values):requires_grad() end

-- x after one step with gradient g.
local function stepped(kind, x, g, options, slot)
  x = leaf(x)
  local opt = optim[kind]({ x }, options)
  if slot then
    local state = opt:state()
    state.t, state.slots = 1, { slot }
    opt:load_state(state)
  end
  x:grad(double(g))
  assert.is_true(opt:step())
  return x, opt
end

describe("one step of", function()
  local W, G = { { 3, 4 }, { 0, 0 } }, { { 0.6, 0 }, { 0, 0.8 } }
  local o = { lr = 10, weight_decay = 0.1 }

  it("lars is that of the worked example", function()
    assert.tensor_near({ { 2.9645350317, 3.9842377919 }, { 0, -0.0315244162 } },
      (stepped("lars", W, G, o)), 1e-10)
  end)

  it("lars in the form of bolts has the worked trust ratio", function()
    local q, options = 0.0033333333, { lr = 10, weight_decay = 0.1, variant = "bolts" }
    -- 1e-8: 10 digits of a ratio of 1/300 that 0.001 more or less (the 1e-8 in it) would change
    assert.tensor_near({ { 3 - 10 * q * 0.9, 4 - 10 * q * 0.4 }, { 0, -10 * q * 0.8 } },
      (stepped("lars", W, G, options)), 1e-8)
  end)

  it("lars in the form of larc is never longer than that of gradient descent", function()
    local options = { lr = 0.1, eta = 1e3, weight_decay = 0.1, variant = "larc" }
    assert.tensor_near({ { 3 - 0.09, 4 - 0.04 }, { 0, -0.08 } },
      (stepped("lars", W, G, options)), 1e-14)
  end)

  it("lars moves what begins at 0, and stays where there is no gradient", function()
    assert.tensor_near({ { -0.5 } }, (stepped("lars", { { 0 } }, { { 1 } }, { lr = 0.5 })))
    assert.tensor_near({ { 2 } }, (stepped("lars", { { 2 } }, { { 0 } }, { lr = 0.5 })))
    assert.tensor_near({ { 1.8 } },
      (stepped("lars", { { 2 } }, { { 0 } }, { lr = 0.5, weight_decay = 0.2, eta = 0.2 })), 1e-14)
  end)

  it("lars leaves biases to plain gradient descent, and adapts them where asked", function()
    local options = { lr = 0.1, weight_decay = 0.5 }
    assert.tensor_near({ 2.9, 3.8 }, (stepped("lars", { 3, 4 }, { 1, 2 }, options)), 1e-14)
    options.no_decay = true -- and what is tagged so
    assert.tensor_near({ { 2.9, 3.8 } }, (stepped("lars", { { 3, 4 } }, { { 1, 2 } }, options)),
      1e-14)
    options.no_decay = false
    local q = 1e-3 * 5 / math.sqrt(2.5 ^ 2 + 4 ^ 2)
    assert.tensor_near({ 3 - 0.1 * q * 2.5, 4 - 0.1 * q * 4 },
      (stepped("lars", { 3, 4 }, { 1, 2 }, options)), 1e-14)
  end)

  it("lion is that of the worked example", function()
    local x, opt = stepped("lion", { 1, -2 }, { 0.1, -0.3 }, { lr = 0.01, weight_decay = 0.1 },
      { t = 1, m = double { 0.05, 0.02 } })
    assert.tensor_near({ 0.989, -1.988 }, x, 1e-14)
    assert.tensor_near({ 0.0505, 0.0168 }, opt:state().slots[1].m, 1e-14)
  end)

  it("lion knows that the sign of 0 is 0", function()
    assert.tensor_near({ 1, 0.9, 1.1 }, (stepped("lion", { 1, 1, 1 }, { 0, 1e-30, -1e-30 },
      { lr = 0.1 })), 1e-14)
  end)

  it("orthograd is that of the worked example", function()
    local w, g = { { 1, 2, 2 } }, { { 0.5, -1, 2 } }
    assert.tensor_near({ { 1 - 0.2385593618, 2 + 1.6699155326, 2 - 1.5506358517 } },
      (stepped("orthograd", w, g, { lr = 1 })), 1e-10)
    assert.tensor_near({ { 1 - 0.2222222222, 2 + 1.5555555556, 2 - 1.4444444444 } },
      (stepped("orthograd", w, g, { lr = 1, rescale = false })), 1e-10)
    assert.tensor_near({ 0.5, 3, 0 }, (stepped("orthograd", w[1], g[1], { lr = 1 })), 1e-14)
    assert.tensor_near({ 1 - 0.2385593618, 2 + 1.6699155326, 2 - 1.5506358517 },
      (stepped("orthograd", w[1], g[1], { lr = 1, all = true })), 1e-10)
  end)

  it("orthograd does not step along the rounding of a gradient that lies along the weight",
    function()
      for _, dtype in ipairs { "float32", F64 } do
        local start = ssl.randn(7, 9, { dtype = dtype })
        local w = start:clone():requires_grad()
        w:grad(start * (1 / 3))
        optim.orthograd({ w }, { lr = 1 }):step()
        assert.is_true(ssl.equal(start, w))
      end
      -- no direction to be orthogonal to
      local w = stepped("orthograd", { { 0, 0 } }, { { 1, 2 } }, { lr = 1 })
      assert.tensor_near({ { -1, -2 } }, w)
    end)
end)

describe("ten steps are those of the recursion:", function()
  local lars = { lr = 0.5, weight_decay = 0.1, eta = 0.05 }
  local adamw = { base = "adamw", lr = 0.05, weight_decay = 0.1 }
  local function with(options, more)
    local new = {}
    for key, value in pairs(options) do new[key] = value end
    for key, value in pairs(more) do new[key] = value end
    return new
  end
  local settings = {
    { "lars", with(lars, {}), fixtures.lars.moco },
    { "lars", with(lars, { variant = "simclr" }), fixtures.lars.simclr },
    { "lars", with(lars, { variant = "bolts" }), fixtures.lars.bolts },
    { "lars", with(lars, { variant = "larc" }), fixtures.lars.larc },
    { "lars", with(lars, { lr = 0.1, nesterov = true }), fixtures.lars_nesterov },
    { "lars", with(lars, { momentum = 0, weight_decay = 0 }), fixtures.lars_plain },
    { "lion", { lr = 0.03, weight_decay = 0.2 }, fixtures.lion },
    { "lion", { lr = 0.03 }, fixtures.lion_plain },
    { "orthograd", with(adamw, {}), fixtures.orthograd },
    { "orthograd", with(adamw, { rescale = false }), fixtures.orthograd_paper },
    { "orthograd", with(adamw, { all = true }), fixtures.orthograd_all },
    { "sam", { rho = 0.1, lr = 0.05, momentum = 0.9 }, fixtures.sam },
    { "sgd", { lr = 0.05, momentum = 0.9, weight_decay = 0.1 }, fixtures.sgd_groups,
      group = { lr = 0.01, momentum = 0.5, weight_decay = 0.3 }, falls = true },
    { "adamw", { lr = 0.05, weight_decay = 0.1 }, fixtures.adamw_groups,
      group = { lr = 0.2, weight_decay = 0 }, falls = true },
    -- PyTorch divides by the norm + 1e-6
    { "sgd", { lr = 0.05 }, fixtures.clip_norm, tolerance = 1e-6,
      clip = function(ps) optim.clip_grad_norm(ps, 2) end },
    { "sgd", { lr = 0.05 }, fixtures.clip_value,
      clip = function(ps) optim.clip_grad_value(ps, 0.7) end },
  }

  local function trajectory(s, dtype, visit)
    local ps = {}
    for i, values in ipairs(fixtures.start) do
      ps[i] = ssl.tensor(values, dtype):requires_grad()
    end
    local params = s.group and { { params = { ps[1] } }, with(s.group, { params = { ps[2] } }) }
    local opt = optim[s[1]](params or ps, s[2])
    if s.falls then opt:set_schedule(function(t) return 0.05 / t end) end
    for t = 1, 10 do
      local function backward()
        opt:zero_grad()
        local loss = 0
        for i, p in ipairs(ps) do
          loss = loss + (p * p * i):sum() + (p * ((t - 5) / 3)):sum() + p:flatten():prod(1):sum()
        end
        loss:backward()
      end
      backward()
      if s.clip then s.clip(ps) end
      opt:step(backward)
      visit(t, ps)
    end
  end

  for k, s in ipairs(settings) do
    it(("%s (%d)"):format(s[1], k), function()
      trajectory(s, F64, function(t, ps)
        -- 1e-8: the fixture holds 9 digits
        for i, p in ipairs(ps) do assert.tensor_near(s[3][t][i], p, s.tolerance or 1e-8) end
      end)
      trajectory(s, "float32", function(t, ps)
        -- 5e-6: ten steps of float32, of which some divide by small norms
        for i, p in ipairs(ps) do assert.tensor_near(s[3][t][i], p, 5e-6) end
      end)
    end)
  end
end)

describe("kinds of optimisers", function()
  it("check their options", function()
    local params = { leaf { { 1, 2 } } }
    local function refused(kind, message, options)
      message = { "bad argument #2 to '" .. kind .. "'", message }
      assert.raises(message, optim[kind], params, options)
    end
    refused("lars", "variant must be one of moco, simclr, bolts, larc, got string 'x'",
      { variant = "x" })
    refused("lars", "eta must be in 0..inf, got -1", { eta = -1 })
    refused("lars", "nesterov needs a momentum", { nesterov = true, momentum = 0 })
    refused("lars", "nesterov must be true or false, got number 1", { nesterov = 1 })
    refused("lars", "unknown option 'trust'; known: eta, lr, momentum, nesterov", { trust = 1 })
    refused("lion", "betas must lie in [0, 1), got 1", { betas = { 1, 0 } })
    refused("lion", "unknown option 'eps'", { eps = 1 })
    refused("orthograd",
      "base must be one of adam, adamw, frugal, lars, lion, sgd, got string 'sam'",
      { base = "sam" })
    refused("orthograd", "rescale must be true or false, got number 1", { rescale = 1 })
    refused("orthograd", "all must be true or false, got string 'x'", { all = "x" })
    refused("orthograd", "unknown option 'betas'; known: all, base, dampening", { betas = 1 })
    refused("orthograd", "betas = {b1, b2} expected, got number 1", { base = "lion", betas = 1 })
    refused("orthograd", "table of options expected, got number 3", 3)
    refused("sam", "rho must be in 0..inf, got -1", { rho = -1 })
    refused("sam", "rho must be a finite number, got string 'x'", { rho = "x" })
    refused("sam", "nesterov needs a momentum", { nesterov = true })
    refused("sam", "base must be one of", { base = 5 })
  end)

  it("tell what they are", function()
    local params = { leaf { { 1, 2 } } }
    assert.equal("lion(lr 0.0001, 0 steps)", tostring(optim.lion(params)))
    assert.equal("orthograd(adam, lr 0.001, 0 steps)",
      tostring(optim.orthograd(params, { base = "adam" })))
  end)

  it("take gradients that are views, and empty parameters", function()
    for _, kind in ipairs { "sgd", "adamw", "lars", "lion", "frugal", "orthograd" } do
      local g = ssl.randn(5, 3)
      local x, y = ssl.ones(3, 5):requires_grad(), ssl.ones(3, 5):requires_grad()
      local none = ssl.zeros(0, 3):requires_grad()
      local first, second = optim[kind]({ x, none }), optim[kind] { y }
      for _ = 1, 3 do
        x:grad(g:t())
        none:grad(ssl.zeros(0, 3))
        y:grad(g:t():contiguous())
        assert.is_true(first:step() and second:step())
      end
      assert.is_true(ssl.equal(x, y), kind)
    end
  end)
end)
