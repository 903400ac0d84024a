local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("idx", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function refuses(text, bytes)
    local tensor, message = ssl.load(temp.write("x.idx", bytes))
    assert.is_nil(tensor)
    assert.truthy(message:find("x.idx: ", 1, true), message)
    assert.truthy(message:find(text, 1, true), message)
  end

  it("reads every element type, the most significant byte first", function()
    local cases = {
      { 0x08, "uint8", "\0\xff", { 0, 255 } },
      { 0x09, "int64", "\x80\x7f", { -128, 127 } },
      { 0x0B, "int64", string.pack(">i2i2", -2, 300), { -2, 300 } },
      { 0x0C, "int64", string.pack(">i4i4", -2, 70000), { -2, 70000 } },
      { 0x0D, "float32", string.pack(">ff", 1.5, -2), { 1.5, -2.0 } },
      { 0x0E, "float64", string.pack(">dd", 0.1, -2), { 0.1, -2.0 } },
    }
    for _, case in ipairs(cases) do
      local bytes = string.pack(">I2BBI4", 0, case[1], 1, 2) .. case[3]
      local t = assert(ssl.load(temp.write("x.ubyte", bytes)))
      assert.equal(case[2], t:dtype())
      assert.same(case[4], t:totable())
    end
  end)

  it("writes the bytes that the format asks for", function()
    assert(ssl.save(temp.path "x.idx", ssl.tensor({ { 1, 2, 3 }, { 4, 5, 6 } }, "uint8")))
    assert.equal("\0\0\8\2\0\0\0\2\0\0\0\3\1\2\3\4\5\6", temp.read "x.idx")
    assert(ssl.save(temp.path "x.idx", ssl.tensor({ -1, 258 }, "int64")))
    assert.equal("\0\0\x0c\1\0\0\0\2\xff\xff\xff\xff\0\0\1\2", temp.read "x.idx")
    assert(ssl.save(temp.path "x.idx", ssl.tensor { 1 }))
    assert.equal("\0\0\x0d\1\0\0\0\1\x3f\x80\0\0", temp.read "x.idx")
  end)

  it("gives back every dtype and shape", function()
    for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
      for _, shape in ipairs { {}, { 0 }, { 5 }, { 2, 3 }, { 4, 0, 2 }, { 3, 700 } } do
        local t = ssl.randint(0, 255, shape):to(dtype)
        assert(ssl.save(temp.path "x-ubyte", t))
        local u = assert(ssl.load(temp.path "x-ubyte"))
        assert.equal(dtype, u:dtype())
        assert.same({ t:shape() }, { u:shape() })
        assert.is_true(ssl.equal(t, u))
      end
    end
    local view = ssl.randint(0, 255, { 3, 4 }):t()
    assert(ssl.save(temp.path "x.idx", view))
    assert.is_true(ssl.equal(view, ssl.load(temp.path "x.idx")))
  end)

  it("holds whole numbers of 32 bits only", function()
    local ends = ssl.tensor({ -2 ^ 31 | 0, 2 ^ 31 - 1 | 0 }, "int64")
    assert(ssl.save(temp.path "x.idx", ends))
    assert.is_true(ssl.equal(ends, ssl.load(temp.path "x.idx")))
    for _, value in ipairs { -2 ^ 31 - 1 | 0, 2 ^ 31 | 0, math.mininteger } do
      local ok, message = ssl.save(temp.path "x.idx", ssl.tensor({ 0, value }, "int64"))
      assert.is_nil(ok)
      assert.truthy(message:find("32 bits", 1, true), message)
    end
    assert.is_true(ssl.equal(ends, ssl.load(temp.path "x.idx"))) -- the old file is as it was
  end)

  it("refuses what is none, or ends early, or late", function()
    refuses("truncated", "")
    refuses("truncated", "\0\0\8")
    refuses("begins with 00 00 0a 01", "\0\0\x0a\1\0\0\0\1x")
    refuses("begins with 01 00 08 01", "\1\0\8\1\0\0\0\1x")
    refuses("truncated", "\0\0\8\3\0\0\0\1\0\0\0\1")
    refuses("truncated: (3) elements", "\0\0\8\1\0\0\0\3ab")
    refuses("1 bytes more", "\0\0\8\1\0\0\0\3abcd")
    refuses("which the name must tell by .gz", "\x1f\x8b\8\0\0\0\0\0")
  end)

  it("believes no size that the file cannot hold", function()
    local most = "\xff\xff\xff\xff"
    refuses("truncated", "\0\0\x0e\1" .. most .. ("x"):rep(500))
    refuses("truncated", "\0\0\x0e\3" .. most:rep(3) .. ("x"):rep(500))
    refuses("truncated", "\0\0\8\xff" .. most:rep(3))
    refuses("200 dimensions, at most 8", "\0\0\8\xc8" .. most:rep(200))
    refuses("too many elements", "\0\0\8\4" .. most:rep(3) .. "\0\0\0\0")
  end)
end)
