-- sslkit run: scripts and their configs, and how they end.

local cjson = require "cjson"
local command = require "spec.cli.command"
local temporary = require "spec.io.temporary"
local version = require "sslkit.version"

local SCRIPT = [[
local ssl = require "sslkit"
local config, run = ssl.config {
  lr = 1e-3, epochs = 10, seed = 0, verbose = false, name = "first",
  model = { width = 64, sizes = { 64, 10 } },
}
print(config.lr, config.epochs, config.seed, config.verbose, config.name, config.model.width,
  #config.model.sizes, run.out)
]]

describe("sslkit run", function()
  local temp
  before_each(function()
    temp = temporary()
    temp.write("train.lua", SCRIPT)
  end)
  after_each(function() temp.remove() end)

  local function run_with(options, ...)
    options.folder = temp.path ""
    return command({ "run", ... }, options)
  end

  local function run(...) return run_with({}, ...) end

  local function prints(expected, ...)
    local code, out, err = run(...)
    assert.same({ 0, "" }, { code, err })
    assert.equal(expected .. "\n", (out:gsub("\t", " ")))
  end

  it("runs a script with its defaults", function()
    prints("0.001 10 0 false first 64 2 nil", "train.lua")
  end)

  it("lays words over them", function()
    prints("0.1 20 0 true a=b c 128 3 nil", "train.lua", "lr=0.1", "epochs=2e1", "verbose=yes",
      "name=a=b c", "--set", "model.width=128", "model.sizes=3,2,1")
  end)

  it("lays files, the environment and words over each other", function()
    temp.write("base.lua", "local base = 2^5\nlr = 0.5\nmodel = { width = base }\nname = 'lua'")
    temp.write("more.json", '{"name": "json", "model": {"sizes": []}}')
    prints("0.5 10 0 false lua 32 2 nil", "train.lua", "--config", "base.lua")
    prints("0.5 10 0 false json 32 0 nil", "train.lua", "--config=base.lua", "--config",
      "more.json")
    local env = { SSLKIT_LR = "7", SSLKIT_MODEL_WIDTH = "8", SSLKIT_NAME = "" }
    local _, out = run_with({ env = env }, "train.lua", "--config", "base.lua", "model.width=9")
    assert.equal("7.0\t10\t0\tfalse\tlua\t9\t2\tnil\n", out)
  end)

  it("is what lua5.4 does with the same words", function()
    local _, here = run("train.lua", "lr=0.1", "--seed", "3")
    local _, there = command({}, {
      folder = temp.path "", shell = "lua5.4 train.lua lr=0.1 --seed 3; : %s",
    })
    assert.equal(here, there)
    assert.truthy(here:find("0.1\t10\t3\t", 1, true))
  end)

  it("shows the config and stops", function()
    temp.write("touch.lua", SCRIPT .. "\nerror 'ran'")
    local code, out, err = run("touch.lua", "--dry-run", "lr=2", "model.width=7")
    assert.same({ 0, "" }, { code, err })
    assert.equal([[
epochs = 10
lr = 2.0      -- command line; default 0.001
model = {
  sizes = { 64, 10 },
  width = 7,  -- command line; default 64
}
name = "first"
seed = 0
verbose = false
]], out)
    temp.write("again.lua", out)
    prints("2.0 10 0 false first 7 2 nil", "train.lua", "--config", "again.lua")
  end)

  it("keeps what a run was", function()
    prints("0.1 10 5 false first 64 2 runs", "train.lua", "lr=0.1", "--seed", "5", "--out", "runs")
    local path = temp.path "runs/config.json"
    local record = cjson.decode(temp.read "runs/config.json")
    assert.same({ 0.1, 5, "train.lua", version }, {
      record.config.lr, record.seed, record.script, record.versions.sslkit,
    })
    assert.same({ "lr=0.1", "--out", "runs", "--seed", "5" }, record.arguments)
    prints("0.1 10 5 false first 1 2 nil", "train.lua", "--config", "runs/config.json",
      "model.width=1")
    os.remove(path)
    run("train.lua", "--out", "runs", "--dry-run")
    assert.is_nil(io.open(path))
  end)

  it("seeds and sets threads for scripts without a config, too", function()
    temp.write("plain.lua", [[
      local ssl = require "sslkit"
      print(ssl.get_threads(), ssl.rand(1):item())]])
    local code, first = run("plain.lua", "--threads", "1", "--seed", "8")
    assert.equal(0, code)
    assert.truthy(first:find "^1\t")
    assert.equal(first, select(2, run("plain.lua", "--threads=1", "--seed=8")))
    assert.not_equal(first, select(2, run("plain.lua", "--threads=1", "--seed=-9")))
  end)

  it("gives scripts their own words", function()
    temp.write("words.lua", "print(arg[0], #arg, ...) os.exit(7)")
    local code, out = run("words.lua", "--", "--deep", "x y", "")
    assert.same({ 7, "words.lua\t3\t--deep\tx y\t\n" }, { code, out })
  end)

  -- The exit code, one line on stderr, nothing on stdout.
  local function refuses(wanted, text, ...)
    local code, out, err = run(...)
    assert.same({ wanted, "" }, { code, out }, err)
    assert.equal("sslkit run: " .. text .. "\n", err)
  end

  it("names the key that was meant", function()
    refuses(2, "train.lua: command line: unknown key 'lrr'; did you mean 'lr'? known: epochs, lr, "
      .. "model.sizes, model.width, name, seed, verbose", "train.lua", "lrr=3")
    refuses(2, "train.lua: command line: epochs must be a whole number, as its default 10 is; got "
      .. "'1.5'; a default with a point takes fractions", "train.lua", "epochs=1.5")
    temp.write("bad.lua", "lr = 'high'")
    refuses(2, "train.lua: bad.lua: lr must be a number, as its default 0.001 is; got string "
      .. "'high'", "train.lua", "--config", "bad.lua")
  end)

  it("does not run what has no use for a config", function()
    temp.write("plain.lua", "print 'ran'")
    refuses(2, "plain.lua has no config, so --dry-run means nothing to it; a script asks by "
      .. "ssl.config{...}", "plain.lua", "--dry-run")
    refuses(2, "plain.lua has no config, so KEY=VALUE means nothing to it; a script asks by "
      .. "ssl.config{...}", "plain.lua", "lr=3")
    refuses(2, "--threads many; a number in 1..64 expected", "plain.lua", "--threads", "many")
    refuses(2, "--seed 1.5; a whole number expected", "plain.lua", "--seed", "1.5")
  end)

  it("tells a script's error in one line", function()
    temp.write("bad.lua", "local function f()\n  error 'boom'\nend\nf()")
    refuses(1, "bad.lua:2: boom", "bad.lua")
    local _, _, err = run("-v", "bad.lua")
    assert.truthy(err:find("bad.lua:4: in main chunk", 1, true), err)
    assert.is_nil(err:find("cli", 1, true), err)
    temp.write("bad.lua", "require 'sslkit'.zeros(-1)")
    refuses(1, "bad.lua:1: bad argument #1 to 'zeros' (size must not be negative, got -1)",
      "bad.lua")
    temp.write("bad.lua", "x =")
    refuses(1, "bad.lua:1: unexpected symbol near <eof>", "bad.lua")
    temp.write("bad.lua", "require 'no.such.thing'")
    refuses(1, "bad.lua:1: module 'no.such.thing' not found", "bad.lua")
    refuses(1, "nowhere.lua: No such file or directory", "nowhere.lua")
    for _, odd in ipairs { "nil", "{}", "setmetatable({}, {__tostring = error})" } do
      temp.write("bad.lua", ("error(%s)"):format(odd))
      local code, out
      code, out, err = run("bad.lua")
      assert.same({ 1, "" }, { code, out })
      assert.truthy(err:find "^sslkit run: [^\n]+\n$", err)
    end
  end)

  it("ends with 130 when it is interrupted", function()
    temp.write("loop.lua", "io.open('ready', 'w'):write('x'):close() while true do end")
    local code, _, err = command({ "run", "loop.lua" }, {
      folder = temp.path "",
      shell = "%s & pid=$!; while [ ! -s ready ]; do sleep 0.02; done; kill -INT $pid; wait $pid",
    })
    assert.same({ 130, "sslkit run: interrupted\n" }, { code, err })
  end)
end)
