local ssl = require "sslkit"
local core = require "sslkit.core"
local temporary = require "spec.io.temporary"
local zlib = require "zlib"

local function gzip(bytes) return (zlib.deflate(9, 31)(bytes, "finish")) end

describe("gzip", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function refuses(text, bytes, name)
    local tensor, message = ssl.load(temp.write(name or "x.idx.gz", bytes))
    assert.is_nil(tensor)
    assert.truthy(message:find(text, 1, true), message)
  end

  local idx = "\0\0\8\1\0\0\0\5hello"

  it("stands behind each extension", function()
    local t = ssl.randn(37, 5)
    local names = { "x.npy.gz", "x.idx.gz", "x.ubyte.gz", "x-ubyte.gz", "x.gz", "X.NPY.GZ" }
    for _, name in ipairs(names) do
      assert(ssl.save(temp.path(name), t))
      assert.equal("\x1f\x8b", temp.read(name):sub(1, 2))
      assert.is_true(ssl.equal(t, assert(ssl.load(temp.path(name)))))
    end
  end)

  it("reads several blocks and noise that does not compress", function()
    local t = ssl.randint(0, 255, { 3000, 1000 }):byte()
    assert(ssl.save(temp.path "x.npy.gz", t))
    assert.is_true(ssl.equal(t, ssl.load(temp.path "x.npy.gz")))
  end)

  it("reads files of several members", function()
    local bytes = gzip(idx:sub(1, 6)) .. gzip(idx:sub(7, 9)) .. gzip "" .. gzip(idx:sub(10))
    local t = assert(ssl.load(temp.write("x.idx.gz", bytes)))
    assert.equal("hello", t:tobytes())
    refuses("no gzip data", gzip(idx) .. "trailing")
  end)

  it("refuses truncated and damaged files", function()
    local whole = gzip(idx)
    for missing = 1, #whole - 2 do
      refuses("truncated compressed data", whole:sub(1, -missing - 1))
    end
    refuses("truncated", "")
    refuses("no gzip data", "\x1f")
    refuses("no gzip data", idx)
    local sum = whole:byte(-8)
    refuses("damaged compressed data", whole:sub(1, -9) .. string.char(sum ~ 1) .. whole:sub(-7))
    refuses("damaged compressed data", whole:sub(1, 10) .. "\xff\xff\xff" .. whole:sub(14))
  end)

  it("refuses more and less data than the header says", function()
    refuses("more data than its header says", gzip(idx .. "!"))
    refuses("more data than its header says", gzip(idx) .. gzip "!")
    refuses("truncated: (5) elements of 1 bytes", gzip(idx:sub(1, -2)))
    local long = "\0\0\8\1\0\0\x13\x88" .. ("x"):rep(4999) -- of 5000
    refuses("truncated: 5000 bytes expected where only 4999 are left", gzip(long) .. gzip "")
  end)

  -- 64 MB of zeros in 64 kB, behind 13 bytes that are all there should be.
  it("does not inflate a bomb", function()
    local deflate, parts = zlib.deflate(9, 31), {}
    local zeros = ("\0"):rep(1 << 20)
    parts[1] = deflate(idx)
    for _ = 1, 64 do parts[#parts + 1] = deflate(zeros) end
    parts[#parts + 1] = deflate("", "finish")
    local path = temp.write("x.idx.gz", table.concat(parts))
    collectgarbage()
    local before = core.peak_rss()
    local tensor, message = ssl.load(path)
    assert.is_nil(tensor)
    assert.truthy(message:find("more data than its header says", 1, true), message)
    if os.getenv "SANITIZE" then return end -- which keeps freed memory for a while
    -- one block of input becomes 16.5 MB, for which the growing buffer takes up to thrice as much
    assert.is_true(core.peak_rss() - before < 56 * 2 ^ 20)
  end)

  it("believes no size that the compressed bytes cannot hold", function()
    refuses("truncated", gzip("\0\0\x0e\3" .. ("\x7f"):rep(12) .. "data"))
    local header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }"
    refuses("truncated", gzip("\x93NUMPY\1\0" .. string.pack("<s2", header)), "x.npy.gz")
  end)

  it("names the library that is missing", function()
    local path = temp.write("x.idx.gz", gzip(idx))
    local loaded, searchers = package.loaded.zlib, package.searchers
    package.loaded.zlib, package.searchers = nil, {}
    local tensor, message = ssl.load(path)
    local saved, why = ssl.save(temp.path "y.idx.gz", ssl.ones(2))
    package.loaded.zlib, package.searchers = loaded, searchers
    assert.is_nil(tensor)
    assert.is_nil(saved)
    local advice = "apt-get install lua-zlib, or luarocks install lua-zlib"
    assert.truthy(message:find(advice, 1, true), message)
    assert.truthy(why:find(advice, 1, true), why)
  end)
end)
