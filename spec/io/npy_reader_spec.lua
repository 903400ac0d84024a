local lfs = require "lfs"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local fixtures = "spec/fixtures/files/"

describe("npy reader", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function saved(t)
    assert(ssl.save(temp.path "x.npy", t))
    return temp.path "x.npy"
  end

  -- The same numbers in Fortran's order, the first index running fastest.
  local function saved_fortran(t)
    local dims, shape = {}, { t:shape() }
    for d = 1, #shape do dims[d] = #shape + 1 - d end
    local codes = { float32 = "<f4", float64 = "<f8", int64 = "<i8", uint8 = "|u1" }
    local header = ("{'descr': '%s', 'fortran_order': True, 'shape': (%s), }\n"):format(
      codes[t:dtype()], table.concat(shape, ", ") .. (#shape == 1 and "," or ""))
    return temp.write("f.npy", "\x93NUMPY\1\0", string.pack("<s2", header),
      t:permute(dims):contiguous():tobytes())
  end

  local function shorten(path, missing)
    local file = assert(io.open(path, "rb"))
    local bytes = file:read "a"
    file:close()
    file = assert(io.open(path, "wb"))
    file:write(bytes:sub(1, -missing - 1))
    file:close()
  end

  it("tells the shape, the dtype and the number of rows", function()
    local r = assert(ssl.io.npy.open(saved(ssl.ones(5, 2, 3))))
    assert.same({ 5, 2, 3 }, { r:shape() })
    assert.equal("float32", r:dtype())
    assert.equal(5, #r)
    assert.equal("npy reader (5,2,3) float32 of " .. temp.path "x.npy", tostring(r))
    r:close()
    local dtypes = { i2_big = "int64", b1_little = "uint8", f2_big = "float32", u8_big = "int64" }
    for name, dtype in pairs(dtypes) do
      local one = assert(ssl.io.npy.open(fixtures .. name .. ".npy"))
      assert.equal(dtype, one:dtype())
      one:close()
    end
  end)

  it("reads rows as load and narrow do, of every dtype and order", function()
    local paths = {}
    for name in lfs.dir(fixtures) do
      if name:find "%.npy$" and name ~= "scalar.npy" then paths[#paths + 1] = fixtures .. name end
    end
    paths[#paths + 1] = saved_fortran(ssl.randn(7, 4, 3, 2))
    paths[#paths + 1] = saved(ssl.randn(9))
    for _, path in ipairs(paths) do
      local whole, r = assert(ssl.load(path)), assert(ssl.io.npy.open(path))
      local n = #whole
      assert.is_true(ssl.equal(whole, r:rows()))
      for first = 1, n do
        for last = first - 1, n do
          local part = assert(r:rows(first, last))
          assert.is_true(part:is_contiguous())
          assert.is_true(ssl.equal(whole:narrow(1, first, last), part), path)
        end
        assert.is_true(ssl.equal(whole:narrow(1, first, n), r:rows(first)))
        assert.is_true(ssl.equal(whole:narrow(1, -first, -1), r:rows(-first, -1)))
      end
      r:close()
    end
  end)

  it("gives rows that are the caller's own", function()
    local r = assert(ssl.io.npy.open(saved(ssl.arange(1, 6):view(3, 2))))
    local a = r:rows(1, 2)
    r:rows(2, 3)
    a:fill_(0)
    assert.tensor_near({ { 1, 2 }, { 3, 4 } }, r:rows(1, 2), 0)
    r:close()
  end)

  it("reads blocks of any size into one tensor", function()
    for _, t in ipairs { ssl.randn(10, 3), ssl.randint(0, 9, { 10, 2, 2 }), ssl.randn(10) } do
      for _, path in ipairs { saved(t), saved_fortran(t) } do
        local r = assert(ssl.io.npy.open(path))
        for _, n in ipairs { 1, 3, 5, 10, 11, math.maxinteger } do
          local seen, kept = 0, nil
          for block, first in r:blocks(n) do
            assert.equal(seen + 1, first)
            assert.equal(math.min(n, 10 - seen), #block)
            assert.is_true(ssl.equal(t:narrow(1, first, first + #block - 1), block))
            assert.is_true(block:is_contiguous())
            assert(not kept or kept == block or #block < n) -- the same memory
            kept, seen = kept or block, seen + #block
          end
          assert.equal(10, seen)
        end
        r:close()
      end
    end
  end)

  it("walks several times at once, and over nothing", function()
    local r = assert(ssl.io.npy.open(saved(ssl.arange(1, 4):view(4, 1))))
    local pairs_seen = {}
    for a in r:blocks(2) do
      for b in r:blocks(3) do pairs_seen[#pairs_seen + 1] = a[1][1] * 10 + b[1][1] end
    end
    assert.same({ 11.0, 14.0, 31.0, 34.0 }, pairs_seen)
    r:close()
    for _, shape in ipairs { { 0, 3 }, { 0 } } do
      r = assert(ssl.io.npy.open(saved(ssl.zeros(shape))))
      for _ in r:blocks(2) do error "no block expected" end
      assert.equal(0, #r)
      assert.equal(0, #r:rows())
      r:close()
    end
    r = assert(ssl.io.npy.open(saved(ssl.zeros(3, 0))))
    local count = 0
    for block in r:blocks(2) do count = count + #block end
    assert.equal(3, count)
    assert.same({ 2, 0 }, { r:rows(2, 3):shape() })
    r:close()
  end)

  it("does not let a block that the tape needs be overwritten unseen", function()
    local r = assert(ssl.io.npy.open(saved(ssl.ones(4, 2))))
    local next_block = r:blocks(2)
    local w = ssl.ones(2):requires_grad()
    local loss = (next_block() * w):sum()
    next_block()
    assert.raises("changed in place", loss.backward, loss)
    r:close()
  end)

  it("closes, also by leaving the block, and then says so", function()
    local path = saved(ssl.ones(3, 2))
    local kept
    do
      local r <close> = assert(ssl.io.npy.open(path))
      kept = r
      assert.equal(3, #r)
    end
    kept:close()
    assert.raises("calling 'rows' on bad self (" .. path .. " is closed)", function()
      kept:rows(1, 2)
    end)
    assert.raises("is closed", function() kept:shape() end)
    assert.raises("is closed", function() return #kept end)
    local r = assert(ssl.io.npy.open(path))
    local next_block = r:blocks(1)
    next_block()
    r:close()
    assert.raises({ "npy_reader_spec.lua:", "blocks: " .. path .. " is closed" }, function()
      next_block()
    end)
  end)

  it("leaves no file open when it is forgotten", function()
    local path = saved(ssl.ones(3, 2))
    for _ = 1, 3000 do assert(ssl.io.npy.open(path)) end -- more than a process may have open
    collectgarbage()
    assert(ssl.io.npy.open(path)):close()
  end)

  it("answers when the file becomes shorter", function()
    for _, path in ipairs { saved(ssl.ones(100, 10)), saved_fortran(ssl.ones(100, 10)) } do
      local r = assert(ssl.io.npy.open(path))
      local next_block = r:blocks(50)
      assert(next_block())
      shorten(path, 4)
      assert(r:rows(1, 99))
      local rows, message = r:rows(91, 100)
      assert.is_nil(rows)
      assert.equal(path .. ": truncated: it ends before what its header promises", message)
      assert.raises({ "npy_reader_spec.lua:", "blocks: " .. path .. ": truncated" }, function()
        next_block()
      end)
      assert.equal(1.0, r:rows(1, 1)[1][1])
      r:close()
    end
  end)

  it("reads a file that is larger than the memory it may take", function()
    local header = "{'descr': '<f8', 'fortran_order': %s, 'shape': (1000000, 1000), }\n"
    for _, order in ipairs { "False", "True" } do
      local path = temp.write("x.npy", "\x93NUMPY\1\0", string.pack("<s2", header:format(order)))
      local file = assert(io.open(path, "r+b"))
      file:seek("end", 8 * 10 ^ 9 - 8 | 0) -- 8 GB, of which a hole takes no room on the disk
      file:write(string.pack("<d", 2.5))
      file:close()
      local r = assert(ssl.io.npy.open(path))
      assert.equal(2.5, r:rows(-2, -1)[2][1000])
      local limit = ssl.set_memory_limit(collectgarbage "count" * 1024 + 2 ^ 24)
      local rows, message = r:rows(1, 100000)
      local few = r:rows(500001, 500010)
      ssl.set_memory_limit(limit)
      assert.is_nil(rows)
      assert.truthy(message:find("set_memory_limit", 1, true), message)
      assert.equal(0.0, few:sum():item())
      r:close()
    end
  end)

  it("refuses what is no file of rows", function()
    local function refuses(text, path)
      local r, message = ssl.io.npy.open(path)
      assert.is_nil(r)
      assert.equal(path .. ": ", message:sub(1, #path + 2))
      assert.truthy(message:find(text, 1, true), message)
    end
    local function npy(descr, shape, data)
      local header = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n"):format(
        descr, shape)
      return temp.write("y.npy", "\x93NUMPY\1\0", string.pack("<s2", header), data)
    end
    refuses("No such file or directory", "/nowhere/x.npy")
    refuses("not a regular file", temp.path "")
    refuses("a single number, which has no rows", fixtures .. "scalar.npy")
    refuses("not a .npy file", fixtures .. "stored.npz")
    refuses("dtype '<c8' is not supported", npy("<c8", "(1,)", "12345678"))
    refuses("truncated", npy("<f8", "(2,)", "12345678"))
    refuses("1 bytes more than its header says", npy("<f8", "(1,)", "123456789"))
    refuses("truncated", npy("<f8", "(1152921504606846976,)", "12345678"))
    refuses("truncated", npy("<f8", "(4294967296, 4294967296)", "12345678"))
    refuses("9 dimensions", npy("<f8", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", "12345678"))
    -- many rows of nothing, which are there, and can be had
    local r = assert(ssl.io.npy.open(npy("<f8", "(4611686018427387904, 0)", "")))
    assert.same({ 1, 0 }, { r:rows(4611686018427387904, -1):shape() })
    r:close()
  end)

  it("answers for numbers that do not fit", function()
    local header = "{'descr': '<u8', 'fortran_order': False, 'shape': (2,), }\n"
    local path = temp.write("y.npy", "\x93NUMPY\1\0", string.pack("<s2i8i8", header, 7, -1))
    local r = assert(ssl.io.npy.open(path))
    assert.equal(7, r:rows(1, 1)[1])
    local rows, message = r:rows(1, 2)
    assert.is_nil(rows)
    assert.equal(path .. ": a number of 2^63 or more, which int64 cannot hold", message)
    r:close()
  end)

  it("raises for a caller's bug", function()
    assert.raises("#1 to 'open' (path expected, got nil)", ssl.io.npy.open)
    assert.raises("a path cannot hold a zero byte", ssl.io.npy.open, "a\0b")
    local r = assert(ssl.io.npy.open(saved(ssl.ones(5, 2))))
    for _, range in ipairs { { 0, 3 }, { 1, 6 }, { 4, 2 }, { -6, 2 }, { 6, 6 },
      { math.mininteger, 1 }, { 1, math.maxinteger } } do
      assert.raises(("bad argument #1 to 'rows' (rows %d..%d of a file with 5)"):format(
        table.unpack(range)), function() r:rows(table.unpack(range)) end)
    end
    assert.raises("#1 to 'rows' (first must be a whole number, got number 1.5)", function()
      r:rows(1.5)
    end)
    assert.raises("#2 to 'rows' (last must be a whole number, got string 'x')", function()
      r:rows(1, "x")
    end)
    for _, n in ipairs { 0, -1, 0.5, "x", false } do
      assert.raises("#1 to 'blocks' (n must be", function() r:blocks(n) end)
    end
    assert.raises("n must be a whole number, got nil", function() r:blocks() end)
    assert.raises("npy reader expected, got table", function() r.rows({}, 1, 2) end)
    r:close()
  end)
end)
