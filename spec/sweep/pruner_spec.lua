-- Pruners: who is stopped, and who goes on.

local pruners = require "sslkit.sweep.pruner"

-- Reports step by step: values(id, step) for ids in order; gives {id = step at which it was stopped}.
local function play(pruner, ids, steps, value)
  local reports, stopped = {}, {}
  for _, id in ipairs(ids) do
    reports[id] = {}
    for step = 1, steps do
      local v = value(id, step)
      table.insert(reports[id], { step, v })
      if pruner:judge(id, step, v, reports) then
        stopped[id] = step
        break
      end
    end
  end
  return stopped
end

local function names(n)
  local list = {}
  for i = 1, n do list[i] = ("t%02d"):format(i) end
  return list
end

local function number(id) return math.tointeger(id:match "%d+") end

describe("pruners", function()
  it("stop nobody by none", function()
    assert.same({}, play(pruners.new "none", names(9), 9, function() return 1 end))
  end)

  it("stop below the median of those that came as far", function()
    local p = pruners.new({ name = "median", startup = 4, warmup = 3 }, { direction = "maximize" })
    -- the first four have nobody to be compared with; then 1..4 are there with a median of 2.5
    local value = { 1, 2, 3, 4, 2.4, 2.6, 10, 0 }
    local stopped = play(p, names(8), 5, function(id) return value[number(id)] end)
    assert.same({ t05 = 3, t08 = 3 }, stopped)
    local down = pruners.new({ name = "median", startup = 4 }, { direction = "minimize" })
    stopped = play(down, names(8), 5, function(id) return value[number(id)] end)
    assert.same({ t06 = 1, t07 = 1 }, stopped)
  end)

  it("judge a trial by its best so far", function()
    local p = pruners.new({ name = "median", startup = 1 }, { direction = "maximize" })
    local stopped = play(p, names(2), 4, function(id, step)
      return number(id) == 1 and 1 or step == 1 and 5 or 0
    end)
    assert.same({}, stopped)
  end)

  it("halve as ASHA's paper says", function()
    -- Nine trials in rising order: each is the best at every rung when it comes, and all go on; in
    -- falling order only the first of every three stays among the best third.
    local p = pruners.new({ name = "asha", first = 1, eta = 3 }, { direction = "maximize" })
    assert.same({}, play(p, names(9), 9, function(id) return number(id) end))
    local stopped = play(p, names(9), 9, function(id) return -number(id) end)
    local want = {}
    for _, id in ipairs(names(9)) do if id ~= "t01" then want[id] = 1 end end
    assert.same(want, stopped)
    -- at a rung n have come to, the best n // 3 go on, one at least
    local order = { 5, 4, 9, 8, 7, 1, 6, 3, 2 }
    local alive, seen = {}, {}
    stopped = play(p, names(9), 2, function(id) return order[number(id)] end)
    for i, v in ipairs(order) do
      local better = 0
      for k = 1, i - 1 do better = better + (order[k] > v and 1 or 0) end
      alive[i] = better < math.max(1, i // 3)
      seen[i] = stopped[names(9)[i]] == nil
    end
    assert.same(alive, seen)
  end)

  it("ask only at rungs, and once at each", function()
    local p = pruners.new({ name = "asha", first = 4, eta = 2 }, { direction = "minimize" })
    local reports = { good = {}, bad = {} }
    for step = 1, 16 do reports.good[step] = { step, 0 } end
    local asked = {}
    for step = 1, 3 do
      reports.bad[step] = { step, 9 }
      asked[step] = p:judge("bad", step, 9, reports)
    end
    assert.same({ false, false, false }, asked)
    reports.bad[4] = { 4, 9 }
    assert.is_true(p:judge("bad", 4, 9, reports))
    reports.bad[5] = { 5, 9 }
    assert.is_false(p:judge("bad", 5, 9, reports))
  end)

  it("take NaN for the worst", function()
    local p = pruners.new("asha", { direction = "minimize" })
    assert.same({ t02 = 1 }, play(p, names(2), 3, function(id)
      return number(id) == 1 and 3 or 0 / 0
    end))
  end)

  it("run several halvings side by side by hyperband", function()
    local p = pruners.new({ name = "hyperband", brackets = 3, eta = 3 }, { direction = "maximize" })
    local ids, first = names(90), {}
    local stopped = play(p, ids, 27, function(id) return -number(id) end)
    local count = { 0, 0, 0 }
    for _, id in ipairs(ids) do
      local b = p:bracket(id)
      count[b] = count[b] + 1
      if not first[b] then
        first[b] = id -- the best of its own
        assert.is_nil(stopped[id])
      else
        assert.equal(3 ^ (b - 1), stopped[id])
      end
    end
    assert.is_true(count[1] > count[3] and count[3] > 0)
  end)

  it("say what is wrong", function()
    assert.raises("pruner must be one of none, median, asha, hyperband", pruners.new, "sha")
    assert.raises("unknown option 'eta'", pruners.new, { name = "median", eta = 3 })
    assert.raises("eta must be", pruners.new, { name = "asha", eta = 1 })
  end)
end)
