-- ssl.config: where values come from, of what type they are, and what is said of wrong ones.

local lfs = require "lfs"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local function with(defaults, ...) return ssl.config(defaults, { args = { ... }, env = false }) end

local function refuses(text, defaults, ...)
  return (assert.raises(text, ssl.config, defaults, { args = { ... }, env = false }))
end

describe("config", function()
  it("is a copy of the defaults", function()
    local defaults = { lr = 0.1, model = { width = 64, sizes = { 1, 2 } }, rest = {} }
    local config, run = with(defaults)
    assert.same({ lr = 0.1, model = { width = 64, sizes = { 1, 2 } }, rest = {} }, defaults)
    config.model.width, config.model.sizes[1], config.rest.x = 1, 5, 2
    assert.same({ lr = 0.1, model = { width = 64, sizes = { 1, 2 } }, rest = {} }, defaults)
    assert.same({}, run.sources)
    assert.same({}, with {})
  end)

  it("shows itself as Lua", function()
    local config = with { b = { c = "x\n\"y\"" }, a = 1 / 0, n = 2, list = { "p", 0.5 }, t = {} }
    assert.equal('a = 1/0\nb = {\n  c = "x\\n\\"y\\"",\n}\nlist = { "p", 0.5 }\nn = 2\nt = {}',
      tostring(config))
    local env = {}
    load(tostring(config), "config", "t", env)()
    assert.same(env, table.move({}, 1, 0, 1, setmetatable(config, nil)))
  end)

  it("takes the type of each default", function()
    local defaults = {
      i = 1, f = 1.0, s = "", b = false, ints = { 1 }, floats = { 0.5, 1 }, words = { "a" },
      flags = { true }, mixed = { 1, "a" }, rows = { { 1, 2 }, { 3 } }, free = {},
    }
    local config, run = with(defaults, "i=0x10", "f=3", "s=007", "b=On", "ints=1,2e3",
      "floats=1,inf", "words=x, y z ", "flags=[true,false]", "mixed=1,b,true", "rows=[[1],[2.5]]",
      "free.a.b=1", "free.c=[1, 2.5]", "free.d=word")
    assert.same({ 16, 3.0, "007", true }, { config.i, config.f, config.s, config.b })
    assert.equal("float", math.type(config.f))
    assert.same({ 1, 2000 }, config.ints)
    assert.equal("integer", math.type(config.ints[2]))
    assert.same({ 1.0, math.huge }, config.floats)
    assert.same({ "x", "y z" }, config.words)
    assert.same({ true, false }, config.flags)
    assert.same({ 1, "b", true }, config.mixed)
    assert.same({ { 1 }, { 2.5 } }, config.rows)
    assert.same({ b = 1 }, config.free.a)
    assert.same({ 1, 2.5 }, config.free.c)
    assert.equal("word", config.free.d)
    assert.equal("command line", run.sources.i)
    assert.equal("command line", run.sources.free)
    assert.same({}, with(defaults, "ints=").ints)
    assert.equal("", with(defaults, "s=").s)
    assert.truthy(with({ f = 0.5 }, "f=nan").f ~= with({ f = 0.5 }, "f=nan").f)
  end)

  it("refuses values of another type", function()
    refuses("command line: i must be a whole number, as its default 1 is; got 'x'", { i = 1 },
      "i=x")
    refuses("got '0.5'; a default with a point takes fractions", { i = 1 }, "i=0.5")
    refuses("i must be a whole number, as its default 1 is; got ''", { i = 1 }, "i=")
    refuses("i must be a whole number, as its default 1 is; got '1e300'", { i = 1 }, "i=1e300")
    refuses("f must be a number, as its default 0.1 is; got '1,5'", { f = 0.1 }, "f=1,5")
    refuses("b must be true or false; got 'maybe'", { b = true }, "b=maybe")
    refuses("l must be a list, of whole numbers; got '1,b'", { l = { 1 } }, "l=1,b")
    refuses("l must be a list, of strings; got '[1]'", { l = { "a" } }, "l=[1]")
    refuses("l must be a list", { l = { 1 } }, 'l={"a":1}')
    refuses("t must be a table of plain values; got '5'", { t = {} }, "t=5")
    refuses("t.x must be a plain value; got '[1, null]'", { t = {} }, "t.x=[1, null]")
    refuses("got a long text", { i = 1 }, "i=" .. ("x"):rep(100))
  end)

  it("sets a group as a whole, and says when it cannot", function()
    local defaults = { model = { width = 1, deep = { x = 0.5 } } }
    local config = with(defaults, 'model={"width": 2, "deep": {"x": 3}}')
    assert.same({ width = 2, deep = { x = 3.0 } }, config.model)
    refuses("model is a group; a key in it expected (model.KEY=VALUE)", defaults, "model=3")
    refuses("unknown key 'model.deep.x.y'", defaults, "model.deep.x.y=3")
  end)

  it("names the key that was meant, and those that there are", function()
    local defaults = { lr = 1.0, model = { width = 1 } }
    refuses("command line: unknown key 'lrr'; did you mean 'lr'? known: lr, model.width", defaults,
      "lrr=1")
    refuses("unknown key 'width'; did you mean 'model.width'?", defaults, "width=1")
    refuses("unknown key 'xyzzy'; known: lr, model.width", defaults, "xyzzy=1")
    refuses("unknown key 'lr'; known: none", {}, "lr=1")
  end)

  it("understands the options of a command line", function()
    refuses("unknown argument '--dryrun'; did you mean '--dry-run'?", {}, "--dryrun")
    refuses("unknown argument 'word'; expected key=value, --config FILE", {}, "word")
    refuses("--config needs a file", {}, "--config")
    refuses("lr given; key=value expected", {}, "--set", "lr")
    refuses("--seed 1.5; a whole number expected", {}, "--seed=1.5")
    refuses("--threads 0; a number in 1..64 expected", {}, "--threads", "0")
    refuses("--dry-run takes no value", {}, "--dry-run=yes")
    assert.equal(2, with({ a = 1 }, "--set=a=1", "a=2").a)
    assert.equal(1, with({ a = 1 }, "a=2", "--set", "a=1").a)
  end)

  it("seeds and sets threads when told to", function()
    local threads = ssl.get_threads()
    local config, run = with({ seed = 1 }, "--seed", "-7", "--threads=1")
    local a = ssl.rand(1):item()
    assert.equal(1, ssl.get_threads())
    ssl.set_threads(threads)
    ssl.seed(-7)
    assert.equal(ssl.rand(1):item(), a)
    assert.same({ -7, -7, 1 }, { config.seed, run.seed, run.threads })
    assert.equal(3, select(2, with { seed = 3 }).seed)
    assert.is_nil(select(2, with { seed = "3" }).seed)
  end)

  it("has keys without a default", function()
    local options = {
      args = {}, env = false,
      optional = { teacher = "string", ["model.cut"] = "integer", any = "any" },
    }
    local function config(...)
      options.args = { ... }
      return (ssl.config({ model = { width = 1 } }, options))
    end
    assert.same({ model = { width = 1 } }, config())
    assert.same({ model = { width = 1, cut = 3 }, teacher = "5", any = { 1, 2 } },
      config("teacher=5", "model.cut=3", "any=[1,2]"))
    assert.is_nil(config("teacher=x", "teacher=null").teacher)
    assert.raises("model.cut must be a whole number; got 'x'", config, "model.cut=x")
    options.optional = { width = "integer", model = "table" }
    assert.raises("the optional key model has a default", config)
    options.optional = { ["net.width"] = "integer" }
    assert.raises("the optional key net.width is in no group of the defaults", config)
    options.optional = { width = "whole" }
    assert.raises("the kind of width must be one of any, boolean", config)
  end)

  it("reads the environment", function()
    local home = os.getenv "HOME" -- the one that every machine has
    local function config(defaults, prefix)
      return ssl.config(defaults, { args = {}, env = prefix })
    end
    local found, run = config({ home = "x", user = { path = "y" } }, "")
    assert.equal(home, found.home)
    assert.equal("HOME", run.sources.home)
    assert.equal("y", found.user.path)
    assert.equal(os.getenv "PATH", config({ path = "" }, "").path)
    assert.raises("HOME: home must be a number, as its default 1.5 is", config, { home = 1.5 }, "")
    assert.raises("HOME could mean ", config, { home = "", Home = "" }, "")
    assert.equal("x", config({ home = "x" }, false).home)
  end)

  it("refuses defaults that no config can hold", function()
    refuses("bad argument #1 to 'config' (f is a function; numbers, strings", { f = print })
    refuses("m is a table; numbers", { m = { 1, a = 2 } })
    refuses("m has the key number 2.5; names expected", { m = { [2.5] = 1 } })
    refuses("t is a tensor", { t = ssl.ones(1) })
    refuses("the key 'a b' is no name", { ["a b"] = 1 })
    refuses("the key 'end' is no name", { ["end"] = 1 })
    refuses("the table has the key number 1; names expected", { 1, 2 })
    local cycle = {}
    cycle.inner = cycle
    refuses("groups are nested more than 20 deep", cycle)
    local list = { {} }
    list[1][1] = list
    refuses("is a table", { list = list })
    assert.raises("table of defaults expected, got nil", ssl.config)
    assert.raises("unknown option 'arg'; known: args, env, file, optional", ssl.config, {},
      { arg = 1 })
    assert.raises("args must be a list of strings, got a number 1 in it", ssl.config, {},
      { args = { 1 } })
    assert.raises("env must be a prefix or false", ssl.config, {}, { args = {}, env = 3 })
  end)
end)

describe("config files", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local DEFAULTS = { lr = 0.1, n = 1, model = { width = 64, act = "relu" }, free = {} }

  local function read(name, text)
    return with(DEFAULTS, "--config", temp.write(name, text))
  end

  local function wrong(text, name, content)
    local message = refuses(text, DEFAULTS, "--config", temp.write(name, content))
    assert.truthy(message:find(name, 1, true))
  end

  it("are Lua that returns or assigns", function()
    assert.equal(7, read("a.lua", "return { n = 7 }").n)
    local config = read("a.lua",
      "local w = 8\nmodel = { width = w * 2 }\nfree = { 1, { a = 'x' } }")
    assert.same({ width = 16, act = "relu" }, config.model)
    assert.same({ 1, { a = "x" } }, config.free)
    assert.equal(1, read("a.lua", "").n)
    assert.equal(math.huge, read("a.lua", "lr = 1/0").lr)
  end)

  it("are JSON", function()
    local config = read("a.JSON",
      '{"n": 3.0, "model.width": 5, "free": {"k": [1, 2.5]}, "lr": "inf"}')
    assert.same({ 3, 5, math.huge }, { config.n, config.model.width, config.lr })
    assert.same({ k = { 1, 2.5 } }, config.free)
    assert.equal("integer", math.type(config.free.k[1]))
  end)

  it("are laid over each other, before the words", function()
    local a, b = temp.write("a.lua", "n = 2 lr = 2"), temp.write("b.json", '{"n": 3}')
    local config, run = ssl.config(DEFAULTS, {
      file = a, env = false, args = { "model.width=4", "--config", b },
    })
    assert.same({ 3, 2.0, 4 }, { config.n, config.lr, config.model.width })
    assert.same({ lr = a, n = b, ["model.width"] = "command line" }, run.sources)
  end)

  it("cannot harm", function()
    wrong("takes more than 1000000 steps", "a.lua", "while true do end")
    wrong("takes more than 16384 KiB", "a.lua", "local s = 'x' for i = 1, 60 do s = s .. s end")
    wrong("takes more than 16384 KiB", "a.lua", "local function f() return f() + 1 end f()")
    wrong("attempt to index a string value", "a.lua", "lr = ('x'):rep(1e9)")
    wrong("attempt to call a nil value (global 'error')", "a.lua", "error 'x'")
    wrong("attempt to index a nil value (global 'os')", "a.lua", "os.exit(1)")
    wrong("attempt to load a binary chunk", "a.lua", "\27Lua")
    assert.equal("xx", ("x"):rep(2)) -- the methods are back
    assert.is_nil(debug.gethook())
    assert.is_true(collectgarbage "isrunning")
  end)

  it("leave the host's hook alone", function()
    local hook = function() end
    debug.sethook(hook, "", 1000000)
    read("a.lua", "n = 2")
    assert.equal(hook, (debug.gethook()))
    debug.sethook()
  end)

  it("are refused when something in them is wrong", function()
    wrong("line 2: unexpected symbol near", "a.lua", "n = 1\nlr =")
    wrong("returns a number, not a table", "a.lua", "return 3")
    wrong("returns a table and assigns to names", "a.lua", "n = 2 return {}")
    wrong("unknown key 'nn'; did you mean 'n'?", "a.lua", "nn = 2")
    wrong("unknown key 'model.widht'; did you mean 'model.width'?", "a.json",
      '{"model": {"widht": 1}}')
    wrong("model is a group; a table expected, got number 3", "a.lua", "model = 3")
    wrong("names expected in model, got the key number 1", "a.lua", "model = {1}")
    wrong("free must be a table of plain values; got table", "a.lua", "free = {f = function() end}")
    wrong("lr must be a number, as its default 0.1 is; got null", "a.json", '{"lr": null}')
    wrong("a JSON object expected", "a.json", "[1]")
    wrong("a JSON object expected", "a.json", "3")
    wrong("at character 8", "a.json", '{"lr": x}')
    refuses("Is a directory", DEFAULTS, "--config", temp.path "")
    refuses("nowhere.lua: No such file or directory", DEFAULTS, "--config", "nowhere.lua")
  end)

  it("are written by --out, and read back", function()
    local config, run = with({ lr = 1 / 0, n = 3, list = {}, s = "\xff\n" }, "n=4", "--out",
      temp.path "runs")
    assert.equal(temp.path "runs", run.out)
    local again = with({ lr = 1.0, n = 0, list = {}, s = "" }, "--config",
      temp.path "runs/config.json")
    assert.same({ config.lr, config.n, {} }, { again.lr, again.n, again.list })
    assert.equal("\u{FFFD}\n", again.s)
    os.remove(temp.path "runs/config.json")

    with({}, "--out", temp.path "runs/a//b/")
    assert.equal("file", lfs.attributes(temp.path "runs/a/b/config.json", "mode"))
    os.remove(temp.path "runs/a/b/config.json")
    lfs.rmdir(temp.path "runs/a/b")
    lfs.rmdir(temp.path "runs/a")

    local file = temp.write("file", "x")
    refuses("file: ", {}, "--out", file)
    refuses("file", {}, "--out", file .. "/deeper")
  end)
end)
