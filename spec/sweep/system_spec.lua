-- core.lock, core.append and core.truncate: what a journal needs of the system.

local core = require "sslkit.core"
local temporary = require "spec.io.temporary"

describe("core", function()
  local temp, file
  before_each(function()
    temp = temporary()
    file = assert(io.open(temp.path "x", "a+b"))
  end)
  after_each(function()
    if io.type(file) == "file" then file:close() end
    temp.remove()
  end)

  it("locks a file until it is closed", function()
    local other <close> = assert(io.open(temp.path "x", "rb"))
    assert.is_true(core.lock(file))
    assert.is_true(core.lock(file)) -- it is ours already
    assert.is_false(core.lock(other))
    file:close()
    assert.is_true(core.lock(other))
  end)

  it("does not lend a lock to the programs that it starts", function()
    assert.is_true(core.lock(file))
    local pipe = io.popen "sleep 5 >/dev/null 2>&1 & echo $!"
    local pid = pipe:read "n"
    pipe:close()
    file:close()
    local other <close> = assert(io.open(temp.path "x", "rb"))
    assert.is_true(core.lock(other))
    os.execute("kill " .. pid)
  end)

  it("appends past the buffer, and truncates", function()
    assert.is_true(core.append(file, "one\n", true))
    assert.is_true(core.append(file, "", false))
    assert.is_true(core.append(file, "\0two", false))
    assert.equal("one\n\0two", temp.read "x")
    assert.is_true(core.truncate(file, 4))
    assert.is_true(core.append(file, "three"))
    assert.equal("one\nthree", temp.read "x")
  end)

  it("tells what the system says", function()
    local read <close> = assert(io.open(temp.path "x", "rb"))
    assert.same({ nil, "Bad file descriptor" }, { core.append(read, "x") })
    assert.same({ nil, "Invalid argument" }, { core.truncate(file, -1) })
    local full <close> = assert(io.open("/dev/full", "wb"))
    assert.same({ nil, "No space left on device" }, { core.append(full, "x") })
  end)

  it("refuses what is no open file", function()
    for _, name in ipairs { "lock", "append", "truncate" } do
      local message = ("bad argument #1 to '%s' (file expected, got no value)"):format(name)
      assert.raises(message, core[name])
      assert.raises("file expected, got string 'x'", core[name], "x")
    end
    assert.raises("string expected, got no value", core.append, file)
    assert.raises("got string 'x'", core.truncate, file, "x")
    file:close()
    for _, name in ipairs { "lock", "append", "truncate" } do
      assert.raises("the file is closed", core[name], file, "x")
    end
  end)
end)
