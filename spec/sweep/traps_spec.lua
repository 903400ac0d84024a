-- What users fall into: whatever looks like one thing and would silently be another.

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

  local function refused(message, options)
    assert.raises(message, sweep, options)
  end

  it("runs the function of its own call, where a script has several", function()
    local code, output = process.run(temp, [[
    local ssl = require "sslkit"
    for _, m in ipairs { "simclr", "byol" } do
      local study = assert(ssl.sweep {
        store = arg[1], space = { method = m, lr = { 1, 2 } }, workers = 1, progress = false,
        objective = "acc",
        run = function(c) return { acc = m == "simclr" and c.lr or 100 * c.lr } end,
      })
      for _, row in ipairs(study:trials()) do print(row.config.method, row.value, row.error) end
    end
    ]])
    assert.same({ 0, "simclr\t1.0\tnil\nsimclr\t2.0\tnil\n"
      .. "simclr\t1.0\tnil\nsimclr\t2.0\tnil\nbyol\t100.0\tnil\nbyol\t200.0\tnil\n" },
      { code, output })
  end)

  it("has a folder of its own where none is named", function()
    local code, output = process.run(temp, [[
    local ssl = require "sslkit"
    require("lfs").chdir(arg[1]:match "^(.*)/")
    for _, m in ipairs { "simclr", "byol" } do
      local study = assert(ssl.sweep {
        space = { method = m, lr = { 1, 2 } }, workers = 1, progress = false,
        run = function(c) return m == "simclr" and c.lr or 100 * c.lr end,
      })
      print(study.path:match "[^/]+$", #study:trials(), study:best().value)
    end
    ]])
    assert.same({ 0, "sweep\t2\t2.0\nsweep-2\t2\t200.0\n" }, { code, output })
  end)

  it("says so when a script names another store each time", function()
    local code, output = process.run(temp, [[
    local ssl = require "sslkit"
    local study = assert(ssl.sweep {
      store = arg[1] .. tostring(io.open("/proc/self/stat"):read "n"), space = { a = { 1, 2 } },
      workers = 1, progress = false, run = function() return 1 end,
    })
    print(study:trials()[1].error)
    ]])
    assert.equal(0, code)
    assert.matches("but this time it has named the store ", output)
  end)

  it("reads values again for another objective", function()
    local function run(c) return { acc = c.a / 10, loss = 5 - c.a } end
    local options = { space = { a = { 1, 2, 3 } }, run = run, store = temp.path "s" }
    options.objective = "acc"
    assert.equal(3, sweep(options):best().config.a)
    options.objective, options.direction = "loss", "minimize"
    local study = sweep(options)
    assert.same({ 3, 2.0 }, { study:best().config.a, study:best().value })
    assert.equal(3, study:trials({ by = "value" })[1].config.a)
    assert.equal(2.0, S.open(temp.path "s"):best().value)
    options.objective, options.direction = "other", nil
    assert.is_nil(sweep(options):best())
  end)

  it("takes the best mean, whoever has more seeds; what is whole goes first", function()
    local store = temp.path "s"
    sweep { store = store, seeds = 2, space = { a = { 1 } } }
    assert.equal(2.0, sweep { store = store, space = { a = { 1, 2 } } }:best().value)
    assert.equal(1.0, sweep { seeds = 2, space = { a = { 1, 2 } }, run = function(c, t)
      if c.a == 2 and t.replicate == 2 then error "no" end
      return c.a
    end }:best().value)
  end)

  it("chooses by what is good about a value", function()
    local study = sweep { direction = "minimize", objective = "loss", space = { a = { 1, 2, 3 } },
      run = function(c) return { loss = c.a, rankme = 10 - c.a, test_error = -c.a } end }
    local s = study:select("rankme", { oracle = "loss" })
    assert.same({ 1, 0.0 }, { s.best.config.a, s.regret })
    assert.near(1, s.spearman, 1e-12)
    assert.equal(3, study:select("rankme", { oracle = "test_error" }).best.config.a)
  end)

  it("refuses spaces that mean something else than they say", function()
    refused("space.model.when: `when` stands at the top",
      { space = { model = { kind = { "a", "b" }, when = { kind = "a", d = { 1 } } } } })
    refused("space.lr: a choice of nothing", { space = { lr = {} } })
    refused("enqueue must be a list of configs", { space = { a = { 1 } }, enqueue = { a = 1 } })
    refused("enqueue[1]: no 'aa' in the space; did you mean 'a'",
      { space = { a = { 1 } }, enqueue = { { aa = 1 } } })
    refused("enqueue[1] has no 'b'", { space = { a = { 1 }, b = { 1 } }, enqueue = { { a = 1 } } })
    refused("metrics: ssl.metrics has no 'rankmee'; did you mean 'rankme'",
      { space = { a = { 1 } }, metrics = { "rankmee" } })
    refused("name must be that of a folder", { space = { a = { 1 } }, name = ".." })
    refused("sampler must be one of grid, random", { space = { a = { 1 } }, sampler = "bayes" })
    refused("jitter", { space = { p = S.choice { "simclr", { n = 2, { "hflip" } } },
      ["p.views[*].jitter.p"] = { 0.1, 0.2 } } })
    assert.raises("too wide", S.uniform, -1e308, 1e308)
    assert.raises("too wide", S.log, 1e-300, 1e300)
    assert.raises("too wide", S.int, math.mininteger, math.maxinteger)
    assert.raises("nothing expected, got number 2", S.int, 1, 10, 2)
  end)

  it("takes lists of lists for choices, unless they are augmentations", function()
    local study = sweep { space = { optimizer = { { "adam", lr = 0.1 }, { "sgd", lr = 1 } },
      on = { a = { 1, 2 } }, data = { views = { 2, 4 } } } }
    assert.equal(8, #study:trials())
    assert.equal("adam", study:trials()[1].config.optimizer[1])
    assert.equal(1, study:trials()[1].config.on.a)
    study = sweep { space = { augment = { { "hflip" }, { "jitter", b = 0.4 } } } }
    assert.equal(1, #study:trials())
  end)

  it("fills a known config with the constants of its space", function()
    local study = sweep { space = { a = { 1, 2 }, data = "digits" }, enqueue = { { a = 2 } } }
    assert.equal(2, #study:trials())
    assert.same({ a = 2, data = "digits" }, study:trials()[1].config)
  end)

  it("keeps the config that was tried, whatever the function does to it", function()
    local study = sweep { space = { a = { 1, 2 } }, store = temp.path "s", run = function(c)
      c.a = 10 * c.a
      return c.a
    end }
    assert.same({ 2, 20.0 }, { study:best().config.a, study:best().value })
    assert.equal(2, S.open(temp.path "s"):best().config.a)
  end)

  it("goes on after errors that speak of interruptions", function()
    local study = sweep { space = { a = { 1, 2 } }, run = function(c)
      if c.a == 1 then error "the download was interrupted" end
      return 1
    end }
    assert.same({ "error", "ok" }, { study:trials()[1].state, study:trials()[2].state })
  end)

  it("takes a trial that was asked to stop for pruned, returned or not", function()
    local study = sweep { space = { a = { 1 } }, pruner = { judge = function() return true end },
      run = function(_, t)
        t:report(1, 7)
        if t:should_stop() then return end
        return 8
      end }
    assert.same({ "pruned", 7.0 }, { study:trials()[1].state, study:trials()[1].value })
    study = sweep { space = { a = { 1 } }, run = function() end }
    assert.matches("run must return a number", study:trials()[1].error)
  end)

  it("saves one tensor as well as several", function()
    local study = sweep { space = { a = { 1 } }, store = temp.path "s", run = function(_, t)
      assert.equal(2, assert(ssl.load(t:save("z", ssl.ones(2)))):numel())
      assert.equal(3, assert(ssl.load(t:save("w", { w = ssl.ones(3) }))).w:numel())
      return 1
    end }
    assert.same({ "z.npy", "w.safetensors" }, study:trials()[1].artefacts)
  end)

  it("learns from those of its trials that fit the space", function()
    local store = temp.path "s"
    sweep { store = store, space = { lr = { 0.1, 0.2, "auto" } }, run = function() return 1 end }
    local study = sweep { store = store, space = { lr = S.log(1e-3, 1) }, sampler = "tpe",
      trials = 14, run = function(c) return -c.lr end }
    assert.equal(17, #study:trials { state = "ok" })
  end)

  it("makes another hypercube for another number of trials", function()
    local store, space = temp.path "s", { x = S.uniform(0, 1) }
    local options = { store = store, space = space, sampler = "lhs", trials = 4,
      run = function(c) return c.x end }
    sweep(options)
    options.trials = 8
    local strata, rows = {}, sweep(options):trials()
    assert.equal(12, #rows)
    for i = 5, 12 do strata[math.floor(rows[i].config.x * 8)] = true end
    for k = 0, 7 do assert.is_true(strata[k]) end
  end)

  it("tells memory that sslkit may not have from other errors", function()
    local before = ssl.set_memory_limit(collectgarbage "count" * 1024 + 2 ^ 26)
    local study = sweep { space = { a = { 1 } }, run = function() return ssl.zeros(2 ^ 26) end }
    ssl.set_memory_limit(before)
    assert.equal("oom", study:trials()[1].state)
  end)

  it("says what embeddings cannot be measured by", function()
    local study = sweep { space = { a = { 1 } }, objective = "accuracy",
      run = function() return ssl.randn(9, 3) end }
    assert.matches("ssl.metrics.accuracy does not measure what run has returned",
      study:trials()[1].error)
  end)

  it("tells the seeds of a config apart, and what it was interrupted at", function()
    assert.matches("a=1 replicate=2", tostring(sweep { space = { a = { 1, 2 } }, seeds = 2 }))
  end)
end)
