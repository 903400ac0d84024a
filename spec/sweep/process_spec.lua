-- Trials in processes of their own. What kills them is in fault_spec.lua.

local process = require "spec.sweep.process"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("trials in processes of their own", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() os.execute("rm -rf '" .. temp.path "" .. "'") end)

  local function prints(expected, source, options)
    local code, output = process.run(temp, source, options)
    assert.same({ 0, expected }, { code, output })
  end

  it("run the script again up to the sweep", function()
    prints("2 6 ok\nrun again as 3\n", [[
    local ssl = require "sslkit"
    local base = 2 -- found by every trial
    local study = assert(ssl.sweep {
      store = arg[1], space = { a = { 1, 2, 3 } }, workers = 2, progress = false, name = "here",
      run = function(config, trial)
        print "this goes to the log"
        assert(trial.folder == arg[1] .. "/trials/" .. trial.id)
        assert(os.getenv "OPENBLAS_NUM_THREADS" == "1" and ssl.get_threads() == 1)
        trial:report(1, config.a):report(2, 0 / 0)
        trial:save("w", { w = ssl.ones(config.a) })
        return { rankme = base * config.a, draw = ssl.rand(1):item(), nan = 0 / 0 }
      end,
    })
    local row = study:best()
    assert(row.values.nan ~= row.values.nan and row.reports[2][2] ~= row.reports[2][2])
    assert(row.artefacts[1] == "w.safetensors" and row.peak_memory > 1e6)
    local log = io.open(arg[1] .. "/trials/" .. row.id .. "/log.txt"):read "a"
    assert(log == "this goes to the log\n", log)
    local again = ssl.sweep {
      space = { a = { 3 } }, workers = 0, progress = false,
      run = function() return ssl.rand(1):item() end,
    }
    assert(again:best().value == row.values.draw) -- the same seed
    io.write(base, " ", row.value, " ", row.state, "\nrun again as ", row.config.a, "\n")
    ]])
  end)

  it("say so when the script is edited while it runs", function()
    local code, output = process.run(temp, [[
    local ssl = require "sslkit"
    local factor = 1
    local study = assert(ssl.sweep {
      store = arg[1], space = { a = { 1, 2, 3 } }, workers = 1, name = "edited",
      run = function(config)
        if config.a == 2 and factor == 1 then
          local file = assert(io.open(arg[0]))
          local text = file:read "a":gsub("factor = 1\n", "factor = 10\n")
          file:close()
          file = assert(io.open(arg[0], "w"))
          file:write(text):close()
        end
        return factor * config.a
      end,
    })
    local known = study._store.known
    print(#known.sessions, known.sessions[1].code ~= known.sessions[2].code)
    for _, row in ipairs(study:trials()) do print(row.value) end
    ]], { env = { SSLKIT_PROGRESS = "lines" } })
    assert.equal(0, code, output)
    assert.matches("edited: the script has changed; trials run the new one from now on\n", output)
    assert.matches("2\ttrue\n1.0\n2.0\n30.0\n$", output)
  end)

  it("stop where the pruner says so", function()
    prints("pruned 1\nok 3\n", [[
    local ssl = require "sslkit"
    local study = assert(ssl.sweep {
      store = arg[1], space = { a = { 1, 9 } }, workers = 1, progress = false,
      pruner = { judge = function(_, _, step, value) return value / step < 5 end },
      run = function(config, trial)
        for step = 1, 3 do
          trial:report(step, config.a * step)
          if trial:should_stop() then break end
        end
        return 0
      end,
    })
    for _, row in ipairs(study:trials()) do io.write(row.state, " ", #row.reports, "\n") end
    ]])
  end)

  -- The second sweep's trials run the script again from its beginning: there, the first one is only
  -- looked at.
  it("belong to one of several sweeps of a script", function()
    prints("1\n12\n1\n", [[
    local ssl = require "sslkit"
    local first = assert(ssl.sweep {
      store = arg[1] .. "/one", space = { a = { 1, 2 } }, workers = 1, progress = false,
      run = function(config)
        local file = io.open(arg[2], "ab")
        file:write(config.a)
        file:close()
        return config.a
      end,
    })
    local best = first:best().value
    local second = assert(ssl.sweep {
      store = arg[1] .. "/two", space = { b = { 10 } }, workers = 1, progress = false,
      run = function(config) return config.b + best end,
    })
    io.write(#second:trials(), "\n", math.tointeger(second:best().value), "\n")
    print(select(2, io.open(arg[2]):read("a"):gsub("12", "")))
    ]])
  end)

  it("may sweep themselves", function()
    prints("4.0\n", [[
    local ssl = require "sslkit"
    print(assert(ssl.sweep {
      store = arg[1], space = { a = { 1, 2 } }, workers = 1, progress = false,
      run = function(config)
        return ssl.sweep {
          store = arg[1] .. "/" .. config.a, space = { b = { 1, 2 } }, workers = 0,
          progress = false, run = function(inner) return config.a * inner.b end,
        }:best().value
      end,
    }):best().value)
    ]])
  end)

  it("run a function by its name, without a script", function()
    temp.write("scores.lua", "return { double = function(config) return 2 * config.a end }")
    local path, words = package.path, arg
    package.path = temp.path "?.lua;" .. path
    rawset(_G, "arg", nil)
    local ok, study = pcall(ssl.sweep, {
      store = temp.path "store", space = { a = { 1, 4 } }, workers = 2, progress = false,
      run = "scores.double",
    })
    package.path = path
    rawset(_G, "arg", words)
    assert.is_true(ok, tostring(study))
    assert.equal(8.0, study:best().value)
  end)

  it("that cannot be started are trials that have failed", function()
    prints("error\n", [[
    local ssl = require "sslkit"
    if os.getenv "SSLKIT_SWEEP_STORE" then error "not here" end
    local study = assert(ssl.sweep {
      store = arg[1], space = { a = { 1 } }, workers = 1, progress = false,
      run = function(config) return 1 end,
    })
    local row = study:trials()[1]
    assert(row.error:find "exit code 1 .*not here$", row.error)
    assert(row.log:find "stack traceback", row.log)
    print(row.state)
    ]])
  end)

  it("need luv, and say so", function()
    prints("true true\n", [[
    package.preload.luv = function() error "none" end
    local ssl = require "sslkit"
    local function sweep(workers)
      return ssl.sweep {
        store = arg[1], space = { a = 1 }, workers = workers, progress = false,
        run = function() return 1 end,
      }
    end
    local ok, message = pcall(sweep, 1)
    assert(not ok and message:find "apt%-get install lua%-luv", message)
    io.write(tostring(message:find "workers = 0 works without" ~= nil), " ",
      tostring(#sweep(0):trials() == 1), "\n")
    ]])
  end)

  it("leave nothing open", function()
    prints("true\n", [[
    local ssl = require "sslkit"
    local uv = require "luv"
    local function count()
      local n = 0
      for _ in require("lfs").dir "/proc/self/fd" do n = n + 1 end
      return n
    end
    local function sweep(a)
      assert(ssl.sweep {
        store = arg[1], space = { a = { a } }, workers = 2, progress = false, interrupt = true,
        run = function() return 1 end,
      })
    end
    sweep(1)
    local before, handles = count(), 0
    sweep(2)
    uv.walk(function() handles = handles + 1 end)
    print(count() == before and handles == 0)
    ]])
  end)
end)
