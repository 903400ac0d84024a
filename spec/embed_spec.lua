-- sslkit.h: what C code of others does with it, as a module of Lua and as a host of Lua.

local ssl = require "sslkit"
local shell = require "spec.shell"

local SANITIZE = os.getenv "SANITIZE" and "-fsanitize=address,undefined -g" or "-O1"

local function compile(source, target, more)
  local code, output = shell("cc -std=c11 -Wall -Wextra -Wpedantic -Werror " .. SANITIZE
    .. " -I%s -I src %s -o %s " .. more, os.getenv "LUA_INCDIR" or "/usr/include/lua5.4",
    source, target)
  assert.equal("", output)
  assert.equal(0, code)
end

describe("sslkit.h in a module", function()
  local path = os.tmpname()
  local embed
  local dtypes = { [0] = "float32", "float64", "int64", "uint8" }

  setup(function()
    compile("spec/host/embed.c", path, "-shared -fPIC")
    embed = assert(package.loadlib(path, "luaopen_embed"))()
  end)

  teardown(function() os.remove(path) end)

  it("pushes a copy of data, or zeros", function()
    for code, dtype in pairs(dtypes) do
      local want = ssl.randint(0, 9, { 2, 3 }):to(dtype)
      local t = embed.push(code, { 2, 3 }, want:tobytes())
      assert.equal(dtype, t:dtype())
      assert.same({ 2, 3 }, { t:shape() })
      assert.is_true(ssl.equal(want, t))
      for _ = 1, 3 do ssl.ones(1000):mul(7) end -- memory that zeros might be made from
      assert.is_true(ssl.equal(ssl.zeros({ 7, 0, 3 }, dtype), embed.push(code, { 7, 0, 3 })))
      assert.is_true(ssl.equal(ssl.zeros({ 1000 }, dtype), embed.push(code, { 1000 })))
    end
    local scalar = embed.push(0, {}, string.pack("f", 2.5))
    assert.equal(0, scalar:dim())
    assert.equal(2.5, scalar:item())
    assert.equal(8, embed.push(0, { 1, 1, 1, 1, 1, 1, 1, 2 }):dim())
  end)

  it("raises for what is no tensor", function()
    local function refuses(message, ...) assert.raises(message, embed.push, ...) end
    refuses("sslkit_push: there is no dtype 4", 4, { 2 })
    refuses("sslkit_push: there is no dtype -1", -1, { 2 })
    refuses("sslkit_push: 0..8 dimensions expected, got 9", 0, { 1 }, nil, 9)
    refuses("sslkit_push: 0..8 dimensions expected, got -1", 0, { 1 }, nil, -1)
    refuses("sslkit_push: the shape is NULL", 0, {}, nil, 2)
    refuses("sslkit_push: size must not be negative, got -3", 0, { 2, -3 })
    refuses("shape (4611686018427387904,4) has too many elements", 0, { 1 << 62, 4 })
    refuses("(1099511627776) float32 needs 4194304.0 MiB", 0, { 1 << 40 })
  end)

  it("tells of a tensor", function()
    local t = ssl.arange(1, 24):view(2, 3, 4)
    assert.same({ 0, { 2, 3, 4 }, { 48, 16, 4 }, 1 }, { embed.check(t) })
    assert.same({ 0, { 2, 4 }, { 48, -4 }, 8 }, { embed.check(t[{ {}, 2, { 4, 1, -1 } }]) })
    assert.same({ 0, { 3, 2 }, { 0, 4 }, 1 }, { embed.check(ssl.tensor { 1, 2 }:expand(3, 2)) })
    assert.same({ 0, {}, {}, 3 }, { embed.check(ssl.tensor(3)) })
    for code, dtype in pairs(dtypes) do assert.equal(code, (embed.check(ssl.ones(1, dtype)))) end
  end)

  it("tells a tensor from anything else", function()
    assert.same({ true, 2 }, { embed.test(ssl.ones(2, 2)) })
    for _, v in ipairs { 1, "x", {}, io.stdout, print, false } do
      assert.same({ false, -1 }, { embed.test(v) })
    end
    assert.raises(
      { "embed_spec.lua:", "bad argument #1 to 'check' (tensor expected, got number 3)" },
      function() embed.check(3) end)
    assert.raises("(tensor expected, got FILE*)", embed.check, io.stdout)
  end)

  it("changes elements in place as Lua does", function()
    local t = ssl.zeros(3)
    assert.is_true(rawequal(t, embed.add_one(t)))
    assert.tensor_near({ 1, 1, 1 }, t)
    assert.raises("an expanded view repeats its elements", embed.add_one, ssl.ones(1):expand(3))
    local x = ssl.ones(3):requires_grad()
    assert.raises("is on the tape", embed.add_one, x)
    local a = ssl.ones(3)
    local loss = (x * a):sum()
    embed.add_one(a)
    assert.raises("backward", function() loss:backward() end)
  end)

  it("loads sslkit by itself, or says why it cannot", function()
    assert.is_nil(embed.bare(true, false))
    assert.equal("sslkit is not loaded, and this Lua state has no 'require' to load it with",
      embed.bare(false, false))
    assert.equal("the sslkit that is loaded is older than the sslkit.h of this program",
      embed.old())
  end)

  it("has its say where no Lua function has been called", function()
    assert.equal("sslkit_push: there is no dtype 9", embed.bare(true, true))
    assert.equal("sslkit: sslkit_push: there is no dtype 9", embed.outside())
  end)
end)

describe("examples/embed/host.c", function()
  local host = os.tmpname()

  setup(function() compile("examples/embed/host.c", host, "-llua5.4 -lm") end)

  teardown(function() os.remove(host) end)

  -- Its exit status, what it says of the windows, what they say over everything, and the windows
  -- after which it raised the alarm.
  local function run(...)
    local code, output = shell("LUA_PATH=%s LUA_CPATH=%s timeout 60 %s " .. table.concat({ ... }),
      package.path, package.cpath, host)
    local ranks, whole, alive, alarms = {}, {}, {}, {}
    for line in output:gmatch "[^\n]+" do
      local window, rank, all, directions = line:match(
        "^window +(%d+)  rankme +([%d.]+) of 32  over everything +([%d.]+)  alive +(%d+)$")
      if window then
        assert.equal(#ranks + 1, tonumber(window), line)
        ranks[#ranks + 1], whole[#whole + 1] = tonumber(rank), tonumber(all)
        alive[#alive + 1] = tonumber(directions)
      else
        assert.matches("^alarm: RankMe fell from [%d.]+ to [%d.]+: the encoder collapses$", line)
        alarms[#alarms + 1] = #ranks
      end
    end
    return code, ranks, whole, alive, alarms
  end

  it("raises the alarm once when its encoder collapses late", function()
    local code, ranks, whole, alive, alarms = run()
    assert.equal(2, code)
    assert.equal(20, #ranks)
    for i = 1, 10 do assert.is_true(ranks[i] > 31.5 and ranks[i] <= 32 and alive[i] == 32) end
    for i = 11, 20 do assert.is_true(ranks[i] < ranks[i - 1] and alive[i] <= alive[i - 1]) end
    assert.equal(1, #alarms)
    for i = 1, 20 do assert.equal(i >= alarms[1], ranks[i] < ranks[2] / 2) end
    assert.is_true(alive[20] < 10)
    assert.is_true(whole[20] > 30) -- what the windows are for
  end)

  it("ends well while all is well", function()
    local code, ranks, _, _, alarms = run "170"
    assert.same({ 0, 10, 0 }, { code, #ranks, #alarms })
    code, ranks = run "15" -- not one whole window
    assert.same({ 0, 0 }, { code, #ranks })
  end)

  it("says how it is called", function()
    local code, output = shell("%s x", host)
    assert.equal(1, code)
    assert.matches("^usage: .* %[batches%]\n$", output)
  end)

  it("says what is wrong where sslkit is not there", function()
    local code, output = shell("LUA_PATH=/nowhere/?.lua LUA_CPATH=/nowhere/?.so %s", host)
    assert.equal(1, code)
    assert.matches("module 'sslkit' not found", output)
  end)
end)
