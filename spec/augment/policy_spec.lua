-- Policies as data: their canonical form, places in them, what they differ in.

local cjson = require "cjson"
local json = require "sslkit.text.json"
local ssl = require "sslkit"

local augment = ssl.augment

-- An operation with options of all kinds, so that these tests do not hang on those of others.
augment.register("shade", {
  doc = "for tests",
  options = { { "depth" }, { "range", { 0, 1 } }, { "mode", "soft" }, { "twice", false } },
  aliases = { d = "depth" },
  check = function(o, fail)
    if type(o.depth) ~= "number" then fail("depth must be a number, got %s", o.depth) end
  end,
  apply = function(x, o) return x:mul_(o.depth) end,
})

local FULL = {
  name = "two", dialect = "tv", version = 1,
  views = {
    { n = 1, ops = { { op = "hflip", p = 0.25 } } },
    { n = 3, ops = {
      { op = "shade", depth = 2, range = { 0.1, 4 / 3 }, mode = "soft", twice = true, p = 1 },
      { op = "vflip", p = 0.5 },
      { op = "shade", depth = 3, range = { 0, 1 }, mode = "hard", twice = false, p = 0.5 },
    } },
  },
}

describe("a policy", function()
  it("says everything in its canonical form", function()
    assert.same({
      name = "custom", dialect = "tv", version = 1,
      views = { { n = 1, ops = {
        { op = "hflip", p = 0.5 },
        { op = "shade", depth = 2, range = { 0, 1 }, mode = "soft", twice = false, p = 1 },
      } } },
    }, augment.policy { "hflip", { "shade", depth = 2 } })
  end)

  it("may be written in many ways", function()
    assert.same(FULL, augment.policy(FULL))
    assert.same(FULL, augment.policy { name = "two", views = {
      { { "random_horizontal_flip", p = 0.25 } },
      { n = 3, { "shade", d = 2, range = { 0.1, 4 / 3 }, twice = true }, "vertical_flip",
        { op = "shade", depth = 3, mode = "hard", p = 0.5 } },
    } })
    assert.same(FULL, augment.policy(augment.compile(FULL)))
    assert.equal(3, augment.policy({ n = 3, "hflip" }).views[1].n)
  end)

  it("is a table of its own", function()
    local range = { 0, 1 }
    local p = augment.policy { { "shade", depth = 1, range = range } }
    range[1] = 7
    assert.equal(0, p.views[1].ops[1].range[1])
    p.views[1].ops[1].range[2] = 7
    assert.equal(1, augment.policy({ { "shade", depth = 1 } }).views[1].ops[1].range[2])
    local c = augment.compile(FULL)
    c:totable().views[1].ops[1].p = 9
    assert.same(FULL, c:totable())
  end)

  it("comes back from JSON as it was", function()
    for _, policy in ipairs { FULL, "none" } do
      local p = augment.policy(policy)
      assert.same(p, cjson.decode(json.encode(p)))
      assert.same(p, augment.policy(cjson.decode(json.encode(p))))
    end
  end)

  it("gives its size to the operations that need one, unless they have one", function()
    augment.register("frame", {
      options = { { "size" } }, shape = function(o, c) return c, o.size[1], o.size[2] end,
      apply = function(x) return x end,
    })
    local function size(policy) return augment.policy(policy).views[1].ops[1].size end
    assert.equal("input", size { "frame" })
    assert.same({ 7, 7 }, size { size = 7, "frame" })
    assert.same({ 7, 9 }, size { size = { 7, 9 }, "frame" })
    assert.same({ 5, 5 }, size { size = { 7, 9 }, { "frame", size = 5.0 } })
    assert.same({ 3, 3 }, size { size = 7, views = { { size = 3, "frame" } } })
    assert.equal("0.5", size { size = "0.5", "frame" })
    for _, wrong in ipairs { 0, -1, 2.5, { 3 }, { 3, 0 }, "half", "0", "-1", true } do
      assert.raises("size must be", size, { { "frame", size = wrong } })
    end
  end)

  it("refuses what it cannot be", function()
    local function fails(message, policy)
      assert.raises({ "bad argument #1 to 'policy'", message }, augment.policy, policy)
    end
    fails("a policy expected: a name, a list of operations or {views = ...}, got number 3", 3)
    fails("an empty policy; {'identity'} changes nothing", {})
    fails("an empty policy; {'identity'} changes nothing", { name = "x" })
    fails("an empty policy: views must be a list of views, got table", { views = {} })
    fails("views[2], no operations", { views = { { "hflip" }, { n = 2 } } })
    fails("no policy 'sinclr'; did you mean 'simclr'?", "sinclr")
    fails("operation 2: no operation 'hflp'; did you mean 'hflip'?", { "hflip", "hflp" })
    fails("no operation 'color_jiter'; did you mean 'color_jitter'?", { "color_jiter" })
    fails("operation 1: the name of an operation expected, got nil", { { p = 1 } })
    fails("operation 1: an operation {name, option = value, ...} expected, got number 3", { 3 })
    fails("views[2], operation 1: 'shade': unknown option 'dept'; did you mean 'depth'?; "
      .. "known: depth, range, mode, twice, p",
      { views = { { "hflip" }, { { "shade", dept = 1 } } } })
    fails("operation 1: 'shade': needs depth", { "shade" })
    fails("operation 1: 'shade': 'depth' is given twice", { { "shade", depth = 1, d = 1 } })
    fails("operation 1: 'shade': unknown option '2'", { { "shade", 5, depth = 1 } })
    fails("operation 1: 'shade': depth must be a number, got high", { { "shade", depth = "high" } })
    for _, p in ipairs { -0.1, 1.1, "often", true } do
      fails("'hflip': p must be in 0..1, got", { { "hflip", p = p } })
    end
    fails("p must be finite, got number nan", { { "hflip", p = 0 / 0 } })
    fails("depth must be finite, got number inf", { { "shade", depth = math.huge } })
    fails("depth must be plain data", { { "shade", depth = ssl.zeros(2) } })
    fails("depth must be plain data", { { "shade", depth = print } })
    fails("range must be plain data", { { "shade", depth = 1, range = { print } } })
    fails("a table is either a list or has names only, got the key string 'x'",
      { { "shade", depth = 1, range = { 1, x = 2 } } })
    fails("got the key number 0.5", { { "shade", depth = 1, range = { [0.5] = 2 } } })
    local loop = {}
    loop[1] = loop
    fails("nested more than 8 deep", { { "shade", depth = 1, range = loop } })
    fails("n must be a whole number in 1..1000, got number 0", { n = 0, "hflip" })
    fails("views[1], n must be a whole number in 1..1000, got number 1.5",
      { views = { { n = 1.5, "hflip" } } })
    fails("views[1], unknown field 'm'; known: n, ops, size", { views = { { m = 2, "hflip" } } })
    fails("unknown field 'veiws'; did you mean 'views'?", { veiws = {}, "hflip" })
    fails("unknown field '1'", { views = { { "hflip" } }, { "hflip" } })
    fails("version 1 of policies expected, got number 2", { version = 2, "hflip" })
    fails("name must be a string, got number 1", { name = 1, "hflip" })
    fails("dialect must be one of byol, pil, simclr, simclr1, tv, got string 'pill'; did you mean "
      .. "'pil'?", { dialect = "pill", "hflip" })
    assert.raises("#2 to 'policy' (only policies with a name take options)", augment.policy,
      { "hflip" }, {})
    assert.raises("bad argument #1 to 'compile'", augment.compile, {})
  end)
end)

describe("the places of a policy", function()
  it("are found", function()
    local function get(place) return augment.get(FULL, place) end
    assert.equal(0.25, get "views[1].hflip.p")
    assert.equal(2, get "views[2].shade.depth")
    assert.equal(2, get "views[2].shade[1].d")
    assert.equal(3, get "views[2].shade[2].depth")
    assert.equal(4 / 3, get "views[2].shade.range[2]")
    assert.equal("hard", get "views[2].ops[3].mode")
    assert.equal(0.5, get "views[2].vertical_flip.p")
    assert.equal(3, get "views[2].n")
    assert.equal("two", get "name")
    assert.same({ 0, 1 }, get "views[2].shade[2].range")
    assert.same(FULL.views[1].ops[1], get "views[1].hflip")
  end)

  it("are set, in a policy of its own", function()
    local p = augment.set(FULL, "views[2].shade.range[2]", 9)
    assert.same({ 0.1, 9 }, p.views[2].ops[1].range)
    assert.equal(4 / 3, FULL.views[2].ops[1].range[2])
    assert.equal(7, augment.set(FULL, "views[1].n", 7).views[1].n)
    assert.equal("new", augment.set(FULL, "name", "new").name)
    local both = { views = { { "hflip" }, { "vflip", "hflip" }, { "vflip" } } }
    p = augment.set(both, "views[*].hflip.p", 1)
    assert.equal(1, p.views[1].ops[1].p)
    assert.equal(1, p.views[2].ops[2].p)
    assert.equal(0.5, p.views[3].ops[1].p)
  end)

  it("come back as they were set", function()
    for _, place in ipairs { "views[1].hflip.p", "views[2].shade[2].p", "views[2].ops[2].p" } do
      assert.equal(0.125, augment.get(augment.set(FULL, place, 0.125), place))
    end
  end)

  it("are named where there are none", function()
    local function fails(message, place)
      assert.raises({ "bad argument #2 to 'get'", message }, augment.get, FULL, place)
    end
    fails("a path such as views[1].jitter.b expected, got 'views.[1]'", "views.[1]")
    fails("a path such as views[1].jitter.b expected, got 'views[1]hflip'", "views[1]hflip")
    fails("path expected, got number 3", 3)
    fails("'views[3].hflip.p': a path begins with views[1]..views[2]", "views[3].hflip.p")
    fails("a path begins with", "")
    fails("'views[1]': an operation or n expected", "views[1]")
    fails("'views[1].hflp.p': no hflp in this view; did you mean 'hflip'?; it has hflip",
      "views[1].hflp.p")
    fails("'views[2].shade[3].p': only 2 shade in this view", "views[2].shade[3].p")
    fails("operations are numbered 1..3", "views[2].ops[4].p")
    fails("shade has no option 'depht'; did you mean 'depth'?", "views[2].shade.depht")
    fails("there is no [3]", "views[2].shade.range[3]")
    fails("there is no [1]", "views[2].shade.depth[1]")
    assert.raises("'views[*].gray.p': no view has a gray", augment.set, FULL, "views[*].gray.p", 1)
    assert.raises("an option expected behind hflip", augment.set, FULL, "views[1].hflip", 1)
    assert.raises({ "#3 to 'set'", "'hflip': p must be in 0..1, got number 2" }, augment.set, FULL,
      "views[1].hflip.p", 2)
    assert.raises("#1 to 'get'", augment.get, {}, "name")
  end)
end)

describe("diff", function()
  it("tells what two policies differ in, and nothing else", function()
    local p = augment.set(augment.set(FULL, "views[1].hflip.p", 1), "views[2].n", 4)
    local d = augment.diff(FULL, p)
    assert.equal("views[1].hflip.p: 0.25 -> 1\nviews[2].n: 3 -> 4", tostring(d))
    assert.same({ place = "views[1].hflip.p", from = "0.25", to = "1" }, d[1])
    assert.equal(0, #augment.diff(FULL, FULL))
    assert.equal("no difference", tostring(augment.diff(FULL, FULL)))
  end)

  it("knows what only one of them has, and their order", function()
    local d = tostring(augment.diff({ "hflip", "vflip" }, { dialect = "pil", "vflip", "hflip",
      "hflip" }))
    assert.equal(table.concat({ "dialect: tv -> pil",
      "views[1] order: hflip vflip -> vflip hflip hflip",
      "views[1].hflip[2].p: - -> 0.5" }, "\n"), d)
  end)
end)

describe("describe", function()
  it("prints one line an operation, with all options", function()
    assert.equal([[
two (dialect tv, 4 views)
view 1
  hflip  p=0.25
views 2 to 4
  shade  depth=2 range={0.1, 1.33333} mode=soft twice=true p=1
  vflip  p=0.5
  shade  depth=3 range={0, 1} mode=hard twice=false p=0.5]], augment.compile(FULL):describe())
    assert.equal(augment.compile(FULL):describe(), tostring(augment.compile(FULL)))
  end)
end)

describe("register", function()
  it("makes an operation known, or another one of that name", function()
    augment.register("weaken", function(x, o) return x:mul_(o.by) end)
    local x = ssl.ones(2, 3)
    assert.equal(1.5, augment.compile { { "weaken", by = 0.25 } }(x):sum():item())
    augment.register("weaken", function(y) return y:zero_() end)
    assert.equal(0, augment.compile { { "weaken", by = 0.25 } }(x):sum():item())
    assert.equal(6, x:sum():item())
    local found = false
    for _, name in ipairs(augment.ops()) do found = found or name == "weaken" end
    assert.is_true(found)
  end)

  it("refuses names that are taken, and what is no operation", function()
    local function fails(message, ...) assert.raises(message, augment.register, ...) end
    fails("#1 to 'register' ('hflip' is an operation already)", "hflip", print)
    fails("'color_jitter' is an operation already", "color_jitter", print)
    fails("name of letters, digits and _ expected, got string 'a b'", "a b", print)
    fails("name of letters, digits and _ expected, got nil")
    fails("#2 to 'register' (function or table expected, got number 3)", "three", 3)
    fails("either rows or apply expected", "three", {})
    fails("either rows or apply expected", "three", { rows = print, apply = print })
    fails("unknown field 'aply'; did you mean 'apply'?", "three", { aply = print })
    fails("apply must be a function, got number 3", "three", { apply = 3 })
    fails("scope must be 'batch' or nil, got string 'all'", "three",
      { apply = print, scope = "all" })
    fails("option 2 must be {name, default}, got number 7", "three",
      { apply = print, options = { { "a", 1 }, 7 } })
  end)
end)
