-- Dropout. Its gradient's gradient is in spec/grads/norm.lua.

local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

local function drop(p, seed) return nn.Dropout(p, { generator = ssl.generator(seed) }) end

describe("Dropout", function()
  it("drops the share p and keeps the mean", function()
    for _, p in ipairs { 0.1, 0.5, 0.8 } do
      local n = 100003 -- no multiple of what is made at a time
      local y = drop(p, 1)(ssl.ones(n))
      local dropped = y:eq(0):sum():item()
      -- 5 standard deviations of the binomial distribution
      assert.near(n * p, dropped, 5 * (n * p * (1 - p)) ^ 0.5)
      assert.near(1 / (1 - p), y:max():item(), 1e-6)
      assert.near(n - dropped, y:gt(0):sum():item(), 0)
    end
  end)

  it("is nothing in evaluation, and for p = 0; all for p = 1", function()
    local x = ssl.randn(5)
    assert.is_true(rawequal(x, drop(0.5, 1):eval()(x)))
    assert.is_true(rawequal(x, drop(0, 1)(x)))
    assert.tensor_near({ 0, 0 }, drop(1, 1)(ssl.tensor { math.huge, 0 / 0 }))
    assert.equal(0.5, nn.Dropout().p)
  end)

  it("depends on the generator alone: not on threads or dtype", function()
    local x = ssl.randn(300, 701)
    local function with(threads)
      ssl.set_threads(threads)
      return drop(0.3, 9)(x)
    end
    local one = with(1)
    assert.is_true(ssl.equal(one, with(3)))
    assert.is_true(ssl.equal(one:eq(0), drop(0.3, 9)(x:double()):eq(0)))
    assert.is_false(ssl.equal(one, drop(0.3, 10)(x)))
    local m = drop(0.3, 9)
    assert.is_true(ssl.equal(one, m(x)))
    assert.is_false(ssl.equal(one, m(x))) -- the generator has moved on
    ssl.seed(4)
    local before = ssl.generator():state()
    local a = nn.Dropout(0.3)(x)
    ssl.generator():load_state(before)
    assert.is_true(ssl.equal(a, nn.Dropout(0.3)(x)))
    assert.equal(before.offset + (300 * 701 + 3) // 4, ssl.generator():state().offset)
  end)

  it("drops the same elements of the gradient", function()
    local m, x = drop(0.4, 2), ssl.randn(20, 30, F64):requires_grad()
    local y = m(x)
    m(x) -- another draw in between
    y:backward { gradient = ssl.full({ 20, 30 }, 3, F64) }
    assert.tensor_near(ssl.where(y:eq(0), 0, 3 / 0.6):to(F64), x:grad(), 1e-12)
  end)

  it("reads views and takes no elements", function()
    local x = ssl.randn(7, 5)
    assert.is_true(ssl.equal(drop(0.5, 3)(x:t():contiguous()), drop(0.5, 3)(x:t())))
    assert.same({ 0, 3 }, { drop(0.5, 3)(ssl.zeros(0, 3)):shape() })
  end)

  it("says what is wrong with its arguments, and describes itself", function()
    assert.raises("p must be in 0..1, got 1.5", nn.Dropout, 1.5)
    assert.raises("p must be a finite number, got string 'a'", nn.Dropout, "a")
    assert.raises("generator expected, got number 3", nn.Dropout, 0.5, { generator = 3 })
    assert.raises("unknown option 'inplace'; known: generator", nn.Dropout, 0.5,
      { inplace = true })
    assert.raises("tensor of dtype float expected, got (2) int64", nn.Dropout(0.5),
      ssl.ones(2, "int64"))
    assert.equal("Dropout(0.5) 0 parameters", tostring(nn.Dropout()))
  end)
end)
