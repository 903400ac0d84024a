local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("log.all", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function()
    shell("rm -rf %s", temp.path "tb")
    temp.remove()
  end)

  it("writes one record, with one step and time, to several", function()
    assert(ssl.log.jsonl(temp.path "a.jsonl")):write { step = 7 }:close()
    local stream <close> = io.tmpfile()
    local kept
    do
      local log <close> = ssl.log.all {
        assert(ssl.log.jsonl(temp.path "a.jsonl")), assert(ssl.log.csv(temp.path "a.csv")),
        assert(ssl.log.tensorboard(temp.path "tb")), ssl.log.text(stream),
      }
      kept = log:write { loss = 0.5 }:write { loss = 0.25, step = 20 }
      assert.equal(20, log.step)
      assert.matches("^jsonl log .*20\ncsv log .*20\ntensorboard log .*20\ntext log, last step 20$",
        tostring(log))
      log:histogram("w", ssl.ones(3)):image("x", ssl.ones(2, 2), 3):text("note", "hi")
    end
    local records = assert(ssl.log.read(temp.path "a.jsonl"))
    assert.same({ 7, 8, 20 }, { records[1].step, records[2].step, records[3].step })
    local t = assert(ssl.load(temp.path "a.csv"))
    assert.tensor_near({ 8, 20 }, t:select(2, 1))
    assert.tensor_near({ records[2].time, records[3].time }, t:select(2, 2), 0)
    local code, output = shell("/usr/bin/python3 spec/log/events.py %s", kept.logs[3].path)
    assert.equal(0, code, output)
    local _, events = output:gsub("\n", "")
    assert.equal(1 + 2 + 3, events)
    assert.matches('"step": 20, "summary": %[{"value": %[{"tag": "w"', output)
    assert.raises("is closed", function() kept:write {} end)
    kept:close()
  end)

  it("takes anything with write and close", function()
    local seen = {}
    local mine = { write = function(_, r) seen[#seen + 1] = r end, close = function() end }
    local record = { loss = 1 }
    ssl.log.all { mine, ssl.log.all { mine } }:write(record):close()
    assert.same({ 1, 1 }, { seen[1].step, seen[2].step })
    assert.equal(seen[1].time, seen[2].time)
    assert.same({ loss = 1 }, record)
  end)

  it("raises for what is no log", function()
    local text = ssl.log.text(io.stderr)
    assert.raises("bad argument #1 to 'all' (list of logs expected, got nil)", ssl.log.all)
    assert.raises("list of logs expected, got an empty one", ssl.log.all, {})
    assert.raises("log 1 must be a log, got nil", ssl.log.all, { (ssl.log.csv "/nowhere/x"), text })
    assert.raises("log 2 must be a log, got number 3", ssl.log.all, { text, 3 })
    assert.raises("a list of logs holds logs only, got the key string 'a'", ssl.log.all,
      { a = text })
    local all = ssl.log.all { text }
    assert.raises(
      { "all_spec.lua:", "image: none of these logs can hold this; ssl.log.tensorboard can" },
      function() all:image("x", ssl.ones(2, 2)) end)
    assert.raises({ "all_spec.lua:", "bad argument #1 to 'write' (field 'a' must be" },
      function() all:write { a = print } end)
    assert.raises("bad argument #1 to 'write' (a table of names", function() all:write() end)
  end)

  it("tells of a bad argument as the log does", function()
    local all = ssl.log.all { assert(ssl.log.tensorboard(temp.path "tb")) }
    assert.raises({ "all_spec.lua:", "bad argument #2 to 'image' (tensor expected, got number 3)" },
      function() all:image("x", 3) end)
    assert.raises("bad argument #1 to 'histogram' (tag must be", function() all:histogram() end)
    all:close()
  end)
end)
