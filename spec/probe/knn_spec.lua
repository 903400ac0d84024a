local core = require "sslkit.core"
local ssl = require "sslkit"

local knn = ssl.probe.knn

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype })
end

local function labels(list) return ssl.tensor(list, "int64") end

-- train (1,0) and (-1,0) of class 0, (.8,.6) and (0,1) of class 1
local hand_z = ssl.tensor({ { 1, 0 }, { 0.8, 0.6 }, { 0, 1 }, { -1, 0 } }, "float64")
local hand_y = labels { 0, 1, 1, 0 }

-- The rule in Lua, on exact scores.
local function twin(z, y, q, k, o, loo)
  local _, score = core.neighbours(not loo and q or nil, z, loo and #z - 1 or #z, o.metric)
  local index = core.neighbours(not loo and q or nil, z, loo and #z - 1 or #z, o.metric)
  local out = {}
  for i = 1, #q do
    local votes, near, count = {}, {}, {}
    for c = 1, k do
      local class, s = y[index[{ i, c }]], score[{ i, c }]
      local w = 1
      if o.weights == "exp" and o.metric == "cosine" then w = math.exp(s / o.temperature)
      elseif o.weights == "exp" then w = math.exp(-s * s / (2 * o.temperature))
      elseif o.weights == "inverse" then w = 1 / (s + 1e-5) end
      votes[class] = (votes[class] or 0) + w
      near[class] = (near[class] or 0) + (o.metric == "l2" and -s or s)
      count[#count + 1] = class
    end
    table.sort(count)
    local best
    for _, class in ipairs(count) do
      if not best or votes[class] > votes[best] * (1 + 1e-12)
        or o.weights == "uniform" and votes[class] == votes[best] and near[class] > near[best] then
        best = class
      end
    end
    out[i] = best
  end
  return out
end

describe("knn", function()
  it("gives the hand example", function()
    local r = knn(hand_z, hand_y, ssl.tensor({ { 0.6, 0.8 } }, "float64"), labels { 1 }, { k = 3 })
    assert.same({ 1 }, r.predictions:totable())
    assert.tensor_near({ { 0.005841, 1.101701 } }, r.scores, 1e-6)
    assert.same({ 0, 1 }, r.classes:totable())
    assert.equal("int64", r.predictions:dtype())
    assert.equal(1, r.accuracy)
    local loo = knn(hand_z, hand_y, nil, nil, { k = 1, leave_one_out = true })
    assert.same({ 1, 0, 1, 1 }, loo.predictions:totable())
    assert.equal(0.25, loo.accuracy)
    assert.equal("accuracy 0.2500 on 4 (knn, k=1, cosine, left out)", tostring(loo))
  end)

  it("counts the digits", function()
    local ds = ssl.data.digits()
    local z = ds.x:reshape(1797, 64):float() / 16
    local train, test = z:narrow(1, 1, 1000), z:narrow(1, 1001, 1797)
    local train_y, test_y = ds.y:narrow(1, 1, 1000), ds.y:narrow(1, 1001, 1797)
    for k, want in pairs { [1] = { 770, 987 }, [5] = { 765, 984 }, [20] = { 762, 971 },
      [200] = { 737, 955 } } do
      local r = knn(train, train_y, test, test_y, { k = k })
      local loo = knn(train, train_y, nil, nil, { k = k, leave_one_out = true })
      assert.equal(want[1], math.floor(r.accuracy * 797 + 0.5))
      assert.equal(want[2], math.floor(loo.accuracy * 1000 + 0.5))
      assert.equal(797, r.n)
      assert.equal(1000, loo.n)
    end
    assert.equal("accuracy 0.9561 on 797 (knn, k=20, cosine)",
      tostring(knn(train, train_y, test, test_y)))
  end)

  it("is its rule for every weight and metric", function()
    for seed = 1, 3 do
      local dtype = seed == 2 and "float64" or "float32"
      local z, q = randn(60, 4, seed, dtype), randn(25, 4, seed + 9, dtype)
      local y = ssl.randint(-2, 3, { 60 }, { generator = ssl.generator(seed) }) * 7
      for _, o in ipairs { { "cosine", "exp" }, { "cosine", "uniform" }, { "l2", "exp" },
        { "l2", "uniform" }, { "l2", "inverse" } } do
        local options = { k = 6, metric = o[1], weights = o[2], temperature = 0.3 }
        local r = knn(z, y, q, ssl.zeros({ 25 }, "int64"), options)
        assert.same(twin(z, y, q, 6, options), r.predictions:totable())
        options.leave_one_out = true
        local loo = knn(z, y, nil, nil, options)
        assert.same(twin(z, y, z, 6, options, true), loo.predictions:totable())
      end
    end
  end)

  it("breaks ties by nearness, then by the lowest class", function()
    local z = ssl.tensor { { 1, 0.1 }, { 1, 0.2 }, { 1, -0.3 }, { 1, -0.4 } }
    local q, any = ssl.tensor { { 1, 0 } }, labels { 5 }
    local uniform = { k = 4, weights = "uniform" }
    assert.equal(9, knn(z, labels { 9, 9, 5, 5 }, q, any, uniform).predictions[1])
    assert.equal(5, knn(z, labels { 5, 5, 9, 9 }, q, any, uniform).predictions[1])
    local twice = ssl.tensor { { 1, 0.1 }, { 1, -0.1 } }
    for _, o in ipairs { uniform, { k = 2 } } do
      o.k = 2
      assert.equal(5, knn(twice, labels { 9, 5 }, q, any, o).predictions[1])
      assert.equal(5, knn(twice, labels { 5, 9 }, q, any, o).predictions[1])
    end
    local l2 = { k = 4, weights = "uniform", metric = "l2" }
    assert.equal(9, knn(z, labels { 9, 9, 5, 5 }, q, any, l2).predictions[1])
  end)

  it("excludes a row by its number, not by its distance", function()
    local z = ssl.cat { randn(5, 3, 4), randn(5, 3, 4) } -- each row twice
    local y = ssl.arange(1, 10, 1, "int64")
    local r = knn(z, y, nil, nil, { k = 1, leave_one_out = true })
    assert.same({ 6, 7, 8, 9, 10, 1, 2, 3, 4, 5 }, r.predictions:totable())
  end)

  it("survives a low temperature", function()
    local r = knn(hand_z, hand_y, hand_z, hand_y, { k = 4, temperature = 1e-4 })
    assert.equal(1, r.accuracy)
    assert.is_true(r.scores:isfinite():all():item() == 1)
  end)

  it("counts classes one by one, and those never trained on", function()
    local z = ssl.tensor { { 1, 0 }, { 0, 1 } }
    local q = ssl.tensor { { 1, 0 }, { 1, 0.1 }, { 0, 1 }, { 0, 1 } }
    local r = knn(z, labels { 3, 8 }, q, labels { 3, 8, 8, 100 }, { k = 1 })
    assert.equal(0.5, r.accuracy)
    assert.tensor_near({ 1, 0.5 }, r.per_class, 0)
    assert.same({ 3, 3, 8, 8 }, r.predictions:totable())
    assert.is_true(knn(z, labels { 3, 8 }, q:narrow(1, 1, 1), labels { 3 }, { k = 1 })
      .per_class[2] ~= 0) -- NaN: no such row was tested
    local i64 = labels { math.maxinteger, math.mininteger }
    assert.same({ math.mininteger, math.maxinteger }, knn(z, i64, z, i64, { k = 1 })
      .classes:totable())
  end)

  it("takes what there is by default, and no more when told a number", function()
    assert.equal(4, knn(hand_z, hand_y, hand_z, hand_y).settings.k)
    assert.equal(3, knn(hand_z, hand_y, nil, nil, { leave_one_out = true }).settings.k)
    assert.same({ k = 4, temperature = 0.07, metric = "l2", weights = "inverse",
      leave_one_out = false }, knn(hand_z, hand_y, hand_z, hand_y, { metric = "l2" }).settings)
    assert.raises({ "bad argument #5 to 'knn'", "k must be at most n = 4, got 5" }, knn, hand_z,
      hand_y, hand_z, hand_y, { k = 5 })
    assert.raises("k must be less than n = 4, got 4", knn, hand_z, hand_y, nil, nil,
      { k = 4, leave_one_out = true })
    assert.raises("k must be less than n = 1, got 1", knn, hand_z:narrow(1, 1, 1),
      hand_y:narrow(1, 1, 1), nil, nil, { leave_one_out = true })
  end)

  it("refuses what does not fit", function()
    local z, y = hand_z, hand_y
    assert.raises({ "bad argument #1 to 'knn'", "training rows expected, got nil" }, knn)
    assert.raises({ "#2", "labels of dtype int64 expected, got (4) float32" }, knn, z, y:float(),
      z, y)
    assert.raises({ "#2", "one label a row expected, got (3) int64 for (4,2) float64" }, knn, z,
      y:narrow(1, 1, 3), z, y)
    assert.raises({ "#3", "test rows expected, got nil" }, knn, z, y)
    assert.raises({ "#3", "tensor (m,2) float64 like the training rows expected, got (4,3) float64"
      }, knn, z, y, ssl.ones({ 4, 3 }, "float64"), y)
    assert.raises({ "#3", "got (4,2) float32" }, knn, z, y, z:float(), y)
    assert.raises({ "#4", "labels expected, got nil" }, knn, z, y, z)
    assert.raises({ "#4", "labels of test rows, but no test rows" }, knn, z, y, nil, y,
      { leave_one_out = true })
    assert.raises({ "#3", "nil expected with leave_one_out" }, knn, z, y, z, y,
      { leave_one_out = true })
    assert.raises({ "#1", "row 2 of (4,2) float64 holds a NaN" }, knn,
      z:clone():set(0 / 0, 2, 1), y, z, y)
    assert.raises({ "#3", "row 4 of (4,2) float64 holds a NaN" }, knn, z, y,
      z:clone():set(math.huge, 4, 2), y)
    assert.raises({ "#1", "at least one row and one column expected" }, knn,
      ssl.zeros({ 0, 2 }, "float64"), labels {}, z, y)
    assert.raises({ "#5", "unknown option 'K'" }, knn, z, y, z, y, { K = 3 })
    assert.raises("k must be a whole number, got number 2.5", knn, z, y, z, y, { k = 2.5 })
    assert.raises("temperature must be above 0, got 0", knn, z, y, z, y, { temperature = 0 })
    assert.raises("metric must be one of cosine, l2", knn, z, y, z, y, { metric = "dot" })
    assert.raises("weights must be one of exp, uniform, got string 'inverse'", knn, z, y, z, y,
      { weights = "inverse" })
  end)

  it("leaves the tape alone", function()
    local z = randn(8, 3, 5):requires_grad()
    local y = labels { 1, 1, 2, 2, 1, 2, 1, 2 }
    assert.is_false(knn(z, y, z, y, { k = 3 }).scores:needs_grad())
  end)
end)

describe("the vote in C", function()
  it("checks what it is given", function()
    local index, score = ssl.ones({ 2, 3 }, "int64"), ssl.ones({ 2, 3 }, "float64")
    local label = labels { 1, 2 }
    local function refuses(message, i, s, l, classes, weights)
      assert.raises(message, core.knn_vote, i, s, l, classes, "cosine", weights or "exp", 1)
    end
    refuses("tensor (m,k) expected, got (2) int64", label, score, label, 2)
    refuses("values in 1..2 expected, got 3", index * 3, score, label, 2)
    refuses("values in 1..1 expected, got 2", index, score, label, 1)
    refuses("contiguous (2,3) float64 expected", index, score:t(), label, 2)
    refuses("'most' is none of: exp, uniform, inverse", index, score, label, 2, "most")
    refuses("at least one class expected", index, score, label, 0)
  end)
end)
