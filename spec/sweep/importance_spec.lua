-- Which settings matter, and how much a learning rate does.

local importance = require "sslkit.sweep.importance"
local settings = require "sslkit.sweep.settings"
local ssl = require "sslkit"

local function rows(configs, values)
  local out = {}
  for i, config in ipairs(configs) do
    out[i] = { id = "t" .. i, state = values[i] and "ok" or "error", config = config,
      value = values[i], values = { score = values[i] } }
  end
  return out
end

describe("settings", function()
  it("have paths, those of operations their names", function()
    assert.same({ a = 1, ["b.c"] = "x", ["l[1]"] = 5, ["l[2]"] = 6, op = "sum",
      ["p.views[1].n"] = 2, ["p.views[1].jitter.b"] = 0.4, ["p.views[1].jitter[2].b"] = 0.2 },
      settings.flat { a = 1, b = { c = "x" }, l = { 5, 6 }, op = "sum",
        p = { views = { { n = 2, ops = { { op = "jitter", b = 0.4 },
          { op = "jitter", b = 0.2 } } } } } })
  end)

  it("vary where values differ or are missing", function()
    assert.same({ "b", "c" }, settings.varying { { a = 1, b = 1 }, { a = 1, b = 2, c = 3 } })
    assert.same({}, settings.varying {})
    assert.same({}, settings.varying { { a = 1 } })
  end)
end)

describe("importance", function()
  it("is epsilon squared", function()
    local made = importance(rows({ { k = "a" }, { k = "a" }, { k = "a" }, { k = "b" }, { k = "b" },
      { k = "b" } }, { 1, 2, 3, 5, 6, 7 }), "value")
    -- by hand: 24 between, 4 within over 4 degrees of freedom, 28 in all
    assert.near((24 - 1) / 28, made[1].importance, 1e-12)
    assert.is_true(made[1].spearman ~= made[1].spearman)
  end)

  it("finds what matters among what does not, and gives noise nothing on average", function()
    local r, sum, runs = ssl.generator(5), 0, 40
    for _ = 1, runs do
      local configs, values = {}, {}
      local u = ssl.rand(60, 3, { generator = r }):totable()
      for i = 1, 60 do
        configs[i] = { lr = 10 ^ (4 * u[i][1]), tau = u[i][2], k = u[i][3] < 0.5 }
        values[i] = -(math.log(configs[i].lr, 10) - 2) ^ 2
      end
      local made = importance(rows(configs, values), "score")
      assert.equal("lr", made[1].name)
      assert.is_true(made[1].importance > 0.8) -- all of it, but for what parts of a range leave
      for _, row in ipairs(made) do
        if row.name == "tau" then sum = sum + row.importance / runs end
      end
    end
    assert.is_true(sum < 0.06, sum) -- eta squared, not corrected, would be 7 / 59 = 0.12
  end)

  it("says where nothing can be said", function()
    local made = importance(rows({ { a = "x" }, { a = "y" }, { a = "z" } }, { 1, 2, 3 }), "value")
    assert.is_true(made[1].importance ~= made[1].importance)
    made = importance(rows({ { a = 1 }, { a = 2 }, { a = 1 } }, { 4, 4, 4 }), "value")
    assert.is_true(made[1].importance ~= made[1].importance)
    assert.equal("nothing differs between the trials", tostring(importance({}, "value")))
    assert.raises("no finished trial has a value 'x'", importance, rows({ { a = 1 } }, { 4 }), "x")
  end)

  it("is a study's", function()
    local study = ssl.sweep { workers = 0, space = { a = { 1, 2, 3, 4 }, b = { 1, 2, 3, 4 } },
      run = function(c)
        if c.a == 4 and c.b == 4 then error "no" end
        return { rankme = c.a, other = c.b }
      end }
    assert.equal("a", study:importance()[1].name)
    assert.equal("b", study:importance("other")[1].name)
    assert.matches("setting +explains +Spearman\n.*\na +1.00 +%+1.00", tostring(study:importance()))
  end)
end)

describe("sensitivity", function()
  local function of(losses, options)
    local configs = {}
    for i in ipairs(losses) do configs[i] = { lr = 10.0 ^ -i } end
    for i, v in ipairs(losses) do losses[i] = v or nil end
    options.value, options.minimize = "value", true
    return require("sslkit.sweep.sensitivity")(rows(configs, losses), "lr", options)[1]
  end

  it("is the mean of what is lost, at most what was there before", function()
    local row = of({ 3, 2, 2.2, 9 }, { start = 4 })
    assert.near(0.8, row.sensitivity, 1e-12) -- by hand: (1 + 0 + 0.2 + 2) / 4
    assert.equal(0.01, row.best)
    assert.equal(2, row.value)
    assert.is_true(row.interior)
    -- without a start the worst stands for it
    assert.near((1 + 0 + 0.2 + 7) / 4, of({ 3, 2, 2.2, 9 }, {}).sensitivity, 1e-12)
    assert.near((1 + 0 + 0.2 + 1) / 4, of({ 3, 2, 2.2, false }, {}).sensitivity, 1e-12)
    assert.near((1 + 0 + 0.2 + 2) / 4, of({ 3, 2, 2.2, 0 / 0 }, { start = 4 }).sensitivity, 1e-12)
    assert.is_false(of({ 1, 2, 3 }, {}).interior)
    assert.is_nil(of({ 1, 2 }, {}))
  end)

  it("is a study's, for each group of trials, whichever way is good", function()
    local study = ssl.sweep { workers = 0, seeds = 2,
      space = { width = { 8, 16 }, optimizer = { lr = { 0.1, 0.2, 0.4 } } },
      run = function(c) return -math.abs(c.optimizer.lr - 1.6 / c.width) end }
    local made = study:sensitivity "optimizer.lr"
    assert.equal(2, #made)
    assert.equal(0.2, made[1].best)
    assert.near((0.1 + 0 + 0.2) / 3, made[1].sensitivity, 1e-12)
    assert.equal(0.1, made[2].best)
    assert.matches("width +best optimizer.lr +value +sensitivity", tostring(made))
    assert.matches("\n +16 +0.1 .*best at the edge", tostring(made))
    assert.raises("no setting 'lr' among the trials", study.sensitivity, study)
    assert.raises("unknown option 'strat'", study.sensitivity, study, "lr", { strat = 1 })
  end)
end)
