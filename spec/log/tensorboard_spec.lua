local cjson = require "cjson"
local crc32c = require "sslkit.log.crc32c"
local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("crc32c", function()
  it("has the sums of RFC 3720 and of the catalogues", function()
    local up, down = {}, {}
    for i = 0, 31 do up[i + 1], down[i + 1] = string.char(i), string.char(31 - i) end
    assert.equal(0x8a9136aa, crc32c(("\0"):rep(32)))
    assert.equal(0x62a8ab43, crc32c(("\xff"):rep(32)))
    assert.equal(0x46dd794e, crc32c(table.concat(up)))
    assert.equal(0x113fdb5c, crc32c(table.concat(down)))
    assert.equal(0xe3069283, crc32c "123456789")
    assert.equal(0, crc32c "")
    assert.equal(0xd9963a56, crc32c("\x01\xc0" .. ("\0"):rep(14) .. "\x14" .. ("\0"):rep(5)
      .. "\x04\0\0\0\0\x14\0\0\0\x18\x28" .. ("\0"):rep(7) .. "\x02" .. ("\0"):rep(7)))
  end)
end)

describe("log.tensorboard", function()
  local temp, log
  before_each(function()
    temp = temporary()
    log = assert(ssl.log.tensorboard(temp.path "run"))
  end)
  after_each(function()
    log:close()
    shell("rm -r %s", temp.path "run")
    temp.remove()
  end)

  -- The events of the file by another reader, the first one left out.
  local function events(path)
    local code, output = shell("/usr/bin/python3 spec/log/events.py %s", path or log.path)
    assert.equal(0, code, output)
    local list = {}
    for line in output:gmatch "[^\n]+" do list[#list + 1] = cjson.decode(line) end
    local first = table.remove(list, 1)
    assert.equal("brain.Event:2", first.file_version)
    assert.is_true(math.abs(first.wall_time - os.time()) < 100)
    return list
  end

  it("names its file as TensorBoard looks for it, and makes the folder", function()
    assert.matches("/run/events%.out%.tfevents%.%d+%.[%w_.-]+%.%d+%.0$", log.path)
    assert.same({}, events())
    local deep = assert(ssl.log.tensorboard(temp.path "run/a/b//"))
    assert.same({}, events(deep:close().path))
    local second = assert(ssl.log.tensorboard(temp.path "run"))
    assert.not_equal(log.path, second:close().path)
    assert.matches("^tensorboard log .*, last step 3$", tostring(log:write { step = 3 }))
  end)

  it("writes scalars and texts", function()
    log:write { loss = 0.5, acc = { top1 = 1 }, ok = true, n = 2^40, step = 10, time = 12.5 }
    log:write { note = "héllo \xff", t = ssl.tensor { 0.25 } }
    log:write { step = 99 } -- nothing to show
    log:write { step = math.mininteger, tiny = 1e-300, huge = 1e300, nan = 0 / 0 }
    local list = events()
    assert.equal(3, #list)
    assert.equal(10, list[1].step)
    assert.equal(12.5, list[1].wall_time)
    assert.same({ { tag = "acc/top1", simple_value = 1 }, { tag = "loss", simple_value = 0.5 },
      { tag = "n", simple_value = 2^40 }, { tag = "ok", simple_value = 1 } },
      list[1].summary[1].value)
    assert.equal(11, list[2].step)
    assert.is_true(math.abs(list[2].wall_time - os.time()) < 100)
    local note, t = table.unpack(list[2].summary[1].value)
    assert.same({ tag = "t", simple_value = 0.25 }, t)
    assert.same({ tag = "note", metadata = { { plugin_data = { { plugin_name = "text" } } } },
      tensor = { { dtype = 7, shape = { { dim = { { size = 1 } } } },
        string_val = "héllo \u{FFFD}" } },
    }, note)
    assert.equal(-2^63, list[3].step)
    local huge, nan, tiny = table.unpack(list[3].summary[1].value)
    assert.equal(math.huge, huge.simple_value)
    assert.not_equal(nan.simple_value, nan.simple_value)
    assert.equal(0, tiny.simple_value)
  end)

  it("writes histograms", function()
    local x = ssl.randn(1000)
    log:write { step = 5 }
    log:histogram("w", x):histogram("labels", ssl.tensor({ { 1, 1 }, { 1, 1 } }, "int64"), 7)
    log:histogram("gaps", ssl.tensor { 1, 0 / 0, 3, 1 / 0, -1 / 0 })
    log:histogram("nothing", ssl.full({ 3 }, 0 / 0)):histogram("none", ssl.zeros(0))
    log:histogram("wide", ssl.tensor({ -1.7e308, 0, 1.7e308 }, "float64"))
    log:histogram("mask", ssl.tensor({ 0, 1, 1 }, "uint8"), -2)
    local list = events()
    assert.equal(5, #list)
    local h, want = list[1].summary[1].value[1].histo[1], x:double()
    assert.equal(5, list[1].step)
    assert.equal("w", list[1].summary[1].value[1].tag)
    assert.tensor_near(h.min, x:amin())
    assert.equal(h.max, x:amax():item())
    assert.equal(1000, h.num)
    assert.tensor_near(h.sum, want:sum(), 1e-9)
    assert.tensor_near(h.sum_squares, want:square():sum(), 1e-9)
    assert.equal(h.max, h.limit[64])
    local total, below = 0, 0
    for i = 1, 64 do
      total = total + h.bucket[i]
      assert.is_true(h.limit[i] > (h.limit[i - 1] or h.min))
      below = below + h.bucket[i]
      assert.is_true(math.abs(below - x:le(h.limit[i]):sum():item()) <= 1) -- a value on the limit
    end
    assert.equal(1000, total)
    assert.same(
      { min = 1, max = 1, num = 4, sum = 4, sum_squares = 4, limit = { 1 }, bucket = { 4 } },
      list[2].summary[1].value[1].histo[1])
    assert.equal(7, list[2].step)
    h = list[3].summary[1].value[1].histo[1]
    assert.same({ 1, 3, 2 }, { h.min, h.max, h.num })
    h = list[4].summary[1].value[1].histo[1]
    assert.same({ 1, 1, 1 }, { h.bucket[1], h.bucket[33], h.bucket[64] })
    for i = 2, 64 do assert.is_true(h.limit[i] > h.limit[i - 1]) end
    assert.equal(-2, list[5].step)
  end)

  it("writes pictures and texts", function()
    local x = ssl.randint(0, 255, { 3, 4, 5 }):byte()
    log:image("rgb", x, 10):image("grey", ssl.rand(6, 7)):image("many", ssl.rand(9, 1, 8, 8))
    log:image("alpha", ssl.rand(4, 2, 2)):image("two", ssl.rand(2, 2, 2))
    log:text("note", "**bold** \xc3", 3)
    local list = events()
    local sizes = {}
    for i = 1, 5 do
      local value = list[i].summary[1].value[1]
      local its = value.image[1]
      sizes[i] = ("%s %d %d %d"):format(value.tag, its.height, its.width, its.colorspace)
    end
    assert.same({ "rgb 4 5 3", "grey 6 7 1", "many 22 82 1", "alpha 2 2 4", "two 2 2 2" }, sizes)
    local png = list[1].summary[1].value[1].image[1].png:gsub("%x%x", function(pair)
      return string.char(tonumber(pair, 16))
    end)
    assert.is_true(ssl.equal(x, (assert(ssl.image.decode(png)))))
    assert.same({ 10, 1 }, { list[1].step, list[2].step })
    assert.equal("**bold** \u{FFFD}", list[6].summary[1].value[1].tensor[1].string_val)
  end)

  it("raises for what it cannot hold", function()
    local function refuses(message, method, ...)
      local args = table.pack(...)
      assert.raises({ "tensorboard_spec.lua:", message }, function()
        if method == "write" then log:write(table.unpack(args, 1, args.n))
        elseif method == "histogram" then log:histogram(table.unpack(args, 1, args.n))
        elseif method == "image" then log:image(table.unpack(args, 1, args.n))
        else log:text(table.unpack(args, 1, args.n)) end
      end)
    end
    local t = ssl.ones(2, 2)
    refuses("bad argument #1 to 'write' (field 'x' must be", "write", { x = print })
    refuses("bad argument #1 to 'histogram' (tag must be a string, got number 1)",
      "histogram", 1, t)
    refuses("bad argument #1 to 'histogram' (tag must be a string, got an empty",
      "histogram", "", t)
    refuses("bad argument #2 to 'histogram' (tensor expected, got number 1)", "histogram", "w", 1)
    refuses("bad argument #3 to 'histogram' (step must be a whole number, got number 1.5)",
      "histogram", "w", t, 1.5)
    refuses("bad argument #2 to 'image' (tensor expected, got nil)", "image", "x")
    refuses("bad argument #2 to 'image' ([C,H,W], [H,W] or [N,C,H,W] expected, got (3) float32)",
      "image", "x", ssl.ones(3))
    refuses("bad argument #2 to 'image' (uint8 or float tensor expected", "image", "x", t:long())
    refuses("bad argument #2 to 'text' (string expected, got number 3)", "text", "x", 3)
    assert.same({}, events())
  end)

  it("begins a new file after a failure, and is closed once", function()
    log:write { loss = 1 }
    local before = log.path
    log.file:close()
    log.file = assert(io.open("/dev/full", "wb"))
    assert.raises({ before .. ": No space left on device" }, function() log:write { loss = 2 } end)
    log:write { loss = 3 }
    assert.not_equal(before, log.path)
    assert.equal(1, #events(before))
    assert.equal(2, events()[1].step)
    log:close():close()
    assert.raises("write: the log " .. log.path .. " is closed", function() log:write { a = 1 } end)
  end)

  it("gives nil and a message where there can be no file", function()
    local path = temp.write("file", "")
    local none, message = ssl.log.tensorboard(path .. "/run")
    assert.is_nil(none)
    assert.matches("/file: .+", message)
    assert.raises("bad argument #1 to 'tensorboard' (path expected, got nil)", ssl.log.tensorboard)
    assert.raises("a folder expected, got an empty string", ssl.log.tensorboard, "")
    assert.raises("a path cannot hold a zero byte", ssl.log.tensorboard, "a\0b")
  end)

  it("takes a picture of 100 KB in less than 20 ms", function()
    local x = ssl.randint(0, 255, { 3, 190, 190 }):byte()
    local best = math.huge
    for _ = 1, 5 do
      local size = log.file:seek "end"
      local png = ssl.image.encode(x)
      local start = os.clock()
      local tagged = require "sslkit.log.event".image("x", png)
      log.file:write(require "sslkit.log.event".values(1, 1, tagged))
      best = math.min(best, os.clock() - start)
      assert.is_true(log.file:seek "end" - size > 100e3)
    end
    local slow = os.getenv "SANITIZE" and 10 or 1
    assert.is_true(best < 0.02 * slow, ("%.1f ms"):format(best * 1e3))
  end)
end)
