-- Datasets that are drawn, and long tails.
local ssl = require "sslkit"

describe("data.gaussian_mixture", function()
  it("has unit variance, and means as far apart as it says", function()
    local ds = ssl.data.gaussian_mixture {
      n = 30000, classes = 3, dim = 5, separation = 6, seed = 2,
    }
    assert.equal("gaussian mixture: 30000 samples of 5 float32, 3 classes: 1, 2, 3", tostring(ds))
    local means = {}
    for k = 1, 3 do
      local x = ds.x[ds.y:eq(k)]
      assert.equal(10000, #x)
      means[k] = x:mean(1)
      assert.tensor_near(ssl.ones(5), x:std(1), 0.03) -- standard error 0.007
    end
    for a = 1, 2 do
      for b = a + 1, 3 do assert.near(6, (means[a] - means[b]):norm():item(), 0.08) end
    end
  end)

  it("allows the accuracy that theory says", function()
    local ds = ssl.data.gaussian_mixture { n = 20000, classes = 2, dim = 8, separation = 2 }
    local one, two = ds.x[ds.y:eq(1)], ds.x[ds.y:eq(2)]
    local axis = two:mean(1) - one:mean(1)
    local middle = ((two:mean(1) + one:mean(1)) / 2):dot(axis):item()
    local function share(mask) return mask:double():mean():item() end
    local right = share(one:matmul(axis):lt(middle)) + share(two:matmul(axis):gt(middle))
    assert.near(0.8413, right / 2, 0.01) -- the normal distribution function at 1
  end)

  it("takes more classes than dimensions, and single ones", function()
    local ds = ssl.data.gaussian_mixture { n = 7, classes = 5, dim = 2, separation = 0 }
    assert.same({ 1, 2, 3, 4, 5, 1, 2 }, ds.y:totable())
    assert.same({ 1, 1 }, { ssl.data.gaussian_mixture { n = 1, classes = 1, dim = 1 }.x:shape() })
  end)

  it("depends on its seed alone", function()
    local a = ssl.data.gaussian_mixture { seed = 1 }
    ssl.rand(10)
    assert.is_true(ssl.equal(a.x, ssl.data.gaussian_mixture { seed = 1 }.x))
    assert.is_false(ssl.equal(a.x, ssl.data.gaussian_mixture { seed = 2 }.x))
  end)

  it("says what is wrong", function()
    assert.raises({
      "synthetic_spec.lua:", "#1 to 'gaussian_mixture' (n must be in 1..inf, got 0)",
    }, function() ssl.data.gaussian_mixture { n = 0 } end)
    assert.raises("classes must be in 1..inf, got 0", function()
      ssl.data.gaussian_mixture { classes = 0 }
    end)
    assert.raises("separation must be in 0..inf, got -1", function()
      ssl.data.gaussian_mixture { separation = -1 }
    end)
    assert.raises("unknown option 'dims'", function() ssl.data.gaussian_mixture { dims = 2 } end)
  end)
end)

describe("data.moons and data.two_circles", function()
  it("lie on their curves without noise", function()
    local moons = ssl.data.moons { n = 101, noise = 0 }
    local one, two = moons.x[moons.y:eq(1)], moons.x[moons.y:eq(2)]
    assert.same({ 51, 50 }, { #one, #two })
    assert.tensor_near(ssl.ones(51), one:norm(2, 2), 1e-6)
    assert.tensor_near(ssl.ones(50), (two - ssl.tensor { 1, 0.5 }):norm(2, 2), 1e-6)
    assert.is_true(one:select(2, 2):min():item() > -1e-6)
    assert.is_true(two:select(2, 2):max():item() < 0.5 + 1e-6)
    assert.tensor_near({ 1, 0 }, one[1], 1e-6)
    assert.tensor_near({ -1, 0 }, one[51], 1e-6)
    local circles = ssl.data.two_circles { n = 8, noise = 0, factor = 0.25 }
    assert.tensor_near({ 1, 0.25, 1, 0.25, 1, 0.25, 1, 0.25 }, circles.x:norm(2, 2), 1e-6)
    assert.tensor_near({ 0, 1 }, circles.x[3], 1e-6) -- a quarter further
  end)

  it("have noise of the strength that they are given", function()
    for _, name in ipairs { "moons", "two_circles" } do
      local make = ssl.data[name]
      local off = make { n = 5000, noise = 0.2, seed = 4 }.x - make { n = 5000, noise = 0 }.x
      assert.near(0.2, off:std():item(), 0.006)
      assert.near(0, off:mean():item(), 0.01)
      assert.is_true(ssl.equal(make().x, make { seed = 0 }.x))
      assert.is_false(ssl.equal(make().x, make { seed = 1 }.x))
    end
  end)

  it("say what is wrong", function()
    assert.raises({ "synthetic_spec.lua:", "#1 to 'moons' (n must be in 2..inf, got 1)" },
      function() ssl.data.moons { n = 1 } end)
    assert.raises("#1 to 'moons' (unknown option 'factor'; known: n, noise, seed)", function()
      ssl.data.moons { factor = 1 }
    end)
    assert.raises("#1 to 'two_circles' (factor must be in 0..1, got 2)", function()
      ssl.data.two_circles { factor = 2 }
    end)
  end)
end)

describe("data.long_tail", function()
  local function balanced(classes, each)
    local n = classes * each
    return ssl.data.dataset {
      x = ssl.arange(1, n, 1, "int64"):double(),
      y = ssl.arange(0, n - 1, 1, "int64") % classes + 1,
    }
  end

  it("has the sizes of CIFAR-10-LT and CIFAR-100-LT", function()
    local function counts(classes, each, imbalance)
      return ssl.data.long_tail(balanced(classes, each), { imbalance = imbalance }).y:bincount()
    end
    -- the sizes that Cui et al.'s code gives for 5000 images a class
    assert.same({ 5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50 },
      counts(10, 5000, 100):totable())
    local hundred = counts(100, 500, 100)
    assert.equal(10847, hundred:sum():item())
    assert.same({ 500, 5 }, { hundred[1], hundred[100] })
    assert.same({ 7, 7, 7 }, counts(3, 7, 1):totable())
  end)

  it("takes samples once, in order, by its seed", function()
    local ds = balanced(4, 50)
    local tail = ssl.data.long_tail(ds, { imbalance = 10, seed = 1 })
    assert.is_true(tail.x:diff():gt(0):all():item() == 1)
    assert.is_true(ssl.equal(((tail.x - 1) % 4 + 1):long(), tail.y)) -- each with its own label
    assert.is_true(ssl.equal(tail.x, ssl.data.long_tail(ds, { imbalance = 10, seed = 1 }).x))
    assert.is_false(ssl.equal(tail.x, ssl.data.long_tail(ds, { imbalance = 10, seed = 2 }).x))
  end)

  it("takes what there is of small and empty classes", function()
    local ds = ssl.data.dataset {
      x = ssl.rand(6), y = ssl.tensor({ 2, 2, 2, 2, 1, 2 }, "int64"), classes = { "a", "b", "c" },
    }
    local tail = ssl.data.long_tail(ds, { imbalance = 1 })
    assert.same({ 2, 2, 1 }, tail.y:totable())
    assert.same({ "a", "b", "c" }, tail.classes)
    assert.equal(0, #ssl.data.long_tail(ds:subset {}))
    assert.equal(3, #ssl.data.long_tail(ssl.data.dataset {
      x = ssl.rand(3), y = ssl.ones({ 3 }, "int64"),
    }))
  end)

  it("says what is wrong", function()
    assert.raises({ "synthetic_spec.lua:", "#1 to 'long_tail' (dataset expected, got number 1)" },
      function() ssl.data.long_tail(1) end)
    assert.raises("a dataset with labels expected, got dataset: 3 samples", function()
      ssl.data.long_tail(ssl.data.dataset { x = ssl.rand(3) })
    end)
    assert.raises("#2 to 'long_tail' (imbalance must be in 1..inf, got 0.5)", function()
      ssl.data.long_tail(balanced(2, 2), { imbalance = 0.5 })
    end)
    assert.raises("unknown option 'imb'", function()
      ssl.data.long_tail(balanced(2, 2), { imb = 5 })
    end)
  end)
end)
