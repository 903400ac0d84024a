local ssl = require "sslkit"

local fixture = dofile "spec/fixtures/metrics_labels.lua"
local accuracy, confusion = ssl.metrics.accuracy, ssl.metrics.confusion

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function ids(list) return ssl.tensor(list, "int64") end

-- Whole numbers, so that there are ties.
local function logits(n, k, seed)
  local g = ssl.generator(seed)
  return ssl.randint(0, 5, { n, k }, { generator = g }):float(),
    ssl.randint(1, k, { n }, { generator = g })
end

-- Is column y among the k first of a row, sorted by falling value and rising column?
local function among(row, y, k)
  local columns = {}
  for j = 1, #row do columns[j] = j end
  table.sort(columns, function(a, b)
    if row[a] ~= row[b] then return row[a] > row[b] end
    return a < b
  end)
  for place = 1, k do
    if columns[place] == y then return true end
  end
  return false
end

describe("accuracy", function()
  it("counts what is right", function()
    local r = accuracy(ids { 7, -1, 7, 3 }, ids { 7, -1, 3, 3 }, { full = true })
    assert.same({ 0.75, 3, 4 }, { r.value, r.correct, r.n })
    assert.same({ -1, 3, 7 }, r.classes:totable())
    assert.same({ 1, 0.5, 1 }, r.per_class:totable())
    near(2.5 / 3, accuracy(ids { 7, -1, 7, 3 }, ids { 7, -1, 3, 3 }, { average = "macro" }))
  end)

  it("is scikit-learn's on the digits", function()
    local list = {}
    for code in fixture.clusters:gmatch "." do list[#list + 1] = tonumber(code, 16) end
    local y = ssl.data.digits().y
    near(fixture.agreement.accuracy, accuracy(ids(list), y))
    near(fixture.agreement.balanced_accuracy, accuracy(ids(list), y, { average = "macro" }))
  end)

  it("takes the largest logits, the first of equal ones", function()
    for seed = 1, 3 do
      local x, y = logits(50, 7, seed)
      if seed == 2 then x = x:double() end
      local rows, labels = x:totable(), y:totable()
      for k = 1, 7 do
        local hits = 0
        for i, row in ipairs(rows) do hits = hits + (among(row, labels[i], k) and 1 or 0) end
        assert.equal(hits / 50, accuracy(x, y, { k = k }))
      end
      assert.equal(accuracy(x:argmax(2), y), accuracy(x, y))
      assert.equal(accuracy(x, y), accuracy(x:t():contiguous():t(), y))
    end
  end)

  it("knows columns by other names", function()
    local x, y = logits(60, 4, 5)
    local names = ids { 30, -10, 20, 0 }
    for k = 1, 4 do
      assert.equal(accuracy(x, y, { k = k }), accuracy(x, names[y], { k = k, classes = names }))
    end
    assert.equal(accuracy(x, y, { average = "macro" }),
      accuracy(x, names[y], { average = "macro", classes = names }))
  end)

  it("handles NaN as it is told", function()
    local x, y = logits(10, 3, 6)
    local broken = x:clone()
    broken[{ 4, 2 }] = 0 / 0
    local kept = ssl.arange(1, 10):ne(4)
    assert.raises({ "bad argument #1 to 'accuracy'", "row 4" }, accuracy, broken, y)
    local r = accuracy(broken, y, { nan = "skip", full = true })
    assert.same({ accuracy(x[kept], y[kept]), 9, 1 }, { r.value, r.n, r.n_skipped })
    r = accuracy(broken, y, { nan = "propagate", full = true })
    is_nan(r.value)
    assert.matches("row 4", r.undefined)
  end)

  it("says what is wrong", function()
    local x, y = ssl.ones(3, 2), ids { 1, 2, 1 }
    local at = "bad argument #%d to 'accuracy'"
    assert.raises({ at:format(1), "2 dimensions expected, got (3) float32" }, accuracy, ssl.ones(3),
      y)
    assert.raises({ at:format(1), "float expected, got (3,2) uint8" }, accuracy, x:byte(), y)
    assert.raises({ at:format(1), "at least one label" }, accuracy, ids {}, ids {})
    assert.raises({ at:format(2), "labels of dtype int64 expected" }, accuracy, y, x:select(2, 1))
    assert.raises({ at:format(2), "3 labels expected, one a row, got (1) int64" }, accuracy, x,
      ids { 1 })
    assert.raises({ at:format(2), "label 3 of row 2 is none of the 2 classes" }, accuracy, x,
      ids { 1, 3, 0 })
    assert.raises({ at:format(2), "label 0 of row 1" }, accuracy, x, ids { 0, 1, 1 })
    assert.raises({ at:format(3), "k must be at most 2, the number of classes, got 3" }, accuracy,
      x, y, { k = 3 })
    assert.raises({ at:format(3), "k=2 needs logits" }, accuracy, y, y, { k = 2 })
    assert.raises({ at:format(3), "k must be in 1..inf, got 0" }, accuracy, x, y, { k = 0 })
    assert.raises({ at:format(3), "classes (2), one a column, expected, got (3) int64" }, accuracy,
      x, y, { classes = y })
    assert.raises({ at:format(3), "a class stands twice" }, accuracy, x, y,
      { classes = ids { 1, 1 } })
    assert.raises({ at:format(3), "classes are those of logits" }, accuracy, y, y, { classes = y })
    assert.raises("average must be one of micro, macro", accuracy, y, y, { average = "weighted" })
    assert.raises("memory", accuracy, ids({ 1 }):expand(2 ^ 40 | 0), ids({ 1 }):expand(2 ^ 40 | 0))
  end)
end)

describe("confusion", function()
  it("has the truth in rows", function()
    local c = confusion(ids { 3, 3, 8, -1, 8 }, ids { 3, 8, 8, 3, 8 })
    assert.same({ -1, 3, 8 }, c.classes:totable())
    assert.same({ { 0, 0, 0 }, { 1, 1, 0 }, { 0, 1, 2 } }, c.counts:totable())
    assert.same({ 5, 0.6 }, { c.n, c.accuracy })
    near({ 0 / 0, 0.5, 2 / 3 }, c.recall)
    near({ 0, 0.5, 1 }, c.precision)
    assert.equal("int64", c.counts:dtype())
  end)

  it("counts every pair, and agrees with accuracy", function()
    local x, y = logits(400, 6, 7)
    local guess = x:argmax(2)
    local c = confusion(guess, y)
    for i = 1, 6 do
      for j = 1, 6 do
        local count = y:eq(i):logical_and(guess:eq(j)):sum():item()
        assert.equal(count, c.counts:at(i, j))
      end
    end
    assert.equal(accuracy(x, y), c.accuracy)
    near(accuracy(x, y, { average = "macro" }), c.recall:mean():item())
    assert.same(c.counts:totable(), confusion(x, y).counts:totable())
  end)

  it("lists all columns of logits, under their names", function()
    local c = confusion(ssl.tensor { { 1, 2, 3 }, { 3, 2, 1 } }, ids { 30, 20 },
      { classes = ids { 10, 20, 30 } })
    assert.same({ 10, 20, 30 }, c.classes:totable())
    assert.same({ { 0, 0, 0 }, { 1, 0, 0 }, { 0, 0, 1 } }, c.counts:totable())
  end)

  it("prints as a table, of many classes the most frequent confusions", function()
    assert.equal(table.concat({
      "confusion of 5, 3 classes: accuracy 0.6000",
      "truth  -1  3  8  (predicted)",
      "   -1   .  .  .",
      "    3   1  1  .",
      "    8   .  1  2",
    }, "\n"), tostring(confusion(ids { 3, 3, 8, -1, 8 }, ids { 3, 8, 8, 3, 8 })))
    assert.equal(table.concat({
      "confusion of 3, 2 classes: accuracy 0.6667",
      "truth  cat dog  (predicted)",
      "  cat    1   .",
      "  dog    1   1",
    }, "\n"), tostring(confusion(ids { 1, 1, 2 }, ids { 1, 2, 2 }, { names = { "cat", "dog" } })))
    local y = ssl.arange(1, 40, 1, "int64")
    local guess = y:clone()
    guess[3], guess[9], guess[7] = 4, 1, 1
    local lines = tostring(confusion(ssl.cat { guess, ids { 4 } }, ssl.cat { y, ids { 3 } }))
    assert.equal(table.concat({
      "confusion of 41, 40 classes: accuracy 0.9024",
      "  3 taken for 4  2",
      "  7 taken for 1  1",
      "  9 taken for 1  1",
    }, "\n"), lines)
    assert.matches("\n  and 30 more$", tostring(confusion(y:flip(1), y)))
  end)

  it("drops rows with NaN on request", function()
    local x, y = logits(10, 3, 6)
    x[{ 4, 2 }] = 0 / 0
    local kept = ssl.arange(1, 10):ne(4)
    local c = confusion(x, y, { nan = "skip" })
    assert.same(confusion(x[kept], y[kept]).counts:totable(), c.counts:totable())
    assert.same({ 9, 1 }, { c.n, c.n_skipped })
    assert.raises({ "bad argument #1 to 'confusion'", "row 4" }, confusion, x, y)
  end)

  it("says what is wrong", function()
    local y = ids { 1, 2 }
    assert.raises("bad argument #2 to 'confusion' (labels expected, got nil", confusion, y)
    assert.raises("nan must be one of error, skip", confusion, y, y, { nan = "propagate" })
    assert.raises("names must be a table", confusion, y, y, { names = "cat" })
    assert.raises("unknown option 'normalize'", confusion, y, y, { normalize = true })
    local many = ssl.arange(1, 300000, 1, "int64")
    assert.raises("memory", confusion, many, many)
  end)
end)
