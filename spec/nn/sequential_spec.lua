-- Sequential, and the multilayer perceptrons made of it.

local fixtures = dofile "spec/fixtures/nn.lua"
local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

local function kinds(m)
  local list = {}
  for name in tostring(m):gmatch "%(%d+%) (%w+%([^\n]*)" do list[#list + 1] = name end
  return list
end

describe("Sequential", function()
  it("applies its parts in order", function()
    local a, b = nn.Linear(3, 4), nn.Linear(4, 2)
    local m = nn.Sequential(a, nn.ReLU(), b)
    local x = ssl.randn(5, 3)
    assert.tensor_near(b(a(x):relu()), m(x))
    assert.equal(x, nn.Sequential()(x))
    assert.equal("Sequential() 0 parameters", tostring(nn.Sequential()))
  end)

  it("takes modules only", function()
    assert.raises("bad argument #2 to 'Sequential' (module expected, got nil)", nn.Sequential,
      nn.ReLU(), nil, nn.ReLU())
    assert.raises("module expected, got table", nn.Sequential, { nn.ReLU() })
    assert.raises("module expected, got function", nn.Sequential, nn.ReLU)
  end)
end)

describe("mlp", function()
  it("is PyTorch's, forward and backward", function()
    local want = fixtures.mlp
    local m = nn.mlp { sizes = { 3, 4, 2 }, dtype = F64 }
    for i, p in ipairs(m:parameters()) do
      p:detach():copy_(ssl.tensor(want.parameters[i], F64))
    end
    local x = ssl.tensor(want.x, F64):requires_grad()
    local out = m(x)
    local loss = ssl.losses.cross_entropy(out, ssl.tensor(want.classes, "int64"))
    loss:backward()
    -- 1e-8: the fixture holds 9 digits
    assert.tensor_near(want.out, out, 1e-8)
    assert.tensor_near(want.loss, loss, 1e-8)
    assert.tensor_near(want.dx, x:grad(), 1e-8)
    for i, p in ipairs(m:parameters()) do assert.tensor_near(want.gradients[i], p:grad(), 1e-8) end
  end)

  it("has norms and activations between its layers, and behind the last when told so", function()
    assert.same({ "Flatten()", "Linear(4, 8)", "ReLU()", "Linear(8, 2)" },
      kinds(nn.mlp { sizes = { 4, 8, 2 } }))
    assert.same({ "Flatten()", "Linear(4, 8)", "BatchNorm1d(8)", "GELU()", "Linear(8, 2)" },
      kinds(nn.mlp { sizes = { 4, 8, 2 }, norm = "batch", activation = "gelu" }))
    assert.same({ "Flatten()", "Linear(4, 2)", "BatchNorm1d(2)", "SiLU()" },
      kinds(nn.mlp { sizes = { 4, 2 }, norm = "batch", activation = "silu", activate_last = true }))
  end)

  it("flattens images, and has the dtype that is asked for", function()
    local m = nn.mlp { sizes = { 12, 2 }, dtype = F64, norm = "batch", activate_last = true }
    assert.same({ 5, 2 }, { m(ssl.zeros(5, 3, 4, F64)):shape() })
    for _, entry in ipairs(m:named_buffers()) do assert.equal(F64, entry[2]:dtype()) end
  end)

  it("draws from its generator", function()
    local function make() return nn.mlp { sizes = { 3, 3, 3 }, generator = ssl.generator(5) } end
    local a, b = make(), make()
    for i, p in ipairs(a:parameters()) do assert.is_true(ssl.equal(p, b:parameters()[i])) end
    assert.is_false(ssl.equal(a:parameters()[1], a:parameters()[3]))
  end)

  it("says what is wrong with its options", function()
    assert.raises("sizes = {inputs, ..., outputs} expected, got nil", nn.mlp)
    assert.raises("sizes = {inputs, ..., outputs} expected, got table", nn.mlp, { sizes = { 3 } })
    assert.raises("inp must be a whole number, got string 'a'", nn.mlp, { sizes = { "a", 2 } })
    assert.raises("activation must be one of gelu, relu, silu, tanh, got string 'elu'", nn.mlp,
      { sizes = { 3, 2 }, activation = "elu" })
    assert.raises("norm must be one of batch, got string 'layer'", nn.mlp,
      { sizes = { 3, 2 }, norm = "layer" })
    assert.raises("unknown option 'size'; known: activate_last, activation, dtype", nn.mlp,
      { size = { 3, 2 } })
  end)
end)
