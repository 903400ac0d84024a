-- Pictures of images and their views.

local ssl = require "sslkit"

local show = ssl.augment.show

-- The pictures of a figure.
local function pictures(figure) return figure.painter.given end

describe("augment.show", function()
  local x = ssl.randint(0, 255, { 3, 3, 6, 8 }, { generator = ssl.generator(1) }):to "uint8"
  local shown = x:to "float32" / 255

  it("draws each image and its views in a row", function()
    local policy = { views = { { { "hflip", p = 1 } }, { "vflip", n = 2 } } }
    local got = pictures(show(policy, x, { seed = 4 }))
    assert.same({ 3 * 4, 3, 6, 8 }, { got:shape() })
    local views = { shown, ssl.augment.compile(policy)(x, { seed = 4 }) }
    for i = 1, 3 do
      for k = 1, 4 do assert.tensor_near(views[k][i], got[4 * (i - 1) + k], 1e-6) end
    end
  end)

  it("draws as many views as one likes where all are alike", function()
    local function columns(policy, options) return #pictures(show(policy, x, options)) / 3 - 1 end
    assert.equal(7, columns { "hflip" })
    assert.equal(9, columns { n = 9, "hflip" })
    assert.equal(2, columns({ n = 9, "hflip" }, { views = 2 }))
    local two = { views = { { "hflip" }, { "vflip" } } }
    assert.equal(2, columns(two))
    assert.equal(1, columns(two, { views = 1 }))
    assert.raises("#3 to 'show' (views must be in 1..2, got 3)", show, two, x, { views = 3 })
  end)

  it("leaves normalize out, which has no colours to show", function()
    local normalize = { "normalize", mean = 0.5, std = 0.5 }
    local got = pictures(show({ { "hflip", p = 1 }, normalize }, x, { views = 1 }))
    assert.tensor_near(shown[1]:flip(3), got[2], 1e-6)
    assert.tensor_near(shown[1], pictures(show({ normalize }, x, { views = 1 }))[2], 1e-6)
  end)

  it("puts views of several sizes in the middle of white", function()
    ssl.augment.register("corner", {
      options = { { "size" } }, image = true,
      shape = function(o, c) return c, o.size[1], o.size[2] end,
      apply = function(y, o) return y:narrow(3, 1, o.size[1]):narrow(4, 1, o.size[2]) end,
    })
    local got = pictures(show({ views = { { "identity" }, { { "corner", size = { 2, 4 } } } } }, x))
    assert.tensor_near(shown[1], got[2], 1e-6)
    assert.tensor_near(shown[1]:narrow(2, 1, 2):narrow(3, 1, 4), got[3]:narrow(2, 3, 4)
      :narrow(3, 3, 6), 1e-6)
    assert.equal(3 * (48 - 8), got[3]:eq(1):sum():item() - got[3]:narrow(2, 3, 4):narrow(3, 3, 6)
      :eq(1):sum():item())
  end)

  it("saves what it drew, or says why not", function()
    local path = os.tmpname() .. ".svg"
    assert(show({ "hflip" }, x, { path = path }))
    local file = assert(io.open(path))
    assert.truthy(file:read "a":find("<svg", 1, true))
    file:close()
    os.remove(path)
    os.remove((path:gsub("%.svg$", "")))
    local figure, message = show({ "hflip" }, x, { path = "/nowhere/x.svg" })
    assert.is_nil(figure)
    assert.truthy(message:find "/nowhere/x.svg")
  end)

  it("refuses what makes no sense", function()
    assert.raises("#1 to 'show' (an empty policy", show, {}, x)
    assert.raises("#2 to 'show' (images with 4 dimensions expected", show, { "hflip" }, x[1])
    assert.raises("#2 to 'show' (1 to 64 images expected, got (65,1,1,1) float32)", show,
      { "hflip" }, ssl.zeros(65, 1, 1, 1))
    assert.raises("unknown option 'veiws'", show, { "hflip" }, x, { veiws = 2 })
    assert.raises("path must be a string, got number 3", show, { "hflip" }, x, { path = 3 })
  end)
end)
