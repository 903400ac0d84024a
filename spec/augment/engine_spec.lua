-- The engine that runs lists of operations over samples.

local core = require "sslkit.core"
local ssl = require "sslkit"

local code = core.augment_codes

-- A row of a list: name, slot, p, rows that belong to it, numbers.
local function row(name, slot, p, skip, ...)
  local r = { code[name], slot, p, skip, ... }
  for i = #r + 1, 18 do r[i] = 0 end
  return r
end

local function list(...) return ssl.tensor({ ... }, "float64") end

local function int(t) return ssl.tensor(t, "int64") end

local KEY, SIZE = { 1, 2, 3 }, { 3, 4, 5 }

describe("augment", function()
  local x = ssl.randint(0, 255, { 50, 3, 4, 5 }, { generator = ssl.generator(1) }):to "uint8"
  local all = ssl.arange(1, 50, 1, "int64")
  local shown = x:to "float32" / 255
  local some = list(row("hflip", 1, 0.5, 0), row("vflip", 2, 0.5, 0))

  local function run(operations, rows, index, key, size)
    return core.augment(x, rows or all, index or rows or all, operations, size or SIZE, 60,
      key or KEY, 255)
  end

  it("does nothing by an empty list, to any float or uint8", function()
    local none = ssl.empty({ 0, 18 }, "float64")
    assert.tensor_near(shown, run(none))
    for _, dtype in ipairs { "float32", "float64" } do
      local y = core.augment(shown:to(dtype), all, all, none, SIZE, 60, KEY, 255)
      assert.tensor_near(shown, y)
    end
    local wide = ssl.zeros({ 50, 3, 4, 10 }):narrow(4, 3, 7) + shown
    assert.tensor_near(shown, core.augment(wide:transpose(3, 4):contiguous():transpose(3, 4), all,
      all, none, SIZE, 60, KEY, 255))
  end)

  it("mirrors, of odd and of even width", function()
    assert.tensor_near(shown:flip(4), run(list(row("hflip", 1, 1, 0))))
    assert.tensor_near(shown:flip(3), run(list(row("vflip", 1, 1, 0))))
    local even = x:transpose(3, 4):contiguous()
    assert.tensor_near((even:to "float32" / 255):flip(4), core.augment(even, all, all,
      list(row("hflip", 1, 1, 0)), { 3, 5, 4 }, 60, KEY, 255))
  end)

  it("gives a sample the same view in any batch, order and number of threads", function()
    local whole = run(some)
    local order = ssl.randperm(50, { generator = ssl.generator(5) })
    assert.is_true(ssl.equal(whole:index(1, order), run(some, order)))
    assert.is_true(ssl.equal(whole:narrow(1, 17, 17), run(some, int { 17 })))
    local before = ssl.get_threads()
    for threads = 1, 3 do
      ssl.set_threads(threads)
      assert.is_true(ssl.equal(whole, run(some)))
    end
    ssl.set_threads(before)
  end)

  it("gives other views for another seed, epoch, view or sample", function()
    local first = run(some)
    for i = 1, 3 do
      local key = { 1, 2, 3 }
      key[i] = 9
      assert.is_false(ssl.equal(first, run(some, nil, nil, key)))
    end
    assert.is_false(ssl.equal(first, run(some, all, all + 50)))
    local slot = list(row("hflip", 2, 0.5, 0))
    assert.is_false(ssl.equal(run(list(row("hflip", 1, 0.5, 0))), run(slot)))
  end)

  it("does an operation as often as p says, and chooses evenly", function()
    local n = 20000
    local one, index = ssl.ones(n):to "int64", ssl.arange(1, n, 1, "int64")
    local sample = x:narrow(1, 1, 1)
    local function share(operations, flipped)
      local y = core.augment(sample, one, index, operations, SIZE, 60, KEY, 255)
      return y:eq(flipped):to("float32"):mean { 2, 3, 4 }:eq(1):to("float32"):mean():item()
    end
    -- four standard deviations of 20000 draws are 0.013 at most
    local mirrored, image = shown:narrow(1, 1, 1):flip(4), shown:narrow(1, 1, 1)
    assert.near(0.3, share(list(row("hflip", 1, 0.3, 0)), mirrored), 0.013)
    assert.equal(0, share(list(row("hflip", 1, 0, 0)), mirrored))
    local choice = list(row("choose", 1, 1, 5, 3), row("group", 2, 1, 1), row("hflip", 3, 1, 0),
      row("group", 4, 1, 0), row("group", 5, 1, 1), row("vflip", 6, 1, 0))
    assert.near(1 / 3, share(choice, mirrored), 0.014)
    assert.near(1 / 3, share(choice, image:flip(3)), 0.014)
    assert.near(1 / 3, share(choice, image), 0.014)
  end)

  it("draws uniform numbers that do not hang together", function()
    local n = 20000
    local index = ssl.arange(1, n, 1, "int64")
    local u = core.augment_draws(KEY, 1, index, 6)
    assert.same({ n, 6 }, { u:shape() })
    assert.is_true(u:min():item() >= 0 and u:max():item() < 1)
    local more = ssl.cat({ u, core.augment_draws(KEY, 2, index, 2),
      core.augment_draws({ 1, 2, 4 }, 1, index, 2), core.augment_draws(KEY, 1, index + 1, 2) }, 2)
    local z = (more - 0.5) * math.sqrt(12)
    -- means and correlations of 20000 have a standard deviation of 0.007
    assert.is_true(z:mean(1):abs():max():item() < 0.032)
    local c = z:t():matmul(z) / n
    -- a sample's numbers and those of the next one are the same numbers, one row apart
    assert.is_true((c - ssl.eye(12, "float64")):abs():max():item() < 0.035)
    local part = core.augment_draws(KEY, 1, index:narrow(1, 7, 9), 6)
    assert.is_true(ssl.equal(u:narrow(1, 7, 9), part))
  end)

  it("refuses lists and arguments that make no sense", function()
    local function fails(message, ...) assert.raises(message, core.augment, ...) end
    local hflip = list(row("hflip", 1, 1, 0))
    fails("images [N,C,H,W] of uint8 or floats expected, got (50) int64", all, all, all, hflip,
      SIZE, 60, KEY, 255)
    fails("#2 to 'augment' (row 51 of 50)", x, int { 51 }, int { 51 }, hflip, SIZE, 60, KEY, 255)
    fails("#2 to 'augment' (row 0 of 50)", x, int { 0 }, int { 1 }, hflip, SIZE, 60, KEY, 255)
    fails("one number for each of", x, all, int { 1 }, hflip, SIZE, 60, KEY, 255)
    fails("operations (n,18) expected, got (2,3) float64", x, all, all,
      ssl.ones({ 2, 3 }, "float64"), SIZE, 60, KEY, 255)
    fails("no room for 59 pixels", x, all, all, hflip, SIZE, 59, KEY, 255)
    fails("make another size", x, all, all, hflip, { 3, 5, 4 }, 60, KEY, 255)
    fails("no pixels", x:narrow(4, 1, 0), all, all, hflip, SIZE, 60, KEY, 255)
    for _, wrong in ipairs { { -1, 1, 1, 0 }, { 1000, 1, 1, 0 }, { 2, -1, 1, 0 },
      { 2, 2 ^ 32, 1, 0 }, { 2, 1, 1, 1 }, { 2, 1, 1, -1 }, { 0 / 0, 1, 1, 0 },
      { 2, 1, 1, 0 / 0 } } do
      for i = 5, 18 do wrong[i] = 0 end
      fails("row 1 is no operation", x, all, all, list(wrong), SIZE, 60, KEY, 255)
    end
    for _, wrong in ipairs { { row("choose", 1, 1, 0, 1) },
      { row("choose", 1, 1, 1, 1), row("hflip", 1, 1, 0) },
      { row("choose", 1, 1, 1, 2), row("group", 1, 1, 0) },
      { row("choose", 1, 1, 1, 1), row("group", 1, 1, 1), row("hflip", 1, 1, 0) } } do
      fails("does not choose among its groups", x, all, all, ssl.tensor(wrong, "float64"), SIZE, 60,
        KEY, 255)
    end
  end)

  it("takes each sample's strength, or none", function()
    local driven = list(row("choose", 1, 1, 2, 1, 1), row("group", 2, 1, 1), row("hflip", 3, 1, 0))
    local function mirrored(strength, dtype)
      return core.augment(x, all, all, driven, SIZE, 60, KEY, 255,
        ssl.full({ 50 }, strength, dtype or "float64"))
    end
    assert.tensor_near(shown, mirrored(0))
    assert.tensor_near(shown:flip(4), mirrored(1))
    assert.tensor_near(shown:flip(4), run(driven))
    assert.tensor_near(shown:flip(4), mirrored(0 / 0)) -- makes no sense, and does no harm
    local s = ssl.arange(1, 50, 1, "float64") % 2
    local y = core.augment(x, all, all, driven, SIZE, 60, KEY, 255, s)
    assert.tensor_near(shown:flip(4)[s:eq(1)], y[s:eq(1)])
    assert.tensor_near(shown[s:eq(0)], y[s:eq(0)])
    local pending = core.augment_start(x, all, all, driven, SIZE, 60, KEY, 255, s)
    assert.is_true(ssl.equal(y, core.augment_finish(pending)))
    assert.raises("#9 to 'augment' (strengths [50] expected, got (2) float64)", core.augment, x,
      all, all, driven, SIZE, 60, KEY, 255, ssl.ones({ 2 }, "float64"))
    assert.raises("float64", mirrored, 1, "float32")
  end)

  it("takes an empty batch", function()
    local none = ssl.empty({ 0 }, "int64")
    assert.same({ 0, 3, 4, 5 }, { run(some, none):shape() })
  end)
end)

describe("a batch that is made behind the caller's back", function()
  local x = ssl.rand({ 40, 3, 8, 8 }, { generator = ssl.generator(1) })
  local all = ssl.arange(1, 40, 1, "int64")
  local flips = list(row("hflip", 1, 0.5, 0), row("vflip", 2, 0.5, 0))

  local function arguments(seed) return x, all, all, flips, { 3, 8, 8 }, 192, { seed, 0, 1 }, 1 end

  it("is the same", function()
    local pending = {}
    for seed = 1, 9 do pending[seed] = core.augment_start(arguments(seed)) end
    for seed = 9, 1, -1 do
      assert.is_true(ssl.equal(core.augment(arguments(seed)), core.augment_finish(pending[seed])))
    end
  end)

  it("is given once", function()
    local pending = core.augment_start(arguments(1))
    core.augment_finish(pending)
    assert.raises("no pending batch", core.augment_finish, pending)
    assert.raises("no pending batch", core.augment_finish, 3)
    assert.raises("no pending batch", core.augment_finish, io.stdout)
  end)

  it("may be forgotten, and its memory is not lost", function()
    for seed = 1, 50 do core.augment_start(arguments(seed)) end
    collectgarbage()
    collectgarbage()
    local before = collectgarbage "count"
    for seed = 1, 50 do core.augment_start(arguments(seed)) end
    collectgarbage()
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 100)
  end)

  it("fails when it is asked for", function()
    local pending = core.augment_start(x, all, all, flips, { 3, 4, 16 }, 192, { 1, 0, 1 }, 1)
    assert.raises("make another size", core.augment_finish, pending)
  end)
end)
