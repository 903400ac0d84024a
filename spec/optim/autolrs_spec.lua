-- AutoLRS: the Gaussian process, the forecast of a loss, and the search that they serve.

local forecast = require "sslkit.optim.forecast"
local process = require "sslkit.optim.process"
local ssl = require "sslkit"

local optim = ssl.optim

describe("the Gaussian process", function()
  it("expects the one value that it knows everywhere, less surely farther away", function()
    local means, deviations = process.expect({ 0.5 }, { 3 }, { 0, 0.5, 0.52 })
    assert.tensor_near({ 3, 3, 3 }, means, 1e-12)
    -- noise of variance 0.001 beside 1
    assert.near(math.sqrt(1 - 1 / 1.001), deviations[2], 1e-9)
    assert.is_true(deviations[2] < deviations[3] and deviations[3] < deviations[1])
    assert.is_true(deviations[1] <= 1)
  end)

  it("is that of the textbook, for one of its scales", function()
    local x, y, at = { 0.1, 0.4, 0.45, 0.9 }, { 2, -1, -0.5, 4 }, { 0, 0.3, 0.7, 1 }
    local means, deviations = process.expect(x, y, at)
    local spread = ssl.tensor(y, "float64"):std():item()
    local function k(a, b, scale) return math.exp(-(a - b) ^ 2 / (2 * scale ^ 2)) end
    local found = false
    for _, scale in ipairs { 0.05, 0.1, 0.2, 0.4, 0.8 } do
      local gram = ssl.zeros({ 4, 4 }, "float64")
      for i = 1, 4 do
        for j = 1, 4 do gram[i][j] = k(x[i], x[j], scale) + (i == j and 1e-3 or 0) end
      end
      local inverse = ssl.linalg.inv(gram)
      local fits = true
      for n, place in ipairs(at) do
        local across = {}
        for i = 1, 4 do across[i] = k(place, x[i], scale) end
        local row = inverse:matmul(ssl.tensor(across, "float64"))
        local unit = (ssl.tensor(y, "float64") - 1.125) / spread
        local mean = 1.125 + spread * row:dot(unit):item()
        local deviation = spread * math.sqrt(1 - row:dot(ssl.tensor(across, "float64")):item())
        fits = fits and math.abs(mean - means[n]) < 1e-9
          and math.abs(deviation - deviations[n]) < 1e-9
      end
      found = found or fits
    end
    assert.is_true(found)
  end)

  it("takes equal values, and values at one place", function()
    local means, deviations = process.expect({ 0.2, 0.2, 0.8 }, { 5, 5, 5 }, { 0.5 })
    assert.tensor_near({ 5 }, means, 1e-12)
    assert.is_true(deviations[1] > 0 and deviations[1] <= 1)
  end)
end)

describe("the forecast of a loss", function()
  local function curve(a, b, c, n, noise)
    local list = {}
    local g = noise and ssl.randn(n, { generator = ssl.generator(1), dtype = "float64" })
    for t = 1, n do list[t] = a * math.exp(b * t) + c + (noise and noise * g[t] or 0) end
    return list
  end

  it("finds the exponential that losses lie on", function()
    for _, b in ipairs { -0.3, -0.03, -0.005 } do
      local loss, a, rate, c = forecast.loss(curve(2, b, 0.5, 100), 100, 1000)
      -- 1e-5 of the rate: the search ends there
      assert.near(b, rate, 1e-5 * -b)
      assert.near(2, a, 1e-4)
      assert.near(0.5, c, 1e-4)
      assert.near(0.5 + 2 * math.exp(1000 * b), loss, 1e-4)
    end
  end)

  it("is not misled by jumps at the beginning, nor by noise", function()
    local losses = curve(2, -0.03, 0.5, 100)
    losses[3], losses[9] = 40, 25
    assert.near(0.5, (forecast.loss(losses, 100, 1000)), 0.01)
    -- three standard errors of a level from 100 noisy values, of which half are beyond the slope
    assert.near(0.5, (forecast.loss(curve(2, -0.03, 0.5, 100, 0.1), 100, 1000)), 0.15)
  end)

  it("takes losses that stand for several steps each", function()
    local all, every = curve(2, -0.03, 0.5, 160), {}
    for i = 1, 16 do every[i] = all[10 * i] end
    assert.near(0.5, (forecast.loss(every, 160, 1600)), 1e-4)
  end)

  it("of a few losses, or of equal ones, is their mean", function()
    assert.equal(2, (forecast.loss({ 1, 2, 3 }, 3, 30)))
    assert.equal(7, (forecast.loss({ 7 }, 1, 10)))
    assert.near(4, (forecast.loss({ 4, 4, 4, 4, 4, 4 }, 6, 60)), 1e-12)
  end)

  it("of losses that grow is above them", function()
    assert.is_true(forecast.loss(curve(-1, -0.02, 3, 50), 50, 500) > 2.9)
  end)
end)

describe("autolrs", function()
  -- Gradient descent on a valley with slopes 1 and 20: rates above 0.1 diverge.
  local function valley(options)
    local x, y, starts, rates = 1, 1, {}, {}
    local settings = {
      train = function(lr, steps)
        local losses = {}
        starts[#starts + 1], rates[#rates + 1] = x, { lr, steps }
        for t = 1, steps do
          x, y = x - lr * x, y - lr * 20 * y
          losses[t] = 0.5 * x * x + 10 * y * y
        end
        return losses
      end,
      save = function() return { x, y } end,
      restore = function(s) x, y = s[1], s[2] end,
      steps = 300, tau = 100, min = 1e-4, max = 10, seed = 1,
    }
    for key, value in pairs(options or {}) do settings[key] = value end
    return optim.autolrs(settings), starts, rates
  end

  it("finds rates that train, each from the same state", function()
    local result, starts, rates = valley()
    assert.equal(2, #result.stages)
    assert.same({ 100, 200 }, { result.stages[1].steps, result.stages[2].steps })
    local first = result.stages[1]
    assert.is_true(first.lr > 0.02 and first.lr < 0.1, first.lr)
    assert.is_true(first.loss < 1e-3)
    assert.equal(10, #first.candidates)
    assert.equal(22, #starts)
    for k = 1, 11 do assert.equal(1, starts[k]) end
    for k = 12, 22 do assert.equal(starts[12], starts[k]) end
    assert.is_true(starts[12] < 0.2)
    for k = 1, 10 do
      assert.same({ first.candidates[k].lr, 10 }, rates[k])
      assert.is_true(rates[k][1] >= 1e-4 and rates[k][1] <= 10)
      assert.is_true(first.candidates[k].forecast >= first.forecast)
    end
    assert.same({ first.lr, 100 }, rates[11])
  end)

  it("gives the rates as a schedule", function()
    local result = valley()
    local s, stages = result.schedule, result.stages
    assert.same({ stages[1].lr, stages[1].lr, stages[2].lr, stages[2].lr, stages[2].lr },
      { s(1), s(100), s(101), s(300), s(999) })
    assert.raises("step must be in 1..inf, got 0", s, 0)
  end)

  it("doubles its stages up to the longest, and ends after all steps", function()
    local result = valley { steps = 50, tau = 5, tau_max = 15, candidates = 2 }
    local lengths = {}
    for i, s in ipairs(result.stages) do lengths[i] = s.steps end
    assert.same({ 5, 10, 15, 15, 5 }, lengths)
  end)

  it("draws by its seed, and explores more with a large kappa", function()
    local function tried(options)
      local list = {}
      for i, c in ipairs(valley(options).stages[1].candidates) do list[i] = c.lr end
      return list
    end
    assert.same(tried(), tried())
    assert.are_not.same(tried(), tried { seed = 2 })
    local places = valley({ kappa = 1e6 }).stages[1].candidates
    table.sort(places, function(a, b) return a.place < b.place end)
    for k = 2, 10 do assert.is_true(places[k].place - places[k - 1].place < 0.3) end
  end)

  it("passes by rates that break the training, and raises where all do", function()
    local function broken(limit)
      return {
        train = function(lr) return { lr > limit and 0 / 0 or -lr } end,
        save = function() end, restore = function() end, steps = 1, min = 1e-3, max = 1,
      }
    end
    local result = optim.autolrs(broken(0.1))
    assert.is_true(result.stages[1].lr <= 0.1)
    local some = false
    for _, c in ipairs(result.stages[1].candidates) do some = some or c.forecast == math.huge end
    assert.is_true(some)
    assert.raises("autolrs: the loss was not finite at any of 10 rates in 0.001..1",
      optim.autolrs, broken(0))
  end)

  it("trains a model as its schedule would have done, to the bit", function()
    local function setup()
      local g = ssl.generator(4)
      local net = ssl.nn.Linear(3, 1, { generator = g })
      local x, y = ssl.randn({ 20, 3 }, { generator = g }), ssl.randn({ 20, 1 }, { generator = g })
      local opt = optim.sgd(net:parameters(), { momentum = 0.9 })
      local function step()
        opt:zero_grad()
        local loss = (net(x) - y):square():mean()
        loss:backward()
        opt:step()
        return loss:item()
      end
      return net, opt, step
    end
    local net, opt, step = setup()
    local result = optim.autolrs {
      steps = 30, tau = 10, candidates = 4, min = 1e-3, max = 1,
      train = function(lr, steps)
        local losses = {}
        opt.lr = lr
        for t = 1, steps do losses[t] = step() end
        return losses
      end,
      save = function() return { net:state(), opt:state() } end,
      restore = function(s)
        net:load_state(s[1])
        opt:load_state(s[2])
      end,
    }
    assert.equal(30, opt.t)
    local again, replay, once = setup()
    replay:set_schedule(result.schedule)
    for _ = 1, 30 do once() end
    assert.is_true(ssl.equal(net.weight, again.weight))
  end)

  it("checks its options, and what train returns", function()
    local function none() end
    local function refused(message, change)
      local options = { save = none, restore = none, steps = 2 }
      options.train = function() return { 1 } end
      for key, value in pairs(change) do options[key] = value end
      assert.raises(message, optim.autolrs, options)
    end
    assert.raises("bad argument #1 to 'autolrs' (train must be a function, got nil)", optim.autolrs)
    refused("save must be a function, got number 1", { save = 1 })
    refused("restore must be a function, got number 1", { restore = 1 })
    refused("steps must be in 1..inf, got 0", { steps = 0 })
    refused("rates 0 < min < max expected, got 1 and 1", { min = 1, max = 1 })
    refused("rates 0 < min < max expected, got 0 and 1", { min = 0 })
    refused("tau must be in 1..inf, got 0", { tau = 0 })
    refused("tau_max must be in 1000..inf, got 3", { tau_max = 3 })
    refused("candidates must be in 1..inf, got 0", { candidates = 0 })
    refused("kappa must be in 0..inf, got -1", { kappa = -1 })
    refused("seed must be a whole number", { seed = "x" })
    refused("unknown option 'rates'", { rates = 1 })
    refused("autolrs: train must return the list of its losses, got nil", { train = none })
    refused("train must return the list of its losses, got an empty one",
      { train = function() return {} end })
    refused("loss 1 that train returned must be a number, got string 'x'",
      { train = function() return { "x" } end })
  end)
end)
