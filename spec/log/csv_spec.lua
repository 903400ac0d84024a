local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("log.csv", function()
  local temp, path
  before_each(function()
    temp = temporary()
    path = temp.path "metrics.csv"
  end)
  after_each(function() temp.remove() end)

  local function text() return temp.read "metrics.csv" end

  it("has the columns of the first record, then new ones", function()
    local log = assert(ssl.log.csv(path))
    log:write { time = 0, loss = 0.5, acc = { top1 = 0.25, all = { 1, 2 } } }
    local first = "step,time,acc/all/1,acc/all/2,acc/top1,loss\n1,0,1,2,0.25,0.5\n"
    assert.equal(first, text())
    log:write { time = 0.5, loss = 1.0 }
    assert.equal(first .. "2,0.5,,,,1.0\n", text())
    log:write { time = 1, zeta = 3, alpha = true, step = 10 }
    local wider = "step,time,acc/all/1,acc/all/2,acc/top1,loss,alpha,zeta\n1,0,1,2,0.25,0.5,,\n"
      .. "2,0.5,,,,1.0,,\n10,1,,,,,true,3\n"
    assert.equal(wider, text())
    log:write { time = 2, beta = 1 }
    assert.equal((wider:gsub("\n", ",\n"):gsub("^[^\n]*",
      "step,time,acc/all/1,acc/all/2,acc/top1,loss,alpha,zeta,beta")) .. "11,2,,,,,,,1\n", text())
    assert.same({ "metrics.csv" }, temp.names())
    assert.equal("csv log " .. path .. ", last step 11", tostring(log))
  end)

  it("quotes as RFC 4180 does, and Python reads it", function()
    local strings = { "plain", "a,b", 'say "hi"', "two\nlines", "cr\rhere", "", " led", "é", '"',
      ",", "\n", "\xff" }
    local log = assert(ssl.log.csv(path))
    for _, s in ipairs(strings) do log:write { time = 0, s = s, ['n"a,m\ne'] = 1 } end
    log:write { time = 0, late = 7, s = "end" } -- widens rows that hold line breaks
    log:close()
    local code, output = shell("/usr/bin/python3 -c %s %s", [==[
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="", encoding="utf-8")))
assert rows[0] == ["step", "time", 'n"a,m\ne', "s", "late"], rows[0]
assert [r[3] for r in rows[1:]] == ["plain", "a,b", 'say "hi"', "two\nlines", "cr\rhere", "",
    " led", "é", '"', ",", "\n", "\ufffd", "end"], rows
assert all(len(r) == 5 for r in rows) and rows[-1][4] == "7" and rows[1][4] == "", rows]==], path)
    assert.equal(0, code, output)
    log = assert(ssl.log.csv(path)) -- and so do we
    assert.same({ "step", "time", 'n"a,m\ne', "s", "late" }, log.columns)
    assert.equal(14, log:write { s = "more" }.step)
  end)

  it("is read by NumPy and by ssl.load, NaN and infinity included", function()
    local log = assert(ssl.log.csv(path))
    log:write { time = 0, a = 0 / 0, b = 1 / 0, c = -1 / 0, d = 0.1 }
    log:write { time = 1.5, d = 1 / 3 }
    log:close()
    local code, output = shell("/usr/bin/python3 -c %s %s", [==[
import numpy as np, sys
r = np.genfromtxt(sys.argv[1], delimiter=",", names=True)
assert np.isnan(r["a"]).all() and r["b"][0] == np.inf and r["c"][0] == -np.inf, r
assert (r["d"] == [0.1, 1 / 3]).all() and (r["step"] == [1, 2]).all(), r]==], path)
    assert.equal(0, code, output)
    local t, names = assert(ssl.load(path))
    assert.same({ "step", "time", "a", "b", "c", "d" }, names)
    assert.tensor_near({ { 1, 0, 0 / 0, 1 / 0, -1 / 0, 0.1 },
      { 2, 1.5, 0 / 0, 0 / 0, 0 / 0, 1 / 3 } }, t, 0)
  end)

  it("goes on behind the last whole row", function()
    local whole = 'step,time,s\n1,0,"a\nb"\n2,0,x\n'
    for cut = 0, 13 do -- bytes of one more row
      temp.write("metrics.csv", whole, ('3,0,"y\n""z"\n'):sub(1, cut))
      local log = assert(ssl.log.csv(path))
      log:write { time = 0, s = "w" }:close()
      assert.equal(whole .. (cut >= 12 and '3,0,"y\n""z"\n4,0,w\n' or "3,0,w\n"), text())
    end
    local log = assert(ssl.log.csv(path, { append = false })):write { time = 0, a = 1 }
    assert.equal("step,time,a\n1,0,1\n", text())
    assert.equal(1, log.step)
    temp.write("metrics.csv", "step,time\n") -- no row yet
    assert(ssl.log.csv(path)):write { time = 0, n = 1 }:close()
    assert.equal("step,time,n\n1,0,1\n", text())
    temp.write("metrics.csv", "time,step\r\n5,7\r\n") -- another's
    assert.equal(8, assert(ssl.log.csv(path)):write { time = 6 }.step)
    assert.equal("time,step\r\n5,7\r\n6,8\n", text())
  end)

  it("leaves alone what is no log", function()
    for _, bytes in ipairs { "hello", "a,b\n1,2\n", '"step', "\0\n", "step,time" } do
      temp.write("metrics.csv", bytes)
      local none, message = ssl.log.csv(path)
      assert.is_nil(none)
      assert.equal(path .. ": it has no column 'step'; is this a log?", message)
      assert.equal(bytes, text())
    end
  end)

  it("reads an unclosed quote in a large file quickly", function()
    temp.write("metrics.csv", "step,time\n1,\"", ("x\n"):rep(300000))
    local start = os.clock()
    assert(ssl.log.csv(path)):close()
    assert.is_true(os.clock() - start < (os.getenv "SANITIZE" and 10 or 2))
    assert.equal("step,time\n", text())
  end)

  it("raises for bad values and full disks, and mends the file afterwards", function()
    local log = assert(ssl.log.csv(path)):write { time = 0, a = 1 }
    assert.raises({ "csv_spec.lua:", "bad argument #1 to 'write' (two fields are called 'b/c')" },
      function() log:write { ["b/c"] = 1, b = { c = 2 } } end)
    assert.raises("field 'a' must be a number", function() log:write { a = print } end)
    local header = "step,time,a\n1,0,1\n"
    assert.equal(header, text())
    log.file:close()
    log.file = assert(io.open("/dev/full", "ab"))
    assert.raises({ "csv_spec.lua:", "write: " .. path .. ": No space left on device" },
      function() log:write { a = 2 } end)
    temp.write("metrics.csv", header, "2,0")
    log:write { time = 0, a = 3 }
    assert.equal(header .. "2,0,3\n", text())
    os.remove(path)
    assert.raises("write: " .. path .. ": No such file", function() log:write { new = 1 } end)
    log:close()
    assert.raises("write: the log " .. path .. " is closed", function() log:write { a = 2 } end)
    local full = assert(ssl.log.csv "/dev/full")
    for _ = 1, 2 do -- the first failure must not make it believe that there is a header
      assert.raises("/dev/full: No space left on device", function() full:write { a = 1 } end)
    end
  end)

  it("gives nil and a message where the file cannot be", function()
    local none, message = ssl.log.csv(temp.path "none/x.csv")
    assert.is_nil(none)
    assert.equal(temp.path "none/x.csv" .. ": No such file or directory", message)
    assert.is_nil((ssl.log.csv(temp.path ".")))
    assert.raises("bad argument #1 to 'csv' (path expected, got number 3)", ssl.log.csv, 3)
    assert.raises("unknown option 'sep'; known: append", ssl.log.csv, path, { sep = ";" })
  end)
end)
