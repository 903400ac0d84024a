-- Series and spectrograms: SciPy's splines, NumPy's transforms, what stays and what moves.

local core = require "sslkit.core"
local draws = require "sslkit.augment.draws"
local fixtures = dofile "spec/fixtures/augment_modal.lua"
local ssl = require "sslkit"

local SEED = 7

local function run(op, x) return (ssl.augment.compile { op }(x, { seed = SEED })) end

local function rand(seed, ...) return ssl.randn({ ... }, { generator = ssl.generator(seed) }) end

-- The numbers of an operation, [n,k], and normal ones made of every two of them as the engine does.
local function drawn(name, n, k)
  local key = { seed = SEED, epoch = 1, batch = 1 }
  return draws.new(key, 1, name .. "#1", ssl.arange(1, n, 1, "int64"))(k)
end

local function normals(name, n, k)
  local u = drawn(name, n, 2 * k):reshape(n, k, 2)
  local radius = (ssl.tensor(0, "float64") - (u:select(3, 1) + 0x1p-32):log() * 2):sqrt()
  return radius * (u:select(3, 2) * (2 * math.pi)):cos()
end

-- A list at a place between 1 and #list, as numpy.interp.
local function at(list, place)
  place = math.max(1, math.min(place, #list))
  local left = math.floor(place)
  local right = math.min(left + 1, #list)
  return list[left] + (place - left) * (list[right] - list[left])
end

-- Which of the lists a tensor [T] is, to float32's rounding, or nil.
local function which(y, lists)
  for i, want in ipairs(lists) do
    if (ssl.tensor(want) - y):abs():amax():item() < 1e-5 then return i end
  end
end

local NAMES = {
  "ts_jitter", "ts_scale", "ts_rotate", "magnitude_warp", "time_warp", "permute", "window_slice",
  "window_warp", "ts_mask", "freq_mask", "spec_augment",
}

describe("operations on series", function()
  it("give a sample the same in any batch, order and number of threads", function()
    local x, order = rand(1, 40, 3, 17), ssl.randperm(40, { generator = ssl.generator(2) })
    local before = ssl.get_threads()
    for _, name in ipairs(NAMES) do
      local p = ssl.augment.compile { { name, p = 0.7 } }
      local whole = p(x, { seed = 3 })
      assert.is_true(ssl.equal(whole[order], p(x[order], { seed = 3, index = order })), name)
      ssl.set_threads(before == 1 and 2 or 1)
      assert.is_true(ssl.equal(whole, p(x, { seed = 3 })), name)
      ssl.set_threads(before)
      assert.is_false(ssl.equal(whole, p(x, { seed = 4 })), name)
    end
  end)

  it("take any size, also one value and none, vectors and strided views", function()
    local wide = rand(3, 4, 26, 6):transpose(2, 3)
    for _, name in ipairs(NAMES) do
      for _, shape in ipairs { { 3, 1, 1 }, { 3, 2, 1 }, { 3, 1, 2 }, { 3, 5, 3 }, { 0, 2, 4 } } do
        local x = rand(4, table.unpack(shape))
        assert.same(shape, { run({ name }, x):shape() })
      end
      assert.tensor_near(run({ name }, wide:contiguous()), run({ name }, wide))
      if name ~= "spec_augment" then
        local v = rand(5, 4, 30)
        assert.tensor_near(run({ name }, v:view(4, 1, 30)):view(4, 30), run({ name }, v))
      end
    end
  end)

  it("leave the input as it is, and do nothing where there is nothing to do", function()
    local x = rand(6, 5, 2, 16)
    local kept = x:clone()
    for _, op in ipairs {
      { "ts_jitter", sigma = 0 }, { "ts_scale", sigma = 0 }, { "magnitude_warp", sigma = 0 },
      { "time_warp", sigma = 0 }, { "permute", segments = 1 }, { "window_slice", share = 1 },
      { "window_warp", factors = { 1 } }, { "ts_mask", count = 0 }, { "freq_mask", share = 0 },
      { "spec_augment", bound = 0 },
    } do
      -- 1e-6: splines through ones, and times that come out whole but for a rounding
      assert.tensor_near(x, run(op, x), 1e-6)
    end
    for _, name in ipairs(NAMES) do run({ name }, x) end
    assert.is_true(ssl.equal(kept, x))
  end)
end)

describe("the engine's operations on series", function()
  it("keep to their sizes whatever numbers they are given", function()
    local odd = { 0, -1, 1e300, -1e300, 1 / 0, -1 / 0, 0 / 0, 0.5, 3 }
    local some = ssl.arange(1, 4, 1, "int64")
    for _, name in ipairs { "ts_scale", "ts_rotate", "magnitude_warp", "time_warp", "permute",
      "window_slice", "window_warp", "ts_mask", "spec_augment", "freq_mask" } do
      for _, size in ipairs { { 1, 1, 1 }, { 2, 1, 2 }, { 1, 3, 3 }, { 2, 3, 7 } } do
        local c, h, w = table.unpack(size)
        for shift = 1, #odd do
          local row = { core.augment_codes[name], 1, 1, 0 }
          for i = 1, 14 do row[4 + i] = odd[(shift * (i + 1) + i // 3) % #odd + 1] end
          local list = ssl.tensor({ row }, "float64")
          local y = core.augment(rand(shift, 4, c, h, w), some, some, list,
            size, c * h * w, { 1, shift, 1 }, 255)
          assert.same({ 4, c, h, w }, { y:shape() })
        end
      end
    end
  end)
end)

describe("ts_jitter, ts_scale and ts_rotate", function()
  it("add and multiply normal numbers", function()
    local n = 4000
    local noise = run({ "ts_jitter", sigma = 0.5 }, ssl.zeros(n, 2, 4))
    -- 32000 numbers: 5 standard errors of mean and of standard deviation
    assert.near(0, noise:mean():item(), 0.014)
    assert.near(0.5, noise:std():item(), 0.01)
    local scale = run({ "ts_scale", sigma = 0.2 }, ssl.ones(n, 2, 4))
    assert.tensor_near(scale:select(3, 1), scale:select(3, 4))
    local by = scale:select(3, 1)
    assert.tensor_near(normals("ts_scale", n, 2) * 0.2 + 1, by:double(), 1e-6)
    assert.near(1, by:mean():item(), 0.012) -- 8000 numbers
    assert.near(0.2, by:std():item(), 0.008)
  end)

  it("turn the channels' signs and places", function()
    local x = ssl.tensor { { { 1, 2 }, { 10, 20 }, { 100, 200 } } }:expand(3000, 3, 2)
    local y = run({ "ts_rotate" }, x)
    assert.tensor_near(y:select(3, 1) * 2, y:select(3, 2))
    assert.tensor_near(x:select(3, 1), (y:select(3, 1):abs():sort(2)))
    for channel = 1, 3 do
      for _, value in ipairs { 1, 10, 100, -1, -10, -100 } do
        local share = y:select(3, 1):select(2, channel):eq(value):float():mean():item()
        assert.near(1 / 6, share, 0.034) -- 5 standard errors
      end
    end
    local signs = run({ "ts_rotate", order = false }, x)
    assert.tensor_near(x, signs:abs())
    assert.near(0, signs:sign():mean():item(), 0.06)
  end)
end)

describe("magnitude_warp and time_warp", function()
  -- The curves [n,t] of SciPy's spline through the knots that were drawn.
  local function curves(case, name, n, sigma)
    local knots = normals(name, n, case.knots) * sigma + 1
    return knots:matmul(ssl.tensor(case.basis, "float64"):t())
  end

  it("multiply by SciPy's CubicSpline", function()
    for _, case in ipairs(fixtures.splines) do
      local o = { "magnitude_warp", sigma = 0.4, knots = case.knots - 2 }
      local y = run(o, ssl.ones(6, 1, case.t))
      local want = curves(case, "magnitude_warp", 6, 0.4)
      assert.tensor_near(want, y:squeeze():double(), 1e-6) -- float32 of numbers up to 3
    end
  end)

  it("have a curve of its own for each channel, and one time for all", function()
    local x = ssl.arange(1, 20):view(1, 1, 20):expand(2, 3, 20)
    local y = run({ "magnitude_warp" }, x)
    assert.is_false(ssl.allclose(y:select(2, 1), y:select(2, 2), { atol = 1e-3 }))
    local z = run({ "time_warp" }, x)
    assert.is_true(ssl.equal(z:select(2, 1), z:select(2, 2)))
    assert.is_false(ssl.allclose(z[1], z[2], { atol = 1e-3 }))
  end)

  it("let time run at the speed of SciPy's CubicSpline", function()
    for _, case in ipairs(fixtures.splines) do
      local x, n = rand(8, 5, 2, case.t), 5
      -- 0.8: some speeds are below 0, of which 0.1 is made
      local y = run({ "time_warp", sigma = 0.8, knots = case.knots - 2 }, x)
      local speed = curves(case, "time_warp", n, 0.8):clamp(0.1):totable()
      for i = 1, n do
        local time = { 0 }
        for t = 2, case.t do time[t] = time[t - 1] + (speed[i][t - 1] + speed[i][t]) / 2 end
        for c = 1, 2 do
          local series = x[i][c]:totable()
          for t = 1, case.t do
            local want = at(series, 1 + time[t] / time[case.t] * (case.t - 1))
            assert.near(want, y[i][c]:at(t), 1e-5)
          end
        end
      end
    end
  end)

  it("keep both ends in their places, and time going on", function()
    local ramp = ssl.arange(0, 49):view(1, 1, 50):expand(200, 1, 50)
    local y = run({ "time_warp", sigma = 1 }, ramp)
    assert.tensor_near(ssl.zeros(200, 1), y:select(3, 1))
    assert.tensor_near(ssl.full({ 200, 1 }, 49), y:select(3, 50), 1e-4)
    assert.is_true(y:diff():amin():item() > 0)
  end)
end)

describe("permute", function()
  it("changes the places of numpy.array_split's segments", function()
    local x = ssl.arange(1, 11):view(1, 1, 11):expand(400, 2, 11)
    local y = run({ "permute", segments = 4 }, x)
    assert.is_true(ssl.equal(y:select(2, 1), y:select(2, 2)))
    local seen, orders = {}, 0
    for i = 1, 400 do
      local text = table.concat(y[i][1]:long():totable(), " ")
      if not seen[text] then seen[text], orders = true, orders + 1 end
      -- 3 + 3 + 3 + 2
      for _, segment in ipairs { "1 2 3", "4 5 6", "7 8 9", "10 11" } do
        assert.is_truthy((" " .. text .. " "):find(" " .. segment .. " ", 1, true), text)
      end
    end
    assert.equal(24, orders) -- 400 draws miss one of 24 once in a million times
  end)

  it("cuts anywhere, if asked, and into as many as are drawn", function()
    local x = ssl.arange(1, 12):view(1, 1, 12):expand(600, 1, 12)
    local function jumps(options)
      options[1] = "permute"
      local y = run(options, x):squeeze()
      assert.is_true(ssl.equal(x:squeeze(), (y:sort(2))))
      return y:diff():ne(1):long():sum(2)
    end
    assert.equal(4, jumps({ segments = 5 }):amax():item())
    assert.equal(0, jumps({ segments = { 1, 5 } }):amin():item())
    local free = jumps { segments = 3, cuts = "random" }
    assert.equal(2, free:amax():item())
    -- where it cuts: the value that stands first is any
    local first = run({ "permute", segments = 2, cuts = "random" }, x):select(3, 1):unique()
    assert.equal(12, #first)
    assert.same({ 3, 1, 2 }, { run({ "permute", segments = 32 }, rand(9, 3, 1, 2)):shape() })
  end)
end)

describe("windows", function()
  it("are slices as numpy.interp stretches them, from everywhere", function()
    for _, case in ipairs(fixtures.slices) do
      local t = #case.x
      local x = ssl.tensor(case.x):view(1, 1, t):expand(100, 1, t)
      local y, seen = run({ "window_slice", share = case.kept / t }, x), {}
      for i = 1, 100 do
        local start = which(y[i][1], case.y)
        assert.is_truthy(start)
        seen[start] = true
      end
      assert.equal(#case.y, #seen)
    end
  end)

  it("are warped while the whole keeps its length", function()
    local t, n, factors = 21, 40, { 0.5, 2, 3 }
    local x = rand(10, n, 2, t)
    local y = run({ "window_warp", share = 0.3, factors = factors }, x)
    local u = drawn("window_warp", n, 3) -- share, factor, where
    for i = 1, n do
      local by, length = factors[math.floor(u:at(i, 2) * 3) + 1], 0.3 * (t - 1)
      local first = u:at(i, 3) * (t - 1 - length)
      local whole = t - 1 + length * (by - 1)
      local series = x[i][2]:totable()
      for k = 1, t do
        local place = (k - 1) / (t - 1) * whole
        if place >= first + length * by then
          place = place - length * (by - 1)
        elseif place > first then
          place = first + (place - first) / by
        end
        assert.near(at(series, 1 + place), y[i][2]:at(k), 1e-5)
      end
    end
  end)
end)

describe("masks", function()
  it("cover spans of time of all channels", function()
    local x = ssl.ones(500, 2, 20)
    local y = run({ "ts_mask", share = 0.25, value = -3 }, x)
    assert.is_true(ssl.equal(y:select(2, 1), y:select(2, 2)))
    local masked = y:select(2, 1):eq(-3):long()
    assert.is_true(ssl.equal(ssl.full({ 500 }, 5):long(), masked:sum(2)))
    assert.equal(1, masked:diff():eq(1):long():sum(2):amax():item()) -- in one piece
    local first = masked:argmax(2)
    assert.equal(1, first:amin():item())
    assert.equal(16, first:amax():item())
    local widths = run({ "ts_mask", count = 3, share = { 0, 0.2 } }, x):eq(0):long():sum(3)
    assert.is_true(widths:amin():item() < 3)
    assert.is_true(widths:amax():item() > 8 and widths:amax():item() <= 12)
  end)

  it("take bands out of the spectrum as NumPy's rfft shows it", function()
    for _, case in ipairs(fixtures.bands) do
      local t = #case.x
      local x = ssl.tensor(case.x):view(1, 1, t):expand(80, 2, t)
      local y, seen = run({ "freq_mask", share = case.size / (t // 2 + 1) }, x), {}
      for i = 1, 80 do
        local first = which(y[i][1], case.y)
        assert.is_truthy(first)
        assert.equal(first, which(y[i][2], case.y))
        seen[first] = true
      end
      assert.equal(#case.y, #seen)
    end
    assert.tensor_near(ssl.zeros(2, 1, 15), run({ "freq_mask", share = 1 }, rand(11, 2, 1, 15)),
      2e-6) -- what 8 sums in float32 leave of values up to 3
  end)
end)

describe("spec_augment", function()
  local function masks(options, x)
    options[1], options.warp = "spec_augment", options.warp or 0
    return run(options, x)
  end

  it("covers frequencies and times up to the largest widths", function()
    local x = ssl.ones(600, 30, 40)
    local only_freq = masks({ freq_masks = 1, freq = 7, time_masks = 0 }, x):eq(0):long()
    assert.is_true(ssl.equal(only_freq:select(3, 1), only_freq:select(3, 40)))
    local bins = only_freq:select(3, 1):sum(2)
    assert.equal(0, bins:amin():item())
    assert.equal(7, bins:amax():item())
    assert.near(3.5, bins:float():mean():item(), 0.5) -- 5 standard errors
    local only_time = masks({ freq_masks = 0, time_masks = 1, time = 9, value = 2 }, x):eq(2):long()
    assert.is_true(ssl.equal(only_time:select(2, 1), only_time:select(2, 30)))
    assert.equal(9, only_time:select(2, 1):sum(2):amax():item())
    local two = masks({ freq_masks = 2, freq = 7, time_masks = 0 }, x):eq(0):long():select(3, 1)
    assert.is_true(two:sum(2):amax():item() > 7)
  end)

  it("goes nowhere beyond its bound", function()
    local x = ssl.ones(400, 10, 20)
    local y = masks({ freq_masks = 1, time_masks = 0 }, x):eq(0):long():select(3, 1):sum(2)
    assert.equal(3, y:amax():item()) -- 0.35 of 10
    y = masks({ freq_masks = 0, time_masks = 1 }, x):eq(0):long():select(2, 1):sum(2)
    assert.equal(7, y:amax():item())
  end)

  it("takes channels of rows, or rows of channels, for frequencies", function()
    local x = rand(12, 20, 12, 25)
    local y = run({ "spec_augment" }, x)
    assert.tensor_near(y, run({ "spec_augment" }, x:view(20, 1, 12, 25)):view(20, 12, 25))
    local both = run({ "spec_augment" }, x:view(20, 1, 12, 25):expand(20, 2, 12, 25))
    assert.tensor_near(y, both:select(2, 2))
  end)

  it("moves one point of time and stretches what lies beside it", function()
    local t = 41
    local x = ssl.arange(0, t - 1):view(1, 1, t):expand(300, 2, t)
    local y = masks({ freq_masks = 0, time_masks = 0, warp = 6 }, x)
    local farthest = 0
    for i = 1, 300 do
      local step = y[i][1]:diff()
      local left, right = step:at(1), step:at(-1)
      -- left of the point `to`, time goes `from` / `to` as fast; right of it the rest
      local to = (right - 1) * (t - 1) / (right - left)
      if math.abs(left - right) > 1e-6 then
        local from = left * to
        assert.near(math.floor(from + 0.5), from, 1e-3)
        assert.is_true(from >= 7 - 1e-3 and from <= t - 8 + 1e-3)
        farthest = math.max(farthest, math.abs(from - to))
      end
      assert.near(0, y[i][1]:at(1), 1e-6)
      assert.near(t - 1, y[i][1]:at(t), 1e-4)
    end
    assert.near(6, farthest, 1e-3)
  end)
end)

describe("options of operations on series", function()
  local function fails(op, message) assert.raises(message, ssl.augment.compile, { op }) end

  it("are checked", function()
    fails({ "ts_jitter", sigma = -1 }, "'ts_jitter': sigma must be a number from 0 to 1000")
    fails({ "ts_scale", sigma = { 0, 1 } }, "sigma must be a number from 0 to 1000, got {0, 1}")
    fails({ "ts_rotate", order = 1 }, "order must be true or false, got number 1")
    fails({ "time_warp", knots = 31 }, "knots must be a whole number in 0..30, got number 31")
    fails({ "magnitude_warp", knots = 2.5 }, "knots must be a whole number in 0..30")
    fails({ "permute", segments = 0 }, "segments must be a number from 1 to 32")
    fails({ "permute", segments = { 1, 2.5 } }, "segments must be whole numbers, got {1, 2.5}")
    fails({ "permute", cuts = "any" }, "cuts must be one of equal, random, got string 'any'")
    fails({ "window_slice", share = 1.5 }, "share must be a number from 0 to 1")
    fails({ "window_warp", factors = {} }, "factors must be a list of 1 to 11 numbers")
    fails({ "window_warp", factors = { 1, 0 } }, "each factor must be a number from 0.01 to 100")
    fails({ "ts_mask", count = 65 }, "count must be a whole number in 0..64")
    fails({ "ts_mask", value = "0" }, "value must be a number")
    fails({ "freq_mask", share = { 0.5, 0.1 } }, "share must be a number from 0 to 1")
    fails({ "spec_augment", bound = 2 }, "bound must be a number from 0 to 1, got number 2")
    fails({ "spec_augment", freq = -1 }, "freq must be a whole number in 0..1000000")
    fails({ "time_wrap" }, "no operation 'time_wrap'")
  end)

  it("are for series and vectors, or for spectrograms", function()
    local p = ssl.augment.compile { { "time_warp" } }
    assert.raises("series [N,C,T] or vectors [N,D] expected, got (2,1,3,3) float32", p,
      ssl.ones(2, 1, 3, 3))
    p = ssl.augment.compile { { "spec_augment" } }
    assert.raises("images [N,C,H,W] or series [N,C,T] expected, got (2,3)", p, ssl.ones(2, 3))
  end)
end)
