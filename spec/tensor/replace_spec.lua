-- Elements replaced under masks and beyond bounds, and the functions in place.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local nan, inf = 0 / 0, math.huge

describe("masked_fill", function()
  it("fills where a mask is not 0, copied or in place", function()
    for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
      local t = ssl.tensor({ { 1, 2, 3 }, { 4, 5, 6 } }, dtype)
      local row = ssl.tensor({ 1, 0, 7 }, "uint8")
      local want = { { 9, 2, 9 }, { 9, 5, 9 } }
      assert.same(want, t:masked_fill(row, 9):totable())
      assert.equal(t, t:masked_fill_(row, 9))
      assert.same(want, t:totable())
      t:t():masked_fill_(t:eq(5):t(), 0) -- through a view
      assert.same({ { 9, 2, 9 }, { 9, 0, 9 } }, t:totable())
    end
    local m = ssl.tensor({ 0, 1, 2 }, "uint8")
    assert.same({ 0, 5, 5 }, m:masked_fill_(m, 5):totable())
    assert.same({ 6, 6, 5 }, m:masked_fill_(m:flip(), 6):totable()) -- a mask that it overwrites
    local wide = ssl.zeros(3, 2)
    wide:select(2, 1):masked_fill_(ssl.tensor({ 1, 0, 1 }, "uint8"), nan)
    assert.tensor_near({ { nan, 0 }, { 0, 0 }, { nan, 0 } }, wide)
  end)

  it("is checked", function()
    local t = ssl.zeros(2)
    assert.raises("#2 to 'masked_fill_' (mask (3) uint8 does not fit (2) float32)",
      function() ssl.masked_fill_(t, ssl.ones(3, "uint8"), 1) end)
    assert.raises("#2 to 'masked_fill_' (uint8 tensor expected, got (2) float32)",
      function() ssl.masked_fill_(t, t, 1) end)
    assert.raises("#3 to 'masked_fill_' (int64 has no room for number 0.5)",
      function() ssl.masked_fill_(t:long(), t:eq(0), 0.5) end)
    assert.raises("#3 to 'masked_fill_' (number expected, got nil)",
      function() ssl.masked_fill_(t, t:eq(0)) end)
    assert.raises("repeats its elements",
      function() ssl.ones(1):expand(3):masked_fill_(ssl.ones(3, "uint8"), 1) end)
  end)
end)

describe("clamp", function()
  it("limits, copied, into out, or in place", function()
    local t = ssl.tensor { -5, nan, 0.5, 7 }
    local cases = { { -1, 2, -1, 0.5, 2 }, { nil, 2, -5, 0.5, 2 }, { 1, nil, 1, 1, 7 } }
    for _, bounds in ipairs(cases) do
      local want = { bounds[3], nan, bounds[4], bounds[5] }
      local out, own = ssl.zeros(4), t:clone()
      assert.tensor_near(want, t:clamp(bounds[1], bounds[2]), 0)
      assert.equal(out, t:clamp(bounds[1], bounds[2], { out = out }))
      assert.tensor_near(want, out, 0)
      assert.equal(own, own:clamp_(bounds[1], bounds[2]))
      assert.tensor_near(want, own, 0)
      t:clone():clamp(bounds[1], bounds[2], { out = own })
      assert.tensor_near(want, own, 0)
    end
    assert.same({ 1, 2 }, ssl.tensor({ -9, 2 }, "int64"):clamp_(1):totable())
    assert.raises("#2 to 'clamp_' (low or high expected, got neither)",
      function() ssl.clamp_(t) end)
    assert.raises("#3 to 'clamp' (number expected, got string 'x')",
      function() ssl.clamp(t, 1, "x") end)
    assert.raises("#4 to 'clamp' (out must be (4) float32, got (1) float32)",
      function() ssl.clamp(t, 1, 2, { out = ssl.ones(1) }) end)
    assert.tensor_near({ -5, nan, 0.5, 7 }, t)
  end)
end)

describe("nan_to_num", function()
  it("does the same copied, into out, and in place", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local t = ssl.tensor({ nan, inf, -inf, 2 }, dtype)
      for _, v in ipairs { {}, { 1, 2, 3 }, { inf, -inf, nan }, { nan, inf, -inf } } do
        local want = t:nan_to_num(v[1], v[2], v[3])
        local out, own = ssl.zeros_like(t), t:clone()
        t:nan_to_num(v[1], v[2], v[3], { out = out })
        own:nan_to_num_(v[1], v[2], v[3])
        assert(reference.same(want, out) and reference.same(want, own))
        if v[1] then assert.tensor_near({ v[1], v[2], v[3], 2 }, want, 0) end
      end
      assert.equal(4, t:nan_to_num():isfinite():sum():item())
    end
    assert.raises("#1 to 'nan_to_num_' (tensor of dtype float expected, got (1) int64)",
      function() ssl.nan_to_num_(ssl.ones(1, "int64")) end)
  end)
end)

describe("every elementwise function", function()
  it("has a twin in place that gives the same", function()
    local tensor = require "sslkit.tensor"
    local names = reference.names(reference.unary)
    for _, name in ipairs(names) do
      local t = reference.strided({ 3, 4 }, "float32")
      local want = tensor[name](t)
      assert(reference.same(want, tensor[name .. "_"](t)), name)
      assert(reference.same(want, t), name)
    end
    for _, name in ipairs(reference.names(reference.binary)) do
      local t, u = reference.strided({ 3, 4 }, "float32"), reference.fill({ 4 }, "float32")
      local want = tensor[name](t, u)
      assert(reference.same(want, tensor[name .. "_"](t, u)), name)
    end
    local t = ssl.randn(9)
    for _, how in ipairs { "none", "tanh" } do
      local want = t:gelu { approximate = how }
      assert(reference.same(want, t:clone():gelu_ { approximate = how }))
    end
    assert.raises("#2 to 'gelu_' (approximate must be one of none, tanh, got string 'x')",
      function() ssl.gelu_(t, { approximate = "x" }) end)
  end)
end)
