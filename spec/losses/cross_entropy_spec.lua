-- Cross-entropy with classes and with probabilities.

local fixtures = dofile("spec/fixtures/nn.lua").cross_entropy
local ssl = require "sslkit"

local cross_entropy = ssl.losses.cross_entropy
local F64 = "float64"

local function double(values) return ssl.tensor(values, F64) end
local function int(list) return ssl.tensor(list, "int64") end

describe("cross_entropy", function()
  it("is PyTorch's for classes, probabilities, smoothing and weights, with its gradient", function()
    local w = double(fixtures.weight)
    local options = {
      smooth = { label_smoothing = 0.1 }, soft_smooth = { label_smoothing = 0.2 },
      weight = { weight = w }, soft_weight = { weight = w },
      weight_smooth = { weight = w, label_smoothing = 0.1 },
    }
    local seen = 0
    for key, want in pairs(fixtures.cases) do
      local name, reduction = key:match "^(.*)_(%a+)$"
      local target = name:find "^soft" and double(fixtures.p) or int(fixtures.classes)
      local given = { reduction = reduction }
      for k, v in pairs(options[name] or {}) do given[k] = v end
      local z = double(fixtures.z):requires_grad()
      local loss = cross_entropy(z, target, given)
      -- 1e-8: the fixture holds 9 digits
      assert.tensor_near(want.loss, loss, 1e-8)
      loss:sum():backward()
      assert.tensor_near(want.dz, z:grad(), 1e-8)
      local rough = {}
      for k, v in pairs(given) do rough[k] = ssl.is_tensor(v) and v:float() or v end
      target = target:dtype() == F64 and target:float() or target
      assert.tensor_near(want.loss, cross_entropy(z:detach():float(), target, rough), 1e-5)
      seen = seen + 1
    end
    assert.equal(21, seen)
  end)

  it("is log K for equal logits, and 0 for a sure and right answer", function()
    for _, k in ipairs { 1, 2, 10, 1000 } do
      assert.tensor_near(math.log(k), cross_entropy(ssl.zeros(3, k, F64), int { 1, 1, k }), 1e-12)
      assert.tensor_near(math.log(k), cross_entropy(ssl.full({ 3, k }, 1e4, F64), int { 1, 1, k }),
        1e-9)
    end
    assert.equal(0, cross_entropy(ssl.tensor { { 1000, 0 } }, int { 1 }):item())
    assert.equal(0, cross_entropy(ssl.randn(5, 1), int { 1, 1, 1, 1, 1 }):item()) -- one class
  end)

  it("takes logits of 1e4 and more without overflow", function()
    for _, dtype in ipairs { "float32", F64 } do
      local z = ssl.tensor({ { 1e4, 0, -1e4 } }, dtype):requires_grad()
      local loss = cross_entropy(z, int { 3 })
      assert.tensor_near(2e4, loss)
      loss:backward()
      assert.tensor_near({ { 1, 0, -1 } }, z:grad())
      assert.tensor_near(2e30, cross_entropy(ssl.tensor({ { 1e30, -1e30 } }, dtype), int { 2 }),
        1e24)
    end
  end)

  it("takes logits of -inf where the target has no probability", function()
    for _, dtype in ipairs { "float32", F64 } do
      for _, options in ipairs { {}, { weight = ssl.tensor({ 2, 1, 1 }, dtype) } } do
        local z = ssl.tensor({ { 0, -math.huge, 0 } }, dtype):requires_grad()
        local loss = cross_entropy(z, int { 1 }, options)
        assert.tensor_near(math.log(2), loss)
        loss:backward()
        assert.tensor_near({ { -0.5, 0, 0.5 } }, z:grad())
      end
    end
    assert.tensor_near({ math.huge, 0 }, cross_entropy(
      ssl.tensor { { 0, -math.huge }, { 0, -math.huge } }, int { 2, 1 }, { reduction = "none" }))
  end)

  it("has a gradient of exactly 0 where the target is the softmax of the same logits", function()
    local function zero(all, n)
      local z = all:narrow(1, -n, -1):detach():requires_grad() -- at odd addresses
      cross_entropy(z, z:detach():softmax()):backward()
      local off = z:grad():ne(0):sum():item()
      assert(off == 0, ("%d of %dx%d elements are not 0"):format(off, n, all:size(2)))
    end
    for _, dtype in ipairs { "float32", F64 } do
      for k = 1, 300 do
        local all = ssl.randn(70, k, { dtype = dtype }) * 5
        zero(all, 70)
        zero(all, 1)
        zero(all, k % 69 + 1)
      end
      for _, k in ipairs { 1, 2, 3, 7, 8, 9, 16, 17, 33, 256, 300 } do
        local all = ssl.randn(70, k, { dtype = dtype }) * 5
        for n = 1, 70 do zero(all, n) end
      end
    end
    local big = ssl.randn(3000, 256) -- in several pieces
    zero(big, 3000)
  end)

  it("does not depend on the number of threads", function()
    local z, y = ssl.randn(5000, 30):requires_grad(), ssl.randint(1, 30, { 5000 })
    local function gradient()
      z:grad(nil)
      local loss = cross_entropy(z, y)
      loss:backward()
      return loss:detach(), z:grad()
    end
    ssl.set_threads(1)
    local a, da = gradient()
    ssl.set_threads(2)
    local b, db = gradient()
    assert.is_true(ssl.equal(a, b) and ssl.equal(da, db))
  end)

  it("has reductions that agree", function()
    local z, y = ssl.randn(7, 4, F64), int { 1, 2, 3, 4, 1, 2, 3 }
    local rows = cross_entropy(z, y, { reduction = "none" })
    assert.same({ 7 }, { rows:shape() })
    assert.tensor_near(rows:mean(), cross_entropy(z, y), 1e-14)
    assert.tensor_near(rows:sum(), cross_entropy(z, y, { reduction = "sum" }), 1e-13)
    local order = int { 3, 1, 7, 2, 6, 5, 4 }
    assert.tensor_near(cross_entropy(z, y), cross_entropy(z[order], y[order]), 1e-14)
  end)

  it("passes gradients to its targets, logits and weights", function()
    local w = ssl.rand(4, F64) + 0.5
    for _, options in ipairs { {}, { label_smoothing = 0.3 }, { weight = w } } do
      assert.is_true((ssl.gradcheck(function(z, u)
        return cross_entropy(z, u:softmax(), options)
      end, { ssl.randn(3, 4, F64), ssl.randn(3, 4, F64) }, { second = true })))
    end
    assert.is_true((ssl.gradcheck(function(z, v)
      return cross_entropy(z, int { 1, 4, 2 }, { weight = v })
    end, { ssl.randn(3, 4, F64), w }, { second = true })))
  end)

  it("takes views", function()
    local z = ssl.randn(4, 3, F64)
    local y = int { 1, 0, 3, 0, 2, 0 }:view(3, 2):select(2, 1)
    local want = cross_entropy(z:t():contiguous(), int { 1, 3, 2 })
    assert.tensor_near(want, cross_entropy(z:t(), y), 1e-14)
  end)

  it("of no rows is an empty list, or 0, but no mean", function()
    for _, target in ipairs { ssl.zeros(0, "int64"), ssl.zeros(0, 3) } do
      local z = ssl.zeros(0, 3)
      assert.same({ 0 }, { cross_entropy(z, target, { reduction = "none" }):shape() })
      assert.equal(0, cross_entropy(z, target, { reduction = "sum" }):item())
      assert.raises("cross_entropy: the loss of no rows is not defined", cross_entropy, z, target)
    end
  end)

  it("that is not finite names the row", function()
    local z = ssl.zeros(3, 2)
    z[{ 2, 1 }] = 0 / 0
    assert.raises("cross_entropy: row 2 has a loss of nan", cross_entropy, z, int { 1, 1, 1 })
    z[{ 2, 1 }] = -math.huge
    assert.raises("row 2 has a loss of inf", cross_entropy, z, int { 1, 1, 1 },
      { reduction = "sum" })
    assert.tensor_near(math.log(2) * 2 / 3, cross_entropy(z, int { 1, 2, 1 }))
    assert.raises("the loss is nan", cross_entropy, z, int { 2, 2, 2 },
      { weight = ssl.tensor { 1, 0 } }) -- weights that sum to 0
  end)

  it("names the row of a target that is none", function()
    local z = ssl.zeros(3, 4)
    for _, y in ipairs { { 1, 5, 9 }, { 1, 0, 4 }, { 4, -1, 4 } } do
      assert.raises(("bad argument #2 to 'cross_entropy' (class %d of row 2 is outside 1..4)")
        :format(y[2]), cross_entropy, z, int(y))
    end
    local p = ssl.full({ 3, 4 }, 0.25)
    p[{ 3, 1 }] = 0.5
    assert.raises("row 3 of the probabilities sums to 1.25, not to 1", cross_entropy, z, p)
    p[{ 3, 1 }] = 0 / 0
    assert.raises("row 3 of the probabilities sums to", cross_entropy, z, p)
  end)

  it("says what else is wrong with its arguments", function()
    local z, y = ssl.zeros(3, 4), int { 1, 2, 3 }
    local function refused(message, ...) assert.raises(message, cross_entropy, ...) end
    refused("bad argument #1 to 'cross_entropy' (logits [N,K] expected, got nil)")
    refused("logits [N,K] with 2 dimensions expected, got (3) float32", ssl.zeros(3), y)
    refused("logits [N,K] of dtype float expected, got (3,4) int64", z:long(), y)
    refused("one class a row expected: logits (3,4) float32, classes (2) int64", z, int { 1, 2 })
    refused("classes with 1 dimensions expected, got (1,3) int64", z, y:view(1, 3))
    refused("classes (int64 [N]) or probabilities (float32 [N,K]) expected, got tensor (3) uint8",
      z, y:byte())
    refused("expected, got tensor (3,4) float64", z, ssl.full({ 3, 4 }, 0.25, F64))
    refused("expected, got table", z, { 1, 2, 3 })
    refused("probabilities (4,3) float32 do not fit the logits (3,4) float32", z, z:t())
    refused("reduction must be one of mean, sum, none, got string 'avg'", z, y,
      { reduction = "avg" })
    refused("label_smoothing must be in 0..1, got 1.5", z, y, { label_smoothing = 1.5 })
    refused("unknown option 'smoothing'; known: label_smoothing, reduction, weight", z, y,
      { smoothing = 0.1 })
    refused("one weight a class expected: 4 classes, weight (3) float32", z, y,
      { weight = ssl.ones(3) })
    refused("weight of dtype float32 expected, got (4) float64", z, y,
      { weight = ssl.ones(4, F64) })
    refused("weight expected, got table", z, y, { weight = { 1, 1, 1, 1 } })
  end)
end)
