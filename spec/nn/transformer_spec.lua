-- Patches, and blocks of transformers.

local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

describe("PatchEmbed", function()
  it("is a convolution with stride = patch, row by row", function()
    local m = nn.PatchEmbed(6, 3, { channels = 2, dim = 4, dtype = F64 })
    assert.same({ 4, 2, 3, 3 }, { m.proj.weight:shape() })
    local x = ssl.randn(2, 2, 6, 6, F64)
    local maps = ssl.conv2d(x, m.proj.weight, m.proj.bias, { stride = 3 })
    assert.tensor_near(maps:flatten(3):transpose(2, 3), m(x), 1e-12)
    local view = x:transpose(3, 4)
    assert.tensor_near(m(view:contiguous()), m(view), 1e-12)
    assert.same({ 0, 4, 4 }, { m(ssl.zeros(0, 2, 6, 6, F64)):shape() })
  end)

  it("starts uniform within 1 / sqrt(inputs), the same for the same generator", function()
    local function make()
      return nn.PatchEmbed(8, 4, { dim = 200, generator = ssl.generator(1) })
    end
    local m = make()
    assert.is_true(m.proj.weight:abs():max():item() <= 48 ^ -0.5)
    assert.tensor_near((48 * 3) ^ -0.5, m.proj.weight:std(), 2e-3) -- 9600 draws
    assert.is_true(ssl.equal(m.proj.weight, make().proj.weight))
  end)

  it("has the right gradients", function()
    local m = nn.PatchEmbed(4, 2, { channels = 2, dim = 3, dtype = F64 })
    assert.is_true((ssl.gradcheck(function(x, w, b)
      m.proj.weight, m.proj.bias = w, b
      return m(x):tanh()
    end, { ssl.randn(2, 2, 4, 4, F64), ssl.randn(3, 2, 2, 2, F64), ssl.randn(3, F64) },
      { second = true })))
  end)

  it("says what is wrong with its arguments", function()
    assert.raises("patches of 3 do not fill an image of 8", nn.PatchEmbed, 8, 3, { dim = 2 })
    assert.raises("dim must be a whole number, got nil", nn.PatchEmbed, 8, 4)
    assert.raises("unknown option 'width'", nn.PatchEmbed, 8, 4, { dim = 2, width = 3 })
    local m = nn.PatchEmbed(8, 4, { dim = 2 })
    assert.raises("images (N,3,8,8) expected, got (1,3,8,4) float32", m, ssl.ones(1, 3, 8, 4))
    assert.raises("images [N,C,H,W] of dtype float32 expected", m, ssl.ones(1, 3, 8, 8, F64))
  end)
end)

describe("TransformerBlock", function() -- its values: models_spec.lua, with those of vit
  it("adds attention, then the two layers, to its input", function()
    local m = nn.TransformerBlock(6, { heads = 3, mlp_ratio = 0.5, dtype = F64 })
    assert.same({ 3, 6 }, { m.mlp.fc1.weight:shape() })
    local x = ssl.randn(2, 4, 6, F64)
    local y = x + m.attn(m.norm1(x))
    assert.tensor_near(y + m.mlp.fc2(m.mlp.fc1(m.norm2(y)):gelu()), m(x), 1e-12)
    assert.same({ 0, 4, 6 }, { m(ssl.zeros(0, 4, 6, F64)):shape() })
  end)

  it("has the right gradients, first and second", function()
    local m = nn.TransformerBlock(4, { heads = 2, mlp_ratio = 1, dtype = F64 })
    assert.is_true((ssl.gradcheck(function(x, a, b)
      m.norm1.weight, m.mlp.fc1.weight = a, b
      return m(x)
    end, { ssl.randn(2, 3, 4, F64), ssl.randn(4, F64), ssl.randn(4, 4, F64) }, { second = true })))
  end)

  it("resumes from its state", function()
    local a, b = nn.TransformerBlock(4, { heads = 1 }), nn.TransformerBlock(4, { heads = 1 })
    local x = ssl.randn(2, 3, 4)
    assert.is_false(ssl.equal(a(x), b(x)))
    assert.is_true(ssl.equal(a(x), b:load_state(a:state())(x)))
  end)

  it("says what is wrong with its arguments", function()
    assert.raises("dim must be a whole number, got nil", nn.TransformerBlock)
    assert.raises("5 heads do not share 4 columns equally", nn.TransformerBlock, 4, { heads = 5 })
    assert.raises("mlp_ratio * dim must be in 1..inf, got 0", nn.TransformerBlock, 4,
      { heads = 2, mlp_ratio = 0.1 })
    assert.raises("unknown option 'ratio'", nn.TransformerBlock, 4, { ratio = 2 })
  end)
end)
