-- Embeddings: noise, masks, mixtures, rotations, and the gradients that go through them.

local ssl = require "sslkit"

local augment = ssl.augment

local function randn(seed, ...) return ssl.randn({ ... }, { generator = ssl.generator(seed) }) end

local NAMES = { "feature_noise", "feature_mask", "feature_mix", "feature_isda", "feature_rotate" }

describe("ssl.augment.feature", function()
  it("does what a policy does", function()
    local z = randn(1, 6, 4)
    for _, name in ipairs(NAMES) do
      assert.is_true(ssl.equal(augment.compile { { name } }(z, { seed = 3, view = 2, epoch = 5 }),
        augment.feature(z, name, { seed = 3, view = 2, epoch = 5 })), name)
    end
  end)

  it("lets gradients through, of float64 too, and leaves its input as it is", function()
    for _, name in ipairs(NAMES) do
      local z = randn(2, 4, 3):double()
      local kept = z:clone()
      local y = augment.feature(z, name)
      assert.equal("float64", y:dtype())
      assert.is_true(ssl.equal(kept, z))
      -- the covariance of feature_isda is a constant
      if name ~= "feature_isda" then
        z:requires_grad()
        assert.is_true(ssl.gradcheck(function(x) return augment.feature(x, name) end, { z }))
      end
    end
    local z = randn(3, 4, 3):requires_grad()
    augment.feature(z, "feature_isda"):sum():backward()
    assert.tensor_near(ssl.ones(4, 3), z:grad())
  end)

  it("takes any size and strided views", function()
    for _, name in ipairs(NAMES) do
      for _, shape in ipairs { { 1, 1 }, { 1, 5 }, { 7, 1 }, { 2, 9 }, { 0, 3 } } do
        local y = augment.feature(randn(4, table.unpack(shape)), name)
        assert.same(shape, { y:shape() })
        assert.is_true(#y == 0 or y:isfinite():amin():item() == 1)
      end
      local wide = randn(5, 6, 4):t()
      local want = augment.feature(wide:contiguous(), name)
      assert.tensor_near(want, augment.feature(wide, name), 1e-6)
    end
  end)

  it("changes a sample by its own number where it is changed by itself", function()
    local z, order = randn(6, 9, 5), ssl.randperm(9, { generator = ssl.generator(1) })
    for _, name in ipairs { "feature_noise", "feature_mask" } do
      assert.is_true(ssl.equal(augment.feature(z, name)[order],
        augment.feature(z[order], name, { index = order })))
    end
  end)

  it("says what is wrong", function()
    local z = randn(7, 3, 2)
    assert.raises("embeddings [N,D] of dtype float expected, got (3,2) int64", augment.feature,
      z:long(), "feature_noise")
    assert.raises("one of feature_isda, feature_mask, feature_mix, feature_noise, feature_rotate "
      .. "expected, got string 'feature_nose'", augment.feature, z, "feature_nose")
    assert.raises("expected, got string 'hflip'", augment.feature, z, "hflip")
    assert.raises("unknown option 'rate'", augment.feature, z, "feature_noise", { rate = 1 })
    assert.raises("rate must be a number from 0 to 1", augment.feature, z, "feature_mask",
      { rate = 2 })
    assert.raises("rescale must be true or false", augment.feature, z, "feature_mask",
      { rescale = 1 })
    assert.raises("sigma must be a number from 0", augment.feature, z, "feature_noise",
      { sigma = -1 })
    assert.raises("strength must be a number from 0", augment.feature, z, "feature_isda",
      { strength = "much" })
    assert.raises("alpha must be a number", augment.feature, z, "feature_mix", { alpha = 0 })
    assert.raises("seed must be a whole number", augment.feature, z, "feature_noise",
      { seed = 0.5 })
  end)
end)

describe("feature_noise and feature_mask", function()
  it("draw normal numbers, of any strength within a range", function()
    local y = augment.feature(ssl.zeros(400, 100), "feature_noise", { sigma = 0.3 })
    assert.near(0, y:mean():item(), 0.0075) -- 40000 numbers: 5 standard errors
    assert.near(0.3, y:std():item(), 0.0053)
    local stds = augment.feature(ssl.zeros(400, 100), "feature_noise", { sigma = { 1, 3 } }):std(2)
    assert.near(2, stds:mean():item(), 0.17)
    assert.is_true(stds:amin():item() < 1.2 and stds:amax():item() > 2.8)
  end)

  it("drop dimensions, and keep the mean if asked", function()
    local y = augment.feature(ssl.ones(400, 100), "feature_mask", { rate = 0.3 })
    assert.same({ 0, 1 }, y:unique():totable())
    assert.near(0.7, y:mean():item(), 0.0115)
    local o = { rate = 0.3, rescale = true }
    local scaled = augment.feature(ssl.ones(400, 100), "feature_mask", o)
    assert.tensor_near(y / 0.7, scaled, 1e-6)
    assert.tensor_near(ssl.zeros(2, 3), augment.feature(ssl.ones(2, 3), "feature_mask",
      { rate = 1, rescale = true }))
    local x = ssl.ones(2, 3)
    assert.tensor_near(x, augment.feature(x, "feature_mask", { rate = 0 }))
  end)
end)

describe("feature_mix", function()
  it("keeps the larger part of each sample, and takes the rest from another", function()
    local n = 50
    -- one-hot rows show who was mixed
    local y = augment.feature(ssl.eye(n), "feature_mix")
    assert.tensor_near(ssl.ones(n), y:sum(2), 1e-6)
    assert.is_true(y:diag():amin():item() >= 0.5)
    local others = (y - ssl.eye(n) * y:diag()):gt(0):long()
    assert.equal(1, others:sum(2):amax():item())
    assert.equal(1, others:sum(1):amax():item())
    assert.is_true(#y:diag():unique() > 45)
    local one = augment.feature(ssl.eye(n), "feature_mix", { per = "batch" }):diag():unique()
    assert.is_true(#one <= 2) -- itself where the partner is the sample
  end)
end)

describe("feature_isda", function()
  it("adds noise of the batch's covariance, however few samples there are", function()
    for _, n in ipairs { 3, 40 } do
      local z = randn(8, n, 6):double():matmul(randn(9, 6, 6):double())
      local centred = z - z:mean(1, true)
      local want = centred:t():matmul(centred) / n * 0.25
      local sum, count = ssl.zeros({ 6, 6 }, "float64"), 0
      for seed = 1, 12000 // n do
        local noise = augment.feature(z, "feature_isda", { strength = 0.25, seed = seed }) - z
        sum, count = sum + noise:t():matmul(noise), count + n
      end
      -- 12000 samples: the error of a covariance is sqrt(2 / 12000) of the variances, 5 times that
      assert.tensor_near(want, sum / count, 0.065 * want:diag():amax():item())
    end
  end)
end)

describe("feature_rotate", function()
  it("keeps lengths and angles, and turns every way", function()
    local z = randn(10, 8, 5):double()
    local sum, squares = 0, 0
    local n = 400
    for seed = 1, n do
      local y = augment.feature(z, "feature_rotate", { seed = seed })
      assert.tensor_near(z:matmul(z:t()), y:matmul(y:t()), 1e-10)
      local first = augment.feature(ssl.eye(5), "feature_rotate", { seed = seed }):at(1, 1)
      sum, squares = sum + first, squares + first ^ 2
    end
    -- an element of a random orthogonal matrix of 5: mean 0, variance 1/5, fourth moment 3/35
    assert.near(0, sum / n, 5 * math.sqrt(0.2 / n))
    assert.near(0.2, squares / n, 5 * math.sqrt((3 / 35 - 0.04) / n))
  end)
end)
