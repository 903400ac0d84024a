-- Spaces: what they hold, the configs that they give, and what is wrong with them.

local json = require "sslkit.text.json"
local space = require "sslkit.sweep.space"
local ssl = require "sslkit"

local S = ssl.sweep

local function configs(t) return space.grid(space.check(t)) end

describe("a space", function()
  it("gives a grid, the last name changing fastest", function()
    assert.same({ { a = 1, b = { c = "x" }, d = true }, { a = 1, b = { c = "y" }, d = true },
      { a = 2, b = { c = "x" }, d = true }, { a = 2, b = { c = "y" }, d = true } },
      configs { a = { 1, 2 }, b = { c = { "x", "y" } }, d = true })
    assert.same({ { n = 1 }, { n = 2 }, { n = 3 } }, configs { n = S.int(1, 3) })
    assert.same({ {} }, configs {})
    assert.same({ { v = { 1, 2 } } }, configs { v = S.constant { 1, 2 } })
  end)

  it("has parts that depend on others", function()
    local t = { aug = { "byol", "none" },
      when = { { on = { aug = "byol" }, ema = { 0.9, 0.99 } } } }
    assert.same({ { aug = "byol", ema = 0.9 }, { aug = "byol", ema = 0.99 }, { aug = "none" } },
      configs(t))
    assert.same(configs(t), configs { aug = t.aug, when = t.when[1] })
    local several = { k = { 1, 2, 3 }, when = { on = { k = { 1, 3 } }, x = { 5 } } }
    assert.same({ { k = 1, x = 5 }, { k = 2 }, { k = 3, x = 5 } }, configs(several))
  end)

  it("sets what lies deeper by its path, in policies too", function()
    assert.same({ { a = { b = 1, c = 7 } }, { a = { b = 2, c = 7 } } },
      configs { a = { c = 7 }, ["a.b"] = { 1, 2 } })
    local list = configs {
      augment = { n = 2, { "hflip" }, { "jitter", b = 0.4 } },
      ["augment.views[1].jitter.b"] = { 0.1, 0.2 },
    }
    assert.equal(2, #list)
    for i, config in ipairs(list) do
      assert.equal(i / 10, ssl.augment.get(config.augment, "views[1].jitter.b"))
      assert.equal(0.5, ssl.augment.get(config.augment, "views[1].hflip.p"))
    end
    local part
    for _, p in ipairs(space.parts(space.check { augment = { { "jitter" } },
      ["augment.views[1].jitter.b"] = { 0.1, 0.2 } })) do
      if p.leaf.kind == "choice" then part = p end
    end
    assert.equal(0.2, space.get(list[2], part))
  end)

  it("leaves what it was made from alone, and is plain data", function()
    local t = { a = { 1, 2 }, lr = S.log(1e-3, 1), p = { { "hflip" } } }
    local checked = space.check(t)
    assert.same({ 1, 2 }, t.a)
    assert.same(checked, json.decode and json.decode(json.encode(checked)) or checked)
    local one = configs { a = { { x = 1 } } }[1]
    one.a.x = 5
    assert.equal(1, configs({ a = { { x = 1 } } })[1].a.x)
  end)

  it("takes values from places in the unit interval, and back", function()
    for _, leaf in ipairs { S.uniform(-2, 5), S.log(1e-4, 10), S.int(3, 9),
      S.choice { "a", "b", true, { k = 1 } } } do
      for k = 0, 40 do
        local u = k / 41
        local v = space.value(leaf, u)
        local again = space.value(leaf, math.min(space.place(leaf, v), 1 - 1e-12))
        if type(v) == "number" then assert.near(v, again, 1e-9) else assert.same(v, again) end
      end
    end
    assert.equal(9, space.value(S.int(3, 9), 1 - 1e-12))
    assert.near(1, space.value(S.log(0.01, 100), 0.5), 1e-12)
  end)

  it("says what is wrong", function()
    local function fails(message, t) assert.raises(message, space.check, t) end
    fails("space must be a table, got nil", nil)
    fails("space: names expected, got the key number 1", { 5 })
    fails("space.f must be plain data, got function", { f = print })
    fails("space.a.b must be finite", { a = { b = 0 / 0 } })
    fails("space.x: a choice of nothing", { x = { kind = "choice", values = {} } })
    fails("unknown kind 'unifrom'; did you mean 'uniform'",
      { x = { kind = "unifrom", lo = 1, hi = 2 } })
    fails("space.when: no 'agu' in the space",
      { aug = { 1 }, when = { on = { agu = 1 }, b = { 1 } } })
    fails("space.when has no condition on a name of the space", { when = { { b = 1 } } })
    assert.raises("hi must be above lo = 2, got 1", S.uniform, 2, 1)
    assert.raises("lo must be above 0, got -1", S.log, -1, 1)
    assert.raises("a whole number", S.int, 1.5, 3)
    assert.raises("a list of values expected, got table", S.choice, {})
    assert.raises("a grid needs lists: space.lr is log(0.1, 1)", configs, { lr = S.log(0.1, 1) })
    assert.raises("no jitter", configs, { augment = { { "hflip" } },
      ["augment.views[1].jitter.b"] = { 1 } })
  end)
end)
