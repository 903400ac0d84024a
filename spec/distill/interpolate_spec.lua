-- The alpha-student.

local ssl = require "sslkit"

local interpolate, nn = ssl.distill.interpolate, ssl.nn

local function net(width)
  return nn.mlp { sizes = { 20, width or 30, 10 }, norm = "batch" }
end

describe("the alpha-student", function()
  it("lies between its teacher and a fresh model, at constant variance", function()
    local teacher, fresh = net(), net()
    for _, alpha in ipairs { 0, 1e-3, 0.3, 0.5, 1 } do
      local student = interpolate(teacher, fresh, alpha)
      local divisor = (alpha ^ 2 + (1 - alpha) ^ 2) ^ 0.5
      for i, p in ipairs(student:parameters()) do
        local t, f = teacher:parameters()[i], fresh:parameters()[i]
        assert.tensor_near((t * (1 - alpha) + f * alpha) / divisor, p, 1e-6)
      end
    end
    local a, b = nn.Linear(300, 300), nn.Linear(300, 300)
    local before = a.weight:std():item()
    for _, alpha in ipairs { 0.1, 0.5, 0.9 } do
      -- 90000 weights: standard error 0.24 %
      assert.tensor_near(before, interpolate(a, b, alpha).weight:std(), 0.012 * before)
    end
  end)

  it("is the teacher to the bit at 0, the fresh model at 1", function()
    local teacher, fresh = net(), net()
    local students = { [teacher] = interpolate(teacher, fresh, 0),
      [fresh] = interpolate(teacher, fresh, 1) }
    for model, student in pairs(students) do
      for i, p in ipairs(student:parameters()) do
        assert.is_true(ssl.equal(p, model:parameters()[i]))
      end
    end
  end)

  it("gets gradients of exactly 0 from its own teacher", function()
    local teacher = nn.mlp { sizes = { 20, 30, 30, 25 }, activation = "gelu" }:eval()
    local student = interpolate(teacher, teacher:clone(), 0)
    local x = ssl.randn(64, 20)
    local target = ssl.no_grad(teacher, x)
    ssl.losses.cross_entropy(student(x), target:softmax()):backward()
    for _, entry in ipairs(student:named_parameters()) do
      assert.equal(0, entry[2]:grad():ne(0):sum():item(), entry[1])
    end
  end)

  it("is a model of its own, which can be trained", function()
    local teacher, fresh = net(), net()
    local kept = { teacher:state(), fresh:state() }
    local student = interpolate(teacher, fresh, 0.5)
    for _, p in ipairs(student:parameters()) do
      assert.is_true(p:is_leaf() and p:needs_grad())
      p:detach():fill_(0)
    end
    student(ssl.randn(8, 20))
    for i, model in ipairs { teacher, fresh } do
      for name, t in pairs(model:state()) do assert.is_true(ssl.equal(kept[i][name], t), name) end
    end
  end)

  it("says what is wrong with its arguments", function()
    local a = net()
    assert.raises("bad argument #1 to 'interpolate' (module expected, got nil)", interpolate)
    assert.raises("bad argument #2 to 'interpolate' (module expected, got tensor (1) float32)",
      interpolate, a, ssl.ones(1))
    assert.raises("alpha must be in 0..1, got 1.1", interpolate, a, a, 1.1)
    assert.raises("alpha must be a finite number, got nil", interpolate, a, a)
    assert.raises("'1.weight' is (31,20) float32, and (30,20) float32 in the teacher",
      interpolate, a, net(31), 0.5)
    assert.raises("2 parameters, and the teacher has 6", interpolate, a, nn.Linear(20, 30), 0.5)
  end)
end)
