local golden = require "spec.plot.golden"
local in_256 = require "spec.plot.in_256"
local plot = require "sslkit.plot"
local ssl = require "sslkit"

local NAN, INF = 0 / 0, 1 / 0

-- The pictures: {x=, y=, w=, h=, uri=}, in order.
local function images(fig)
  local list = {}
  for h, uri, w, x, y in fig:svg():gmatch
    '<image height="(%S+)" href="([^"]*)"[^>]- width="(%S+)" x="(%S+)" y="(%S+)"' do
    list[#list + 1] = {
      x = tonumber(x), y = tonumber(y), w = tonumber(w), h = tonumber(h), uri = uri,
    }
  end
  return list
end

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- The picture that an address holds, as a tensor.
local function decoded(uri)
  local bits, count, bytes = 0, 0, {}
  for digit in uri:match "^data:image/png;base64,(.*)$":gmatch "[%w+/]" do
    bits, count = bits << 6 | DIGITS:find(digit, 1, true) - 1, count + 6
    if count >= 8 then
      count = count - 8
      bytes[#bytes + 1] = string.char(bits >> count & 255)
    end
  end
  return assert(ssl.image.decode(table.concat(bytes)))
end

-- The same, when each of its pixels was made of k x k.
local function decoded_by(k, uri)
  return decoded(uri)[{ {}, { 1, -1, k }, { 1, -1, k } }]
end

-- Three pictures of 4 x 4: black, a diagonal, white.
local function three()
  local t = ssl.zeros(3, 4, 4)
  t:select(1, 2):copy_(ssl.eye(4))
  t:select(1, 3):fill_(1)
  return t
end

describe("plot.image_grid", function()
  it("stands in rows, pixels as they are", function()
    local fig = plot.image_grid(ssl.rand(5, 3, 4, 6), { columns = 2, pad = 3, scale = 10 })
    local list = images(fig)
    assert.equal(5, #list)
    assert.same({ 60, 40 }, { list[1].w, list[1].h })
    assert.same({ 63, 0 }, { list[2].x - list[1].x, list[2].y - list[1].y })
    assert.same({ 0, 43 }, { list[3].x - list[1].x, list[3].y - list[1].y })
    assert.truthy(fig:svg():find("image-rendering:pixelated", 1, true))
    assert.same({ 160, 16 + 3 * 43 - 3 + 16 }, { fig.width, fig.height })
    local t = ssl.randint(0, 255, { 2, 3, 4, 6 }, { dtype = "uint8" })
    for i, one in ipairs(images(plot.image_grid(t))) do
      assert.tensor_near(t:select(1, i), decoded_by(8, one.uri), 0)
    end
  end)

  it("holds pixels that stay sharp when enlarged", function()
    local t = ssl.tensor({ { { { 0, 255 }, { 9, 99 } } } }, "uint8")
    local pixels = decoded(images(plot.image_grid(t, { scale = 2.5 }))[1].uri)
    assert.tensor_near({ { { 0, 0, 0, 255, 255, 255 } } }, pixels[{ {}, { 3, 3 } }], 0)
    assert.tensor_near({ { { 9, 9, 9, 99, 99, 99 } } }, pixels[{ {}, { 4, 4 } }], 0)
    assert.tensor_near(t:select(1, 1), decoded(images(plot.image_grid(t, { scale = 1 }))[1].uri), 0)
  end)

  it("takes grey and colour, bytes and floats", function()
    local t = ssl.tensor { { { 0, 0.5 }, { 1, 2 } }, { { NAN, -INF }, { INF, 0.25 } } }
    local list = images(plot.image_grid(t))
    assert.tensor_near({ { { 0, 128 }, { 255, 255 } } }, decoded_by(8, list[1].uri), 0)
    assert.tensor_near({ { { 0, 0 }, { 255, 64 } } }, decoded_by(8, list[2].uri), 0)
    local ranged = images(plot.image_grid(t, { range = { 0.5, 2 } }))
    assert.tensor_near({ { { 0, 0 }, { 85, 255 } } }, decoded_by(8, ranged[1].uri), 0)
    local bytes = ssl.tensor({ { { 0, 8 }, { 16, 200 } } }, "uint8")
    assert.tensor_near({ { { 0, 8 }, { 16, 200 } } },
      decoded_by(8, images(plot.image_grid(bytes))[1].uri), 0)
    assert.tensor_near({ { { 0, 128 }, { 255, 255 } } },
      decoded_by(8, images(plot.image_grid(bytes, { range = { 0, 16 } }))[1].uri), 0)
    for channels = 1, 4 do
      local one = images(plot.image_grid(ssl.rand(1, channels, 2, 2)))
      assert.equal(channels, (decoded(one[1].uri):size(1)))
    end
    assert.equal(1, #images(plot.image_grid(ssl.rand(1, 2, 2):requires_grad())))
  end)

  it("has words below pictures and above columns", function()
    local fig = plot.image_grid(three(), {
      labels = { "a <b>", 2, true }, titles = { "first", "second", "third" }, title = "all",
    })
    local text = fig:svg()
    for _, word in ipairs { "a &lt;b&gt;", "2", "true", "first", "third", "all" } do
      assert.truthy(text:find(">" .. word .. "<", 1, true), word)
    end
    local list = images(fig)
    local y = tonumber(text:match 'y="(%S+)">first<')
    assert.is_true(y < list[1].y)
    assert.is_true(tonumber(text:match 'y="(%S+)">2<') > list[2].y + list[2].h)
    local ids = ssl.tensor({ 7, 8, 9 }, "int64")
    assert.truthy(plot.image_grid(three(), { labels = ids }):svg():find(">9<", 1, true))
  end)

  it("finds a size of its own", function()
    assert.equal(16 + 8 * 68 - 4 + 16, plot.image_grid(ssl.rand(8, 3, 64, 64)).width)
    local many = plot.image_grid(ssl.zeros(1000, 2, 2))
    assert.equal(32, (function(list)
      local n = 1
      while list[n + 1].y == list[1].y do n = n + 1 end
      return n
    end)(images(many)))
    assert.is_true(many.width <= 640 and many.height < 10000)
    local large = images(plot.image_grid(ssl.zeros(1, 1, 1200, 1200)))
    assert.near(608, large[1].w, 1)
    local wide = plot.image_grid(ssl.zeros(4, 16, 16), { width = 300 })
    assert.is_true(wide.width <= 300)
  end)

  it("tells its data", function()
    local columns, rows = plot.image_grid(three(), { labels = { "a", "b", "c" } }):data()
    assert.equal(18, #columns)
    assert.same({ "image", "label", "p1", "p16" },
      { columns[1], columns[2], columns[3], columns[18] })
    assert.same({ 2, "b", 1, 0, 0, 0, 0, 1 }, table.move(rows[2], 1, 8, 1, {}))
    assert.is_nil(select(2, plot.image_grid(three()):data())[1][2])
  end)

  it("draws itself with characters", function()
    local fig = plot.image_grid(three(), { labels = { "black", "line", "white" }, title = "three" })
    local size = { width = 40, unicode = true, color = false }
    golden("image_grid_unicode", fig:terminal(size))
    size.unicode = false
    golden("image_grid_ascii", fig:terminal(size))
    size.unicode, size.color = true, true
    local colors = plot.image_grid(ssl.arange(0, 1, 1 / 23):reshape(2, 3, 2, 2))
    golden("image_grid_color", in_256(function() return colors:terminal(size) end))
    size.color = false
    local rows = plot.image_grid(ssl.eye(16):reshape(1, 1, 16, 16):repeat_tensor(4, 1, 1, 1),
      { columns = 2, titles = { "one", "two" } })
    golden("image_grid_titles", rows:terminal(size))
  end)

  it("fits any terminal", function()
    local many = { ssl.rand(70, 1, 28, 28), ssl.rand(1, 3, 500, 40), ssl.rand(3, 1, 1, 400) }
    for _, t in ipairs(many) do
      for _, width in ipairs { 1, 30, 100, 300 } do
        for _, unicode in ipairs { true, false } do
          local size = { width = width, unicode = unicode, color = false }
          local drawn = plot.image_grid(t):terminal(size)
          for line in drawn:gmatch "[^\n]+" do
            assert.is_true(ssl.text.width(line) <= math.max(width, 30), line)
          end
          assert.is_true(select(2, drawn:gsub("\n", "")) < 100)
        end
      end
    end
    local rest = plot.image_grid(ssl.rand(900, 20, 20)):terminal { width = 40, color = false }
    assert.truthy(rest:find "and %d+ more$")
  end)

  it("needs libpng for its SVG only, and says so", function()
    local fig = plot.image_grid(three())
    local core = package.loaded["sslkit.image.core"]
    package.loaded["sslkit.image.core"] = nil
    package.preload["sslkit.image.core"] = function() error("no such file", 0) end
    local ok, message = pcall(fig.svg, fig)
    local drawn = fig:terminal { width = 40 }
    package.preload["sslkit.image.core"] = nil
    package.loaded["sslkit.image.core"] = core
    assert.is_false(ok)
    assert.truthy(message:find("this sslkit has no libpng and libjpeg", 1, true))
    assert.is_string(drawn)
  end)

  it("says what is wrong", function()
    assert.raises({ "image_grid_spec.lua:", "#1 to 'image_grid' (images expected, got nil)" },
      function() plot.image_grid() end)
    for t, message in pairs {
      [ssl.ones(4, 4)] = "images as float or uint8 tensor [N,C,H,W] or [N,H,W] expected, got "
        .. "tensor (4,4) float32",
      [ssl.ones(1, 4, 4, "int64")] = "got tensor (1,4,4) int64",
      [ssl.ones(0, 1, 4, 4)] = "images without pixels: (0,1,4,4) float32",
      [ssl.ones(2, 8, 8, 3)] = "1 to 4 channels expected, got (2,8,8,3) float32; :movedim(4, 2) "
        .. "puts the last dimension there",
    } do
      assert.raises({ "#1 to 'image_grid'", message }, function() plot.image_grid(t) end)
    end
    for options, message in pairs {
      [{ labels = { "a" } }] = "labels must be a list of 3 names, one for each image, got 1",
      [{ titles = "a" }] = "titles must be a list of 3 names, one for each column, got string 'a'",
      [{ columns = 0 }] = "columns must be in 1..inf, got 0",
      [{ pad = -1 }] = "pad must be in 0..1000, got -1",
      [{ scale = NAN }] = "scale must be a finite number, got number nan",
      [{ range = 1 }] = "range must be a table {low, high}, got number 1",
      [{ range = { 1, 1 } }] = "range must be rising, got {1, 1}",
      [{ width = 10 }] = "width must be in 160..10000, got 10",
      [{ colums = 3 }] = "unknown option 'colums'",
    } do
      assert.raises({ "#2 to 'image_grid'", message }, function()
        plot.image_grid(three(), options)
      end)
    end
    assert.raises("these images make a figure of 3032 x 30032 pixels, and 10000 are the most: take "
      .. "fewer, or a smaller scale", function()
      plot.image_grid(ssl.zeros(10, 10, 10), { columns = 1, scale = 300, pad = 0 })
    end)
  end)
end)
