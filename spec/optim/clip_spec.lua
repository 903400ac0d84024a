-- Gradients within bounds.

local ssl = require "sslkit"

local optim = ssl.optim

local function leaf(g, dtype)
  dtype = dtype or "float32"
  local p = ssl.zeros(#g, dtype):requires_grad()
  p:grad(ssl.tensor(g, dtype))
  return p
end

describe("clip_grad_norm", function()
  it("scales all gradients to a common norm, and says what it was", function()
    for dtype, tolerance in pairs { float32 = 1e-6, float64 = 1e-15 } do
      local a, b, none = leaf({ 3, -4 }, dtype), leaf({ 12 }, dtype), ssl.zeros(1):requires_grad()
      assert.equal(13.0, optim.clip_grad_norm({ a, none, b }, 1.3))
      assert.tensor_near({ 0.3, -0.4 }, a:grad(), tolerance)
      assert.tensor_near({ 1.2 }, b:grad(), tolerance)
      assert.is_nil(none:grad())
      assert.near(1.3, optim.clip_grad_norm({ a, b }, 5), 1e-6)
      assert.tensor_near({ 0.3, -0.4 }, a:grad(), tolerance)
      assert.near(1.3, optim.clip_grad_norm({ a, b }, 0), 1e-6)
      assert.tensor_near({ 0, 0 }, a:grad())
    end
    assert.equal(5.0, optim.clip_grad_norm(leaf { 3, 4 }, 9))
    assert.equal(0.0, optim.clip_grad_norm({}, 1))
  end)

  it("sums in float64, whatever the number of threads", function()
    -- ones beside 1e4: in float32 they would be lost; 300001 elements make several pieces
    local g = ssl.ones(300001)
    g[1] = 1e4
    local w, norms = ssl.zeros(300001):requires_grad(), {}
    w:grad(g)
    for _, threads in ipairs { 1, 2 } do
      ssl.set_threads(threads)
      norms[threads] = optim.clip_grad_norm({ w }, 1e9)
    end
    assert.equal(norms[1], norms[2])
    assert.near(math.sqrt(1e8 + 300000), norms[1], 1e-9)
  end)

  it("leaves gradients that are not finite to the step, which is skipped", function()
    for _, bad in ipairs { 0 / 0, math.huge } do
      local a, b = leaf { bad }, leaf { 5 }
      local norm = optim.clip_grad_norm({ a, b }, 1)
      assert.is_true(norm ~= norm or norm == math.huge)
      assert.tensor_near({ 5 }, b:grad())
      assert.is_false(optim.sgd({ a, b }):step())
    end
  end)

  it("replaces gradients that are views, or on the tape", function()
    local w = ssl.zeros(3):requires_grad()
    local g = ssl.tensor { 6 }:expand(3)
    w:grad(g)
    optim.clip_grad_norm({ w }, 3 ^ 0.5)
    assert.tensor_near({ 1, 1, 1 }, w:grad())
    assert.tensor_near({ 6, 6, 6 }, g)
    local x = ssl.tensor { 2 }:requires_grad()
    local loss = (x ^ 3):sum()
    loss:backward { create_graph = true }
    local slope = x:grad()
    optim.clip_grad_norm({ x }, 1)
    assert.tensor_near({ 12 }, slope)
    assert.tensor_near({ 1 }, x:grad())
    x:grad(nil)
    slope:sum():backward()
    assert.tensor_near({ 12 }, x:grad())
  end)
end)

describe("clip_grad_value", function()
  it("brings every element into its bounds", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local a = leaf({ 3, -4, 0.5, -0.25 }, dtype)
      optim.clip_grad_value({ a }, 0.5)
      assert.tensor_near({ 0.5, -0.5, 0.5, -0.25 }, a:grad())
    end
  end)
end)

describe("clipping", function()
  it("checks its arguments before it changes any", function()
    for _, name in ipairs { "clip_grad_norm", "clip_grad_value" } do
      local f, a = optim[name], leaf { 3 }
      local head = "bad argument #%d to '" .. name .. "' ("
      assert.raises(head:format(2) .. "max must be a finite number, got nil", f, { a })
      assert.raises(head:format(2) .. "max must be in 0..inf, got -1", f, { a }, -1)
      assert.raises(head:format(1) .. "list of parameters expected, got nil", f, nil, 1)
      assert.raises("list of parameters expected, got sslkit.nn.Linear", f, ssl.nn.Linear(1, 1), 1)
      assert.raises(head:format(1) .. "parameter expected, got number 5", f, { a, 5 }, 1)
      assert.tensor_near({ 3 }, a:grad())
    end
  end)
end)
