-- Samples mixed with others of their batch: lambdas, boxes and blots, labels, amplitudes.

local fixtures = dofile "spec/fixtures/augment_modal.lua"
local mixing = require "sslkit.augment.mixing"
local ssl = require "sslkit"

local augment = ssl.augment

local function rand(seed, ...) return ssl.rand({ ... }, { generator = ssl.generator(seed) }) end

local function int(t) return ssl.tensor(t, "int64") end

-- Images of one value each, so that a view tells whose pixels it shows.
local function plain(n, c, h, w)
  return ssl.arange(1, n):view(n, 1, 1, 1):expand(n, c, h, w):contiguous()
end

local BATCH = { "mixup", "cutmix", "fmix", "style" }

describe("operations on batches", function()
  it("go by seed, epoch, view and batch", function()
    local x = rand(1, 12, 3, 8, 8)
    for _, name in ipairs(BATCH) do
      local p = augment.compile { { name } }
      local y = p(x, { seed = 1 })
      assert.is_true(ssl.equal(y, p(x, { seed = 1, epoch = 1, view = 1, batch = 1 })))
      for _, other in ipairs { { seed = 2 }, { seed = 1, epoch = 2 }, { seed = 1, view = 2 },
        { seed = 1, batch = 2 } } do
        assert.is_false(ssl.allclose(y, (p(x, other)), { atol = 1e-4 }), name)
      end
    end
  end)

  it("take any size, also one pixel, one image and none", function()
    for _, name in ipairs(BATCH) do
      for _, shape in ipairs { { 3, 1, 1, 1 }, { 1, 3, 5, 4 }, { 2, 3, 1, 6 }, { 0, 1, 4, 4 } } do
        local y = augment.compile { { name } }(rand(2, table.unpack(shape)))
        assert.same(shape, { y:shape() })
        assert.is_false(y:isnan():any():item() == 1)
      end
      local x = rand(3, 4, 6, 5, 2):permute(1, 4, 3, 2)
      assert.tensor_near(augment.compile { { name } }(x:contiguous()),
        augment.compile { { name } }(x))
    end
  end)

  it("are done to the whole batch or not at all", function()
    local x, changed = rand(4, 6, 1, 4, 4), 0
    local p = augment.compile { { "mixup", p = 0.25 } }
    for seed = 1, 400 do
      local same = p(x, { seed = seed }):isclose(x):min({ 2, 3, 4 }):float():mean():item()
      -- a permutation leaves one of six at its place or all of them, the latter once in 720 times
      if same < 1 then changed = changed + 1 end
    end
    assert.near(100, changed, 43) -- 5 standard deviations
  end)
end)

describe("lambda", function()
  -- The largest distance of the values from a distribution.
  local function distance(values, cdf)
    table.sort(values)
    local most = 0
    for i, v in ipairs(values) do
      most = math.max(most, math.abs(cdf(v) - i / #values), math.abs(cdf(v) - (i - 1) / #values))
    end
    return most
  end

  it("is of Beta(alpha, alpha)", function()
    local n = 4000
    local known = {
      [0.5] = function(v) return 2 / math.pi * math.asin(math.sqrt(v)) end,
      [1] = function(v) return v end,
      [2] = function(v) return 3 * v ^ 2 - 2 * v ^ 3 end,
      [3] = function(v) return 10 * v ^ 3 - 15 * v ^ 4 + 6 * v ^ 5 end,
    }
    for _, alpha in ipairs { 0.01, 0.2, 0.5, 1, 2, 3, 40 } do
      local values, sum, squares = {}, 0, 0
      for i, u in ipairs(rand(5, n, mixing.DRAWS):double():totable()) do
        local v = mixing.beta(alpha, u)
        assert.is_true(v >= 0 and v <= 1)
        values[i], sum, squares = v, sum + v, squares + (v - 0.5) ^ 2
      end
      local variance = 1 / (4 * (2 * alpha + 1))
      assert.near(0.5, sum / n, 5 * math.sqrt(variance / n))
      assert.near(variance, squares / n, 0.1 * variance)
      -- Kolmogorov and Smirnov: 1.95 / sqrt(n) is passed once in a thousand
      if known[alpha] then assert.is_true(distance(values, known[alpha]) < 0.031, alpha) end
    end
  end)

  it("is one number, or one for each sample that its batch does not change", function()
    local x = rand(6, 30, 4)
    local _, one = augment.mixup(x)
    assert.equal("number", type(one))
    local index = ssl.arange(101, 130, 1, "int64")
    local _, each = augment.mixup(x, nil, { per = "sample", index = index })
    assert.same({ 30 }, { each:shape() })
    assert.is_true(#each:unique() == 30)
    local part = ssl.arange(111, 115, 1, "int64")
    local _, some = augment.mixup(x:narrow(1, 1, 5), nil, { per = "sample", index = part })
    assert.is_true(ssl.equal(each:narrow(1, 11, 15), some))
  end)
end)

describe("mixup", function()
  it("mixes samples and labels alike", function()
    local y = int { 1, 3, 2, 3, 1 }
    for _, per in ipairs { "batch", "sample" } do
      for _, shape in ipairs { { 5 }, { 5, 4 }, { 5, 2, 3 }, { 5, 1, 3, 2 } } do
        local x = rand(7, table.unpack(shape)):double()
        local mixed, targets, lambda, p = augment.mixup(x, y, { per = per, alpha = 0.5, seed = 3 })
        assert.same({ 1, 2, 3, 4, 5 }, p:sort():totable())
        for i = 1, 5 do
          local l = per == "batch" and lambda or lambda[i]
          assert.tensor_near(x:narrow(1, i, i) * l + x:narrow(1, p[i], p[i]) * (1 - l),
            mixed:narrow(1, i, i), 1e-7) -- float32's lambda
          for k = 1, 3 do
            local want = (y[i] == k and l or 0) + (y[p[i]] == k and 1 - l or 0)
            assert.near(want, targets:at(i, k), 1e-7)
          end
        end
      end
    end
  end)

  it("takes targets, and as many classes as there are", function()
    local x, t = rand(8, 4, 3), rand(9, 4, 6)
    local _, targets, lambda, p = augment.mixup(x, t)
    assert.tensor_near(t * lambda + t[p] * (1 - lambda), targets, 1e-6)
    local _, wide = augment.mixup(x, int { 1, 2, 1, 2 }, { classes = 7 })
    assert.same({ 4, 7 }, { wide:shape() })
    assert.tensor_near(ssl.ones(4), wide:sum(2), 1e-6)
    local empty, none = augment.mixup(ssl.zeros(0, 3), int {}, { classes = 2 })
    assert.same({ 0, 3, 0, 2 }, { empty:size(1), empty:size(2), none:shape() })
  end)

  it("lets gradients through", function()
    local x = rand(10, 3, 2):double():requires_grad()
    assert.is_true(ssl.gradcheck(function(z) return (augment.mixup(z)) end, { x }))
  end)

  it("says what is wrong", function()
    local x = rand(11, 3, 2)
    assert.raises("batch of dtype float expected, got (3,2) uint8", augment.mixup, x:byte())
    assert.raises("labels of 3 samples expected, got 2", augment.mixup, x, int { 1, 1 })
    assert.raises("labels must be in 1..2, got 0..2", augment.mixup, x, int { 0, 1, 2 })
    assert.raises("labels must be in 1..2, got 1..3", augment.mixup, x, int { 1, 2, 3 },
      { classes = 2 })
    assert.raises("targets have their own", augment.mixup, x, rand(1, 3, 4), { classes = 2 })
    assert.raises("classes are for labels", augment.mixup, x, nil, { classes = 2 })
    assert.raises("alpha must be a number from 0.001 to 1000, got 0", augment.mixup, x, nil,
      { alpha = 0 })
    assert.raises("per must be one of batch, sample, got each", augment.mixup, x, nil,
      { per = "each" })
    assert.raises("unknown option 'p'", augment.mixup, x, nil, { p = 1 })
    assert.raises("index of 3 samples expected, got 1", augment.mixup, x, nil,
      { index = int { 1 } })
  end)
end)

describe("cutmix", function()
  -- The box that the mask [h,w] of 0 and 1 is; fails where it is none.
  local function box(mask)
    local rows, columns = mask:amax(2):nonzero():view(-1), mask:amax(1):nonzero():view(-1)
    if #rows == 0 then return 0, 0, 0, 0 end
    local y1, y2, x1, x2 = rows[1], rows[-1], columns[1], columns[-1]
    assert.equal((y2 - y1 + 1) * (x2 - x1 + 1), mask:long():sum():item())
    return y1, y2, x1, x2
  end

  it("shows a box of the partner and mixes labels by its true area", function()
    local n, h, w = 12, 9, 14
    local x, y = plain(n, 2, h, w), ssl.arange(1, n, 1, "int64")
    for _, per in ipairs { "batch", "sample" } do
      local mixed, targets, lambda, p = augment.cutmix(x, y, { per = per, seed = 5 })
      assert.is_true(ssl.equal(mixed:select(2, 1), mixed:select(2, 2)))
      for i = 1, n do
        local l = per == "batch" and lambda or lambda[i]
        if p[i] ~= i then
          local own = mixed[i][1]:eq(i)
          assert.equal(1, (own | mixed[i][1]:eq(p[i])):amin():item())
          assert.near(l, own:double():mean():item(), 1e-7)
          box(1 - own:long())
          assert.near(l, targets:at(i, i), 1e-7)
          assert.near(1 - l, targets:at(i, p[i]), 1e-7)
        end
      end
    end
  end)

  it("has boxes of the sides sqrt(1 - lambda), around any pixel", function()
    local n, h, w = 400, 20, 30
    local x = ssl.arange(1, n):view(n, 1, 1, 1):expand(n, 1, h, w)
    -- alpha so large that lambda is 0.5 but for 2 %: the sides are 14 x 20, sometimes 2 less
    local mixed, _, p = augment.cutmix(x, nil, { alpha = 1000, per = "sample", seed = 2 })
    local touched, inside = { 0, 0, 0, 0 }, 0
    for i = 1, n do
      local y1, y2, x1, x2 = 1, h, 1, w
      if p[i] ~= i then y1, y2, x1, x2 = box(mixed[i][1]:eq(p[i])) end
      local high, wide = y2 - y1 + 1, x2 - x1 + 1
      if p[i] ~= i then
        assert.is_true(high <= 14 and wide <= 22)
        local free = y1 > 1 and y2 < h and x1 > 1 and x2 < w
        if free then
          inside = inside + 1
          assert.is_true(high >= 12 and wide >= 20)
        end
        for side, at in ipairs { y1 == 1, y2 == h, x1 == 1, x2 == w } do
          touched[side] = touched[side] + (at and 1 or 0)
        end
      end
    end
    assert.is_true(inside > 10)
    for side = 1, 4 do assert.near(0.37, touched[side] / n, 0.13) end -- 7 of 20, and 5 standard errors
  end)

  it("takes images only", function()
    assert.raises("batch [N,C,H,W] expected, got (3,4) float32", augment.cutmix, ssl.ones(3, 4))
    assert.raises("images [N,C,H,W] expected, got (3,4) float32", augment.compile { { "cutmix" } },
      ssl.ones(3, 4))
  end)
end)

describe("fmix", function()
  it("shows the partner in blots of the share 1 - lambda", function()
    local x = plain(6, 1, 24, 24)
    local p, seams = augment.compile { { "fmix" } }, {}
    for seed = 1, 20 do
      local y = p(x, { seed = seed })
      local drawn = augment.mixed(p, y, { seed = seed })[1]
      for i = 1, 6 do
        local partner = drawn.permutation[i]
        if partner ~= i then
          local own = y[i][1]:eq(i):long()
          assert.equal(576, own:sum():item() + y[i][1]:eq(partner):long():sum():item())
          assert.near(drawn.lambda, own:sum():item() / 576, 1e-9)
          seams[#seams + 1] = own:diff(1, 2):abs():sum():item()
        end
      end
    end
    local sum = 0
    for _, s in ipairs(seams) do sum = sum + s end
    -- pixels at random would have 552 * 2 * lambda (1 - lambda), so 184 on average
    assert.is_true(sum / #seams < 60)
  end)

  it("checks its decay", function()
    assert.raises("decay must be a number", augment.compile, { { "fmix", decay = { 1, 2 } } })
    assert.raises("decay must be a number from 0 to 10", augment.compile,
      { { "fmix", decay = -1 } })
  end)
end)

describe("mixed", function()
  it("tells what each operation of a policy has drawn", function()
    local p = augment.compile { views = {
      { { "hflip" } },
      { n = 2, { "hflip", p = 1 }, { "mixup", alpha = 0.4 }, { "cutmix", per = "sample" },
        { "invert", p = 1 } },
    } }
    local x = rand(12, 7, 2, 6, 5)
    for view = 1, 3 do
      local key = { seed = 4, epoch = 2, view = view, batch = 9 }
      local y = p(x, key)
      local list = augment.mixed(p, y, key)
      assert.equal(view == 1 and 0 or 2, #list)
      if view > 1 then
        local z, m, c = x:flip(4), list[1], list[2]
        assert.same({ "mixup", "cutmix" }, { m.op, c.op })
        z = z * m.lambda + z[m.permutation] * (1 - m.lambda)
        local from_own = (y - (1 - z)):abs():amax(2):lt(1e-6)
        local from_other = (y - (1 - z[c.permutation])):abs():amax(2):lt(1e-6)
        assert.equal(1, (from_own | from_other):amin():item())
        for i = 1, 7 do
          if c.permutation[i] ~= i then
            assert.near(c.lambda[i], from_own[i]:float():mean():item(), 1e-6)
          end
        end
      end
    end
  end)

  it("tells where nothing was mixed", function()
    local p, x = augment.compile { { "mixup", p = 0.5 } }, rand(13, 4, 3)
    local done = 0
    for seed = 1, 60 do
      local y = p(x, { seed = seed })
      local m = augment.mixed(p, y, { seed = seed })[1]
      assert.tensor_near(x * m.lambda + x[m.permutation] * (1 - m.lambda), y, 1e-6)
      if m.lambda == 1 then
        assert.same({ 1, 2, 3, 4 }, m.permutation:totable())
      else
        done = done + 1
      end
    end
    assert.is_true(done > 10 and done < 50)
  end)

  it("says what is wrong", function()
    local p = augment.compile { { "mixup" } }
    assert.raises("view expected, got nil", augment.mixed, p)
    assert.raises("what a policy gave expected, got (3) float32", augment.mixed, p, ssl.ones(3))
    assert.raises("unknown option 'sed'", augment.mixed, p, ssl.ones(3, 2), { sed = 1 })
    local two = augment.compile { views = { { "hflip" }, { "mixup" } } }
    assert.raises("view must be in 1..2, got 3", augment.mixed, two, ssl.ones(3, 2), { view = 3 })
  end)
end)

describe("style", function()
  it("takes the low amplitudes of NumPy's fft2, of one image or of another for each", function()
    for _, case in ipairs(fixtures.styles) do
      local x = ssl.tensor(case.x):view(2, 1, case.h, case.w)
      local function source(y, i)
        for j = 1, 2 do
          local want = ssl.tensor(case.y[i][j]):view(case.h, case.w)
          -- float32's sums of up to 30 values
          if (want - y[i][1]):abs():amax():item() < 3e-6 then return j end
        end
      end
      local pairs_seen = { batch = {}, independent = {} }
      for _, kind in ipairs { "batch", "independent" } do
        local p = augment.compile { { "style", kind = kind, ratio = case.ratio, clip = false } }
        for seed = 1, 20 do
          local y = p(x, { seed = seed })
          local a, b = source(y, 1), source(y, 2)
          assert.is_truthy(a)
          assert.is_truthy(b)
          pairs_seen[kind][a .. " " .. b] = true
        end
      end
      assert.same({ ["1 1"] = true, ["2 2"] = true }, pairs_seen.batch)
      assert.same({ ["1 2"] = true, ["2 1"] = true }, pairs_seen.independent)
    end
  end)

  it("gives all images the energy of the one, and comes back", function()
    local x = rand(14, 5, 3, 9, 8)
    local p = augment.compile { { "style", ratio = 1, clip = false } }
    local y = p(x, { seed = 3 })
    local energy = y:square():sum({ 3, 4 })
    -- Parseval: the energy is that of the amplitudes, so of one image for all
    local near, of = math.huge, nil
    for i = 1, 5 do
      local away = (x[i]:square():sum({ 2, 3 }) - energy):abs():amax():item()
      if away < near then near, of = away, i end
    end
    assert.is_true(near < 2e-4) -- of 24
    -- the one whose style it is stays; each of the others in its own style again would be itself
    assert.tensor_near(x[of], y[of], 2e-6)
    local high = x - x:mean({ 3, 4 }, true)
    local mean_only = augment.compile { { "style", ratio = 0, clip = false } }(x, { seed = 3 })
    assert.tensor_near(high, mean_only - mean_only:mean({ 3, 4 }, true), 2e-6)
  end)

  it("draws the ratio, and clips where it is told to", function()
    local x = rand(15, 4, 1, 8, 8)
    local low, high = 0, 0
    for seed = 1, 20 do
      local y = augment.compile { { "style", ratio = { 0, 1 }, clip = false } }(x, { seed = seed })
      local z = augment.compile { { "style", ratio = { 0, 1 } } }(x, { seed = seed })
      assert.is_true(ssl.equal(y:clamp(0, 1), z))
      local most = (y - x):std({ 3, 4 }):amax():item()
      low, high = low + (most < 0.05 and 1 or 0), high + (most > 0.15 and 1 or 0)
    end
    assert.is_true(low > 0 and high > 0)
  end)

  it("has no phases in black images, and makes nothing of them that is no number", function()
    local x = ssl.cat { ssl.zeros(1, 1, 4, 4), rand(16, 1, 1, 4, 4) }
    for seed = 1, 6 do
      local y = augment.compile { { "style", ratio = 1, kind = "independent" } }(x, { seed = seed })
      assert.equal(1, y:isfinite():amin():item())
    end
  end)

  it("checks its options", function()
    assert.raises("kind must be one of batch, independent, got string 'one'", augment.compile,
      { { "style", kind = "one" } })
    assert.raises("ratio must be a number from 0 to 1", augment.compile, { { "style", ratio = 2 } })
    assert.raises("clip must be true or false", augment.compile, { { "style", clip = 1 } })
  end)
end)
