local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

-- A .npy file around a header's text, as any program might write it.
local function npy(header, data, version)
  local format = (version or 1) == 1 and "<s2" or "<s4"
  return "\x93NUMPY" .. string.char(version or 1, 0) .. string.pack(format, header) .. (data or "")
end

local function header(descr, shape, fortran)
  return ("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n"):format(
    descr, fortran and "True" or "False", shape)
end

describe("npy", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function load(bytes) return ssl.load(temp.write("x.npy", bytes)) end

  local function refuses(text, bytes)
    local tensor, message = load(bytes)
    assert.is_nil(tensor)
    assert.truthy(message:find("x.npy: ", 1, true), message)
    assert.truthy(message:find(text, 1, true), message)
  end

  it("reads what NumPy wrote", function()
    -- numpy.save(f, numpy.array([[1, -2.5], [3, 1e30]], "<f4")) of NumPy 1.24, byte for byte
    local written = "\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"
      .. (" "):rep(58) .. "\n" .. "\0\0\x80\x3f\0\0\x20\xc0\0\0\x40\x40\xca\xf2\x49\x71"
    local t = assert(load(written))
    assert.same({ 2, 2 }, { t:shape() })
    assert.equal("float32", t:dtype())
    assert.same({ 1.0, -2.5, 3.0 }, { t:at(1, 1), t:at(1, 2), t:at(2, 1) })
    assert.near(1e30, t:at(2, 2), 1e23)
    assert(ssl.save(temp.path "y.npy", t))
    assert.equal(written, temp.read "y.npy")
  end)

  it("gives back every dtype and shape", function()
    local shapes = { {}, { 0 }, { 5 }, { 2, 3 }, { 4, 0, 2 }, { 1, 2, 1, 3, 1, 2, 1, 2 } }
    for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
      for _, shape in ipairs(shapes) do
        local t = ssl.randint(0, 255, shape):to(dtype)
        assert(ssl.save(temp.path "x.npy", t))
        local u = assert(ssl.load(temp.path "x.npy"))
        assert.equal(dtype, u:dtype())
        assert.same({ t:shape() }, { u:shape() })
        assert.is_true(ssl.equal(t, u))
      end
    end
  end)

  it("keeps NaN, infinities, -0 and the ends of int64 to the bit", function()
    for _, t in ipairs {
      ssl.tensor({ 0 / 0, 1 / 0, -1 / 0, -0.0, 5e-324 }, "float64"),
      ssl.tensor({ math.mininteger, math.maxinteger, 2 ^ 53 | 1 }, "int64"),
    } do
      assert(ssl.save(temp.path "x.npy", t))
      assert.equal(t:tobytes(), ssl.load(temp.path "x.npy"):tobytes())
    end
  end)

  it("saves strided views as what they show", function()
    local t = ssl.arange(1, 24, 1, "int64"):view(4, 6)
    for _, view in ipairs { t:t(), t[{ { 4, 1, -1 }, {} }], t:narrow(2, 2, 4), t:select(2, 3) } do
      assert(ssl.save(temp.path "x.npy", view))
      assert.is_true(ssl.equal(view, ssl.load(temp.path "x.npy")))
    end
  end)

  it("begins its data at a multiple of 64", function()
    for ndim = 0, 8 do
      local shape = {}
      for d = 1, ndim do shape[d] = 1 end
      assert(ssl.save(temp.path "x.npy", ssl.zeros(shape)))
      local bytes = temp.read "x.npy"
      assert.equal(0, bytes:find("\n", 1, true) % 64)
      assert.equal(4, #bytes - bytes:find("\n", 1, true))
    end
  end)

  it("reads all three versions of the header", function()
    for version = 1, 3 do
      local t = assert(load(npy(header("<f8", "(1,)"), string.pack("<d", 2.5), version)))
      assert.equal(2.5, t[1])
    end
    refuses("format version 4.0", npy(header("<f8", "()"), "", 4))
    refuses("format version 0.0", npy(header("<f8", "()"), "", 0))
  end)

  it("converts the other byte order and narrower elements", function()
    local cases = {
      { ">f4", "float32", string.pack(">ff", 1.5, -2), { 1.5, -2 } },
      { ">f8", "float64", string.pack(">dd", 1.5, -2), { 1.5, -2 } },
      { ">i8", "int64", string.pack(">i8i8", -2, math.maxinteger), { -2, math.maxinteger } },
      { "<i4", "int64", string.pack("<i4i4", -2, 2147483647), { -2, 2147483647 } },
      { ">i4", "int64", string.pack(">i4i4", -2147483648, 7), { -2147483648, 7 } },
      { "<i2", "int64", string.pack("<i2i2", -32768, 3), { -32768, 3 } },
      { ">u2", "int64", string.pack(">I2I2", 65535, 3), { 65535, 3 } },
      { "<u4", "int64", string.pack("<I4I4", 4294967295, 3), { 4294967295, 3 } },
      { "<u8", "int64", string.pack("<i8i8", 0, math.maxinteger), { 0, math.maxinteger } },
      { ">u8", "int64", string.pack(">i8i8", 1 << 40, 3), { 1 << 40, 3 } },
      { "|i1", "int64", "\x80\x7f", { -128, 127 } },
      { "|u1", "uint8", "\x80\x7f", { 128, 127 } },
      { "|b1", "uint8", "\0\1", { 0, 1 } },
      { "=i2", "int64", string.pack("=i2i2", -5, 3), { -5, 3 } },
    }
    for _, case in ipairs(cases) do
      local t = assert(load(npy(header(case[1], "(2,)"), case[3])))
      assert.equal(case[2], t:dtype(), case[1])
      assert.same(case[4], t:totable(), case[1])
    end
  end)

  it("reads half precision exactly", function()
    -- 1, -2, the largest, the smallest normal, the smallest, minus zero, the infinities
    local bits = { 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000, 0x7c00, 0xfc00, 0x7e00 }
    local data = string.pack("<" .. ("I2"):rep(#bits), table.unpack(bits))
    local t = assert(load(npy(header("<f2", "(9,)"), data)))
    assert.equal("float32", t:dtype())
    local values = t:totable()
    assert.same({ 1.0, -2.0, 65504.0, 2.0 ^ -14, 2.0 ^ -24, -0.0, 1 / 0, -1 / 0 },
      { table.unpack(values, 1, 8) })
    assert.equal(-1 / 0, 1 / values[6])
    assert.is_true(values[9] ~= values[9])
  end)

  it("puts Fortran's order right", function()
    local data = string.pack("<" .. ("d"):rep(6), 1, 4, 2, 5, 3, 6)
    local t = assert(load(npy(header("<f8", "(2, 3)", true), data)))
    assert.same({ { 1.0, 2.0, 3.0 }, { 4.0, 5.0, 6.0 } }, t:totable())
    assert.is_true(t:is_contiguous())
    local cube = ssl.arange(1, 24, 1, "float64"):view(2, 3, 4)
    local stored = cube:permute(3, 2, 1):contiguous():tobytes()
    assert.is_true(ssl.equal(cube, load(npy(header("<f8", "(2, 3, 4)", true), stored))))
  end)

  it("takes the header's keys in any order and either quotes", function()
    local text = '{"shape":(2,1),"fortran_order":False,"descr":"|u1"}'
    assert.same({ { 1 }, { 2 } }, assert(load(npy(text, "\1\2"))):totable())
    local python2 = "{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 1L), } \n"
    assert.same({ { 1 }, { 2 } }, assert(load(npy(python2, "\1\2"))):totable())
  end)

  it("refuses unsigned numbers that int64 cannot hold", function()
    for _, byte in ipairs { "\x80", "\xff" } do
      local data = ("\0"):rep(87) .. byte
      refuses("a number of 2^63 or more, which int64 cannot hold",
        npy(header("<u8", "(11,)"), data))
    end
    local bytes = npy(header("<u8", "()"), ("\xff"):rep(8))
    local zipped = require "zlib".deflate(6, 31)(bytes, "finish")
    local tensor, message = ssl.load(temp.write("x.npy.gz", zipped))
    assert.is_nil(tensor)
    assert.truthy(message:find("a number of 2^63 or more", 1, true), message)
  end)

  -- Every half precision number: the kernel scales by 2^112, this multiplies the parts.
  it("knows all halves", function()
    local parts, expected = {}, {}
    for h = 0, 65535 do
      local sign, exponent, mantissa = h >> 15, h >> 10 & 31, h & 1023
      local value = exponent == 0 and mantissa * 2.0 ^ -24
        or exponent < 31 and (1024 + mantissa) * 2.0 ^ (exponent - 25)
        or mantissa == 0 and math.huge or 0 / 0
      parts[h + 1], expected[h + 1] = string.pack("<I2", h), sign == 1 and -value or value
    end
    local t = assert(load(npy(header("<f2", "(65536,)"), table.concat(parts))))
    for i, value in ipairs(t:totable()) do
      local same = value == expected[i] and 1 / value == 1 / expected[i]
      assert(same or value ~= value and expected[i] ~= expected[i], i)
    end
  end)

  it("names what it cannot hold", function()
    local others = { "<c8", "<bf2", "|O", "<U3", "|S5", "<M8[ns]", "|V4", "f4", "", "<f4x" }
    for _, descr in ipairs(others) do
      refuses(("dtype '%s' is not supported"):format(descr), npy(header(descr, "()"), "12345678"))
    end
    refuses("structured dtypes are not supported",
      npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }"))
    refuses("9 dimensions, at most 8", npy(header("<f4", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), "1234"))
  end)

  it("refuses files that are no .npy, or end early, or late", function()
    refuses("does not begin with", "PK\3\4 and more")
    refuses("truncated", "")
    refuses("truncated", "\x93NUM")
    refuses("truncated", "\x93NUMPY\1\0\5")
    refuses("truncated", "\x93NUMPY\1\0\xff\0{'descr'")
    local whole = npy(header("<f4", "(3,)"), ("x"):rep(12))
    for _, missing in ipairs { 1, 4, 12 } do
      refuses("truncated: (3) elements of 4 bytes", whole:sub(1, -missing - 1))
    end
    refuses("1 bytes more than its header says", whole .. "x")
  end)

  it("refuses broken headers", function()
    refuses("not a dictionary", npy "")
    refuses("not a dictionary", npy "descr")
    refuses("no 'shape'", npy "{'descr': '<f4', 'fortran_order': False}")
    refuses("unexpected key 'x'", npy "{'x': 1}")
    refuses("unexpected key 'descr'", npy "{'descr': '<f4', 'descr': '<f4'}")
    refuses("bad value of 'fortran_order'", npy "{'fortran_order': Maybe}")
    refuses("not a dictionary",
      npy(header("<f4", "(1,)"):gsub("}", "} os.exit()"), "1234"))
    for _, shape in ipairs { "(3)", "3", "(-1,)", "(1.5,)", "(,)", "(1,,2)", "(1 2,)", "(x,)", "(",
      "(9223372036854775808,)" } do
      refuses("bad value of 'shape'", npy(header("|u1", shape), "123"))
    end
    refuses("claims 4294967295 bytes", "\x93NUMPY\2\0\xff\xff\xff\xff")
  end)

  it("believes no size that the file cannot hold", function()
    for _, shape in ipairs { "(1152921504606846976,)", "(4294967296, 4294967296)",
      "(9223372036854775807, 9223372036854775807)", "(3037000500, 3037000500, 2)" } do
      refuses("truncated", npy(header("<f8", shape), ("x"):rep(900)))
    end
    refuses("too many elements", npy(header("<f4", "(0, 4611686018427387904, 4)")))
  end)

  it("answers with the memory limit when a file really is too large", function()
    local path = temp.path "x.npy"
    local file = assert(io.open(path, "wb"))
    file:write(npy(header("|u1", "(1073741824,)")))
    file:seek("cur", (1 << 30) - 1) -- a hole, which takes no room on the disk
    file:write "x"
    file:close()
    local limit = ssl.set_memory_limit(2 ^ 29)
    local tensor, message = ssl.load(path)
    ssl.set_memory_limit(limit)
    assert.is_nil(tensor)
    assert.truthy(message:find("set_memory_limit", 1, true), message)
  end)
end)
