local core = require "sslkit.core"
local lfs = require "lfs"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("load and save", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function fails(text, ok, message)
    assert.is_nil(ok)
    assert.truthy(message:find(text, 1, true), message)
  end

  it("know their extensions", function()
    local known = "unknown extension; known: .npy .npz .safetensors .csv .idx .ubyte .npy.gz "
      .. ".csv.gz .idx.gz .ubyte.gz .gz"
    for _, name in ipairs { "x", "x.foo", "npy", "x.npyz", "x.tar.gz", "x.npz.gz" } do
      fails(name .. ": " .. known, ssl.load(name))
      fails(name .. ": " .. known, ssl.save(name, ssl.ones(2)))
    end
    assert(ssl.save(temp.path "UPPER.NPY", ssl.ones(2)))
    assert(ssl.load(temp.path "UPPER.NPY"))
  end)

  it("raise for a caller's bug, at the caller's line", function()
    assert.raises({ "save_spec.lua:", "#1 to 'load' (path expected, got nil)" }, function()
      ssl.load()
    end)
    assert.raises("#1 to 'load' (path expected, got number 3)", function() ssl.load(3) end)
    assert.raises("#1 to 'load' (a path cannot hold a zero byte)", function()
      ssl.load "a\0.npy"
    end)
    assert.raises("#1 to 'save' (path expected, got tensor (2) float32)", function()
      ssl.save(ssl.ones(2), "x.npy")
    end)
    assert.raises("#2 to 'save' (tensor expected, got table)", function()
      ssl.save("x.npy", { 1, 2 })
    end)
  end)

  it("answer with the system's message", function()
    fails("/nowhere/x.npy: No such file or directory", ssl.load "/nowhere/x.npy")
    fails("/nowhere/x.npy: No such file or directory", ssl.save("/nowhere/x.npy", ssl.ones(2)))
    lfs.mkdir(temp.path "folder.npy")
    fails("folder.npy: not a regular file", ssl.load(temp.path "folder.npy"))
    fails("folder.npy: Is a directory", ssl.save(temp.path "folder.npy", ssl.ones(2)))
    local file = temp.write("file", "")
    fails("Not a directory", ssl.save(file .. "/x.npy", ssl.ones(2)))
    fails("Not a directory", ssl.load(file .. "/x.npy"))
    local long = temp.path(("x"):rep(300) .. ".npy")
    fails("File name too long", ssl.save(long, ssl.ones(2)))
  end)

  it("write through a link, and leave devices alone", function()
    assert(ssl.save(temp.path "real.npy", ssl.ones(2)))
    assert(lfs.link("real.npy", temp.path "link.npy", true))
    assert(ssl.save(temp.path "link.npy", ssl.zeros(3)))
    assert.equal("link", lfs.symlinkattributes(temp.path "link.npy", "mode"))
    assert.equal(3, #ssl.load(temp.path "real.npy"))
    assert(lfs.link("/dev/null", temp.path "null.npy", true))
    fails("not a regular file", ssl.save(temp.path "null.npy", ssl.ones(2)))
    assert.equal("char device", lfs.attributes("/dev/null", "mode"))
  end)

  it("write what a link leads to, also where nothing is yet", function()
    lfs.mkdir(temp.path "folder")
    assert(lfs.link("folder/new.npy", temp.path "one", true))
    assert(lfs.link("one", temp.path "two.npy", true))
    assert(ssl.save(temp.path "two.npy", ssl.ones(2)))
    assert.equal("link", lfs.symlinkattributes(temp.path "two.npy", "mode"))
    assert.equal("link", lfs.symlinkattributes(temp.path "one", "mode"))
    assert.equal(2, #ssl.load(temp.path "folder/new.npy"))
    assert.same({ "folder", "one", "two.npy" }, temp.names())
    os.remove(temp.path "folder/new.npy")
    os.remove(temp.path "two.npy")
    assert(lfs.link("loop.npy", temp.path "loop.npy", true))
    fails("Too many levels of symbolic links", ssl.save(temp.path "loop.npy", ssl.ones(2)))
    assert(lfs.link("missing/x.npy", temp.path "lost.npy", true))
    fails("No such file or directory", ssl.save(temp.path "lost.npy", ssl.ones(2)))
  end)

  it("keep the owner, and no other process's temporary file is touched", function()
    assert(ssl.save(temp.path "x.npy", ssl.ones(2)))
    if os.execute("chown 12345:23456 " .. temp.path "x.npy" .. " 2>/dev/null") then -- as root
      assert(ssl.save(temp.path "x.npy", ssl.ones(3)))
      assert.equal(12345, lfs.attributes(temp.path "x.npy", "uid"))
      assert.equal(23456, lfs.attributes(temp.path "x.npy", "gid"))
    end
    assert(os.execute("umask 027; LUA_PATH='" .. package.path .. "' LUA_CPATH='" .. package.cpath
      .. "' " .. (arg and arg[-1] or "lua5.4") .. " -e 'local ssl = require \"sslkit\""
      .. " assert(ssl.save(\"" .. temp.path "y.npy" .. "\", ssl.ones(2)))'"))
    assert.equal("rw-r-----", lfs.attributes(temp.path "y.npy", "permissions"))
    assert.same({ "x.npy", "y.npy" }, temp.names())
  end)

  it("take options by name, and only those of the format", function()
    assert.raises("#2 to 'load' (unknown option 'sep'; known: )", ssl.load, "x.npy", { sep = "," })
    assert.raises("known: names", ssl.load, "x.npz", { sep = "," })
    assert.raises("known: header, sep", ssl.load, "x.csv", { names = { "a" } })
    assert.raises("#3 to 'save' (unknown option 'zip'; known: compress", ssl.save, "x.npz",
      { ssl.ones(1) }, { zip = true })
    assert.raises("#2 to 'load' (names must be a list, got string 'a')", ssl.load, "x.npz",
      { names = "a" })
    assert.raises("a name must be a string, got number 1", ssl.load, "x.npz", { names = { 1 } })
  end)

  it("respect what is read-only, also as root", function()
    assert(ssl.save(temp.path "x.npy", ssl.ones(2)))
    assert(os.execute("chmod 444 " .. temp.path "x.npy"))
    fails("x.npy: Permission denied", ssl.save(temp.path "x.npy", ssl.zeros(3)))
    assert.equal(2, #ssl.load(temp.path "x.npy"))
    assert(os.execute("chmod 640 " .. temp.path "x.npy"))
    assert(ssl.save(temp.path "x.npy", ssl.zeros(3)))
    assert.equal("rw-r-----", lfs.attributes(temp.path "x.npy", "permissions"))
  end)

  it("report a folder that may not be written", function()
    assert(os.execute("chmod 555 " .. temp.path "."))
    -- root may write everywhere but in /proc, where there is nothing to be made
    local folder = io.open(temp.path "probe", "w") and "/proc" or temp.path "."
    local ok, message = ssl.save(folder .. "/x.npy", ssl.ones(2))
    assert(os.execute("chmod 755 " .. temp.path "."))
    assert.is_nil(ok)
    local reason = message:match "x%.npy: (.*)"
    assert.truthy(reason == "Permission denied" or reason == "No such file or directory", message)
    os.remove(temp.path "probe")
    assert.same({}, temp.names())
  end)

  -- Files of at most 512 bytes, as on a full disk: the old file stays, and nothing else.
  it("leave the old file when the new one does not fit", function()
    assert(ssl.save(temp.path "x.npy", ssl.ones(2)))
    local before = temp.read "x.npy"
    local script = temp.write("script.lua", [[
      local ssl = require "sslkit"
      print(ssl.save(arg[1], ssl.zeros(100000)))
    ]])
    local command = "trap '' XFSZ; ulimit -f 1; LUA_PATH='%s' LUA_CPATH='%s' %s %s %s 2>&1"
    local pipe = io.popen(command:format(
      package.path, package.cpath, arg and arg[-1] or "lua5.4", script, temp.path "x.npy"))
    local output = pipe:read "a"
    pipe:close()
    assert.truthy(output:find("nil%s+.*x.npy: File too large"), output)
    assert.equal(before, temp.read "x.npy")
    assert.same({ "script.lua", "x.npy" }, temp.names())
  end)

  it("need little memory beyond the tensor", function()
    local t = ssl.zeros({ 8 * 2 ^ 20 | 0 }) -- 32 MB
    assert(ssl.save(temp.path "x.npy", t))
    t = nil -- luacheck: ignore 311
    collectgarbage()
    local before = core.peak_rss()
    assert(ssl.load(temp.path "x.npy"))
    if os.getenv "SANITIZE" then return end -- which keeps freed memory for a while
    -- the tensor, and blocks of 1 MB until the collector has its turn
    assert.is_true(core.peak_rss() - before < 80 * 2 ^ 20)
  end)
end)

describe("the system", function()
  it("has a clock that only goes on, in seconds", function()
    local start, busy, last = core.clock(), os.clock(), 0
    while os.clock() < busy + 0.05 do
      local now = core.clock()
      assert(now >= last)
      last = now
    end
    -- as long as the processor was busy, or longer, where others were busy too
    assert.is_true(last - start > 0.049 and last - start < 30)
  end)

  it("knows terminals", function()
    local file = io.tmpfile()
    assert.is_false(core.isatty(file))
    assert.is_nil(core.columns(file))
    file:close()
    assert.is_false(core.isatty(file))
    assert.is_false(core.isatty(99))
    assert.raises("whole number expected, got string", core.isatty, "x")
  end)

  it("measures files and memory", function()
    local temp = temporary()
    assert.equal(5, core.file_size(temp.write("x", "hello")))
    assert.is_true(core.peak_rss() > 2 ^ 20)
    assert.raises("string expected", core.file_size)
    local file = assert(io.open(temp.path "x", "rb"))
    assert.equal(5, core.file_size(file))
    assert.equal("ell", core.read_at(file, 1, 3))
    assert.equal("lo", core.read_at(file, 3, 100))
    assert.equal("", core.read_at(file, 1 << 40, 100))
    assert.raises("position must not be negative, got -1", core.read_at, file, -1, 3)
    assert.raises("count must not be negative", core.read_at, file, 0, -3)
    assert.raises("a piece of a file needs", core.read_at, file, 0, 1 << 60)
    file:close()
    assert.raises("the file is closed", core.read_at, file, 1, 3)
    assert.raises("file expected, got string 'x'", core.read_at, "x", 1, 3)
    temp.remove()
  end)

  it("writes strings and tensors in turn", function()
    local temp = temporary()
    local tensor = ssl.tensor({ 99, 100 }, "uint8")
    assert.is_true(core.write_atomic(temp.path "x", { "ab", tensor, "", "e" }))
    assert.equal("abcde", temp.read "x")
    assert.is_true(core.write_atomic(temp.path "x", {}))
    assert.equal("", temp.read "x")
    assert.raises("strings and contiguous tensors expected, got number", core.write_atomic,
      temp.path "x", { "a", 1 })
    assert.raises("strings and contiguous tensors expected", core.write_atomic, temp.path "x",
      { ssl.ones(2, 3):t() })
    assert.same({ "x" }, temp.names())
    temp.remove()
  end)

  it("decodes within the tensor only", function()
    local t = ssl.zeros({ 3 })
    assert.equal(3, core.decode(t, 2, string.pack("<f", 7), "f4", false))
    assert.same({ 0.0, 7.0, 0.0 }, t:totable())
    local one = string.pack("<f", 1)
    for _, first in ipairs { 0, -1, 4, math.mininteger, math.maxinteger } do
      assert.raises("do not fit", core.decode, t, first, one, "f4", false)
    end
    assert.raises("3 bytes do not fit", core.decode, t, 1, "abc", "f4", false)
    assert.raises("16 bytes do not fit", core.decode, t, 1, one:rep(4), "f4", false)
    assert.raises("unknown element 'c8'", core.decode, t, 1, one, "c8", false)
    assert.raises("float64 tensor expected, got (3) float32", core.decode, t, 1, one, "f8", false)
    assert.raises("contiguous", core.decode, ssl.ones(2, 2):t(), 1, one, "f4", false)
  end)
end)
