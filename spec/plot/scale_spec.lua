local scale = require "sslkit.plot.scale"
local ssl = require "sslkit"

local NAN, INF = 0 / 0, 1 / 0

local function values(ticks)
  local list = {}
  for i, tick in ipairs(ticks) do list[i] = tick.value end
  return list
end

local function labels(ticks)
  local list = {}
  for i, tick in ipairs(ticks) do list[i] = tick.label end
  return list
end

describe("plot.scale", function()
  it("places values with some room at the ends", function()
    local s = scale.new(false, 0, 100)
    assert.near(0.5, s:at(50), 1e-12)
    assert.near(0.04 / 1.08, s:at(0), 1e-12)
    assert.near(1.04 / 1.08, s:at(100), 1e-12)
    local l = scale.new(true, 1, 100)
    assert.near(0.5, l:at(10), 1e-12)
    for _, v in ipairs { NAN, INF, -INF, 1e308 } do
      assert.is_nil(s:at(v))
      assert.is_nil(l:at(v))
    end
    assert.is_nil(l:at(0))
    assert.is_nil(l:at(-1))
    assert.is_nil(l:at(5e-324))
  end)

  it("may be tight, begin at zero, or run down", function()
    local tight = scale.new(false, 2, 4, { tight = true })
    assert.same({ 0, 0.5, 1 }, { tight:at(2), tight:at(3), tight:at(4) })
    assert.near(0, scale.new(true, 10, 1000, { tight = true }):at(10), 1e-12)
    local down = scale.new(false, 2, 4, { tight = true, down = true })
    assert.same({ 1, 0.25 }, { down:at(2), down:at(3.5) })
    assert.near(1, scale.new(true, 1, 10, { tight = true, down = true }):at(1), 1e-12)
    assert.near(0.75, down:ticks(5)[2].at, 1e-12)
    assert.same({ 0, 4.16 }, { scale.new(false, 2, 4, { zero = true }).low,
      scale.new(false, 2, 4, { zero = true }).high })
    local below = scale.new(false, -4, -2, { zero = true })
    assert.is_true(below.high == 0 and below.low < -4)
    local both = scale.new(false, -4, 2, { zero = true })
    assert.is_true(both.high > 2 and both.low < -4)
    assert.near(0.1, scale.new(true, 1, 50, { zero = true }).low, 1e-12)
    assert.near(100, scale.new(true, 137, 500, { zero = true }).low, 1e-9)
    for _, v in ipairs { 0, 3, -3 } do
      local s = scale.new(false, v, v, { zero = true })
      assert.is_true(s.low < s.high and (s.low == 0 or s.high == 0))
    end
  end)

  it("ticks at round numbers, with the digits that they need", function()
    assert.same({ "0", "25", "50", "75", "100" }, labels(scale.new(false, 0, 100):ticks(5)))
    assert.same({ "0", "50", "100" }, labels(scale.new(false, 0, 100):ticks(4)))
    local tenths = { "0.0", "0.2", "0.4", "0.6", "0.8", "1.0" }
    assert.same(tenths, labels(scale.new(false, 0, 1):ticks(6)))
    assert.same({ "-1", "0", "1" }, labels(scale.new(false, -1, 1):ticks(4)))
    assert.same({ "0", "10⁹", "2×10⁹" }, labels(scale.new(false, 0, 2e9):ticks(4)))
    assert.same({ "1.00×10⁻⁶", "1.02×10⁻⁶", "1.04×10⁻⁶" },
      labels(scale.new(false, 1e-6, 1.04e-6):ticks(4)))
    assert.same({ "100000", "150000", "200000" }, labels(scale.new(false, 1e5, 2e5):ticks(4)))
  end)

  it("never has more ticks than asked for, nor fewer than two", function()
    for _ = 1, 500 do
      local low = (ssl.randn(1)[1]) * 10 ^ ssl.randint(-8, 8, { 1 })[1]
      local high = low + ssl.rand(1)[1] * 10 ^ ssl.randint(-4, 8, { 1 })[1]
      local most = ssl.randint(3, 12, { 1 })[1]
      local s = scale.new(false, low, high)
      local ticks = s:ticks(most)
      local text = ("%g..%g by %d: %s"):format(low, high, most, table.concat(labels(ticks), " "))
      assert.is_true(#ticks <= most and #ticks >= 1, text)
      for i, tick in ipairs(ticks) do
        assert.is_true(tick.at > -1e-6 and tick.at < 1 + 1e-6, text)
        assert.is_true(i == 1 or ticks[i - 1].label ~= tick.label, text)
      end
    end
  end)

  it("ticks at powers of ten on a logarithmic axis", function()
    assert.same({ 1, 10, 100 }, values(scale.new(true, 1, 100):ticks(6)))
    assert.same({ "1", "10", "100" }, labels(scale.new(true, 1, 100):ticks(6)))
    assert.same({ "1", "2", "5", "10" }, labels(scale.new(true, 1, 10):ticks(6)))
    assert.same({ "10⁻⁶", "10⁻³", "10⁰" }, labels(scale.new(true, 1e-8, 1):ticks(3)))
    assert.same({ "3.00", "3.01", "3.02" }, labels(scale.new(true, 3, 3.02):ticks(4)))
    assert.is_true(#scale.new(true, 1e-300, 1e300):ticks(5) <= 5)
  end)

  it("copes with nothing, one value, and the ends of the numbers", function()
    assert.same({ "0.0", "0.5", "1.0" }, labels(scale.new(false):ticks(4)))
    assert.same({ "1", "2", "5", "10" }, labels(scale.new(true):ticks(6)))
    local ranges = {
      { 5, 5 }, { 1e-300, 1e-300 }, { 1e307, 1e307 }, { 1e-300, 1e307 }, { 7, 7 + 1e-13 },
      { 1e16, 1e16 + 2 }, { 1e-300, 1.1e-300 }, { 2 ^ 62, 2 ^ 62 + 1024 },
    }
    for _, log in ipairs { false, true } do
      for _, range in ipairs(ranges) do
        local s = scale.new(log, range[1], range[2])
        for i = 1, 2 do
          local at = s:at(range[i])
          assert.is_true(at >= 0 and at <= 1, at)
        end
        local ticks = s:ticks(5)
        assert.is_true(#ticks <= 5)
        for _, tick in ipairs(ticks) do assert.is_true(tick.at > -1e-6 and tick.at < 1 + 1e-6) end
      end
    end
    for _, v in ipairs { 0, 5e-324, -1e-305 } do
      assert.near(0.5, scale.new(false, v, v):at(v), 1e-12)
      assert.same({ "-1", "0", "1" }, labels(scale.new(false, v, v):ticks(4)))
    end
    local wide = scale.new(false, -1e307, 1e307)
    assert.near(0.5, wide:at(0), 1e-12)
    assert.is_true(#wide:ticks(5) >= 2)
  end)
end)
