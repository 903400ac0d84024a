-- Colours: torchvision's and TensorFlow's values, ranges, orders, dialects, messages.

local driver = dofile "spec/augment/driver.lua"
local fixtures = dofile "spec/fixtures/augment_colour.lua"
local ops = require "sslkit.augment.ops.colour"
local ssl = require "sslkit"

local function far(a, b) return (a - b):abs():max():item() end

local function rand(seed, ...) return ssl.rand({ ... }, { generator = ssl.generator(seed) }) end

describe("operations on colours", function()
  it("give what torchvision gives, in the tf dialects what colorsys does", function()
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

  it("leave an image as it is by what changes nothing", function()
    local x = rand(1, 4, 3, 9, 7)
    for _, name in ipairs { "brightness", "contrast", "saturation", "hue" } do
      -- 3e-7: the rounding of a value that comes back through its hue
      assert.tensor_near(x, driver.view(ops[name], { strength = 0 }, x), 3e-7)
    end
    assert.is_true(ssl.equal(x, driver.view(ops.jitter, {}, x)))
    assert.tensor_near(x, driver.view(ops.invert, {}, driver.view(ops.invert, {}, x)), 1e-7)
    assert.tensor_near(x, driver.view(ops.normalize, { mean = 0, std = 1 }, x))
  end)

  it("turn the hue back and forth, and keep brightest and darkest", function()
    local x = rand(2, 2, 3, 8, 20)
    local turned = driver.view(ops.hue, { strength = { 0.3, 0.3 } }, x)
    assert.is_true(far(x, turned) > 0.1)
    assert.tensor_near(x, driver.view(ops.hue, { strength = { -0.3, -0.3 } }, turned), 1e-5)
    assert.tensor_near(x:max(2), turned:max(2), 1e-6)
    assert.tensor_near(x:min(2), turned:min(2), 1e-6)
  end)

  it("have no colours to change in one channel", function()
    local x = rand(3, 2, 1, 5, 6)
    for _, name in ipairs { "saturation", "hue", "gray" } do
      assert.is_true(ssl.equal(x, driver.view(ops[name], {}, x)))
    end
    for _, dialect in ipairs { "tv", "byol", "simclr", "simclr1" } do
      local o = { s = 0.5, h = 0.5, dialect = dialect }
      assert.is_true(ssl.equal(x, driver.view(ops.jitter, o, x)))
    end
    local mean = x:mean({ 3, 4 }, true)
    local got = driver.view(ops.jitter, { c = { 0.5, 0.5 } }, x)
    assert.tensor_near((x + mean) / 2, got, 1e-6)
  end)

  it("make gray images gray once and for all", function()
    local x = rand(4, 3, 3, 6, 6)
    local gray = driver.view(ops.gray, {}, x)
    assert.is_true(ssl.equal(gray:select(2, 1), gray:select(2, 3)))
    assert.tensor_near(gray, driver.view(ops.saturation, { strength = { 0, 0 } }, x), 1e-6)
    -- the weights sum to 0.9999
    assert.tensor_near(gray, driver.view(ops.gray, {}, gray), 1.1e-4)
    local bytes = driver.view(ops.gray, { dialect = "pil" }, x) * 255
    assert.tensor_near(bytes:round(), bytes, 1e-4)
    assert.is_true(far(gray * 255, bytes) < 1.1)
  end)

  it("draw strengths evenly between their ends", function()
    local n = 20000
    local half = ssl.full({ 3, 1, 1 }, 0.5)
    local function drawn(op, o) return driver.views(op, o, half, n):select(2, 1):reshape(-1) * 2 end
    local function even(u, lo, hi)
      assert.is_true(u:min():item() >= lo - 1e-6 and u:max():item() <= hi + 1e-6)
      local sorted = (u:sort() - lo) / (hi - lo)
      -- Kolmogorov and Smirnov: 1.95 / sqrt(n) is passed once in a thousand
      assert.is_true(far(sorted:to "float64", ssl.arange(1, n, 1, "float64") / n) < 0.0139)
    end
    even(drawn(ops.brightness, { strength = 0.6 }), 0.4, 1.6)
    even(drawn(ops.brightness, { strength = { 0.2, 0.3 } }), 0.2, 0.3)
    even(drawn(ops.jitter, { b = 0.4 }), 0.6, 1.4)
    even(drawn(ops.jitter, { b = 0.2, dialect = "byol" }), 0.6, 1.4) -- 0.5 - 0.2 .. 0.5 + 0.2
    local bright = drawn(ops.brightness, { strength = 3 }) -- 0 .. 4, of which 2 and more is white
    assert.is_true(bright:min():item() >= 0)
    assert.near(0.5, bright:ge(2):to("float32"):mean():item(), 0.015) -- 4 standard deviations
  end)

  it("come in all orders, each as often", function()
    local image, n = rand(5, 3, 4, 4), 4800
    local o = { b = { 1.4, 1.4 }, c = { 0.5, 0.5 }, s = { 1.8, 1.8 }, h = { 0.2, 0.2 } }
    local views = driver.views(ops.jitter, o, image, n)
    local single = {
      { ops.brightness, o.b }, { ops.contrast, o.c }, { ops.saturation, o.s }, { ops.hue, o.h },
    }
    local orders, seen = {}, 0
    local function each(x, left)
      if #left == 0 then orders[#orders + 1] = x end
      for i, k in ipairs(left) do
        local rest = table.move(left, 1, #left, 1, {})
        table.remove(rest, i)
        each(driver.view(single[k][1], { strength = single[k][2] }, x), rest)
      end
    end
    each(image:reshape(1, 3, 4, 4), { 1, 2, 3, 4 })
    assert.equal(24, #orders)
    for _, x in ipairs(orders) do
      local count = (views - x):abs():max({ 2, 3, 4 }):lt(1e-6):to("int64"):sum():item()
      -- 200 on average, with a standard deviation of 14
      assert.is_true(count > 140 and count < 260, "an order came " .. count .. " times")
      seen = seen + count
    end
    assert.equal(n, seen)
  end)

  it("draw the same for what is left when one is left out", function()
    local x = rand(6, 50, 3, 1, 1) * 0 + 0.25
    local alone = driver.view(ops.jitter, { b = 0.4 }, x)
    -- a gray of 0.25 is 0.249975, since its weights sum to 0.9999
    assert.tensor_near(alone, driver.view(ops.jitter, { b = 0.4, s = 0.5, h = 0.2 }, x), 2e-5)
  end)

  it("take no notice of what an image is made of", function()
    local x = rand(7, 2, 3, 3, 3)
    x:select(1, 2):fill_(0 / 0)
    for name, op in pairs(ops) do
      local o = name == "normalize" and { preset = "cifar10" } or {}
      local got = driver.view(op, o, x)
      assert.same({ 2, 3, 3, 3 }, { got:shape() })
      assert.equal(0, got:select(1, 1):isnan():any():item())
    end
  end)
end)

describe("normalize", function()
  it("knows the training sets", function()
    local x = rand(8, 2, 3, 2, 2)
    local o = { mean = { 0.4914, 0.4822, 0.4465 }, std = { 0.2470, 0.2435, 0.2616 } }
    local want = driver.view(ops.normalize, o, x)
    assert.is_true(ssl.equal(want, driver.view(ops.normalize, { preset = "cifar10" }, x)))
    local gray = x:narrow(2, 1, 1)
    assert.tensor_near((gray - 0.1307) / 0.3081,
      driver.view(ops.normalize, { preset = "mnist" }, gray), 1e-5)
  end)

  it("takes one number for all channels, up to six in lists", function()
    local x = rand(9, 1, 6, 2, 2)
    assert.tensor_near((x - 0.5) / 2, driver.view(ops.normalize, { mean = 0.5, std = 2 }, x))
    local std = ssl.arange(1, 6, 1)
    assert.tensor_near((x - 0.5) / std:reshape(1, 6, 1, 1),
      driver.view(ops.normalize, { mean = 0.5, std = std:totable() }, x))
  end)

  it("says how many channels it is for", function()
    local o = driver.options(ops.normalize, { preset = "imagenet" })
    assert.same({ nil, "there are 3 means, but 1 channels" }, { ops.normalize.shape(o, 1, 4, 4) })
    assert.equal(3, (ops.normalize.shape(o, 3, 4, 4)))
    o = driver.options(ops.normalize, { mean = 0, std = 1 })
    assert.equal(4, (ops.normalize.shape(o, 4, 4, 4)))
  end)
end)

describe("options of operations on colours", function()
  local function fails(name, o, message)
    assert.raises(message, driver.options, ops[name], o)
  end

  it("are checked", function()
    fails("jitter", { dialect = "tf" },
      "dialect must be one of byol, simclr, simclr1, tv, got string 'tf'")
    fails("jitter", { b = -0.1 }, "b must be a number from 0 to 1000, or {lo, hi} of such, got "
      .. "number -0.1")
    fails("jitter", { b = { 1.4, 0.6 } }, "got {1.4, 0.6}")
    fails("jitter", { b = { 1 } }, "got {1}")
    fails("jitter", { c = { 0, 1, 2 } }, "got {0, 1, 2}")
    fails("jitter", { s = 0 / 0 }, "s must be a number from 0 to 1000, or {lo, hi} of such, got")
    fails("jitter", { s = "0.4" }, "got string '0.4'")
    fails("jitter", { h = 0.6 }, "h must be a number from 0 to 0.5")
    fails("jitter", { h = { -0.6, 0 } }, "h must be a number from -0.5 to 0.5")
    fails("jitter", { b = 1.5, dialect = "byol" }, "b must be a number from 0 to 1")
    fails("hue", { strength = -0.1 }, "strength must be a number from 0 to 0.5")
    fails("contrast", { strength = { -1, 1 } }, "got {-1, 1}")
    fails("gray", { dialect = "byol" }, "dialect must be one of pil, tv")
    fails("normalize", {}, "mean and std, or a preset (cifar10, cifar100, fashion_mnist, imagenet, "
      .. "mnist) expected")
    fails("normalize", { mean = 0.5 }, "mean and std, or a preset")
    fails("normalize", { preset = "cifar" }, "preset must be one of cifar10")
    fails("normalize", { preset = "mnist", mean = 0 }, "a preset has its own mean and std")
    fails("normalize", { mean = 0.5, std = 0 }, "std must be a number above 0 or a list of up to 6")
    fails("normalize", { mean = { 1, 2 }, std = { 1, 2, 3 } }, "there are 2 means, but 3 of std")
    fails("normalize", { mean = "a", std = 1 }, "mean must be a number or a list of up to 6, got")
    fails("normalize", { mean = {}, std = 1 }, "mean must be a number or a list of up to 6, got")
    fails("normalize", { mean = 1 / 0, std = 1 }, "mean must be a number")
  end)

  it("go with one or three channels where these are colours", function()
    for _, name in ipairs { "jitter", "contrast", "saturation", "hue", "gray" } do
      assert.same({ nil, "1 or 3 channels expected, got 2" }, { ops[name].shape({}, 2, 8, 8) })
      assert.same({ 1, 8, 9 }, { ops[name].shape({}, 1, 8, 9) })
    end
    assert.is_nil(ops.brightness.shape)
  end)

  it("have torchvision's names, too", function()
    local x = rand(10, 4, 3, 6, 6)
    local ours = ssl.augment.compile { { "jitter", b = 0.4, c = 0.3, s = 0.2, h = 0.1 } }
    local theirs = ssl.augment.compile { { "color_jitter", brightness = 0.4, contrast = 0.3,
      saturation = 0.2, hue = 0.1 } }
    assert.is_true(ssl.equal(ours(x, { seed = 1 }), theirs(x, { seed = 1 })))
    assert.is_false(ssl.equal(x, ours(x, { seed = 1 })))
  end)

  it("are found wrong where the policy is compiled or meets an image", function()
    assert.raises("'jitter': h must be a number from 0 to 0.5", ssl.augment.compile,
      { { "jitter", h = 1 } })
    assert.raises("1 or 3 channels expected, got 2", ssl.augment.compile { { "gray" } },
      ssl.rand(1, 2, 4, 4))
  end)
end)
