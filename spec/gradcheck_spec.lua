-- gradcheck: what it passes, what it catches, what it refuses.

local rules = require "sslkit.grads"
local ssl = require "sslkit"

local F64 = "float64"

-- The rule's backward replaced while f runs.
local function with_rule(name, backward, f)
  local rule, right = rules[name], rules[name].backward
  local _ <close> = setmetatable({}, { __close = function() rule.backward = right end })
  rule.backward = backward
  return f()
end

describe("gradcheck", function()
  local x = ssl.tensor({ 0.3, -1.2, 2 }, F64)
  local m = ssl.tensor({ { 1, 2, 3 }, { 4, 5, 7 } }, F64)

  it("passes right gradients and gives the largest error", function()
    local ok, worst = ssl.gradcheck(function(a, b) return b:matmul(a):tanh() end, { x, m })
    assert.is_true(ok)
    assert.is_true(worst > 0 and worst < 1e-8)
    assert.is_true((ssl.gradcheck(ssl.exp, x, { second = true })))
    assert.is_true((ssl.gradcheck(function(a) return a:sum() end, { ssl.ones(2, 3, F64):t() })))
  end)

  it("passes what does not depend on an input, and constants", function()
    assert.is_true((ssl.gradcheck(function(a) return a * 2 end, { x, m }, { second = true })))
    assert.is_true((ssl.gradcheck(function() return ssl.ones(2, F64) end, x, { second = true })))
  end)

  it("leaves the inputs as they are", function()
    local w = ssl.tensor({ 1, 2 }, F64):requires_grad()
    assert.is_true((ssl.gradcheck(function(a) return a * a end, w, { second = true })))
    assert.is_nil(w:grad())
    assert.tensor_near({ 1, 2 }, w)
    assert.is_true(w:needs_grad())
  end)

  it("catches rules that are wrong by a factor, a place, or NaN", function()
    local wrong = {
      exp = function(g, out) return g * out * 1.0001 end,
      softmax = function(g, out) return out * g end, -- sums of a softmax would hide it
      transpose = function(g) return g:contiguous():view(g:size(2), g:size(1)) end,
      sin = function(g, _, v) return ssl.where(v:gt(0), g * v:cos(), 0 / 0) end,
    }
    for name, backward in pairs(wrong) do
      local f = name == "transpose" and ssl.t or ssl[name]
      local input = name == "transpose" and m or x
      assert.is_true((ssl.gradcheck(f, input)))
      local ok, worst = with_rule(name, backward, function() return ssl.gradcheck(f, input) end)
      assert.is_false(ok, name)
      assert.is_true(worst > 1e-5, name)
    end
    assert.is_true((ssl.gradcheck(ssl.exp, x))) -- the right rules are back
  end)

  it("catches a rule that is right once and wrong twice", function()
    local function off_the_tape(g, out) return g * out:detach() end
    local once, twice = with_rule("exp", off_the_tape, function()
      return (ssl.gradcheck(ssl.exp, x)), (ssl.gradcheck(ssl.exp, x, { second = true }))
    end)
    assert.is_true(once)
    assert.is_false(twice)
  end)

  it("catches detached parts and kinks", function()
    assert.is_false((ssl.gradcheck(function(a) return a * a:detach() end, x)))
    assert.is_false((ssl.gradcheck(ssl.relu, ssl.zeros(1, F64))))
  end)

  it("takes steps and tolerances", function()
    local cube = function(a) return a ^ 3 end
    assert.is_false((ssl.gradcheck(cube, x, { eps = 0.1 })))
    assert.is_true((ssl.gradcheck(cube, x, { eps = 0.1, tol = 0.1 })))
    assert.is_false((ssl.gradcheck(cube, x, { tol = 0 })))
  end)

  it("says what is wrong with its arguments", function()
    local must = "bad argument #1 to 'gradcheck' ("
    assert.raises(must .. "function expected, got nil)", ssl.gradcheck)
    assert.raises({ "bad argument #2", "float64 expected, got (2) float32" }, ssl.gradcheck,
      ssl.exp, { ssl.ones(2) })
    assert.raises("list of float64 tensors expected, got nil", ssl.gradcheck, ssl.exp)
    assert.raises("list of float64 tensors expected, got table", ssl.gradcheck, ssl.exp, {})
    assert.raises("tensor expected, got number 1", ssl.gradcheck, ssl.exp, { 1 })
    assert.raises(must .. "a result expected, got nil)", ssl.gradcheck, function() end, x)
    assert.raises(must .. "a result of dtype float64 expected", ssl.gradcheck,
      function(a) return a:float() end, x)
    assert.raises("eps must be a finite number, got string 'x'", ssl.gradcheck, ssl.exp, x,
      { eps = "x" })
    assert.raises("unknown option 'atol'; known: eps, second, tol", ssl.gradcheck, ssl.exp, x,
      { atol = 1 })
  end)
end)
