local ssl = require "sslkit"

describe("ssl.log", function()
  it("is the logarithm, too", function()
    assert.tensor_near({ 0, math.log(2) }, ssl.log(ssl.tensor { 1, 2 }))
    local out = ssl.zeros(1)
    assert.is_true(rawequal(out, ssl.log(ssl.ones(1), { out = out })))
    assert.raises({ "text_spec.lua:", "bad argument #1 to 'log' (tensor expected, got number 3)" },
      function() ssl.log(3) end)
    local x = ssl.tensor { 2 }:requires_grad()
    ssl.log(x):sum():backward()
    assert.tensor_near({ 0.5 }, x:grad())
  end)
end)

describe("log.text", function()
  local stream
  before_each(function() stream = io.tmpfile() end)
  after_each(function() if io.type(stream) == "file" then stream:close() end end)

  local function lines()
    local list = {}
    stream:seek "set"
    for line in stream:lines() do list[#list + 1] = line end
    return list
  end

  it("writes a line a record", function()
    local log = ssl.log.text(stream)
    log:write { step = 10, time = 86400 * 365, loss = 1 / 3, acc = { top1 = 0.93 }, n = 1234567,
      name = "a\tb\nc", nan = 0 / 0, inf = -1 / 0, ok = true, ["n\n1"] = 1e-9 }
    log:write {}
    local list = lines()
    assert.equal(2, #list)
    assert.matches("^197[01]%-%d%d%-%d%d %d%d:%d%d:%d%d  step 10  acc/top1 0%.93  inf %-inf  "
      .. "loss 0%.3333  n 1234567  n 1 1e%-09  name a b c  nan nan  ok true$", list[1])
    local day = os.date "%Y-%m-%d"
    assert.is_true(list[2]:find(day, 1, true) == 1 or day ~= os.date "%Y-%m-%d", list[2])
    assert.matches("  step 11$", list[2])
    assert.equal("text log, last step 11", tostring(log))
  end)

  it("leaves the stream open", function()
    do local _ <close> = ssl.log.text(stream) end
    ssl.log.text(stream):close()
    assert.equal("file", io.type(stream))
  end)

  it("stands above a progress bar", function()
    local bar = ssl.progress.new(9, { stream = stream })
    ssl.log.text(bar):write { loss = 0.5 }
    assert.matches("  step 1  loss 0%.5$", lines()[1])
    bar:close()
  end)

  it("raises for what is no stream", function()
    assert.raises("bad argument #1 to 'text' (open file or progress bar expected, got string 'x')",
      ssl.log.text, "x")
    assert.raises("open file or progress bar expected, got table", ssl.log.text, {})
    local log = ssl.log.text(stream)
    stream:close()
    assert.raises("write: the stream is closed", function() log:write { a = 1 } end)
    assert.raises("open file expected, got a closed one", ssl.log.text, stream)
    local full <close> = assert(io.open("/dev/full", "wb"))
    assert.raises({ "text_spec.lua:", "write: No space left on device" },
      function() ssl.log.text(full):write { a = 1 } end)
    assert.raises("bad argument #1 to 'write' (field 'a' must be", function()
      ssl.log.text(io.stderr):write { a = print }
    end)
  end)

  it("takes every time that it lets in", function()
    local log = ssl.log.text(stream)
    log:write { time = 0 }:write { time = 253402300799 - 86400 }:write { time = 0.999 }
    assert.raises("time must be in", function() log:write { time = 1e300 } end)
    assert.raises("time must be a finite number", function() log:write { time = 0 / 0 } end)
    assert.equal(3, #lines())
  end)
end)
