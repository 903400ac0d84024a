local ssl = require "sslkit"

describe("data.dataset", function()
  local function small(fields)
    local all = {
      x = ssl.arange(0, 23, 1, "int64"):byte():view(6, 1, 2, 2),
      y = ssl.tensor({ 1, 2, 3, 1, 2, 3 }, "int64"),
      classes = { "a", "b", "c" },
    }
    for name, value in pairs(fields or {}) do all[name] = value end
    return ssl.data.dataset(all)
  end

  it("keeps what it is given, and describes itself", function()
    local ds = small { name = "toy", levels = 23 }
    assert.equal(6, #ds)
    assert.equal("toy: 6 samples of 1x2x2 uint8 0..23, 3 classes: a, b, c", tostring(ds))
    assert.equal("dataset: 4 samples of 1 float32", tostring(ssl.data.dataset { x = ssl.ones(4) }))
    local classes = {}
    for i = 1, 12 do classes[i] = "c" .. i end
    assert.truthy(tostring(small { classes = classes }):find("12 classes: c1, .*c10, %.%.%.$"))
  end)

  it("takes some samples, again and from the end", function()
    local ds = small()
    local sub = ds:subset { 6, 1, 1, -1 }
    assert.same({ 3, 1, 1, 3 }, sub.y:totable())
    assert.same({ { { 20, 21 }, { 22, 23 } } }, sub.x[1]:totable())
    assert.same({ "a", "b", "c" }, sub.classes)
    assert.same({ 2, 3 }, ds:subset(ssl.tensor({ 2, 3 }, "int64")).y:totable())
    sub.x:fill_(0) -- a copy
    assert.equal(4, ds.x:at(2, 1, 1, 1))
    assert.equal(0, #ds:subset {})
    assert.equal(0, #ds:subset(ssl.empty({ 0 }, "int64")))
    assert.is_nil(ssl.data.dataset { x = ssl.ones(4) }:subset({ 1 }).y)
  end)

  it("splits without overlap, and equally for equal seeds", function()
    local ds = small()
    local a, b = ds:split(0.5, { seed = 3 })
    assert.equal(3, #a)
    assert.equal(3, #b)
    local firsts = {}
    for _, part in ipairs { a, b } do
      for i = 1, #part do firsts[#firsts + 1] = part.x:at(i, 1, 1, 1) end
    end
    table.sort(firsts)
    assert.same({ 0, 4, 8, 12, 16, 20 }, firsts)
    assert.is_true(ssl.equal(a.x, (ds:split(0.5, { seed = 3 })).x))
    local big = ssl.data.digits()
    assert.is_false(ssl.equal((big:split(0.5, { seed = 1 })).y, (big:split(0.5, { seed = 2 })).y))
    for fraction, sizes in pairs { [0] = { 0, 6 }, [1] = { 6, 0 }, [0.25] = { 2, 4 } } do
      local left, right = ds:split(fraction)
      assert.same(sizes, { #left, #right })
    end
  end)

  it("says what is wrong with its fields", function()
    assert.raises("unknown option 'labels'; known: classes, levels, name, x, y", function()
      ssl.data.dataset { labels = 1 }
    end)
    assert.raises("#1 to 'dataset' (x expected, got nil)", function() ssl.data.dataset {} end)
    assert.raises("one row a sample, got a 0-dim tensor", function()
      ssl.data.dataset { x = ssl.tensor(3) }
    end)
    assert.raises("y of dtype int64 expected, got (6) float32", function()
      small { y = ssl.ones(6) }
    end)
    assert.raises("x has 6 samples, but y has 5", function()
      small { y = ssl.ones({ 5 }, "int64") }
    end)
    assert.raises("labels must be 1 or more, got 0", function()
      small { y = ssl.tensor({ 0, 1, 2, 1, 1, 1 }, "int64") }
    end)
    assert.raises("label 4, but there are 3 classes", function()
      small { y = ssl.tensor({ 1, 4, 2, 1, 1, 1 }, "int64") }
    end)
    assert.raises("classes must be a list of names, got number 3", function()
      small { classes = 3 }
    end)
    assert.raises("levels must be above 0, got 0", function() small { levels = 0 } end)
  end)

  it("says what is wrong with a choice of samples", function()
    local ds = small()
    local bad = "#1 to 'subset' (sample numbers must be in 1..6 or -6..-1, got "
    assert.raises({ "dataset_spec.lua:", bad .. "1..7)" }, function() ds:subset { 1, 7 } end)
    assert.raises(bad .. "0..1)", function() ds:subset { 1, 0 } end)
    assert.raises(bad .. "-7..-7)", function() ds:subset(ssl.tensor({ -7 }, "int64")) end)
    assert.raises("index 2 must be a whole number, got number 1.5", function()
      ds:subset { 1, 1.5 }
    end)
    assert.raises("indices of dtype int64 expected, got (2) float32", function()
      ds:subset(ssl.ones(2))
    end)
    assert.raises("fraction must be in 0..1, got 1.5", function() ds:split(1.5) end)
    assert.raises("fraction must be a finite number, got nil", function() ds:split() end)
    assert.raises("unknown option 'sed'; known: seed", function() ds:split(0.5, { sed = 1 }) end)
  end)
end)
