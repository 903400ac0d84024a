-- Rows of tables: which cells change, and what comes in their place.

local ssl = require "sslkit"

local augment = ssl.augment

local function rand(seed, ...) return ssl.rand({ ... }, { generator = ssl.generator(seed) }) end

describe("ssl.augment.corrupt", function()
  it("replaces the given share of each row's columns, by values of the column", function()
    local x = rand(1, 60, 10)
    for _, rate in ipairs { 0, 0.1, 0.35, 0.6, 1 } do
      local y, mask = augment.corrupt(x, { rate = rate })
      assert.equal("uint8", mask:dtype())
      assert.tensor_near(ssl.full({ 60 }, math.floor(rate * 10 + 1e-9)), mask:float():sum(2))
      assert.tensor_near(x * (1 - mask:float()), y * (1 - mask:float()))
      for column = 1, 10 do
        local values = x:select(2, column):view(1, 60):eq(y:select(2, column):view(60, 1))
        assert.equal(1, values:amax(2):amin():item())
      end
    end
    local _, usual = augment.corrupt(x)
    assert.tensor_near(ssl.full({ 60 }, 6), usual:float():sum(2))
  end)

  it("replaces each cell by itself", function()
    local _, mask = augment.corrupt(rand(2, 400, 50), { kind = "swap" })
    assert.near(0.15, mask:float():mean():item(), 0.013) -- 20000 cells: 5 standard errors
    local counts = mask:float():sum(2)
    assert.near(math.sqrt(50 * 0.15 * 0.85), counts:std():item(), 0.45)
    _, mask = augment.corrupt(rand(2, 400, 50), { kind = "swap", rate = 0.3 })
    assert.near(0.3, mask:float():mean():item(), 0.017)
  end)

  it("takes all columns and all rows of the reference alike", function()
    local reference = ssl.arange(1, 8):view(8, 1):expand(8, 5) + ssl.arange(0, 4) * 100
    local y, mask = augment.corrupt(ssl.zeros(4000, 5), { rate = 0.4, reference = reference })
    for column = 1, 5 do
      assert.near(0.4, mask:select(2, column):float():mean():item(), 0.039) -- 5 standard errors
      for row = 1, 8 do
        local share = y:select(2, column):eq((column - 1) * 100 + row):float():mean():item()
        assert.near(0.05, share, 0.0173)
      end
    end
    -- columns are drawn apart: two that both changed have the same row once in 8 times
    local both = mask:select(2, 1) & mask:select(2, 2)
    local same = y:select(2, 1):eq(y:select(2, 2) - 100) & both
    assert.near(1 / 8, same:float():sum():item() / both:float():sum():item(), 0.076)
  end)

  it("goes by each row's number where there is a reference", function()
    local x, reference = rand(3, 30, 6), rand(4, 11, 6)
    local order = ssl.randperm(30, { generator = ssl.generator(5) })
    for _, kind in ipairs { "scarf", "swap" } do
      local o = { kind = kind, reference = reference, seed = 3 }
      local y, mask = augment.corrupt(x, o)
      o.index = order
      local y2, mask2 = augment.corrupt(x[order], o)
      assert.is_true(ssl.equal(y[order], y2))
      assert.is_true(ssl.equal(mask[order], mask2))
      o.view = 2
      assert.is_false(ssl.equal(y2, (augment.corrupt(x[order], o))))
    end
  end)

  it("takes float64, strided views, and tables without rows or columns", function()
    local x = rand(5, 6, 9):double():t()
    local y, mask = augment.corrupt(x, { kind = "swap" })
    assert.equal("float64", y:dtype())
    assert.tensor_near(y, (augment.corrupt(x:contiguous(), { kind = "swap" })))
    assert.same({ 9, 6 }, { mask:shape() })
    for _, shape in ipairs { { 0, 3 }, { 3, 0 }, { 1, 1 } } do
      local z, none = augment.corrupt(ssl.ones(table.unpack(shape)))
      assert.same(shape, { z:shape() })
      assert.same(shape, { none:shape() })
    end
    local one = ssl.ones(2, 3)
    assert.is_true(ssl.equal(one, (augment.corrupt(one, { rate = 1 }))))
  end)

  it("says what is wrong", function()
    local x = rand(6, 4, 3)
    assert.raises("rows [N,D] of dtype float expected, got (4,3) int64", augment.corrupt, x:long())
    assert.raises("rows [N,D] with 2 dimensions expected, got (3) float32", augment.corrupt, x[1])
    assert.raises("rate must be a number from 0 to 1, got number 1.5", augment.corrupt, x,
      { rate = 1.5 })
    assert.raises("kind must be one of scarf, swap, got string 'vime'", augment.corrupt, x,
      { kind = "vime" })
    assert.raises("reference of the columns and the dtype of (4,3) float32 expected, got (2,4) "
      .. "float32", augment.corrupt, x, { reference = rand(1, 2, 4) })
    assert.raises("got (2,3) float64", augment.corrupt, x, { reference = rand(1, 2, 3):double() })
    assert.raises("reference has no rows", augment.corrupt, x, { reference = ssl.zeros(0, 3) })
    assert.raises("unknown option 'p'", augment.corrupt, x, { p = 1 })
    assert.raises("index of 4 samples expected, got 2", augment.corrupt, x,
      { index = ssl.tensor({ 1, 2 }, "int64") })
  end)
end)

describe("scarf and swap_noise", function()
  it("do in a policy what ssl.augment.corrupt does", function()
    local x = rand(7, 20, 8)
    for name, kind in pairs { scarf = "scarf", swap_noise = "swap" } do
      local y = augment.compile { { name, rate = 0.5 } }(x, { seed = 9, view = 2, epoch = 4 })
      assert.is_true(ssl.equal(y, (augment.corrupt(x, { kind = kind, rate = 0.5, seed = 9, view = 2,
        epoch = 4 }))), name)
      local p = augment.policy { { name } }.views[1].ops[1]
      assert.equal(name == "scarf" and 0.6 or 0.15, p.rate)
    end
    assert.raises("'scarf': rate must be a number from 0 to 1, got number -1", augment.compile,
      { { "scarf", rate = -1 } })
    assert.raises("vectors [N,D] expected, got (2,1,3) float32", augment.compile { { "scarf" } },
      ssl.ones(2, 1, 3))
  end)

  it("take a table's values once it is registered", function()
    local table_of = rand(8, 13, 4)
    augment.register("scarf_of_mine", augment.corruption { reference = table_of, rate = 0.5 })
    local p = augment.compile { { "scarf_of_mine", p = 0.5 } }
    local x = rand(9, 25, 4)
    local y = p(x, { seed = 2 })
    local order = ssl.randperm(25, { generator = ssl.generator(6) })
    assert.is_true(ssl.equal(y[order], (p(x[order], { seed = 2, index = order }))))
    local changed = y:ne(x)
    assert.is_true(changed:long():sum(2):amax():item() <= 2)
    local mine = y:masked_select(changed):view(-1, 1):eq(table_of:view(1, -1))
    assert.equal(1, mine:amax(2):amin():item())
    assert.raises("rows of 4 columns expected, got", p, ssl.ones(20, 3))
    augment.register("swap_of_mine", augment.corruption { reference = table_of, kind = "swap" })
    assert.equal(0.15, augment.policy { { "swap_of_mine" } }.views[1].ops[1].rate)
    assert.raises("reference [R,D] expected, got nil", augment.corruption, {})
    assert.raises("kind must be one of scarf, swap", augment.corruption,
      { reference = table_of, kind = "x" })
    assert.raises("rate must be a number", augment.corruption, { reference = table_of, rate = 2 })
  end)
end)

describe("column_noise", function()
  it("is so much of each column's standard deviation", function()
    local n = 4000
    local x = rand(10, n, 3) * ssl.tensor { 1, 100, 0 } + 5
    local std = x:double():std(1, false, { ddof = 0 })
    local noise = augment.compile { { "column_noise", sigma = 0.2 } }(x) - x
    local got = noise:double():std(1)
    for column = 1, 2 do
      -- 4000 numbers: 5 standard errors of a standard deviation are 5.6 %
      assert.near(0.2 * std[column], got[column], 0.056 * 0.2 * std[column])
    end
    assert.equal(0, noise:select(2, 3):abs():amax():item())
    local one = ssl.ones(1, 3)
    assert.tensor_near(one, augment.compile { { "column_noise" } }(one))
    assert.raises("sigma must be a number from 0", augment.compile,
      { { "column_noise", sigma = -1 } })
  end)
end)
