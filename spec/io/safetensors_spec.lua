local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local function file(header, data) return string.pack("<s8", header) .. (data or "") end

describe("safetensors", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function load(bytes, options)
    return ssl.load(temp.write("x.safetensors", bytes), options)
  end

  local function refuses(text, bytes)
    local tensors, message = load(bytes)
    assert.is_nil(tensors)
    assert.truthy(message:find("x.safetensors: ", 1, true), message)
    assert.truthy(message:find(text, 1, true), message)
  end

  it("gives back tables of every dtype and shape, and metadata", function()
    local tensors = {
      a = ssl.randn(3, 4), b = ssl.randn(5):double(), ["layer.0/weight \"\\\u{e9}"] = ssl.ones(2),
      c = ssl.randint(-9, 9, { 2, 2 }), d = ssl.randint(0, 255, { 3 }):byte(), [""] = ssl.ones(1),
      scalar = ssl.tensor(2.5), empty = ssl.zeros(0, 3), none = ssl.zeros({ 0 }, "int64"),
      view = ssl.randn(6, 5):t(), ends = ssl.tensor({ math.mininteger, math.maxinteger }, "int64"),
    }
    local metadata = { format = "lua", ["a \"name\""] = "\u{20ac} / \\ \n" }
    assert(ssl.save(temp.path "x.safetensors", tensors, { metadata = metadata }))
    local loaded, kept = assert(ssl.load(temp.path "x.safetensors"))
    assert.same(metadata, kept)
    for name, t in pairs(tensors) do
      local u = loaded[name]
      assert.equal(t:dtype(), u:dtype())
      assert.same({ t:shape() }, { u:shape() })
      assert.is_true(ssl.equal(t, u))
      loaded[name] = nil
    end
    assert.is_nil(next(loaded))
    assert(ssl.save(temp.path "x.safetensors", {}))
    assert.same({}, ssl.load(temp.path "x.safetensors"))
    assert.is_nil((select(2, ssl.load(temp.path "x.safetensors"))))
  end)

  it("writes names in order, and every tensor at a multiple of its element", function()
    local tensors = {
      z = ssl.ones(1):double(), b = ssl.tensor({ 1, 2, 3 }, "uint8"), a = ssl.tensor { 1, 2, 3 },
    }
    assert(ssl.save(temp.path "x.safetensors", tensors, { metadata = { k = "v" } }))
    local header = '{"__metadata__":{"k":"v"},'
      .. '"a":{"dtype":"F32","shape":[3],"data_offsets":[8,20]},'
      .. '"b":{"dtype":"U8","shape":[3],"data_offsets":[20,23]},'
      .. '"z":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}'
    header = header .. (" "):rep(-#header % 8)
    local data = string.pack("<dfffBBB", 1, 1, 2, 3, 1, 2, 3)
    assert.equal(file(header, data), temp.read "x.safetensors")
  end)

  it("reads the tensors that are asked for alone", function()
    assert(ssl.save(temp.path "x.safetensors", { a = ssl.ones(2), b = ssl.zeros(3) }))
    local loaded = assert(ssl.load(temp.path "x.safetensors", { names = { "b" } }))
    assert.is_nil(loaded.a)
    assert.is_true(ssl.equal(ssl.zeros(3), loaded.b))
    local none, message = ssl.load(temp.path "x.safetensors", { names = { "c" } })
    assert.is_nil(none)
    assert.truthy(message:find("no tensor 'c'; there are: a, b", 1, true), message)
  end)

  it("raises for what cannot be saved", function()
    local function raises(text, value, options)
      assert.raises(text, ssl.save, temp.path "x.safetensors", value, options)
    end
    raises("#2 to 'save' (table from names to tensors expected, got tensor (2) float32)",
      ssl.ones(2))
    raises("#2 to 'save' (the name of a tensor must be a string of UTF-8, got number 1)",
      { ssl.ones(2) })
    raises("must be a string of UTF-8", { ["\xff"] = ssl.ones(2) })
    raises("#2 to 'save' (tensor 'a' expected, got number 1)", { a = 1 })
    raises("'__metadata__' cannot be the name of a tensor", { __metadata__ = ssl.ones(1) })
    raises("#3 to 'save' (metadata must be a table of strings, got string 'x')", {},
      { metadata = "x" })
    raises("metadata 'a' must be a string of UTF-8, got number 1", {}, { metadata = { a = 1 } })
    raises("a name in metadata must be a string", {}, { metadata = { "x" } })
    assert.same({}, temp.names())
  end)

  local function entry(dtype, shape, offsets)
    return ('{"dtype":"%s","shape":%s,"data_offsets":%s}'):format(dtype, shape, offsets)
  end

  it("takes headers of other writers", function()
    local header = ' {"t" : { "data_offsets" : [0, 8] , "shape":[2,1],"dtype":"F32"} } '
    refuses("no JSON object in UTF-8", file(header, ("x"):rep(8)))
    assert.same({ 2, 1 }, { load(file(header:sub(2), ("x"):rep(8))).t:shape() })
    local escaped = '{"\\u0061\\":":' .. entry("U8", "[1]", "[0,1]") .. "}"
    assert.equal(7, load(file(escaped, "\7"))['a":'][1])
    local bool = file('{"t":' .. entry("BOOL", "[3]", "[0,3]") .. "}", "\0\1\1")
    assert.same({ 0, 1, 1 }, load(bool).t:totable())
    local many = '{"b":%s,"e":%s,"a":%s,"d":%s}'
    local zero = entry("F32", "[0,5]", "[2,2]")
    local tensors = assert(load(file(many:format(
      entry("U8", "[2]", "[2,4]"), zero, entry("U8", "[2]", "[0,2]"), zero), "wxyz")))
    assert.equal("wx", tensors.a:tobytes())
    assert.equal("yz", tensors.b:tobytes())
  end)

  it("refuses places with gaps, overlaps, or outside of the file", function()
    local function places(text, a, b, data)
      local header = '{"a":%s,"b":%s}'
      refuses(text, file(header:format(entry("U8", "[4]", a), entry("U8", "[4]", b)), data))
    end
    local eight = ("x"):rep(8)
    places("tensor 'b' begins at byte 5, expected 4", "[0,4]", "[5,9]", eight .. "x")
    places("tensor 'b' begins at byte 3, expected 4", "[0,4]", "[3,7]", eight)
    places("tensor 'b' begins at byte 0, expected 4", "[0,4]", "[0,4]", "xxxx")
    places("tensor 'a' begins at byte 1, expected 0", "[1,5]", "[5,9]", eight .. "x")
    places("truncated: tensor 'b' ends at byte 8 of 7", "[0,4]", "[4,8]", eight:sub(2))
    places("1 bytes more than its header says", "[0,4]", "[4,8]", eight .. "x")
    places("tensor 'a' has no proper data_offsets", "[4,0]", "[4,8]", eight)
    for _, odd in ipairs { "[-4,0]", "[0]", "[0,4,8]", "[0.5,4.5]", '["0",4]', "4", "null", "{}",
      "[0,1e300]", "[0,9007199254740994]", '{"a":0,"b":4}', "[[0,4]]" } do
      refuses("", file('{"a":' .. entry("U8", "[4]", odd) .. "}", "xxxx"))
    end
    refuses("1 bytes more than its header says", file("{}", "x"))
  end)

  it("believes no size that the file cannot hold", function()
    local function shape(sizes, text)
      refuses(text, file('{"a":' .. entry("F32", sizes, "[0,8]") .. "}", ("x"):rep(8)))
    end
    for _, sizes in ipairs { "[3]", "[]", "[1,1]", "[0]", "[1152921504606846976]",
      "[2147483648,2147483648,2]", "[4294967296,4294967296,4]" } do
      shape(sizes, "tensor 'a' has")
    end
    for _, odd in ipairs { "[-2]", "[1.5]", "[null]", "2", '"2"', '["2"]', "[true]", "null",
      '{"0":2}', "[9007199254740994]" } do
      shape(odd, "tensor 'a' has no proper shape")
    end
    shape("[1,1,1,1,1,1,1,1,2]", "tensor 'a': 9 dimensions, at most 8")
    refuses("too many elements", file('{"a":'
      .. entry("F32", "[0,4503599627370496,4503599627370496]", "[0,0]") .. "}"))
  end)

  it("refuses headers that are none", function()
    refuses("truncated: 8 bytes expected where only 0 are left", "")
    refuses("truncated", "\2\0\0")
    refuses("truncated: 3 bytes expected where only 2 are left", "\3\0\0\0\0\0\0\0{}")
    refuses("it claims a header of 100000001 bytes", string.pack("<i8", 100000001) .. "{}")
    refuses("it claims a header of 2^63 or more bytes", ("\xff"):rep(8))
    refuses("no JSON object", file "")
    refuses("no JSON object", file "[1]")
    refuses("in UTF-8", file '{"\xff":1}')
    refuses("broken header: ", file "{")
    refuses("broken header: ", file '{"a":0x10}')
    refuses("broken header: ", file '{"a":NaN}')
    refuses("too many nested data structures", file('{"a":' .. ("["):rep(100000)))
    refuses("tensor 'a' is not described", file '{"a":1}')
    refuses("has the dtype 'F8_E4M3', which is not supported; known: F64", file(
      '{"a":' .. entry("F8_E4M3", "[1]", "[0,1]") .. "}", "x"))
    refuses("has the dtype 'nil'", file '{"a":{}}')
    refuses("has an unknown key 'x'", file '{"a":{"x":1}}')
    refuses("has an unknown key '1'", file '{"a":[1]}')
    for _, metadata in ipairs { "1", "null", '{"a":1}', '["a"]', '{"a":{}}' } do
      refuses("__metadata__ is no table of strings", file('{"__metadata__":' .. metadata .. "}"))
    end
  end)

  it("refuses names that come twice", function()
    local one = entry("U8", "[1]", "[0,1]")
    refuses("a name comes twice", file('{"a":' .. one .. ',"a":' .. one .. "}", "x"))
    refuses("a name comes twice", file('{"a":' .. one .. ',"\\u0061":' .. one .. "}", "x"))
    refuses("a name comes twice",
      file('{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', "x"))
    refuses("a name comes twice", file('{"__metadata__":{"k":"v","k":"w"}}'))
  end)

  it("refuses unsigned numbers that int64 cannot hold", function()
    local header = '{"a":' .. entry("U64", "[1]", "[0,8]") .. "}"
    assert.same({ math.maxinteger }, load(file(header, ("\xff"):rep(7) .. "\x7f")).a:totable())
    refuses("tensor 'a': a number of 2^63 or more", file(header, ("\xff"):rep(8)))
  end)
end)
