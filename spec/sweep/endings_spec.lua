-- Where a sweep ends, and with what: samplers that run out, sweeps that are run again, trials that are
-- gone when they are answered.

local command = require "spec.cli.command"
local process = require "spec.sweep.process"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local S = ssl.sweep

local function sweep(options)
  options.workers, options.progress = 0, false
  options.run = options.run or function(c) return c.a or 1 end
  return (assert(S(options)))
end

describe("a sweep", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() os.execute("rm -rf '" .. temp.path "" .. "'") end)

  it("outlives trials that are gone when they are answered", function()
    local code, output = process.run(temp, [[
    local ssl = require "sslkit"
    local study = assert(ssl.sweep {
      store = arg[1], space = { a = { 1, 2, 3, 4 } }, workers = 2, progress = false, breaker = 0,
      run = function(_, trial)
        trial:report(1, 1)
        local uv = require "luv"
        uv.fs_write(3, '{"kind": "ask"}\n', -1) -- asks, and does not wait
        uv.kill(uv.os_getpid(), "sigkill")
      end,
    })
    for _, row in ipairs(study:trials()) do print(row.state) end
    ]])
    assert.same({ 0, ("killed\n"):rep(4) }, { code, output })
  end)

  it("looks through a whole grid for what is allowed", function()
    local numbers = {}
    for i = 1, 50 do numbers[i] = i end
    local study = sweep { space = { a = { 1, 2 }, b = numbers, c = numbers },
      constraint = function(c) return c.a == 2 and c.b == 50 end }
    assert.equal(50, #study:trials())
  end)

  it("finds all that TPE can find, and is over then", function()
    local options = { space = { a = S.int(1, 6), b = S.int(1, 6) }, sampler = "tpe", trials = 25,
      store = temp.path "s", run = function(c) return -(c.a - 3) ^ 2 - (c.b - 2) ^ 2 end }
    for _ = 1, 3 do assert.equal(25, #sweep(options):trials()) end
    options = { space = { a = S.uniform(0, 1), b = S.uniform(0, 1) }, sampler = "tpe", trials = 25,
      constraint = function(c) return c.a + c.b < 1 end, store = temp.path "t",
      run = function(c) return c.a + c.b end }
    for _ = 1, 3 do assert.equal(25, #sweep(options):trials()) end
  end)

  it("does not end by itself without a number of trials", function()
    for _, sampler in ipairs { "random", { name = "tpe" } } do
      assert.raises("trials = how many?", sweep, { space = { a = S.uniform(0, 1) },
        sampler = sampler })
    end
  end)

  it("runs again what was to be run again when it was killed", function()
    local store, fail = temp.path "s", true
    local options = { space = { a = { 1 } }, store = store, run = function()
      if fail then error "no" end
      return 1
    end }
    sweep(options)
    -- as a kill leaves it: begun once more, without an end
    local again = assert(require("sslkit.sweep.store").open(store))
    again:start(again.known.trials[1])
    again:close()
    fail = false
    assert.equal("ok", sweep(options):trials()[1].state)
  end)

  it("goes on with one sweep of a script that has two", function()
    local source = [[
    local ssl = require "sslkit"
    for _, name in ipairs { "a", "b" } do
      local study = assert(ssl.sweep {
        store = arg[1] .. name, space = { k = { 1, 2 } }, workers = 1, progress = false,
        run = function(c)
          if c.k == 2 and not io.open(arg[2]) then error "not yet" end
          return c.k
        end,
      })
      study:retry_failed()
      print(name, #study:trials { state = "failed" })
    end
    ]]
    assert.same({ 0, "a\t1\nb\t1\n" }, { process.run(temp, source) })
    temp.write("ran", "")
    local code, output = command({ "sweep", "retry-failed", temp.path "storea" },
      { folder = temp.path "", env = { SSLKIT_PROGRESS = "off" } })
    assert.same({ 0, "a\t0\nb\t0\n" }, { code, output })
  end)

  it("is not stopped by what fails first when much has gone well before", function()
    local options = { store = temp.path "s", space = { a = { 1, 2, 3 } } }
    sweep(options)
    options.space, options.run = { a = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 } }, function(c)
      if c.a < 10 then error "no" end
      return 1
    end
    local study = sweep(options)
    assert.is_nil(study.stopped)
    assert.equal("ok", study:trials()[10].state)
  end)

  it("gives a process the config that it gives this one", function()
    local code, output = process.run(temp, [[
    local ssl = require "sslkit"
    local policy = { { "hflip" }, { "jitter", p = 0.8 } }
    local study = assert(ssl.sweep {
      store = arg[1], workers = 1, progress = false,
      space = { augment = ssl.sweep.choice { policy, { { "hflip" } } },
        optimizer = { { "adam", lr = 0.1 }, { "sgd", lr = 1.0 } }, k = { 1.0, 2.5 } },
      run = function(c)
        ssl.augment.compile(c.augment)
        assert(c.optimizer[1] == "adam" or c.optimizer[1] == "sgd" and c.optimizer.lr == 1)
        assert(math.type(c.k) == (c.k == 1 and "integer" or "float"))
        return 1
      end,
    })
    for _, row in ipairs(study:trials()) do print(row.state, row.error) end
    ]])
    assert.same({ 0, ("ok\tnil\n"):rep(8) }, { code, output })
    for _, bad in ipairs { { k = (1 << 53) + 1 }, { k = { [1.5] = 2, x = 1 } }, { k = 1 / 0 },
      { k = { ["1"] = 1, x = 2 } } } do
      assert.raises("space", sweep, { space = bad })
    end
    assert.raises("enqueue[1] must be finite", sweep, { space = { k = { 1 } },
      enqueue = { { k = 0 / 0 } } })
  end)
end)

describe("what sweeps tell", function()
  local importance = require "sslkit.sweep.importance"
  local select = require "sslkit.sweep.select"

  local function rows(list)
    local out = {}
    for i, row in ipairs(list) do
      out[i] = { id = "t" .. i, state = row.state or "ok", config = row.config, value = row.value,
        values = row.values or {} }
    end
    return out
  end

  it("of a value that is always the same is nothing", function()
    for n = 6, 30 do
      local list = {}
      for i = 1, n do list[i] = { config = { a = i % 2 }, value = 0.1 } end
      local made = importance(rows(list), "value")[1]
      assert.is_true(made.importance ~= made.importance and made.spearman ~= made.spearman)
    end
  end)

  it("of a number that only some trials have is about the number", function()
    local r, list = ssl.generator(3), {}
    local u = ssl.randn(60, 2, { generator = r }):totable()
    for i = 1, 60 do
      local b = i % 2 == 0
      list[i] = { config = { m = b and "b" or "a", ema = b and u[i][1] or nil }, value = u[i][2] }
    end
    for _, row in ipairs(importance(rows(list), "value")) do
      assert.is_true(row.importance < 0.2, row.name .. " " .. row.importance)
    end
  end)

  it("counts seeds that diverge, and not what still runs, in a sensitivity", function()
    local sensitivity = require "sslkit.sweep.sensitivity"
    local list = {}
    for i, v in ipairs { 3, 2, 2.2 } do list[i] = { config = { lr = i }, value = v } end
    list[4] = { config = { lr = 3 }, value = 0 / 0 }
    list[5] = { config = { lr = 4 }, state = "running" }
    local made = sensitivity(rows(list), "lr", { value = "value", minimize = true, start = 4 })[1]
    assert.near((1 + 0 + (2.2 + 4) / 2 - 2) / 3, made.sensitivity, 1e-12)
  end)

  it("compares metrics that do not cover the same trials", function()
    local s = select.select(rows {
      { values = { rankme = 3, accuracy = 0.9 } }, { values = { rankme = 2, accuracy = 0.5 } },
      { values = { other = 9, accuracy = 0.3 } }, { values = { other = 1, accuracy = 0.2 } },
    })
    assert.near(0, s.regret, 1e-12)
    for _, row in ipairs(s.metrics) do
      if row.metric == "other" then assert.near(0.6, row.regret, 1e-12) end
    end
    for _, warning in ipairs(s.warnings) do assert.is_nil(warning:find "would have chosen") end
  end)

  it("has Kendall's correlation as counting all pairs gives it", function()
    local correlation = require "sslkit.sweep.correlation"
    local g = ssl.generator(1)
    for n = 2, 40 do
      local a = ssl.randint(1, 9, { n }, { generator = g }):totable()
      local b = ssl.randint(1, 5, { n }, { generator = g }):totable()
      local agree, ta, tb = 0, 0, 0
      for i = 1, n do
        for j = i + 1, n do
          local x, y = a[i] - a[j], b[i] - b[j]
          if x == 0 then ta = ta + 1 end
          if y == 0 then tb = tb + 1 end
          agree = agree + (x * y > 0 and 1 or x * y < 0 and -1 or 0)
        end
      end
      local all = n * (n - 1) / 2
      local want, got = agree / ((all - ta) * (all - tb)) ^ 0.5, correlation.kendall(a, b)
      assert.is_true(want ~= want and got ~= got or math.abs(want - got) < 1e-12)
    end
  end)

  it("is a page where a setting is called as the objective", function()
    local study = sweep { objective = "loss", space = { loss = { 1, 2, 3 } },
      run = function(c) return c.loss end }
    local path = os.tmpname() .. ".html"
    assert.is_true((study:report(path)))
    os.remove(path)
  end)
end)
