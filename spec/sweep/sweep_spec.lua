-- Sweeps in this process: what is run, what is found, and what is refused.

local cjson = require "cjson"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local function sweep(options)
  local all = { space = { a = { 1, 2, 3 } }, workers = 0, progress = false, objective = "score" }
  all.run = function(config) return config.a end
  for name, v in pairs(options or {}) do all[name] = v end
  return ssl.sweep(all)
end

-- A sampler that suggests these configs, and keeps what it was told.
local function sampler(configs)
  local self = { name = "list", asked = {} }
  function self.ask(_, i, history)
    local seen = {}
    for k, entry in ipairs(history) do seen[k] = entry.value end
    self.asked[i] = seen
    return configs[i]
  end
  return self
end

local function configs_of(study, name)
  local list = {}
  for i, row in ipairs(study:trials()) do list[i] = row.config[name or "a"] end
  return list
end

describe("a sweep", function()
  it("runs all of a grid", function()
    local study = sweep()
    assert.same({ 1, 2, 3 }, configs_of(study))
    assert.equal(3, study:best().value)
    assert.same({ score = 3.0 }, study:best().values)
    assert.equal(1, sweep { direction = "minimize" }:best().value)
    assert.same({ 1, 2 }, configs_of(sweep { trials = 2, sampler = "grid" }))
  end)

  it("repeats each config for every seed", function()
    local seeds = {}
    local study = sweep { seeds = 3, run = function(config, trial)
      seeds[#seeds + 1] = trial.seed
      assert(trial.replicate == #seeds - 3 * (config.a - 1))
      return config.a == 2 and 10 * trial.replicate or 19 + config.a -- 10 20 30 against 20 and 22
    end }
    local seen = {}
    for _, seed in ipairs(seeds) do seen[seed] = true end
    assert.equal(9, #study:trials())
    local count = 0
    for _ in pairs(seen) do count = count + 1 end
    assert.equal(9, count)
    local best = study:best()
    assert.same({ 3, 22.0, 0.0, 3 }, { best.config.a, best.value, best.std, best.trials })
    assert.equal(10.0, sweep { seeds = 3, space = { a = 2 }, run = function(_, trial)
      return 10 * trial.replicate
    end }:best().std)
  end)

  it("gives a trial the same random numbers wherever and whenever it runs", function()
    local function draw() return ssl.rand(1):item() end
    local first, before = sweep { run = draw }, ssl.generator():state()
    ssl.seed(7)
    local other = sweep { run = draw, space = { a = { 3, 1 } } }
    ssl.generator():load_state(before)
    assert.equal(first:trials()[1].value, other:trials()[2].value)
    assert.equal(first:trials()[3].value, other:trials()[1].value)
    assert.are_not.equal(first:trials()[1].value, first:trials()[2].value)
    assert.are_not.equal(first:trials()[1].value, sweep { run = draw, seed = 1 }:trials()[1].value)
  end)

  it("leaves the default generator as it was", function()
    ssl.seed(3)
    local want = ssl.rand(1):item()
    ssl.seed(3)
    sweep()
    assert.equal(want, ssl.rand(1):item())
  end)

  it("tells samplers what has been found", function()
    local own = sampler { { a = 5 }, { a = 4 }, { a = 0 }, { a = 6 } }
    local study = sweep { sampler = own, run = function(config)
      if config.a == 0 then error "zero" end
      return config.a == 4 and 0 / 0 or config.a
    end }
    assert.same({ 5, 4, 0, 6 }, configs_of(study))
    assert.same({}, own.asked[1])
    assert.same({ 5.0 }, own.asked[2])
    assert.same({ 5.0 }, own.asked[4]) -- a NaN is no value
    assert.is_nil(own.asked[6])
  end)

  it("counts configs, not suggestions", function()
    local own = sampler { { a = 1 }, { a = 1.0 }, { a = 2 }, { a = 3 }, { a = 4 } }
    assert.same({ 1, 2, 3 }, configs_of(sweep { sampler = own, trials = 3 }))
    local endless = { ask = function() return { a = 1 } end }
    assert.same({ 1 }, configs_of(sweep { sampler = endless, trials = 3 }))
  end)

  it("tries what the caller puts in front, and nothing that is not allowed", function()
    local asked = {}
    local study = sweep {
      enqueue = { { a = 9 }, { a = 2 } },
      constraint = function(config)
        asked[#asked + 1] = config.a
        return config.a ~= 1
      end,
    }
    assert.same({ 9, 2, 3 }, configs_of(study))
    assert.same({ 9, 2, 1, 3 }, asked)
    assert.same({ 0, 0, 3 }, { study:trials()[1].number, study:trials()[2].number,
      study:trials()[3].number })
  end)

  it("makes whole numbers in configs integers", function()
    local kinds = {}
    sweep { space = { a = { 2.0, 2.5 }, b = { c = 1e300 } }, run = function(config)
      kinds[#kinds + 1] = math.type(config.a) .. " " .. math.type(config.b.c)
      return 1
    end }
    assert.same({ "integer float", "float float" }, kinds)
  end)

  it("measures embeddings by the objective and by other metrics", function()
    local z = ssl.randn(40, 4)
    local study = sweep { objective = "rankme", metrics = { "stable_rank" }, run = function(config)
      return { embeddings = z * config.a, accuracy = 0.5, probe = { knn = ssl.tensor(0.25) } }
    end }
    local values = study:best().values
    assert.near(ssl.metrics.rankme(z), values.rankme, 1e-9)
    assert.near(ssl.metrics.stable_rank(z), values.stable_rank, 1e-6)
    assert.same({ 0.5, 0.25 }, { values.accuracy, values["probe.knn"] })
    study = sweep { objective = "rankme", run = function() return z end }
    assert.near(ssl.metrics.rankme(z), study:best().value, 1e-9)
    study = sweep { run = function() return { value = 2, other = 3 } end }
    assert.same({ 2.0, 3.0 }, { study:best().value, study:best().values.other })
  end)

  it("stops trials early where its pruner says so", function()
    local told = {}
    local study = sweep {
      pruner = { judge = function(_, id, step, value, reports)
        told[#told + 1] = { step, value, #reports[id] }
        return step == 2 and value < 6
      end },
      run = function(config, trial)
        assert(not trial:should_stop()) -- nothing is known yet
        for step = 1, 3 do
          trial:report(step, config.a * step)
          if trial:should_stop() then return -1 end
        end
        return config.a
      end,
    }
    local states = {}
    for i, row in ipairs(study:trials()) do states[i] = row.state end
    assert.same({ "pruned", "pruned", "ok" }, states)
    assert.same({ { 1, 1.0, 1 }, { 2, 2.0, 2 } }, { told[1], told[2] })
    assert.equal(3, study:best().config.a)
    assert.same({ { 1, 2.0 }, { 2, 4.0 } }, study.reports[study:trials()[2].id])
  end)

  it("goes on after an error, and can run the failed again", function()
    local broken, runs = true, 0
    local study = sweep { run = function(config)
      runs = runs + 1
      if broken and config.a == 2 then error("no " .. config.a) end
      return config.a
    end }
    local row = study:trials()[2]
    assert.same({ "error", nil, {} }, { row.state, row.value, row.values })
    assert.matches("sweep_spec.lua:%d+: no 2$", row.error)
    assert.matches("stack traceback", row.log)
    assert.matches("first failure, " .. row.id, tostring(study))
    broken = false
    assert.equal(study, study:retry_failed())
    assert.same({ 4, "ok", 2.0 }, { runs, study:trials()[2].state, study:trials()[2].value })
    assert.is_nil(study:trials()[2].error)
    study:retry_failed()
    assert.equal(4, runs)
  end)

  it("is stopped when the first trials all fail", function()
    local runs = 0
    local list = {}
    for i = 1, 30 do list[i] = i end
    local function fail()
      runs = runs + 1
      error "never"
    end
    local study = sweep { space = { a = list }, run = fail }
    assert.equal(5, runs)
    assert.matches("^the first 5 trials all failed: .*never$", study.stopped)
    assert.is_nil(study:best())
    sweep { space = { a = list }, run = fail, breaker = 0 }
    assert.equal(35, runs)
    study = sweep { space = { a = list }, run = function(config)
      if config.a > 1 then error "no" end
      return 1
    end }
    assert.same({ nil, 30 }, { study.stopped, #study:trials() })
  end)

  it("runs what is new of a grid that has grown", function()
    local temp, runs = temporary(), {}
    local function run(config)
      runs[#runs + 1] = config.a
      return config.a
    end
    sweep { store = temp.path "s", run = run }
    sweep { store = temp.path "s", run = run, space = { a = { 0, 1, 2, 3, 4 } }, seeds = 2 }
    assert.same({ 1, 2, 3, 0, 0, 1, 2, 3, 4, 4 }, runs)
    os.execute("rm -rf '" .. temp.path "" .. "'")
  end)

  -- A sampler that learns must not be asked anew for what it has suggested before.
  it("keeps to what a learning sampler has suggested", function()
    local temp = temporary()
    local asked = 0
    local function learner()
      return { name = "learner", ask = function(_, i, history)
        asked = asked + 1
        return i <= 6 and { a = 10 * #history + i } or nil
      end }
    end
    local function run(config) return config.a end
    local whole = configs_of(sweep { store = temp.path "s", sampler = learner(), run = run })
    local half = sweep { store = temp.path "h", sampler = learner(), run = run, trials = 3 }
    assert.same({ whole[1], whole[2], whole[3] }, configs_of(half))
    asked = 0
    local rest = sweep { store = temp.path "h", sampler = learner(), run = run }
    assert.same(whole, configs_of(rest))
    assert.equal(4, asked) -- 4, 5, 6 and the end
    os.execute("rm -rf '" .. temp.path "" .. "'")
  end)

  it("takes a function by its name", function()
    package.loaded["spec.sweep.named"] = { score = function(config) return config.a * 2 end }
    assert.equal(6, sweep { run = "spec.sweep.named.score" }:best().value)
    assert.raises("has no function 'none'", sweep, { run = "spec.sweep.named.none" })
    package.loaded["spec.sweep.named"] = nil
  end)

  it("shows what it has found", function()
    local shown = tostring(sweep { name = "small", space = { a = { 1, 2 }, b = "x" } })
    assert.matches("^sweep small: 2 ok\nid +state +score +seconds +config\n", shown)
    assert.matches("ok +2 +%S+ +a=2\n%x+ +ok +1 +%S+ +a=1$", shown)
    assert.matches("config\n.* a=1 b=x$", tostring(sweep { space = { a = { 1 }, b = "x" } }))
    assert.equal("sweep empty: no trials",
      tostring(sweep { name = "empty", sampler = "grid", trials = 0 }))
  end)

  it("writes tables for other programs", function()
    local temp = temporary()
    local study = sweep { space = { a = { 1, 2 }, m = { k = 5 } }, run = function(config)
      if config.a == 2 then error("no,\"way\"", 0) end
      return { score = 0.5, loss = 0 / 0 }
    end }
    assert(study:export(temp.path "t.csv"))
    local lines = {}
    for line in io.lines(temp.path "t.csv") do lines[#lines + 1] = line end
    assert.equal("id,state,value,seed,replicate,seconds,peak_memory,host,config.a,config.m.k,"
      .. "values.loss,values.score,error", lines[1])
    assert.matches("^%x+,ok,0%.5,%d+,1,[^,]+,%d+,[^,]+,1,5,nan,0%.5,$", lines[2])
    assert.matches('^%x+,error,,%d+,1,[^,]+,%d+,[^,]+,2,5,,,"no,""way"""$', lines[3])
    assert(study:export(temp.path "t.json"))
    local all = cjson.decode(temp.read "t.json")
    assert.same({ 2, "ok", "nan", 5 },
      { #all, all[1].state, all[1].values.loss, all[1].config.m.k })
    assert(study:export(temp.path "t.jsonl"))
    assert.same({ "error", 2 }, { cjson.decode(temp.read "t.jsonl":match "\n(.*)").state,
      cjson.decode(temp.read "t.jsonl":match "\n(.*)").config.a })
    assert.same({ nil, "/nowhere/t.csv: No such file or directory" },
      { study:export "/nowhere/t.csv" })
    assert.raises("bad argument #1 to 'export' (a .csv, .json or .jsonl expected, got 't.xls')",
      function() study:export "t.xls" end)
    temp.remove()
  end)
end)

describe("the options of a sweep", function()
  local function refused(message, options)
    local all = { space = { a = 1 }, workers = 0, run = function() return 1 end }
    for name, v in pairs(options) do all[name] = v end
    assert.raises("bad argument #1 to 'sweep' (" .. message, function() ssl.sweep(all) end)
  end

  it("are checked", function()
    assert.raises("bad argument #1 to 'sweep' (table of options expected, got number 3)",
      function() ssl.sweep(3) end)
    assert.raises("space must be a table, got nil", ssl.sweep, {})
    refused("unknown option 'sampels'", { sampels = 3 })
    refused("run must be a function of config and trial, or \"module.function\", got number 3",
      { run = 3 })
    refused("run must be", { run = "module" })
    refused("trials must be in 0..inf, got -1", { trials = -1 })
    refused("trials = how many? the sampler 'random' does not end by itself",
      { sampler = "random" })
    refused("seeds must be in 1..10000, got 0", { seeds = 0 })
    refused("workers must be in 0..4096, got -1", { workers = -1 })
    refused("direction must be one of maximize, minimize, got string 'up'", { direction = "up" })
    refused("launcher must be one of local, got string 'cloud'", { launcher = "cloud" })
    refused("interrupt must be one of drain, stop, got string 'never'", { interrupt = "never" })
    refused("timeout needs trials in processes of their own", { timeout = 1 })
    refused("memory needs trials in processes of their own", { memory = 1e9 })
    refused("timeout must be a finite number, got string '1'", { timeout = "1", workers = 1 })
    refused("store must be a string, got number 3", { store = 3 })
    refused("name must be that of a folder, without slashes and control characters, got string 'a",
      { name = "a/b" })
    refused("metrics must be a list of strings, got number 1 in it", { metrics = { 1 } })
    refused("enqueue must be a list of tables, got number 1 in it", { enqueue = { 1 } })
    refused("constraint must be a function, got boolean true", { constraint = true })
    refused("sampler must be a name or a table, got number 1", { sampler = 1 })
    refused("pruner must be a name or a table, got number 1", { pruner = 1 })
    refused("sampler.ask must be a function, got number 1", { sampler = { ask = 1 } })
  end)

  it("need a script for trials in processes of their own", function()
    local words = arg
    rawset(_G, "arg", nil)
    local message = assert.raises("there is no script that a trial's process could run again",
      ssl.sweep, { space = { a = 1 }, workers = 1, run = function() return 1 end })
    rawset(_G, "arg", words)
    assert.matches("workers = 0", message)
  end)
end)

describe("a trial", function()
  local function in_trial(f)
    local study = sweep { space = { a = 1 }, run = function(_, trial)
      f(trial)
      return 1
    end }
    local row = study:trials()[1]
    assert.equal("ok", row.state, row.error)
    return row
  end

  it("takes reports of numbers and tensors of one element", function()
    local row = in_trial(function(trial) trial:report(1, ssl.tensor(2)):report(2.5, 0 / 0) end)
    assert.same({ 1, 2.0, 2.5 }, { row.reports[1][1], row.reports[1][2], row.reports[2][1] })
    assert.is_true(row.reports[2][2] ~= row.reports[2][2])
  end)

  it("refuses everything else", function()
    in_trial(function(trial)
      assert.raises("bad argument #2 to 'report' (value must be a number or a tensor of one "
        .. "element, got tensor (2) float32)", function() trial:report(1, ssl.ones(2)) end)
      assert.raises("step must be a finite number, got nil", trial.report, trial)
      assert.raises("name of a file expected, got string '../x'",
        function() trial:save("../x", ssl.ones(1)) end)
      assert.raises("save: the sweep has no store to keep it in",
        function() trial:save("x", ssl.ones(1)) end)
    end)
  end)
end)
