-- sslkit sweep: running, looking, going on.

local command = require "spec.cli.command"
local temporary = require "spec.io.temporary"

local SCRIPT = [[
local ssl = require "sslkit"
local config = ssl.config { factor = 1, bad = 0 }
local study = assert(ssl.sweep {
  name = "small", store = "out", space = { a = { 1, 2, 3 } }, workers = 0, objective = "score",
  run = function(c, trial)
    if c.a == config.bad and not io.open "mended" then error "bad" end
    return c.a * config.factor
  end,
})
print(#study:trials { state = "ok" }, study:best().value)
]]

describe("sslkit sweep", function()
  local temp
  before_each(function()
    temp = temporary()
    temp.write("sweep.lua", SCRIPT)
  end)
  after_each(function() os.execute("rm -rf '" .. temp.path "" .. "'") end)

  local function run(...)
    return command({ "sweep", ... }, { folder = temp.path "", env = { SSLKIT_PROGRESS = "off" } })
  end

  it("runs a script, with or without the word", function()
    assert.same({ 0, "3\t6.0\n", "" }, { run("sweep.lua", "factor=2") })
    assert.same({ 0, "3\t6.0\n", "" }, { run("run", "sweep.lua", "factor=2", "--resume") })
    assert.same({ 0, "3\t6.0\n", "" }, { run("run", "sweep.lua", "factor=2", "--workers", "1") })
  end)

  it("runs trials in as many processes as it is told", function()
    assert.same({ 0, "3\t9.0\n", "" }, { run("sweep.lua", "factor=3", "--workers", "2") })
    local _, out = run("export", "out", "t.csv")
    assert.equal("", out)
    local id = temp.read "t.csv":match "\n(%x+)"
    assert(io.open(temp.path("out/trials/" .. id .. "/log.txt"))):close() -- of a process of its own
  end)

  it("shows, exports, goes on and runs the failed again", function()
    assert.same({ 0, "2\t2.0\n", "" }, { run("sweep.lua", "bad=3") })
    local code, out, err = run("status", "out")
    assert.same({ 0, "" }, { code, err })
    assert.matches("^sweep small: 1 error, 2 ok\nid .* score .*\n%x+ +ok +2 ", out)
    temp.write("mended", "")
    code, out, err = run("resume", "out")
    assert.same({ 0, "2\t2.0\n" }, { code, out })
    assert.matches("^sslkit sweep: sweep.lua in /", err)
    code, out, err = run("retry-failed", "out")
    assert.same({ 0, "3\t3.0\n" }, { code, out })
    assert.matches("^sslkit sweep: sweep.lua in /", err)
    assert.same({ 0, "", "sslkit sweep: wrote t.csv\n" }, { run("export", "out", "t.csv") })
    assert.matches("^id,state,value,", temp.read "t.csv")
  end)

  it("tells what has changed since", function()
    run "sweep.lua"
    temp.write("sweep.lua", (SCRIPT:gsub("1, 2, 3", "1, 2, 3, 4"):gsub('"score"', '"loss"')))
    local code, out, err = command({ "sweep", "sweep.lua" },
      { folder = temp.path "", env = { SSLKIT_PROGRESS = "lines" } })
    assert.same({ 0, "4\t4.0\n" }, { code, out })
    assert.matches("small: objective was score and is loss, space, sampler or seed have changed, "
      .. "the script has changed; the 3 trials that are there stay\n", err)
  end)

  it("says what is wrong", function()
    local function fails(expected, message, ...)
      local code, out, err = run(...)
      assert.same({ expected, "" }, { code, out })
      assert.is_truthy(err:find(message, 1, true), err)
    end
    fails(1, "none.lua: No such file", "none.lua")
    fails(2, "status takes a folder, got 0 words", "status")
    fails(2, "export takes a folder and a file, got 1 words", "export", "out")
    fails(1, "out/journal.jsonl: No such file or directory", "status", "out")
    fails(2, "--workers x; a whole number expected", "sweep.lua", "--workers", "x")
    fails(1, "out: there is no trial to go on from", "sweep.lua", "--resume")
    run "sweep.lua"
    fails(1, "x.doc: a .csv, .json or .jsonl expected, got 'x.doc'", "export", "out", "x.doc")
    fails(1, "/nowhere/x.csv: No such file or directory", "export", "out", "/nowhere/x.csv")
  end)
end)
