-- Corrupted datasets: against SciPy, Pillow and colorsys with the draws given, and in their laws.
local fixture = require "spec.fixtures.data"
local resample = require "sslkit.data.resample"
local ssl = require "sslkit"

local SIDE = 8
local FAMILIES = { "noise", "blur", "light", "warp" }

local function kind_of(name)
  for _, family in ipairs(FAMILIES) do
    local kind = require("sslkit.data.corrupt." .. family)[name]
    if kind then return kind end
  end
end

local function images(n, channels, height, width)
  local g = ssl.generator(3)
  return ssl.data.dataset {
    x = ssl.randint(0, 255, { n, channels, height, width }, { generator = g, dtype = "uint8" }),
    y = ssl.arange(0, n - 1, 1, "int64") % 2 + 1,
    classes = { "a", "b" },
    name = "noise",
  }
end

-- One grey level everywhere.
local function flat(n, level)
  return ssl.data.dataset { x = ssl.full({ n, 3, 32, 32 }, level, "uint8") }
end

describe("data.corrupt", function()
  it("agrees with SciPy, Pillow and colorsys, where the draws are given", function()
    local about = { height = SIDE, width = SIDE, levels = 255 }
    local x = ssl.tensor(fixture.image, "uint8"):view(1, 3, SIDE, SIDE)
    for _, case in ipairs(fixture.corrupt) do
      local kind, used = kind_of(case.kind), 0
      local function draws(k)
        local part = { table.unpack(case.draws, used + 1, used + k) }
        used = used + k
        return ssl.tensor(part, "float64"):view(1, k) / 2 ^ 20
      end
      local apply = kind.make(kind.severities[case.severity], about)
      local out = apply(x:float() / 255, draws):clamp(0, 1) * 255
      local off = (out:flatten(1) - ssl.tensor(case.out)):abs():max():item()
      -- the fixture has one decimal; motion leaves out shares of a pixel below 1e-5
      assert.is_true(off < 0.06, ("%s %d: off by %g"):format(case.kind, case.severity, off))
      assert.equal(case.draws and #case.draws or 0, used)
    end
  end)

  it("gives a dataset of the same labels and form", function()
    local ds = images(5, 3, 9, 6)
    for _, kind in ipairs(ssl.data.corruptions()) do
      for _, severity in ipairs { 1, 5 } do
        local worse = ssl.data.corrupt(ds, kind, severity)
        assert.same({ 5, 3, 9, 6 }, { worse.x:shape() })
        assert.equal("uint8", worse.x:dtype())
        assert.is_true(ssl.equal(ds.y, worse.y))
        assert.same({ "a", "b" }, worse.classes)
        assert.equal(("noise, %s %d"):format(kind, severity), worse.name)
        assert.is_false(ssl.equal(ds.x, worse.x), kind)
      end
    end
  end)

  it("keeps the levels of the dataset", function()
    local digits = ssl.data.digits():subset { 1, 2, 3 }
    for _, kind in ipairs(ssl.data.corruptions()) do
      if kind ~= "saturate" then
        local worse = ssl.data.corrupt(digits, kind, 4)
        assert.equal(16, worse.levels)
        assert.is_true(worse.x:max():item() <= 16, kind)
      end
    end
  end)

  it("takes images of any size, and none", function()
    for _, size in ipairs { { 1, 1 }, { 1, 5 }, { 3, 2 }, { 40, 33 } } do
      local ds = images(2, 3, size[1], size[2])
      for _, kind in ipairs(ssl.data.corruptions()) do
        assert.same({ 2, 3, size[1], size[2] }, { ssl.data.corrupt(ds, kind, 5).x:shape() })
      end
    end
    assert.equal(0, #ssl.data.corrupt(images(4, 3, 8, 8):subset {}, "fog", 1))
  end)

  it("depends on seed and sample alone", function()
    -- more images than are worked on at a time, so that the cut is seen
    local ds = images(345, 3, 32, 32)
    local few = ds:subset { 1, 2, 3 }
    for _, kind in ipairs(ssl.data.corruptions()) do
      local all = ssl.data.corrupt(ds, kind, 1, { seed = 5 }).x
      assert.is_true(ssl.equal(all:narrow(1, 1, 3), ssl.data.corrupt(few, kind, 1, { seed = 5 }).x))
      local threads = ssl.get_threads()
      ssl.set_threads(1)
      local alone = ssl.data.corrupt(ds, kind, 1, { seed = 5 }).x
      ssl.set_threads(threads)
      assert.is_true(ssl.equal(all, alone), kind)
    end
    for _, kind in ipairs { "gaussian_noise", "shot_noise", "motion_blur", "elastic_transform" } do
      local a = ssl.data.corrupt(few, kind, 3, { seed = 5 }).x
      assert.is_false(ssl.equal(a, ssl.data.corrupt(few, kind, 3, { seed = 6 }).x), kind)
    end
    local same = flat(345, 100)
    local noisy = ssl.data.corrupt(same, "gaussian_noise", 3).x
    local as_first = noisy:eq(noisy:narrow(1, 1, 1)):flatten(2):all(2)
    assert.equal(1, as_first:long():sum():item()) -- no other has the noise of the first
    assert.equal(100, same.x:max():item()) -- what was given is as it was
  end)

  it("adds noise of the published strength", function()
    -- 20 images of 3072 values: standard errors of the share of a sigma are below 0.3 %, and of an
    -- impulse of 1 % below 4 %
    local function moments(kind, severity, level)
      local x = ssl.data.corrupt(flat(20, level), kind, severity).x:double()
      return x:mean():item(), x:std():item(), x
    end
    for severity, sigma in ipairs { 0.04, 0.06, 0.08, 0.09, 0.10 } do
      local mean, std = moments("gaussian_noise", severity, 127)
      assert.near(127, mean, 0.5)
      assert.near(sigma * 255, std, 0.02 * sigma * 255)
    end
    local _, speckle = moments("speckle_noise", 5, 100)
    assert.near(20, speckle, 0.4)
    local mean, shot = moments("shot_noise", 5, 100)
    assert.near(100, mean, 0.5)
    assert.near(255 * math.sqrt(100 / 255 / 50), shot, 0.6)
    local _, _, x = moments("impulse_noise", 5, 100)
    assert.near(0.07 / 2, x:eq(0):double():mean():item(), 0.003)
    assert.near(0.07 / 2, x:eq(255):double():mean():item(), 0.003)
    -- a normal number is within one sigma 68.27 % of the time, and within two 95.45 %
    local _, _, y = moments("gaussian_noise", 5, 127)
    local z = (y - 127):abs() / 25.5
    assert.near(0.6827, z:lt(1):double():mean():item(), 0.01)
    assert.near(0.9545, z:lt(2):double():mean():item(), 0.005)
  end)

  it("leaves flat images as they are where only neighbours mix", function()
    local ds = flat(3, 77)
    for _, kind in ipairs {
      "gaussian_blur", "defocus_blur", "motion_blur", "zoom_blur", "pixelate", "elastic_transform",
      "contrast",
    } do
      assert.is_true(ssl.equal(ds.x, ssl.data.corrupt(ds, kind, 5).x), kind)
    end
  end)

  it("has no names but those of its list", function()
    local list = ssl.data.corruptions()
    assert.equal(14, #list)
    list[1] = "mine" -- a copy
    assert.equal("brightness", ssl.data.corruptions()[1])
  end)

  it("says what is wrong", function()
    local ds = images(2, 3, 8, 8)
    assert.raises({ "corrupt_spec.lua:", "#2 to 'corrupt' (kind must be one of brightness, ",
      "got string 'gausian_noise'; did you mean 'gaussian_noise'?" }, function()
      ssl.data.corrupt(ds, "gausian_noise", 1)
    end)
    assert.raises("got nil", function() ssl.data.corrupt(ds) end)
    assert.raises("#3 to 'corrupt' (severity must be in 1..5, got 6)", function()
      ssl.data.corrupt(ds, "fog", 6)
    end)
    assert.raises("unknown option 'sed'; known: seed", function()
      ssl.data.corrupt(ds, "fog", 1, { sed = 1 })
    end)
    assert.raises("#1 to 'corrupt' (saturate needs images of 3 channels, got 1)", function()
      ssl.data.corrupt(ssl.data.digits(), "saturate", 1)
    end)
    assert.raises("uint8 images [N,C,H,W] expected, got tensor (6,4) float32", function()
      ssl.data.corrupt(ssl.data.gaussian_mixture { n = 6, dim = 4 }, "fog", 1)
    end)
    assert.raises("dataset expected, got number 3", function() ssl.data.corrupt(3, "fog", 1) end)
    ds.levels = 7
    assert.raises("images of whole levels up to 255 expected, got 7", function()
      ssl.data.corrupt(ds, "fog", 1)
    end)
  end)
end)

describe("data.resample", function()
  it("resizes as Pillow does", function()
    local picture = fixture.picture
    local x = ssl.tensor(picture.pixels):view(3, picture.height, picture.width)
    for _, case in ipairs(fixture.resized) do
      local out = resample.apply(x, resample.resize(picture.height, case.height, "bilinear"),
        resample.resize(picture.width, case.width, "bilinear"))
      -- Pillow rounds between its two passes: half a level, and half a level at the end
      assert.tensor_near(case.out, out:flatten(1), 1.01)
    end
  end)

  it("folds positions as the matrices do", function()
    for _, edge in ipairs { "nearest", "reflect", "mirror" } do
      for n = 1, 4 do
        local x = ssl.rand(1, 1, n, 3)
        local rows = ssl.arange(-7, 7, 1, "int64")
        local place = resample.fold(rows, n, edge) + 1
        local at = rows:double():view(15, 1, 1):expand(15, n, 3)
        local columns = ssl.arange(0, 2, 1, "float64"):view(1, 1, 3):expand(15, n, 3)
        local y = resample.sample(x:expand(15, 1, n, 3), at, columns, edge)
        for i = 1, 15 do assert.tensor_near(x[{ 1, 1, place[i] }], y[{ i, 1, 1 }], 1e-7) end
      end
    end
    assert.same({ 1, 0, 0, 1, 2, 2, 1, 0, 0 },
      resample.fold(ssl.arange(-2, 6, 1, "int64"), 3, "reflect"):totable())
    assert.same({ 2, 1, 0, 1, 2, 1, 0, 1, 2 },
      resample.fold(ssl.arange(-2, 6, 1, "int64"), 3, "mirror"):totable())
  end)
end)
