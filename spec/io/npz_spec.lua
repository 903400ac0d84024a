local ssl = require "sslkit"
local temporary = require "spec.io.temporary"
local zip = require "sslkit.io.zip"
local zlib = require "zlib"

local function npy(bytes) -- a uint8 array around some bytes
  local header = ("{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }\n"):format(#bytes)
  return "\x93NUMPY\1\0" .. string.pack("<s2", header) .. bytes
end

describe("npz", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function load(bytes, options) return ssl.load(temp.write("x.npz", bytes), options) end

  local function refuses(text, bytes)
    local tensors, message = load(bytes)
    assert.is_nil(tensors)
    assert.truthy(message:find("x.npz: ", 1, true), message)
    assert.truthy(message:find(text, 1, true), message)
  end

  -- The bytes of a zip file; `change(member)` may turn what its headers claim.
  local function build(members, change)
    local out, at = {}, 0
    local function put(bytes)
      out[#out + 1] = bytes
      at = at + #bytes
    end
    for _, member in ipairs(members) do
      local data = member.data
      member.method = member.method or 0
      member.crc = zlib.crc32()(data)
      member.size = #data
      if member.method == 8 then data = zlib.deflate(6, -15)(data, "finish") end
      member.packed, member.start = #data, at
      put(zip.local_header(member))
      put(data)
      if change then change(member) end
    end
    put(zip.directory(members, at))
    return table.concat(out)
  end

  local function one(changes)
    return build({ { name = "a.npy", data = npy "hello" } }, function(member)
      for key, value in pairs(changes) do member[key] = value end
    end)
  end

  it("gives back tables of every dtype, stored and deflated", function()
    local tensors = {
      a = ssl.randn(3, 4), b = ssl.randn(5):double(),
      ["layer/0.weight"] = ssl.randint(0, 9, { 2, 2 }),
      c = ssl.randint(0, 255, { 40000 }):byte(), scalar = ssl.tensor(2.5), empty = ssl.zeros(0, 3),
      view = ssl.randn(6, 5):t(), wide = ssl.ones(1, 1):expand(20, 30),
    }
    for _, compress in ipairs { false, true } do
      assert(ssl.save(temp.path "x.npz", tensors, { compress = compress }))
      local loaded, more = assert(ssl.load(temp.path "x.npz"))
      assert.is_nil(more)
      for name, t in pairs(tensors) do
        local u = loaded[name]
        assert.equal(t:dtype(), u:dtype())
        assert.same({ t:shape() }, { u:shape() })
        assert.is_true(ssl.equal(t, u))
        loaded[name] = nil
      end
      assert.is_nil(next(loaded))
    end
    assert.is_true(#temp.read "x.npz" < 45000) -- zeros and ones deflate, noise does not
  end)

  it("calls the tensors of a list as NumPy does", function()
    local t, u, v = ssl.ones(2), ssl.zeros(3), ssl.ones(4)
    assert(ssl.save(temp.path "x.npz", { t, u, last = v }))
    local loaded = assert(ssl.load(temp.path "x.npz"))
    assert.is_true(ssl.equal(t, loaded.arr_0))
    assert.is_true(ssl.equal(u, loaded.arr_1))
    assert.is_true(ssl.equal(v, loaded.last))
    assert(ssl.save(temp.path "x.npz", t))
    assert.is_true(ssl.equal(t, ssl.load(temp.path "x.npz").arr_0))
    assert(ssl.save(temp.path "x.npz", {}))
    assert.same({}, ssl.load(temp.path "x.npz"))
  end)

  it("writes the same bytes for the same tensors", function()
    local t, u = ssl.randn(5), ssl.randn(6)
    assert(ssl.save(temp.path "x.npz", { a = t, b = u, c = t, d = u }))
    assert(ssl.save(temp.path "y.npz", { d = u, c = t, b = u, a = t }))
    assert.equal(temp.read "x.npz", temp.read "y.npz")
  end)

  it("raises for what cannot be saved", function()
    local function raises(text, value, options)
      assert.raises(text, ssl.save, temp.path "x.npz", value, options)
    end
    raises("#2 to 'save' (table of tensors expected, got number 3)", 3)
    raises("#2 to 'save' (tensor 'a' expected, got number 3)", { a = 3 })
    raises("names or a list expected, got the key number 1.5", { [1.5] = ssl.ones(1) })
    raises("names or a list expected, got the key boolean true", { [true] = ssl.ones(1) })
    raises("two tensors are named 'arr_0'", { ssl.ones(1), arr_0 = ssl.ones(1) })
    raises("a name has at most 65531 bytes, and no zero byte", { ["a\0b"] = ssl.ones(1) })
    raises("a name has at most 65531 bytes", { [("x"):rep(70000)] = ssl.ones(1) })
    assert.same({}, temp.names())
  end)

  it("reads the arrays that are asked for alone", function()
    local bytes = build {
      { name = "a.npy", data = npy "hello" }, { name = "note.txt", data = "text" },
      { name = "folder/", data = "" }, { name = "folder/b.npy", data = npy "you" },
    }
    refuses("member 'note.txt': truncated", bytes)
    local loaded = assert(load(bytes, { names = { "a", "folder/b" } }))
    assert.equal("hello", loaded.a:tobytes())
    assert.equal("you", loaded["folder/b"]:tobytes())
    local none, message = load(bytes, { names = { "z" } })
    assert.is_nil(none)
    assert.truthy(message:find("no array 'z'; there are: a, folder/b, note.txt", 1, true), message)
  end)

  it("passes over folders, a comment, and room between members", function()
    local bytes = build { { name = "d/", data = "" }, { name = "a.npy", data = npy "hello" } }
    bytes = bytes:sub(1, -3) .. string.pack("<s2", "a comment with PK\5\6 in it")
    assert.equal("hello", assert(load(bytes)).a:tobytes())
    assert.is_nil(load(bytes).d)
  end)

  it("checks the check sums, as zlib knows them", function()
    local core = require "sslkit.core"
    for n = 0, 70 do
      local bytes = ssl.randint(0, 255, { n }):byte():tobytes()
      assert.equal(zlib.crc32()(bytes), core.crc32(0, bytes))
      local half = n // 2
      assert.equal(zlib.crc32()(bytes), core.crc32(core.crc32(0, bytes:sub(1, half)),
        ssl.frombytes(bytes:sub(half + 1), "uint8", { n - half })))
    end
    for _, method in ipairs { 0, 8 } do
      local bytes = build { { name = "a.npy", data = npy "hello", method = method } }
      assert.equal("hello", assert(load(bytes)).a:tobytes())
      local wrong = build({ { name = "a.npy", data = npy "hello", method = method } },
        function(member) member.crc = member.crc ~ 1 end)
      refuses("member 'a.npy': its check sum is wrong", wrong)
    end
    -- converted numbers are summed up before they are converted
    local data = "\x93NUMPY\1\0" .. string.pack("<s2",
      "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }") .. "\0\1\1\0"
    assert.same({ 1, 256 }, assert(load(build { { name = "a.npy", data = data } })).a:totable())
  end)

  it("refuses sizes that contradict each other", function()
    refuses("is stored with two different sizes", one { size = 3 })
    refuses("'a.npy' does not fit where it should be", one { packed = 1 << 30, size = 1 << 30 })
    refuses("'a.npy' does not fit where it should be", one { start = 1 << 30 })
    refuses("'a.npy' does not fit where it should be",
      one { start = math.maxinteger, packed = 1 << 40, size = 1 << 40 })
    refuses("'a.npy' does not fit where it should be",
      one { packed = math.maxinteger, size = math.maxinteger })
    refuses("its own header contradicts the zip directory",
      one { start = 1, packed = 10, size = 10 })
    refuses("its own header contradicts the zip directory", one { method = 8 })
    refuses("its own header contradicts the zip directory", one { name = "b.npy" })
    local deflated = build({ { name = "a.npy", data = npy "hello", method = 8 } }, function(member)
      member.size = member.size + 1
    end)
    refuses("its size contradicts the zip directory", deflated)
  end)

  it("refuses members that share bytes, or a name", function()
    refuses("does not fit where it should be", build({
      { name = "a.npy", data = npy "hello" }, { name = "b.npy", data = npy "hello" },
    }, function(member) member.start = 0 end))
    refuses("two members are named 'a.npy'", build {
      { name = "a.npy", data = npy "hello" }, { name = "a.npy", data = npy "hello" },
    })
    refuses("two arrays are named 'a'", build {
      { name = "a.npy", data = npy "hello" }, { name = "a", data = npy "hello" },
    })
  end)

  it("refuses what it does not know", function()
    refuses("member 'a.npy' is compressed by method 12", one { method = 12 })
    local bytes = one {}
    local at = bytes:find("PK\1\2", 1, true)
    refuses("member 'a.npy' is encrypted", bytes:sub(1, at + 7) .. "\1" .. bytes:sub(at + 9))
    refuses("a part of a split zip file", bytes:sub(1, -19) .. "\1" .. bytes:sub(-17))
    refuses("no zip file, or a truncated one", "")
    refuses("no zip file, or a truncated one", npy "hello")
    for missing = 1, #bytes - 1 do
      refuses("", bytes:sub(1, -missing - 1))
    end
    refuses("", bytes .. "x")
    refuses("broken zip directory", "x" .. bytes)
  end)

  it("writes and reads members beyond 4 GB", function()
    local big = 5 << 30
    local member = { name = "big.npy", method = 0, crc = 0, size = big, packed = big, start = 0 }
    local header, data = zip.local_header(member), npy "hello"
    local small = {
      name = "small.npy", method = 0, crc = zlib.crc32()(data), size = #data, packed = #data,
      start = #header + big,
    }
    local file = assert(io.open(temp.path "x.npz", "wb"))
    file:write(header)
    file:seek("set", small.start) -- a hole, which takes no room on the disk
    local own = zip.local_header(small)
    file:write(own, data, zip.directory({ member, small }, small.start + #own + #data))
    file:close()
    local loaded = assert(ssl.load(temp.path "x.npz", { names = { "small" } }))
    assert.equal("hello", loaded.small:tobytes())
    local none, message = ssl.load(temp.path "x.npz", { names = { "big" } })
    assert.is_nil(none)
    assert.truthy(message:find("member 'big.npy': not a .npy file", 1, true), message)
    local script = "import zipfile; z = zipfile.ZipFile('" .. temp.path "x.npz" .. "'); "
      .. "print([(i.filename, i.file_size, i.header_offset) for i in z.infolist()], "
      .. "z.read('small.npy')[-5:], z.open('big.npy').read(3))"
    local pipe = io.popen('env -u LD_PRELOAD /usr/bin/python3 -c "' .. script .. '" 2>&1')
    local said = "[('big.npy', %d, 0), ('small.npy', %d, %d)] b'hello' b'\\x00\\x00\\x00'\n"
    assert.equal(said:format(big, #data, small.start), pipe:read "a")
    pipe:close()
  end)

  it("keeps more members than 16 bits count", function()
    local members, data = {}, npy "hello"
    for i = 1, 65536 do members[i] = { name = i .. ".npy", pieces = { data } } end
    temp.write("x.npz", table.concat(zip.encode(members, false)))
    local loaded = assert(ssl.load(temp.path "x.npz", { names = { "1", "65536" } }))
    assert.equal("hello", loaded["65536"]:tobytes())
  end)

  it("does not inflate a bomb", function()
    local data = npy(("\0"):rep(1 << 24)) -- 16 MB in 16 kB: it may
    local bytes = build { { name = "a.npy", data = data, method = 8 } }
    data = nil -- luacheck: ignore 311
    assert.equal(1 << 24, #assert(load(bytes)).a)
    collectgarbage()
    local limit = ssl.set_memory_limit(collectgarbage "count" * 1024 + 2 ^ 23)
    local tensors, message = load(bytes)
    ssl.set_memory_limit(limit)
    assert.is_nil(tensors)
    assert.truthy(message:find("set_memory_limit", 1, true), message)
  end)
end)
