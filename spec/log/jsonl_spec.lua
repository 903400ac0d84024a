local cjson = require "cjson"
local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("log.jsonl", function()
  local temp, path
  before_each(function()
    temp = temporary()
    path = temp.path "metrics.jsonl"
  end)
  after_each(function() temp.remove() end)

  local function lines()
    local list = {}
    for line in temp.read("metrics.jsonl"):gmatch "[^\n]*\n" do list[#list + 1] = line end
    return list
  end

  it("writes an object a line, step and time first, the others by name", function()
    local log = assert(ssl.log.jsonl(path))
    assert.is_true(rawequal(log, log:write { b = 1, a = 0.5, time = 12.25, step = 3, c = "x" }))
    -- and that before it is closed
    assert.same({ '{"step":3,"time":12.25,"a":0.5,"b":1,"c":"x"}\n' }, lines())
    log:write { time = 13 }
    assert.equal('{"step":4,"time":13}\n', lines()[2])
    assert.equal("jsonl log " .. path .. ", last step 4", tostring(log))
    log:close()
  end)

  it("writes numbers so that they read back, and null for what is none", function()
    local log = assert(ssl.log.jsonl(path))
    local numbers = { 0.1, 1 / 3, 1e300, 5e-324, -0.0, 100.0, 2^53, 0.1 + 0.2, 1e15, -123456.789 }
    log:write { time = 0, n = numbers, i = { math.maxinteger, math.mininteger, 7 } }
    log:write { time = 0, a = 0 / 0, b = { 1 / 0, -1 / 0 } }
    local back = cjson.decode(lines()[1])
    for i, v in ipairs(numbers) do assert.equal(v, back.n[i]) end
    assert.matches('"i":%[9223372036854775807,%-9223372036854775808,7%]', lines()[1])
    assert.matches('"n":%[0.1,0.3333333333333333,1e%+300,[%d.]+e%-324,%-0.0,100.0,', lines()[1])
    assert.equal('{"step":2,"time":0,"a":null,"b":[null,null]}\n', lines()[2])
  end)

  it("dates what bears no time", function()
    local log = assert(ssl.log.jsonl(path))
    for _ = 1, 100 do log:write {} end
    local now = os.time()
    for i, record in ipairs(assert(ssl.log.read(path))) do
      assert.equal(i, record.step)
      assert.is_true(math.abs(record.time - now) < 5)
    end
  end)

  it("writes strings, nested tables and tensors of one element", function()
    local log = assert(ssl.log.jsonl(path))
    log:write { time = 0, s = 'a "b" \\ / \n\t\1\127 é \xff', list = { true, { x = {} }, "y" },
      [("n"):rep(3)] = { z = 1, a = 2, [3] = 4 }, ['"'] = 1, t = ssl.tensor { 0.5 },
      u = ssl.tensor({ { 7 } }, "int64"), loss = (ssl.ones(1):requires_grad() * 2):sum(),
      ten = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 } }
    assert.equal([[{"step":1,"time":0,"\"":1,"list":[true,{"x":{}},"y"],"loss":2.0,]]
      .. [["nnn":{"3":4,"a":2,"z":1},"s":"a \"b\" \\ / \n\t\u0001\u007f é ]] .. "\u{FFFD}"
      .. [[","t":0.5,"ten":[1,2,3,4,5,6,7,8,9,10,11],"u":7}]] .. "\n", lines()[1])
    assert.equal('a "b" \\ / \n\t\1\127 é \u{FFFD}', ssl.log.read(path)[1].s)
  end)

  it("raises at the caller for what it cannot hold, and writes nothing then", function()
    local log = assert(ssl.log.jsonl(path))
    local ring = {}
    ring.ring = ring
    for _, case in ipairs {
      { "a table of names and values expected, got nil", nil },
      { "a table of names and values expected, got number 3", 3 },
      { "the names of a record must be strings, got number 1", { 5 } },
      { "the names of a record must be strings, got an empty one", { [""] = 5 } },
      { "the names of a record must be strings, got boolean true", { a = { [true] = 1 } } },
      { "field 'a/b' must be a number, string, boolean, table or tensor of one element, got func",
        { a = { b = print } } },
      { "field 'a' must be a tensor of one element, got tensor (3) float32", { a = ssl.ones(3) } },
      { "got tensor (0) float32", { a = ssl.zeros(0) } },
      { "holds too many tables in tables", ring },
      { "step must be a whole number, got number 1.5", { step = 1.5 } },
      { "step must be a whole number, got number nan", { step = 0 / 0 } },
      { "step must be a whole number, got number 1e+300", { step = 1e300 } },
      { "step must be a whole number, got string '1'", { step = "1" } },
      { "step must be a whole number, got boolean false", { step = false } },
      { "time must be in 0..253402300799, got -1", { time = -1 } },
      { "time must be a finite number, got string 'x'", { time = "x" } },
    } do
      assert.raises({ "jsonl_spec.lua:", "bad argument #1 to 'write' (", case[1] },
        function() log:write(case[2]) end)
    end
    local long = ("n"):rep(100)
    assert.raises("a field must be a number", function() log:write { [long] = print } end)
    assert.same({}, lines())
    log:write { step = ssl.tensor({ 7 }, "int64"), time = 0 }:write { step = 8.0, time = 0 }
    assert.same({ '{"step":7,"time":0}\n', '{"step":8,"time":0}\n' }, lines())
  end)

  it("goes on behind the last step, or begins anew", function()
    assert(ssl.log.jsonl(path)):write { step = 41 }:close()
    local log = assert(ssl.log.jsonl(path))
    assert.equal(42, log:write {}.step)
    log:close()
    assert.equal(2, #lines())
    log = assert(ssl.log.jsonl(path, { append = false })):write {}
    assert.equal(1, log.step)
    assert.equal(1, #lines())
    assert.raises("unknown option 'apend'; known: append", ssl.log.jsonl, path, { apend = true })
    assert.is_true(#lines() == 1)
  end)

  it("goes on wherever a kill has cut the last line", function()
    local whole = '{"step":1,"time":0,"a":0.5}\n{"step":2,"time":0,"b":"é"}\n'
      .. '{"step":3,"time":0,"c":7}\n'
    local ends = {}
    for at in whole:gmatch "()\n" do ends[#ends + 1] = at end
    for size = 0, #whole do
      temp.write("metrics.jsonl", whole:sub(1, size))
      local left = 0 -- records that are whole, perhaps but for the line break
      for i, at in ipairs(ends) do left = size >= at - 1 and i or left end
      local log = assert(ssl.log.jsonl(path))
      log:write { time = 0, d = 1 }:close()
      local records = assert(ssl.log.read(path))
      assert.equal(left + 1, #records, size)
      for step, record in ipairs(records) do assert.equal(step, record.step) end
      assert.equal(whole:sub(1, left > 0 and ends[left] or 0), -- what was whole is as it was
        temp.read("metrics.jsonl"):sub(1, left > 0 and ends[left] or 0))
      for _, line in ipairs(lines()) do assert.is_table(cjson.decode(line)) end
    end
  end)

  it("goes on behind a long line, and a long one that was cut", function()
    local long = ("x"):rep(200000)
    assert(ssl.log.jsonl(path)):write { s = long }:close()
    local bytes = temp.read "metrics.jsonl"
    temp.write("metrics.jsonl", bytes, bytes:sub(1, -3))
    assert(ssl.log.jsonl(path)):write { ok = true }:close()
    local records = assert(ssl.log.read(path))
    assert.same({ 1, 2 }, { records[1].step, records[2].step })
    assert.equal(long, records[1].s)
  end)

  it("leaves alone what is no log", function()
    for _, bytes in ipairs { "hello", "hello\n", "[1, 2]\n", '"x"', '{"a":1}\nx',
      "{\n  \"a\": 1\n}\n", ("\0"):rep(100), ("x"):rep(2 << 20), "{" .. ("x"):rep(2 << 20) } do
      temp.write("metrics.jsonl", bytes)
      local none, message = ssl.log.jsonl(path)
      assert.is_nil(none)
      assert.equal(path .. ": its last line is no JSON object; is this a log?", message)
      assert.is_true(bytes == temp.read "metrics.jsonl")
    end
  end)

  it("keeps every record of a process that is killed", function()
    local script = temp.write("run.lua", [[
      local ssl = require "sslkit"
      local log = assert(ssl.log.jsonl(arg[1]))
      for _ = 1, 200 do log:write { loss = 0.5 } end
      local process <close> = assert(io.open "/proc/self/stat")
      os.execute("kill -9 " .. process:read "n")
    ]])
    os.execute(("lua5.4 %s %s >%s 2>&1"):format(script, path, temp.path "output"))
    assert.equal(200, #assert(ssl.log.read(path)), temp.read "output")
  end)

  it("raises when the disk is full, and goes on when it is not any more", function()
    local log = assert(ssl.log.jsonl(path)):write { a = 1 }
    log.file:close()
    log.file = assert(io.open("/dev/full", "ab"))
    assert.raises({ "jsonl_spec.lua:", "write: " .. path .. ": No space left on device" },
      function() log:write { a = 2 } end)
    assert.equal(1, log.step)
    local half <close> = assert(io.open(path, "ab"))
    half:write('{"step":2,"ti'):flush()
    log:write { a = 3 }
    local records = assert(ssl.log.read(path))
    assert.same({ 2, 2, 3 }, { #records, records[2].step, records[2].a })
    os.remove(path)
    temp.write("metrics.jsonl", "no log")
    log.file:close()
    log.file = assert(io.open("/dev/full", "ab"))
    assert.raises("No space left", function() log:write { a = 2 } end)
    assert.raises("write: " .. path .. ": its last line is no JSON object",
      function() log:write { a = 2 } end)
  end)

  it("is closed once, and by the end of a block", function()
    local kept
    do
      local log <close> = assert(ssl.log.jsonl(path))
      kept = log:write { a = 1 }
    end
    assert.raises("write: the log " .. path .. " is closed", function() kept:write { a = 2 } end)
    assert.is_true(rawequal(kept, kept:close()))
    assert.equal(1, #lines())
  end)

  it("gives nil and a message where the file cannot be", function()
    local none, message = ssl.log.jsonl(temp.path "none/x.jsonl")
    assert.is_nil(none)
    assert.equal(temp.path "none/x.jsonl" .. ": No such file or directory", message)
    assert.is_nil((ssl.log.jsonl(temp.path ".")))
    assert.raises("bad argument #1 to 'jsonl' (path expected, got nil)", ssl.log.jsonl)
    assert.raises("a path cannot hold a zero byte", ssl.log.jsonl, "a\0b")
  end)

  it("writes to what is no regular file, too", function()
    local log = assert(ssl.log.jsonl "/dev/null")
    assert.equal(2, log:write {}:write {}.step)
    log:close()
    local full = assert(ssl.log.jsonl "/dev/full")
    assert.raises("/dev/full: No space left on device", function() full:write {} end)
  end)

  it("is read by Python", function()
    local log = assert(ssl.log.jsonl(path))
    log:write { time = 0, a = 1 / 3, s = "é\n\"", n = 0 / 0, big = math.maxinteger,
      l = { 1, true } }
    local code, output = shell("/usr/bin/python3 -c %s %s", [[
import json, sys
r, = map(json.loads, open(sys.argv[1], encoding="utf-8"))
assert list(r) == ["step", "time", "a", "big", "l", "n", "s"], r
assert r["a"] == 1 / 3 and r["s"] == 'é\n"' and r["n"] is None, r
assert r["big"] == 2 ** 63 - 1 and r["l"] == [1, True], r]], path)
    assert.equal(0, code, output)
  end)

  it("takes less than 50 microseconds a record", function()
    local log = assert(ssl.log.jsonl(path))
    local best = math.huge
    for _ = 1, 5 do
      local start = os.clock()
      for i = 1, 500 do log:write { step = i, loss = i / 7, accuracy = i / 3, lr = 1e-3 } end
      best = math.min(best, (os.clock() - start) / 500)
    end
    local slow = os.getenv "SANITIZE" and 10 or 1
    assert.is_true(best < 50e-6 * slow, ("%.1f us"):format(best * 1e6))
  end)
end)

describe("log.read", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  it("gives a list that a loop runs through, and columns", function()
    local path = temp.write("a.jsonl", '{"step":1,"loss":0.5,"m":{"top/1":[7,8]},"ok":true}\n',
      "\n", '{"step":2,"loss":null,"name":"x"}\r\n', '{"step":2.5,"m/top":4}\n')
    local records = assert(ssl.log.read(path))
    assert.equal(3, #records)
    local seen = {}
    for record in records do
      for again in records do seen[#seen + 1] = ("%s%s"):format(record.step, again.step) end
    end
    assert.equal("11 12 12.5 21 22 22.5 2.51 2.52 2.52.5", table.concat(seen, " "))
    assert.equal("integer", math.type(records[1].step))
    assert.is_true(records[1].ok)
    assert.tensor_near({ 0.5, 0 / 0, 0 / 0 }, records:column "loss")
    assert.equal("float64", records:column("loss"):dtype())
    assert.tensor_near({ 1, 2, 2.5 }, records:column "step")
    assert.tensor_near({ 1, 0 / 0, 0 / 0 }, records:column "ok")
    assert.tensor_near({ 8, 0 / 0, 0 / 0 }, records:column "m/top/1/2")
    assert.tensor_near({ 0 / 0, 0 / 0, 4 }, records:column "m/top")
    assert.tensor_near({ 0 / 0, 0 / 0, 0 / 0 }, records:column "name")
    assert.raises("bad argument #1 to 'column' (no record has a field 'los')",
      function() records:column "los" end)
    assert.raises("name expected, got number 3", function() records:column(3) end)
    assert.equal("3 records, last step 2.5", tostring(records))
  end)

  it("leaves out a cut last line, and refuses another", function()
    local whole = '{"step":1}\n'
    assert.equal(1, #assert(ssl.log.read(temp.write("a", whole, '{"step":2,"lo'))))
    assert.equal(2, #assert(ssl.log.read(temp.write("a", whole, '{"step":2}'))))
    assert.equal(0, #assert(ssl.log.read(temp.write("a", ""))))
    assert.equal("0 records", tostring(ssl.log.read(temp.path "a")))
    assert.equal(0, #ssl.log.read(temp.path "a"):column "x")
    for _, bad in ipairs { "x\n", "[1]\n", "3\n", '{"a":}\n', '{"a":1} 2\n' } do
      local none, message = ssl.log.read(temp.write("a", whole, bad, whole))
      assert.is_nil(none)
      assert.equal(temp.path "a" .. ": line 2 is no JSON object", message)
    end
    assert.is_nil((ssl.log.read(temp.path "none")))
    assert.is_nil((ssl.log.read(temp.path ".")))
    assert.raises("path expected, got nil", ssl.log.read)
    local deep = ('{"a":'):rep(5000) .. "1" .. ("}"):rep(5000) .. "\n"
    assert.is_nil((ssl.log.read(temp.write("a", deep, whole))))
  end)
end)
