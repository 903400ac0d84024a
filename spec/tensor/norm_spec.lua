-- Norms, softmax and normalize.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local nan, inf = 0 / 0, math.huge

local FLOATS = { "float32", "float64" }

local function shape_of(t) return { t:shape() } end

describe("norm", function()
  it("has every order", function()
    local t = ssl.tensor { { 3, -4 }, { 0, 1 } }
    local norms = { [0] = 3, 8, math.sqrt(26), 92 ^ (1 / 3), [inf] = 4, [-inf] = 0 }
    for p, want in pairs(norms) do assert.tensor_near(want, t:norm(p), 1e-5) end
    assert.tensor_near({ 5, 1 }, t:norm(2, 2), 1e-6)
    assert.tensor_near({ { 7 }, { 1 } }, t:norm(1, 2, true), 1e-6)
    assert.tensor_near({ 4, 1 }, t:norm(inf, 2))
    assert.raises("#2 to 'norm' (p must be a number, got string 'fro')",
      function() ssl.norm(t, "fro") end)
    assert.raises("#3 to 'norm' (dimension 3 of a tensor with 2)", function() ssl.norm(t, 2, 3) end)
    assert.raises("#1 to 'norm' (tensor of dtype float expected, got (2) int64)",
      function() ssl.norm(ssl.ones(2, "int64")) end)
  end)
end)

describe("norm of what is huge, tiny or nothing", function()
  it("neither overflows nor underflows", function()
    for _, scale in ipairs { 1e300, 1e200, 1e160, 1e-160, 1e-200, 1e-300 } do
      local t = ssl.tensor({ { 3, -4 }, { 0, 0 }, { 5, 12 } }, "float64") * scale
      -- each result is rounded a few times
      assert.tensor_near({ 5, 0, 13 }, t:norm(2, 2) / scale, 1e-14)
      assert.tensor_near({ 91 ^ (1 / 3), 0, 1853 ^ (1 / 3) }, t:norm(3, 2) / scale, 1e-13)
      assert.tensor_near(math.sqrt(194), t:norm() / scale, 1e-13)
      assert.tensor_near({ { 7, 0, 17 } }, t:norm(1, 2, true):t() / scale, 1e-13)
    end
    local mixed = ssl.tensor({ { 3e-200, 4e-200 }, { 3e200, 4e200 }, { 3, 4 } }, "float64")
    assert.tensor_near({ 1, 1, 1 }, mixed:norm(2, 2) / ssl.tensor({ 5e-200, 5e200, 5 }, "float64"),
      1e-15)
    assert.tensor_near({ 1 }, ssl.full({ 4 }, 1e30):norm(3, 1, true) / (4 ^ (1 / 3) * 1e30), 1e-6)
    local unit = mixed:normalize(2)
    assert.tensor_near({ { 0, 0 }, { 0.6, 0.8 }, { 0.6, 0.8 } }, unit, 1e-15)
  end)

  it("passes infinities and NaN on", function()
    local t = ssl.tensor({ { inf, 1 }, { nan, 1 }, { -inf, nan } }, "float64")
    for _, p in ipairs { 1, 2, 3, 0.5, inf } do
      assert.tensor_near({ inf, nan, nan }, t:norm(p, 2))
    end
    assert.same({ 0, 0 }, ssl.zeros({ 2, 0 }, "float64"):norm(2, 2):totable())
    assert.same({ 0, 0 }, ssl.zeros({ 2, 3 }, "float64"):norm(-1, 2):totable())
    assert.equal(0, ssl.zeros({ 0 }, "float64"):norm():item())
  end)

  it("has slopes of the right size, and 0 where the norm is 0", function()
    for _, scale in ipairs { 1e200, 1, 1e-200 } do
      local t = ssl.tensor({ { 3, -4 }, { 0, 0 } }, "float64") * scale
      local function slope(p)
        return ssl.grad(function(x) return x:norm(p, 2):sum() end, t)
      end
      assert.tensor_near({ { 0.6, -0.8 }, { 0, 0 } }, slope(2), 1e-14)
      local third = 91 ^ (-2 / 3)
      assert.tensor_near({ { 9 * third, -16 * third }, { 0, 0 } }, slope(3), 1e-13)
      assert.tensor_near({ { 0, 0 } }, slope(1.5)[{ { 2, 2 } }])
    end
  end)

  it("writes into out", function()
    for _, dtype in ipairs(FLOATS) do
      local t = ssl.tensor({ { 3, 0 }, { 1e-170, 4 } }, dtype)
      for _, p in ipairs { 2, 1, 3, 0, inf, -inf } do
        local want, wide = t:norm(p, 2), ssl.zeros({ 2, 3 }, dtype)
        local out = wide[{ {}, 2 }]
        assert.equal(out, t:norm(p, 2, false, { out = out }))
        assert(reference.same(want, out))
        assert.equal(0, wide[{ {}, { 1, 3, 2 } }]:sum():item())
      end
      assert.raises("#5 to 'norm' (unknown option 'dim'; known: out)",
        function() ssl.norm(t, 2, 1, false, { dim = 1 }) end)
      for _, p in ipairs { 2, 3, 0, inf } do
        assert.raises("out must be (2) " .. dtype .. ", got (3) float32",
          function() t:norm(p, 2, false, { out = ssl.zeros(3) }) end)
      end
      local w = ssl.ones(2):requires_grad()
      assert.raises("out= has no gradient",
        function() w:norm(3, 1, false, { out = ssl.ones {} }) end)
    end
  end)
end)

describe("softmax, log_softmax and logsumexp", function()
  it("bear any size of logits", function()
    for _, dtype in ipairs(FLOATS) do
      local t = ssl.tensor({ { 1000, 1000, -inf }, { -1e30, 0, -1e30 }, { 1e30, -1e30, 0 } }, dtype)
      assert.tensor_near({ { 0.5, 0.5, 0 }, { 0, 1, 0 }, { 1, 0, 0 } }, t:softmax(), 1e-7)
      local log = t:log_softmax()
      assert.tensor_near(-math.log(2), log:at(1, 1), 1e-6)
      assert.equal(-inf, log:at(1, 3))
      assert.tensor_near({ 1000 + math.log(2), 0, 1e30 }, t:logsumexp(2), 1e23)
    end
  end)

  it("of -inf alone, of +inf and of NaN are NaN; logsumexp keeps its limit", function()
    for _, row in ipairs { { -inf, -inf }, { inf, 1 }, { nan, 1 } } do
      local t = ssl.tensor(row)
      assert.tensor_near({ nan, nan }, t:softmax())
      assert.tensor_near({ nan, nan }, t:log_softmax())
    end
    assert.equal(-inf, ssl.tensor { -inf, -inf }:logsumexp():item())
    assert.equal(inf, ssl.tensor { inf, -inf }:logsumexp():item())
  end)

  it("work along any dimension, and sum to 1", function()
    local t = ssl.randn(3, 4, 5, "float64")
    for d = 1, 3 do
      local p = t:softmax(d)
      assert.tensor_near(ssl.ones(p:sum(d):shape()):double(), p:sum(d), 1e-14)
      assert.tensor_near(p:log(), t:log_softmax(d), 1e-13)
      assert.tensor_near(p, (t - t:logsumexp(d, true)):exp(), 1e-14)
      assert(reference.same(p, t:softmax(d - 4)))
    end
    assert.same({ 3, 0 }, shape_of(ssl.zeros(3, 0):softmax()))
    assert.same({ 0, 3 }, shape_of(ssl.zeros(0, 3):softmax(1)))
    assert.equal(1, ssl.tensor(5):softmax():item())
    for _, name in ipairs { "softmax", "log_softmax" } do
      for d = 1, 3 do
        local want, wide = t[name](t, d), ssl.zeros({ 3, 4, 10 }, "float64")
        local out = wide[{ {}, {}, { 1, 10, 2 } }]
        assert.equal(out, t[name](t, d, { out = out }))
        assert(reference.same(want, out))
        local own = t:clone()
        own[name](own, d, { out = own })
        assert(reference.same(want, own))
      end
      assert.raises("#3 to '" .. name .. "' (out must be (3,4,5) float64, got (3) float32",
        function() ssl[name](t, 1, { out = ssl.zeros(3) }) end)
    end
    assert.raises("#2 to 'softmax' (dimension 4 of a tensor with 3)",
      function() ssl.softmax(t, 4) end)
    assert.raises("#1 to 'softmax' (float tensor expected, got (2) int64 (",
      function() ssl.softmax(ssl.ones(2, "int64")) end)
  end)
end)

describe("normalize", function()
  it("gives rows of length 1, and leaves what has none", function()
    local t = ssl.tensor { { 3, 4 }, { 0, 0 }, { 1e-20, 0 } }
    assert.tensor_near({ { 0.6, 0.8 }, { 0, 0 }, { 1e-8, 0 } }, t:normalize(), 1e-7)
    assert.tensor_near({ 1, 1 }, ssl.randn(9, 2):normalize(1):norm(2, 1), 1e-6)
    assert.same({ 0, 3 }, shape_of(ssl.zeros(0, 3):normalize()))
  end)
end)
