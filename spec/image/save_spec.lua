-- Writing PNG, and images side by side.

local lfs = require "lfs"
local ssl = require "sslkit"
local files = require "spec.image.files"
local temporary = require "spec.io.temporary"
local zlib = require "zlib"

describe("ssl.image.save", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function back(t, options)
    local path = temp.path "x.png"
    assert(ssl.image.save(path, t, options))
    return (assert(ssl.image.load(path)))
  end

  it("keeps bytes as they are, in 1 to 4 channels", function()
    for channels = 1, 4 do
      local t = ssl.randint(0, 255, { channels, 6, 11 }, "uint8")
      assert.tensor_near(t, back(t), 0)
    end
    local t = ssl.randint(0, 255, { 6, 11 }, "uint8")
    assert.tensor_near(t:unsqueeze(1), back(t), 0)
    assert.tensor_near(t:unsqueeze(1), back(t:to "uint8"), 0)
  end)

  it("takes views of any strides", function()
    local t = ssl.randint(0, 255, { 4, 9, 12 }, "uint8")
    local f = t:double() / 255
    for _, view in ipairs {
      function(x) return x:permute(3, 1, 2)[{ { 1, 3 } }] end,
      function(x) return x[{ { -1, 2, -1 }, { -1, 1, -2 }, { 2, -1, 3 } }] end,
      function(x) return x:select(1, 2):t() end,
      function(x) return x[{ { 1, 1 } }]:expand(3, 9, 12) end,
    } do
      local want = view(t)
      if want:dim() == 2 then want = want:unsqueeze(1) end
      assert.tensor_near(want, back(view(t)), 0)
      assert.tensor_near(want, back(view(f)), 0)
      assert.tensor_near(want, back(view(f:float())), 0)
    end
  end)

  it("rounds floats, and clamps what lies outside", function()
    local values = { -1, -1e-9, 0, 0.4 / 255, 0.6 / 255, 0.5, 254.4 / 255, 254.6 / 255, 1, 2,
      1e300, 1 / 0, -1 / 0, 0 / 0, -0.0 }
    local want = { 0, 0, 0, 0, 1, 128, 254, 255, 255, 255, 255, 255, 0, 0, 0 }
    for _, dtype in ipairs { "float32", "float64" } do
      local t = ssl.tensor({ values }, dtype)
      assert.same({ { want } }, back(t):totable())
    end
    local all = ssl.arange(0, 255):view(1, 16, 16)
    assert.tensor_near(all, back(all / 255), 0)
  end)

  it("maps a range", function()
    local t = ssl.tensor { { -3, -2, -1, 0, 1, 2, 3 } }
    assert.same({ { { 0, 0, 64, 128, 191, 255, 255 } } }, back(t, { range = { -2, 2 } }):totable())
    assert.raises("#3 to 'save' (range is for floats; uint8 is 0..255)",
      ssl.image.save, "x.png", t:gt(0), { range = { 0, 1 } })
    assert.raises("range must be rising, got {1, 1}",
      ssl.image.save, "x.png", t, { range = { 1, 1 } })
    assert.raises("range must be a table {low, high}, got number 1",
      ssl.image.save, "x.png", t, { range = 1 })
    assert.raises("the low end of range must be a finite number, got number nan",
      ssl.image.save, "x.png", t, { range = { 0 / 0, 1 } })
  end)

  it("makes a grid of a batch", function()
    local t = ssl.randint(0, 255, { 5, 3, 4, 6 }, "uint8")
    assert.tensor_near(ssl.image.grid(t), back(t), 0)
    local o = { columns = 2, padding = 1, value = 9 }
    assert.tensor_near(ssl.image.grid(t, o), back(t, o), 0)
    local f = t:float() / 127.5 - 1 -- the padding of floats is black, whatever the range
    assert.tensor_near(ssl.image.grid(t), back(f, { range = { -1, 1 } }), 0)
  end)

  it("saves what is on the tape", function()
    local w = ssl.rand(1, 3, 3):requires_grad()
    assert.tensor_near((w:detach() * 255):round(), back(w * 1), 0)
    assert.tensor_near((w:detach() * 255):round(), back(w), 0)
  end)

  it("writes the whole file or nothing", function()
    local path = temp.write("x.png", "old")
    lfs.mkdir(temp.path "folder.png")
    files.fails(temp.path "folder.png: ", ssl.image.save(temp.path "folder.png", ssl.ones(2, 2)))
    files.fails("/nowhere/x.png: No such file", ssl.image.save("/nowhere/x.png", ssl.ones(2, 2)))
    assert.is_false(files.limited(1e6, ssl.image.save, path, ssl.zeros(1):expand(2000, 2000)))
    assert.equal("old", temp.read "x.png")
    assert.same({ "folder.png", "x.png" }, temp.names())
    assert.is_true(ssl.image.save(path, ssl.ones(2, 2)))
    assert.equal("\x89PNG", temp.read("x.png"):sub(1, 4))
  end)

  it("writes PNG only", function()
    for _, name in ipairs { "x.jpg", "x", "png", "x.png.gz" } do
      files.fails(name .. ": unknown extension; known: .png", ssl.image.save(name, ssl.ones(2, 2)))
    end
    assert(ssl.image.save(temp.path "UPPER.PNG", ssl.ones(2, 2)))
  end)

  it("raises for a caller's bug, at the caller's line", function()
    assert.raises({ "save_spec.lua:", "#1 to 'save' (path expected, got tensor (2,2) float32)" },
      function() ssl.image.save(ssl.ones(2, 2), "x.png") end)
    local function refuses(message, t, options)
      assert.raises("bad argument " .. message, ssl.image.save, "x.png", t, options)
    end
    refuses("#2 to 'save' (tensor expected, got table)", {})
    refuses("#2 to 'save' ([C,H,W], [H,W] or [N,C,H,W] expected, got (5) float32)", ssl.ones(5))
    refuses("#2 to 'save' ([C,H,W], [H,W] or [N,C,H,W] expected, got (1,1,1,1,1) float32)",
      ssl.ones(1, 1, 1, 1, 1))
    refuses("#2 to 'save' (1 to 4 channels expected, got (5,2,2) float32)", ssl.ones(5, 2, 2))
    refuses("#2 to 'save' (uint8 or float tensor expected, got (2,2) int64)",
      ssl.ones(2, 2, "int64"))
    refuses("#2 to 'save' (an image without pixels: (3,0,2) float32)", ssl.ones(3, 0, 2))
    refuses("#2 to 'save' (an image without pixels: (0,3,2,2) float32)", ssl.ones(0, 3, 2, 2))
    refuses("#3 to 'save' (unknown option 'column'; known: columns, padding, range, value)",
      ssl.ones(2, 2), { column = 3 })
    refuses("#3 to 'save' (columns must be in 1..inf, got 0)",
      ssl.ones(2, 1, 2, 2), { columns = 0 })
    for _, huge in ipairs { ssl.ones(1):expand(1 << 40, 1), ssl.ones(1):expand(1, 1 << 40),
      ssl.ones(1):expand(1 << 25, 1 << 30),
      ssl.ones(1):expand(1 << 20, 4, 1 << 15, 1 << 15) } do
      assert.is_false(pcall(ssl.image.encode, huge))
    end
  end)
end)

describe("ssl.image.encode", function()
  it("gives the file's bytes, which other programs read", function()
    local t = ssl.randint(0, 255, { 3, 8, 5 }, "uint8")
    local bytes = ssl.image.encode(t)
    assert.equal("\x89PNG\r\n\x1a\n", bytes:sub(1, 8))
    assert.equal(string.pack(">I4I4BB", 5, 8, 8, 2), bytes:sub(17, 26)) -- 8 bits, RGB
    assert.equal("IEND\xae\x42\x60\x82", bytes:sub(-8))
    assert.tensor_near(t, ssl.image.decode(bytes), 0)
    -- Right checksums, and data that inflate to a filter byte and 5 pixels a row.
    local at, data = 9, {}
    while at < #bytes do
      local n, name = string.unpack(">I4c4", bytes, at)
      assert.equal(string.pack(">I4", files.crc(bytes:sub(at + 4, at + 7 + n))),
        bytes:sub(at + 8 + n, at + 11 + n))
      if name == "IDAT" then data[#data + 1] = bytes:sub(at + 8, at + 7 + n) end
      at = at + 12 + n
    end
    assert.equal(8 * (1 + 5 * 3), #zlib.inflate()(table.concat(data)))
  end)

  it("has room for noise of any size", function()
    local shapes = { { 1, 1 }, { 1, 5000 }, { 5000, 1 }, { 4, 77, 131 }, { 3, 300, 400 } }
    for _, shape in ipairs(shapes) do
      local t = ssl.randint(0, 255, shape, "uint8")
      local want = t:dim() == 2 and t:unsqueeze(1) or t
      assert.is_true(ssl.equal(want, ssl.image.decode(ssl.image.encode(t))))
    end
  end)
end)

describe("ssl.image.grid", function()
  -- Pixel by pixel.
  local function by_hand(t, columns, padding, value)
    local n, channels, height, width = t:shape()
    columns = math.min(columns, n)
    local rows = math.ceil(n / columns)
    local out = ssl.full({ channels, rows * (height + padding) + padding,
      columns * (width + padding) + padding }, value, t:dtype())
    for i = 1, n do
      local row, column = (i - 1) // columns, (i - 1) % columns
      for c = 1, channels do
        for y = 1, height do
          for x = 1, width do
            out:set(t:at(i, c, y, x), c, row * (height + padding) + padding + y,
              column * (width + padding) + padding + x)
          end
        end
      end
    end
    return out
  end

  it("puts images side by side, for every dtype", function()
    for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
      for _, case in ipairs { { 1, 8, 2, 0 }, { 5, 2, 1, 7 }, { 6, 3, 0, 0 }, { 9, 8, 3, 1 } } do
        local n, columns, padding, value = table.unpack(case)
        local t = ssl.randint(0, 99, { n, 2, 3, 4 }):to(dtype)
        local grid = ssl.image.grid(t, { columns = columns, padding = padding, value = value })
        assert.equal(dtype, grid:dtype())
        assert.tensor_near(by_hand(t, columns, padding, value), grid, 0)
      end
    end
    local t = ssl.randint(0, 9, 10, 1, 2, 2)
    assert.tensor_near(by_hand(t, 8, 2, 0), ssl.image.grid(t), 0)
    local view = ssl.rand(4, 5, 3, 7):permute(4, 3, 1, 2)
    assert.tensor_near(by_hand(view, 8, 2, 0), ssl.image.grid(view), 0)
  end)

  it("raises for what makes no grid", function()
    local t = ssl.ones(2, 1, 3, 3)
    local function refuses(message, ...)
      assert.raises("bad argument " .. message, ssl.image.grid, ...)
    end
    refuses("#1 to 'grid' (tensor expected, got nil)")
    refuses("#1 to 'grid' (tensor with 4 dimensions expected, got (3,3) float32)", ssl.ones(3, 3))
    refuses("#1 to 'grid' (an image without pixels: (0,1,3,3) float32)", ssl.ones(0, 1, 3, 3))
    refuses("#1 to 'grid' (an image without pixels: (1099511627776,0,1,1) float32)",
      ssl.zeros(1 << 40, 0, 1, 1))
    refuses("#2 to 'grid' (padding must be in 0..1048576, got -1)", t, { padding = -1 })
    refuses("#2 to 'grid' (uint8 has no room for 256)", t:gt(0), { value = 256 })
    refuses("#1 to 'grid' ((2,1,3,3) float32 is on the tape, and a grid has no gradient: "
      .. "use its :detach()", t:clone():requires_grad() * 1)
    refuses("#1 to 'grid' (", ssl.ones(1):expand(1 << 50, 1, 1 << 7, 1))
    assert.raises("grid: ", ssl.image.grid, ssl.ones(1):expand(1 << 40, 1, 1, 1))
    assert.raises("grid: ", ssl.image.grid, t, { padding = 1 << 20 })
  end)
end)
