-- Windows, sizes, places and holes: torchvision's values, its samplers' windows, edges, messages.

local core = require "sslkit.core"
local driver = dofile "spec/augment/driver.lua"
local fixtures = dofile "spec/fixtures/augment_geometry.lua"
local ops = require "sslkit.augment.ops.geometry"
local erase = require "sslkit.augment.ops.erase"
local ssl = require "sslkit"

local function far(a, b) return (a - b):abs():max():item() end

local function rand(seed, ...) return ssl.rand({ ... }, { generator = ssl.generator(seed) }) end

-- A number stands for both ways where an operation moves pixels: here it is meant as it is.
local MOVES = { degrees = true, shear = true, share = true, shear_x = true, shear_y = true }

local function fixed(options)
  local o = {}
  for name, v in pairs(options) do
    o[name] = (MOVES[name] or name == "scale") and { v, v } or v
  end
  return o
end

local function compiled(name, options)
  local op = { name }
  for key, v in pairs(options) do op[key] = v end
  op.p = op.p or 1
  return ssl.augment.compile { op }
end

describe("geometry", function()
  it("gives what torchvision gives", function()
    for k, case in ipairs(fixtures.cases) do
      local image = fixtures.images[case.image]
      local x = ssl.tensor(image.x, "uint8"):reshape(1, table.unpack(image.shape))
      local y = ssl.tensor(case.y, "float32"):reshape(1, table.unpack(case.shape))
      local got = compiled(case[1], fixed(case.options))(x)
      local what = ("case %d, %s of %s"):format(k, case[1], case.image)
      assert.is_true(core.same_shape(y, got), what)
      assert.is_true(far(y, got) < 1e-5, ("%s: off by %g"):format(what, far(y, got)))
    end
  end)

  it("holds for any width, vectorised or not", function()
    for w = 1, 40, 3 do
      local x = rand(w, 1, 2, 6, w)
      for _, interp in ipairs { "nearest", "bilinear", "bicubic" } do
        local o = { size = { 9, 17 }, interp = interp, antialias = interp ~= "nearest" }
        local turned = { size = { 17, 9 }, interp = interp, antialias = o.antialias }
        local a = compiled("resize", o)(x)
        local b = compiled("resize", turned)(x:transpose(3, 4):contiguous()):transpose(3, 4)
        assert.is_true(far(a, b) < 2e-6)
      end
    end
  end)

  it("changes nothing where nothing is to change", function()
    for _, size in ipairs { { 3, 6, 5 }, { 1, 1, 1 }, { 2, 1, 7 } } do
      local x = rand(2, 2, table.unpack(size))
      local same = { size[2], size[3] }
      for name, o in pairs {
        resize = { size = same }, center_crop = { size = same }, random_crop = { size = same },
        rotate = { degrees = 0 }, shear_x = { shear = 0 }, shear_y = { shear = 0 },
        translate_x = { share = 0 }, translate_y = { share = 0 }, affine = { degrees = 0 },
        random_resized_crop = { size = same, scale = { 1, 1 },
          ratio = { size[3] / size[2], size[3] / size[2] } },
        erase = { p = 0 },
      } do
        assert.is_true(far(x, compiled(name, o)(x)) < 1e-6, name)
        if ops[name] and not o.size then
          o.interp = "bilinear"
          assert.is_true(far(x, compiled(name, o)(x)) < 1e-6, name .. " bilinear")
        end
      end
      for _, interp in ipairs { "nearest", "nearest_exact", "bicubic" } do
        assert.is_true(far(x, compiled("resize", { size = same, interp = interp })(x)) < 1e-6)
      end
    end
  end)

  it("keeps flat images flat", function()
    local x = ssl.full({ 1, 3, 7, 9 }, 0.4)
    for _, interp in ipairs { "nearest", "bilinear", "bicubic" } do
      for _, antialias in ipairs { false, true } do
        for _, size in ipairs { { 3, 2 }, { 20, 31 } } do
          local o = { size = size, interp = interp, antialias = antialias }
          local y = compiled("resize", o)(x)
          assert.is_true((y - 0.4):abs():max():item() < 1e-6)
        end
      end
    end
  end)

  it("clips what bicubic throws over when told to", function()
    local x = ssl.tensor { { { { 0, 0, 1, 1 }, { 0, 0, 1, 1 } } } }
    local y = compiled("resize", { size = { 2, 16 }, interp = "bicubic" })(x)
    assert.is_true(y:max():item() > 1.01 and y:min():item() < -0.01)
    assert.tensor_near(y:clamp(0, 1),
      compiled("resize", { size = { 2, 16 }, interp = "bicubic", clip = true })(x), 1e-7)
  end)
end)

describe("random_resized_crop", function()
  local N, THEIRS = 2000, 20000

  -- What positions the windows have, read off an image whose pixels say where they are.
  local function windows(case, sampler)
    local h, w = table.unpack(case.size)
    local x = ssl.empty { 1, 2, h, w }
    x[{ 1, 1 }] = ssl.arange(0, h - 1, 1):reshape(h, 1):expand(h, w)
    x[{ 1, 2 }] = ssl.arange(0, w - 1, 1):reshape(1, w):expand(h, w)
    local p = compiled("random_resized_crop", { size = { 64, 64 }, scale = case.scale,
      ratio = case.ratio, interp = "nearest", sampler = sampler })
    local rows = ssl.ones(N // 20):to "int64"
    local all = {}
    for part = 1, 20 do
      local index = ssl.arange((part - 1) * (N // 20) + 1, part * (N // 20), 1, "int64")
      local y = p(x, { rows = rows, index = index })
      local top, left = y[{ {}, 1 }]:amin { 2, 3 }, y[{ {}, 2 }]:amin { 2, 3 }
      local high = y[{ {}, 1 }]:amax { 2, 3 } - top + 1
      local wide = y[{ {}, 2 }]:amax { 2, 3 } - left + 1
      all[part] = ssl.stack({ top, left, high, wide, high * wide, high * high }, 2)
    end
    return ssl.cat(all):to "float64"
  end

  it("draws windows as torchvision does", function()
    for _, case in ipairs(fixtures.windows) do
      local got = windows(case)
      local deviation = (got:std(1) * (1 / N + 1 / THEIRS) ^ 0.5):totable() -- of two means
      for i, want in ipairs(case.means) do
        local mean = got:select(2, i):mean():item()
        assert.is_true(math.abs(mean - want) <= 4.5 * deviation[i] + 1e-9,
          ("mean %d of %dx%d: %g, not %g"):format(i, case.size[1], case.size[2], mean, want))
      end
    end
  end)

  it("stays within area, shape and image", function()
    for _, sampler in ipairs { "tv", "tf" } do
      local case = { size = { 32, 32 }, scale = { 0.2, 0.5 }, ratio = { 0.8, 1.25 } }
      local got = windows(case, sampler)
      local top, left = got:select(2, 1), got:select(2, 2)
      local high, wide = got:select(2, 3), got:select(2, 4)
      assert.is_true(top:min():item() >= 0 and left:min():item() >= 0)
      assert.is_true((top + high):max():item() <= 32 and (left + wide):max():item() <= 32)
      local area, shape = high * wide / 1024, wide / high
      -- sides are rounded to whole pixels: half of one in 14
      assert.is_true(area:min():item() > 0.2 * 0.93 and area:max():item() < 0.5 * 1.05)
      assert.is_true(shape:min():item() > 0.8 * 0.93 and shape:max():item() < 1.25 * 1.07)
      assert.is_true(area:std():item() > 0.06)
    end
  end)

  it("is a crop and a resize", function()
    local x = rand(9, 1, 3, 12, 10)
    local p = compiled("random_resized_crop", { size = { 7, 8 }, scale = { 0.2, 0.8 },
      interp = "bicubic", antialias = true })
    local where = ssl.empty { 1, 2, 12, 10 }
    where[{ 1, 1 }] = ssl.arange(0, 11, 1):reshape(12, 1):expand(12, 10)
    where[{ 1, 2 }] = ssl.arange(0, 9, 1):reshape(1, 10):expand(12, 10)
    local q = compiled("random_resized_crop", { size = { 128, 128 }, scale = { 0.2, 0.8 },
      interp = "nearest" })
    for i = 1, 20 do
      local index = ssl.tensor({ i }, "int64")
      local at = q(where, { index = index })
      local top, left = at[{ 1, 1 }]:min():item(), at[{ 1, 2 }]:min():item()
      local bottom, right = at[{ 1, 1 }]:max():item(), at[{ 1, 2 }]:max():item()
      local window = x:narrow(3, top // 1 + 1, bottom // 1 + 1)
        :narrow(4, left // 1 + 1, right // 1 + 1)
      local want = compiled("resize", { size = { 7, 8 }, interp = "bicubic", antialias = true })(
        window)
      assert.is_true(far(want, p(x, { index = index })) < 1e-6)
    end
  end)
end)

describe("random_crop", function()
  it("finds every window, in and out of the padding, equally often", function()
    local x = ssl.arange(1, 16, 1):reshape(1, 1, 4, 4)
    local p = compiled("random_crop", { size = 4, padding = 1 })
    local n = 9000
    local y = p(x, { rows = ssl.ones(n):to "int64", index = ssl.arange(1, n, 1, "int64") })
    local at = y[{ {}, 1, 2, 2 }]:to "int64" -- which pixel stands at (2,2): one of nine
    local counts = ssl.bincount(at)
    for pixel, count in ipairs(counts:totable()) do
      local row, column = (pixel - 1) // 4 + 1, (pixel - 1) % 4 + 1
      local wanted = row <= 3 and column <= 3
      -- four standard deviations of 1000 of 9000
      assert.is_true(wanted and math.abs(count - 1000) < 120 or not wanted and count == 0)
    end
  end)
end)

describe("erase", function()
  it("draws rectangles as torchvision does", function()
    local n = 5000
    for _, case in ipairs(fixtures.holes) do
      local h, w = table.unpack(case.size)
      local p = compiled("erase", { scale = case.scale, ratio = case.ratio, value = 1 })
      local y = p(ssl.zeros(1, 1, h, w), { rows = ssl.ones(n):to "int64",
        index = ssl.arange(1, n, 1, "int64") }):view(n, h, w)
      local high, wide = y:amax(3):sum(2), y:amax(2):sum(2)
      assert.tensor_near(high * wide, y:sum { 2, 3 }) -- one rectangle
      local some = high:gt(0):to "float32"
      local top, left = y:amax(3):argmax(2) - 1, y:amax(2):argmax(2) - 1
      local got = ssl.stack({ top:to "float32" * some, left:to "float32" * some, high, wide,
        high * wide, high * high }, 2):to "float64"
      local deviation = (got:std(1) * (1 / n + 1 / 20000) ^ 0.5):totable()
      for i, want in ipairs(case.means) do
        local mean = got:select(2, i):mean():item()
        assert.is_true(math.abs(mean - want) <= 4.5 * deviation[i] + 1e-9,
          ("mean %d of %dx%d: %g, not %g"):format(i, h, w, mean, want))
      end
    end
  end)

  it("fills with one value, one for each channel, or noise", function()
    local x = ssl.full({ 400, 3, 8, 8 }, 0.5)
    local y = compiled("erase", { value = { 0.1, 0.2, 0.3 }, scale = 0.2 })(x)
    for c = 1, 3 do
      local plane = y[{ {}, c }]
      local other = plane:ne(0.5)
      assert.tensor_near(ssl.full({ other:sum():item() }, c / 10), plane:masked_select(other), 1e-7)
    end
    local noise = compiled("erase", { value = "random", scale = 0.2 })(x)
    local values = noise:masked_select(noise:ne(0.5)):to "float64"
    local n = #values
    assert.is_true(n > 5000)
    assert.is_true(math.abs(values:mean():item()) < 4 / n ^ 0.5)
    assert.is_true(math.abs(values:std():item() - 1) < 4 / (2 * n) ^ 0.5)
  end)

  it("leaves images without room as they are", function()
    local x = rand(1, 5, 3, 1, 1)
    assert.is_true(ssl.equal(x, compiled("erase", {})(x)))
  end)
end)

describe("cutout", function()
  it("takes a square about a pixel, which may reach over the edge", function()
    local n = 4000
    local y = compiled("cutout", { size = 4, value = 1 })(ssl.zeros(1, 2, 9, 7), {
      rows = ssl.ones(n):to "int64", index = ssl.arange(1, n, 1, "int64") })
    assert.is_true(ssl.equal(y[{ {}, 1 }], y[{ {}, 2 }]))
    local size = y[{ {}, 1 }]:sum { 2, 3 }
    assert.equal(16, size:max():item())
    assert.equal(4, size:min():item()) -- about the corner: two rows and columns are inside
    -- a side of 9 has all four rows for 6 of its 9 pixels, one of 7 has them for 4 of 7
    local whole = size:eq(16):to("float32"):mean():item()
    assert.near(6 / 9 * 4 / 7, whole, 4 * (0.38 * 0.62 / n) ^ 0.5)
  end)
end)

describe("geometry of bad arguments", function()
  local function fails(message, op, x)
    assert.raises(message, function()
      local p = ssl.augment.compile { op }
      p(x or ssl.zeros(1, 3, 4, 4))
    end)
  end

  it("is refused by name", function()
    fails("interp must be one of nearest, nearest_exact, bilinear, bicubic, got string 'cubic'",
      { "resize", size = 4, interp = "cubic" })
    fails("antialias must be true or false, got number 1", { "resize", size = 4, antialias = 1 })
    fails("scale must be a number from 1e-06 to 1, or {lo, hi} of such, got {0.5, 2}",
      { "random_resized_crop", size = 4, scale = { 0.5, 2 } })
    fails("ratio must be", { "random_resized_crop", size = 4, ratio = { 2, 1 } })
    fails("sampler must be one of tv, tf", { "random_resized_crop", size = 4, sampler = "pt" })
    fails("attempts must be a whole number", { "random_resized_crop", size = 4, attempts = 1.5 })
    fails("a window of 5x4 does not fit into an image of 4x4", { "center_crop", size = { 5, 4 } })
    fails("a window of 9x9 does not fit into an image of 4x4 with a padding of 2",
      { "random_crop", size = 9, padding = 2 })
    fails("padding must be a whole number in 0..4096", { "random_crop", size = 4, padding = -1 })
    fails("mode must be one of constant, reflect", { "random_crop", size = 4, mode = "wrap" })
    fails("degrees must be a number from -360 to 360", { "rotate", degrees = 720 })
    fails("interp must be one of nearest, bilinear", { "rotate", interp = "bicubic" })
    fails("fill must be a number", { "shear_x", fill = "black" })
    fails("translate must be {share of the width, of the height} in 0..1",
      { "affine", translate = 0.1 })
    fails("scale must be", { "affine", scale = 0 })
    fails("value must be a number, a list", { "erase", value = "white" })
    fails("value has 2 numbers for 3 channels", { "erase", value = { 1, 2 } })
    fails("size must be a whole number from 1, or {height, width}", { "cutout", size = 0 })
    fails("size must be", { "resize", size = 0 })
    fails("images [N,C,H,W] expected, got (2,5) float32", { "rotate" }, ssl.zeros(2, 5))
  end)

  it("harms nothing when the engine gets it", function()
    local x = rand(1, 3, 2, 5, 4)
    local rows = ssl.arange(1, 3, 1, "int64")
    local odd = { 0 / 0, math.huge, -math.huge, -1, 0, 1e300, 1e9, 0.5, 3 }
    local g = ssl.generator(6)
    for name in pairs { resize = 1, random_resized_crop = 1, center_crop = 1, random_crop = 1,
      rotate = 1, affine = 1, shear_x = 1, shear_y = 1, translate_x = 1, translate_y = 1, erase = 1,
      cutout = 1 } do
      for _ = 1, 200 do
        local r = { core.augment_codes[name], 1, 1, 0 }
        local picks = ssl.randint(1, #odd, { 14 }, { generator = g })
        for i = 1, 14 do r[4 + i] = odd[picks[i]] end
        pcall(core.augment, x, rows, rows, ssl.tensor({ r }, "float64"), { 2, 5, 4 }, 40,
          { 1, 2, 3 }, 1)
        pcall(core.augment, x, rows, rows, ssl.tensor({ r }, "float64"), { 2, 3, 3 }, 4000,
          { 1, 2, 3 }, 1)
      end
    end
  end)

  it("has its options checked by itself", function()
    assert.same({ 16, 16 }, { driver.options(erase.cutout, {}).size, 16 })
    assert.equal("nearest", driver.options(ops.rotate, {}).interp)
  end)
end)
