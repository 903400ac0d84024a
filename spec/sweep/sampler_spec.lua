-- Samplers: what they suggest, and how well.

local samplers = require "sslkit.sweep.sampler"
local sobol = require "sslkit.sweep.sampler.sobol"
local space = require "sslkit.sweep.space"
local ssl = require "sslkit"

local S = ssl.sweep

local function suggestions(name, t, n, options)
  local s, list = samplers.new(name, space.check(t), options or { seed = 3, trials = n }), {}
  for i = 1, n do list[i] = s:ask(i, {}) end
  return list, s
end

describe("samplers", function()
  local t = { x = S.uniform(0, 1), y = S.log(1e-3, 1), k = S.int(1, 4), c = { "a", "b", "d" },
    when = { on = { c = "a" }, z = S.uniform(5, 6) } }

  it("give what lies in the space, the same for the same seed", function()
    for _, name in ipairs { "random", "sobol", "lhs", "tpe" } do
      local list = suggestions(name, t, 32)
      assert.same(list, (suggestions(name, t, 32)))
      assert.not_same(list, (suggestions(name, t, 32, { seed = 4, trials = 32 })))
      for _, c in ipairs(list) do
        assert.is_true(c.x >= 0 and c.x < 1 and c.y >= 1e-3 and c.y <= 1)
        assert.is_true(math.type(c.k) == "integer" and c.k >= 1 and c.k <= 4)
        assert.equal(c.c == "a", c.z ~= nil)
      end
      -- in any order, as it is asked after a restart
      local again = samplers.new(name, space.check(t), { seed = 3, trials = 32 })
      assert.same(list[20], again:ask(20, {}))
    end
  end)

  it("end where there is no more", function()
    assert.equal(2, #suggestions("grid", { a = { 1, 2 } }, 5))
    assert.equal(5, #suggestions("lhs", { a = S.uniform(0, 1) }, 9, { seed = 1, trials = 5 }))
  end)

  it("put one point of a Latin hypercube into each stratum", function()
    local n = 50
    local list = suggestions("lhs", { a = S.uniform(0, 1), b = S.uniform(0, 1) }, n)
    for _, name in ipairs { "a", "b" } do
      local seen = {}
      for _, c in ipairs(list) do seen[math.floor(c[name] * n) + 1] = true end
      assert.equal(n, #seen)
    end
    local a, b = {}, {}
    for i, c in ipairs(list) do a[i], b[i] = c.a, c.b end
    assert.not_same(a, b)
  end)

  it("follow Sobol's sequence as SciPy has it", function()
    -- scipy.stats.qmc.Sobol(64, scramble=False), points 1 to 1024, agreed to the last bit; of these:
    local want = { [2] = { 0.5, 0.5, 0.5 }, [3] = { 0.75, 0.25, 0.25 }, [4] = { 0.25, 0.75, 0.75 },
      [6] = { 0.875, 0.875, 0.125 } }
    for i, point in pairs(want) do assert.same(point, sobol.point(i, 3)) end
    assert.same({ 0, 0, 0 }, sobol.point(1, 3))
    assert.raises("64", sobol.point, 1, 65)
  end)

  it("fill the square more evenly by Sobol's points than by chance, scrambled or not", function()
    -- each of 256 boxes of 16 x 16 holds one of 256 points of a net
    for _, seed in ipairs { false, 1, 77 } do
      local seen, count = {}, 0
      for i = 1, 256 do
        local p = sobol.point(i, 2, seed or nil)
        local box = math.floor(p[1] * 16) * 16 + math.floor(p[2] * 16)
        if not seen[box] then seen[box], count = true, count + 1 end
      end
      assert.equal(256, count)
    end
    local one, other = sobol.point(9, 4, 1), sobol.point(9, 4, 2)
    assert.not_same(one, other)
  end)

  it("find a minimum sooner by TPE than by chance #slow", function()
    local function value(c)
      return (math.log(c.lr / 0.01)) ^ 2 + (c.x - 0.3) ^ 2 * 30 + (c.kind == "good" and 0 or 3)
    end
    local of = space.check { lr = S.log(1e-5, 1), x = S.uniform(0, 1),
      kind = { "bad", "good", "ugly" } }
    local function best(name, seed)
      local s = samplers.new(name, of, { seed = seed, direction = "minimize" })
      local history, least = {}, math.huge
      for i = 1, 50 do
        local c = s:ask(i, history)
        local v = value(c)
        least = math.min(least, v)
        history[i] = { config = c, value = v, state = "ok" }
      end
      return least
    end
    local wins, sum, chance = 0, 0, 0
    for seed = 1, 20 do
      local a, b = best("tpe", seed), best("random", seed)
      wins, sum, chance = wins + (a < b and 1 or 0), sum + a, chance + b
    end
    assert.is_true(wins >= 16, wins .. " wins") -- 20 fair coins show 16 heads in 0.6 % of all cases
    assert.is_true(sum < chance * 0.75, sum .. " against " .. chance)
  end)

  it("let TPE pass over failures, and go both ways", function()
    local of = space.check { x = S.uniform(0, 1) }
    local history = {}
    for i = 1, 30 do
      local x = (i - 0.5) / 30
      history[i] = { config = { x = x }, value = x, state = "ok" }
    end
    history[31] = { config = { x = 0.5 }, state = "error" }
    history[32] = { config = { x = 0.5 }, value = 0 / 0, state = "ok" }
    local up = samplers.new("tpe", of, { seed = 1, direction = "maximize" }):ask(33, history).x
    local down = samplers.new("tpe", of, { seed = 1, direction = "minimize" }):ask(33, history).x
    assert.is_true(up > 0.75 and down < 0.25)
  end)

  it("say what is wrong", function()
    local function fails(message, name, options)
      assert.raises(message, samplers.new, name, space.check { a = S.uniform(0, 1) }, options)
    end
    fails("sampler must be one of grid, random, sobol, lhs, tpe", "bayes")
    fails("sampler 'random' has no setting 'startup'", { name = "random", startup = 3 })
    fails("startup", { name = "tpe", startup = 0 })
    fails("trials", "lhs", { seed = 1 })
    fails("a grid needs lists", "grid")
  end)
end)
