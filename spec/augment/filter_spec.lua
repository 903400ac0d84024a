-- Filters and levels: torchvision's and Pillow's values, edges, histograms, noise, messages.

local driver = dofile "spec/augment/driver.lua"
local fixtures = dofile "spec/fixtures/augment_colour.lua"
local ops = require "sslkit.augment.ops.filter"
local ssl = require "sslkit"

local function far(a, b) return (a - b):abs():max():item() end

local function rand(seed, ...) return ssl.rand({ ... }, { generator = ssl.generator(seed) }) end

local function mean(t) return t:to("float64"):mean():item() end

describe("filters", function()
  it("give what torchvision and Pillow give", function()
    driver.each_case(ops, fixtures.cases, fixtures.images, function(what, y, got)
      assert.is_true(far(y, got) < 1e-5, ("%s: off by %g"):format(what, far(y, got)))
    end)
  end)

  it("are within a level of torchvision's on bytes", function()
    driver.each_case(ops, fixtures.bytes, fixtures.images, function(what, y, got)
      local off = far((y * 255):round(), (got * 255):round())
      assert.is_true(off <= 1, ("%s: off by %g"):format(what, off))
    end)
  end)

  it("blur rows and columns alike, at every width", function()
    for w = 1, 70, 3 do
      local x = rand(w, 1, 1, 5, w)
      local turned = x:transpose(3, 4):contiguous()
      for _, o in ipairs { { kernel = 3, sigma = 1 }, { kernel = 9, sigma = 2, pad = "zero" } } do
        assert.tensor_near(driver.view(ops.blur, o, x):transpose(3, 4),
          driver.view(ops.blur, o, turned), 1e-6)
      end
    end
  end)

  it("blur one pixel into a Gaussian", function()
    local x = ssl.zeros(1, 1, 17, 17) -- a pixel more than the kernel, or its end is mirrored
    x[{ 1, 1, 9, 9 }] = 1
    local y = driver.view(ops.blur, { kernel = 15, sigma = 1.5 }, x)
    local at = ssl.arange(-7, 7, 1)
    local w = (at:square() * (-0.5 / 1.5 ^ 2)):exp()
    w = w / w:sum()
    local middle = y[{ 1, 1 }]:narrow(1, 2, 16):narrow(2, 2, 16)
    assert.tensor_near(w:reshape(15, 1) * w:reshape(1, 15), middle, 1e-7)
    assert.near(1, y:sum():item(), 1e-6)
  end)

  it("leave flat images flat, and any image as it is by a kernel of one", function()
    local flat = ssl.full({ 2, 3, 6, 5 }, 102 / 255)
    for _, name in ipairs { "blur", "pil_blur", "sharpness", "equalize", "autocontrast" } do
      local o = name == "blur" and { kernel = 5 } or {}
      assert.tensor_near(flat, driver.view(ops[name], o, flat), 1e-6)
    end
    local x = rand(3, 2, 3, 6, 5)
    assert.is_true(ssl.equal(x, driver.view(ops.blur, { kernel = 1 }, x)))
    assert.is_true(ssl.equal(x, driver.view(ops.blur, {}, x))) -- a tenth of 6
    assert.is_true(ssl.equal(x, driver.view(ops.sharpness, { strength = 0 }, x)))
  end)

  it("take a tenth of the height as SimCLR does", function()
    local sizes = { [19] = 1, [20] = 3, [32] = 3, [40] = 5, [96] = 9, [224] = 23, [30000] = 1023 }
    for h, k in pairs(sizes) do
      assert.equal(k, ops.blur.rows(driver.options(ops.blur, {}), 3, h, 8)[1][2])
    end
    assert.equal(17, ops.blur.rows(driver.options(ops.blur, { kernel = "0.5" }), 3, 32, 8)[1][2])
  end)

  it("blur less by a smaller sigma, each sample by its own", function()
    local image = rand(4, 1, 9, 9)
    local function change(o)
      local views = driver.views(ops.blur, o, image, 400)
      return (views - image):abs():mean { 2, 3, 4 }
    end
    local drawn = change { kernel = 5, sigma = { 0.4, 1.2 } }
    local low = change { kernel = 5, sigma = 0.4 }:max():item()
    local high = change { kernel = 5, sigma = 1.2 }:min():item()
    assert.is_true(drawn:min():item() >= low - 1e-6 and drawn:min():item() < low * 1.1)
    assert.is_true(drawn:max():item() <= high + 1e-6 and drawn:max():item() > high * 0.99)
  end)

  it("never read beyond the room that they are given", function()
    local x, rows = rand(5, 1, 1, 2, 2), ssl.ones(1):to "int64"
    local list = driver.list(ops.blur, { kernel = 99, sigma = 9 }, 1, 2, 2)
    local core = require "sslkit.core"
    for room = 4, 12 do
      local y = core.augment(x, rows, rows, list, { 1, 2, 2 }, room, { 1, 1, 1 }, 255)
      assert.is_true(y:min():item() >= 0 and y:max():item() <= 1)
    end
  end)
end)

describe("levels", function()
  it("posterize to whole numbers of bits, each as often", function()
    local image, n = ssl.full({ 1, 1, 1 }, 1), 8000
    local y = driver.views(ops.posterize, { bits = { 2, 5 } }, image, n):reshape(-1) * 255
    for bits, level in pairs { [2] = 192, [3] = 224, [4] = 240, [5] = 248 } do
      local share = mean((y - level):abs():lt(0.01):to "float32")
      assert.is_true(math.abs(share - 0.25) < 0.02, bits .. " bits: " .. share) -- 4 deviations
    end
    assert.same({ 0, 0 }, driver.view(ops.posterize, { bits = 1 },
      ssl.tensor { 0.1, 127 / 255 }:reshape(1, 1, 1, 2)):reshape(-1):totable())
  end)

  it("round the strengths of automatic policies as torchvision's table does", function()
    -- 8 - round(i / 7.5) of 31 levels; a level at a time by lo = hi
    local core = require "sslkit.core"
    local x, rows = ssl.ones(1, 1, 1, 1), ssl.ones(1):to "int64"
    for i = 0, 30 do
      local list = ssl.zeros({ 1, 18 }, "float64")
      list[{ 1, 1 }], list[{ 1, 3 }] = core.augment_codes.posterize, 1
      list[{ 1, 5 }], list[{ 1, 6 }] = 8 - 4 * i / 30, 8 - 4 * i / 30
      local y = core.augment(x, rows, rows, list, { 1, 1, 1 }, 1, { 1, 1, 1 }, 255):item() * 255
      local bits = 8 - math.floor(i / 7.5 + 0.5)
      assert.near(256 - 2 ^ (8 - bits), y, 1e-4)
    end
  end)

  it("solarize what is as bright as the threshold, too", function()
    local x = ssl.tensor { 0, 0.25, 0.5, 0.75, 1 }:reshape(1, 1, 1, 5)
    local function solarized(t)
      return driver.view(ops.solarize, { threshold = t }, x):reshape(-1)
    end
    assert.tensor_near({ 0, 0.25, 0.5, 0.25, 0 }, solarized(0.5))
    assert.tensor_near({ 1, 0.75, 0.5, 0.25, 0 }, solarized(0))
    assert.tensor_near({ 0, 0.25, 0.5, 0.75, 0 }, solarized(1))
  end)

  it("equalize and stretch each channel by itself", function()
    local x = rand(6, 1, 3, 30, 30) * ssl.tensor { 0.2, 0.5, 1 }:reshape(1, 3, 1, 1)
    local y = driver.view(ops.equalize, {}, x)
    local z = driver.view(ops.autocontrast, {}, x)
    for c = 1, 3 do
      assert.near(0.5, mean(y:select(2, c)), 0.1)
      assert.equal(0, z:select(2, c):min():item())
      assert.near(1, z:select(2, c):max():item(), 1e-6)
      local one = driver.view(ops.equalize, {}, x:narrow(2, c, c))
      assert.is_true(ssl.equal(y:narrow(2, c, c), one))
    end
    assert.tensor_near(z, driver.view(ops.autocontrast, {}, z), 1e-6)
  end)
end)

describe("noise", function()
  local image = ssl.full({ 3, 20, 20 }, 0.5)

  it("is normal, for each pixel and sample its own", function()
    local y = (driver.views(ops.noise, { sigma = 0.1, clip = false }, image, 100) - 0.5) / 0.1
    -- 120000 draws: standard deviations of mean, variance and fourth moment 0.003, 0.004, 0.03
    assert.near(0, mean(y), 0.012)
    assert.near(1, mean(y:square()), 0.017)
    assert.near(3, mean(y:square():square()), 0.12)
    local flat = y:reshape(100, 1200):to "float64"
    local c = flat:matmul(flat:t()) / 1200 - ssl.eye(100, "float64")
    -- 1 / sqrt(1200) = 0.029, and on the diagonal sqrt(2) of it; 5000 of them
    assert.is_true(c:abs():max():item() < 0.18)
    local beside = mean(y:narrow(4, 1, 19) * y:narrow(4, 2, 20))
    assert.near(0, beside, 0.012)
  end)

  it("stays between black and white, unless told otherwise", function()
    local y = driver.views(ops.noise, { sigma = 1 }, image, 20)
    assert.same({ 0, 1 }, { y:min():item(), y:max():item() })
    y = driver.views(ops.noise, { sigma = 1, clip = false }, image, 20)
    assert.is_true(y:min():item() < -1 and y:max():item() > 2)
    assert.is_true(ssl.equal(image, driver.views(ops.noise, { sigma = 0 }, image, 2)[1]))
  end)

  it("draws its sigma between its ends, for each sample", function()
    local y = driver.views(ops.noise, { sigma = { 0.01, 0.03 }, clip = false }, image, 200) - 0.5
    local sigma = y:square():mean({ 2, 3, 4 }):sqrt()
    assert.is_true(sigma:min():item() > 0.009 and sigma:max():item() < 0.033)
    assert.near(0.02, mean(sigma), 0.0017) -- 4 standard deviations
  end)
end)

describe("all filters", function()
  it("hold for one pixel, strips, and values that are none", function()
    for _, size in ipairs { { 1, 1, 1 }, { 3, 1, 1 }, { 3, 1, 40 }, { 1, 40, 1 }, { 2, 2, 3 } } do
      local c, h, w = table.unpack(size)
      local x = rand(7, 3, c, h, w)
      x:select(1, 2):fill_(0 / 0)
      x:select(1, 3):fill_(1 / 0)
      for name, op in pairs(ops) do
        local o = name == "blur" and { kernel = 5 } or {}
        local y = driver.view(op, o, x)
        assert.same({ 3, c, h, w }, { y:shape() })
        assert.is_true(y[1]:min():item() >= 0 and y[1]:max():item() <= 1)
        -- the same on bytes that are not packed
        local bytes = (rand(8, 2, c, w, h) * 255):to("uint8"):transpose(3, 4)
        local z = driver.view(op, o, bytes)
        assert.tensor_near(driver.view(op, o, bytes:contiguous()), z)
      end
    end
  end)

  it("and all colours hold for rows of any numbers", function()
    local core = require "sslkit.core"
    local odd = { 0 / 0, 1 / 0, -1 / 0, 1e300, -1e300, 1e-300, -1, 0, 0.5, 1, 3, 700 }
    local x, rows, g = rand(9, 1, 3, 4, 5), ssl.ones(1):to "int64", ssl.generator(3)
    local names = {}
    for name in pairs(ops) do names[#names + 1] = name end
    for name in pairs(require "sslkit.augment.ops.colour") do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
      for _ = 1, 40 do
        local row = { core.augment_codes[name], 1, 1, 0 }
        local pick = ssl.randint(1, #odd, { 14 }, { generator = g }):totable()
        for i = 1, 14 do row[4 + i] = odd[pick[i]] end
        local y = core.augment(x, rows, rows, ssl.tensor({ row }, "float64"), { 3, 4, 5 }, 60,
          { 1, 1, 1 }, 255)
        assert.same({ 1, 3, 4, 5 }, { y:shape() })
      end
    end
  end)

  it("check their options", function()
    local function fails(name, o, message)
      assert.raises(message, driver.options, ops[name], o)
    end
    for _, k in ipairs { 2, 0, 1025, 3.5, "0", "1.5", "a", -3, false } do
      fails("blur", { kernel = k }, "kernel must be an odd number up to 1023, or a share of the "
        .. 'height such as "0.1", got')
    end
    fails("blur", { sigma = 0 }, "sigma must be a number from 0.001 to 1000, or {lo, hi} of such")
    fails("blur", { sigma = { 2, 1 } }, "got {2, 1}")
    fails("blur", { pad = "edge" }, "pad must be one of reflect, zero, got string 'edge'")
    fails("pil_blur", { radius = -1 }, "radius must be a number from 0 to 1000")
    fails("sharpness", { strength = -1 }, "strength must be a number from 0 to 1000")
    fails("solarize", { threshold = 128 }, "threshold must be a number from 0 to 1, or {lo, hi} of "
      .. "such, got number 128")
    fails("posterize", { bits = 0 }, "bits must be a number from 1 to 8")
    fails("posterize", { bits = 2.5 }, "bits must be whole numbers, got number 2.5")
    fails("noise", { sigma = { 0.1, 0 / 0 } }, "sigma must be a number from 0 to 1000")
    fails("noise", { clip = 1 }, "clip must be true or false, got number 1")
  end)
end)
