-- Sharpness-aware minimisation: its two steps, and what happens where one of them fails.

local ssl = require "sslkit"

local optim = ssl.optim

local function problem(options)
  local w = ssl.tensor({ 3, -4 }, "float64"):requires_grad()
  local b = ssl.tensor({ 0 }, "float64"):requires_grad()
  local opt = optim.sam({ w, b }, options)
  local function backward()
    opt:zero_grad()
    local loss = (w * w):sum() * 0.5 + b:sum() * 12
    loss:backward()
  end
  return opt, backward, w, b
end

describe("sam", function()
  it("goes up by rho along the gradient of all parameters, and steps from where it was", function()
    local opt, backward, w, b = problem { lr = 0.5, rho = 1.3 }
    backward() -- (3, -4, 12), of norm 13
    assert.is_true(opt:first_step())
    assert.tensor_near({ 3.3, -4.4 }, w, 1e-12)
    assert.tensor_near({ 1.2 }, b, 1e-12)
    backward()
    assert.is_true(opt:second_step())
    assert.tensor_near({ 3 - 1.65, -4 + 2.2 }, w, 1e-12)
    assert.tensor_near({ -6 }, b, 1e-12)
    assert.equal(1, opt.t)
    assert.is_true(w:is_leaf() and w:needs_grad())
  end)

  it("does the same in one step with a closure", function()
    local one, first, w = problem { lr = 0.5, base = "adam" }
    local two, second, v = problem { lr = 0.5, base = "adam" }
    for _ = 1, 3 do
      first()
      assert.is_true(one:step(first))
      second()
      two:first_step()
      second()
      two:second_step()
    end
    assert.is_true(ssl.equal(w, v))
  end)

  it("comes back to the bit where it was", function()
    local w = ssl.randn(1000):requires_grad()
    local before = w:clone()
    local opt = optim.sam({ w }, { lr = 0, rho = 0.3 })
    w:grad(ssl.randn(1000))
    opt:first_step()
    assert.is_false(ssl.equal(before, w))
    opt:second_step()
    assert.is_true(ssl.equal(before, w))
  end)

  it("stays where gradients are 0, or there are none", function()
    local opt, _, w, b = problem { lr = 0.5 }
    w:grad(ssl.zeros(2, "float64"))
    assert.is_true(opt:first_step())
    assert.tensor_near({ 3, -4 }, w)
    assert.is_true(opt:second_step())
    assert.tensor_near({ 3, -4 }, w)
    assert.tensor_near({ 0 }, b)
  end)

  it("skips and counts a step with NaN or Inf in either gradient", function()
    for _, at in ipairs { 1, 2 } do
      local opt, backward, w = problem { lr = 0.5, base = "adam" }
      for k = 1, 2 do
        backward()
        if k == at then w:grad(ssl.tensor({ 0 / 0, 1 }, "float64")) end
        local ok = opt[k == 1 and "first_step" or "second_step"](opt)
        assert.equal(at > k, ok)
      end
      assert.same({ 0, 1 }, { opt.t, opt.skipped })
      assert.tensor_near({ 3, -4 }, w)
      backward()
      assert.is_true(opt:step(backward))
      assert.same({ 1, 1 }, { opt.t, opt.skipped })
    end
    local opt, backward, w = problem {}
    backward()
    w:grad(ssl.tensor({ math.huge, 1 }, "float64"))
    assert.is_false(opt:step(function() error "not reached" end))
    backward()
    assert.is_true(opt:step(backward))
  end)

  it("says when a step is missing", function()
    local opt, backward = problem {}
    backward()
    assert.raises("second_step: first_step comes before second_step", function()
      opt:second_step()
    end)
    opt:first_step()
    assert.raises("first_step: the first step was taken; second_step is due", function()
      opt:first_step()
    end)
    assert.raises("no state between first_step and second_step", opt.state, opt)
    assert.raises("no state between first_step and second_step", opt.load_state, opt, {})
    assert.raises("function expected, got nil", opt.step, opt)
    opt:second_step()
    assert.equal(1, opt:state().t)
    assert.raises("optimiser expected, got nil; call its methods with a colon", opt.first_step)
  end)

  it("brings the weights back when the closure fails", function()
    local opt, backward, w = problem { rho = 2 }
    backward()
    assert.raises("no loss", opt.step, opt, function() error "no loss" end)
    assert.tensor_near({ 3, -4 }, w)
    backward()
    assert.is_true(opt:step(backward))
  end)
end)
