-- Sweeps that are killed, and go on as if nothing had been.

local process = require "spec.sweep.process"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

-- Every trial leaves a line in the file `ran` when it begins.
local SCRIPT = [[
local ssl = require "sslkit"
local store, ran = arg[1], arg[2]
local study = assert(ssl.sweep {
  store = store, space = { a = { 1, 2, 3, 4 }, b = { 0.5, "x" } }, workers = %d, progress = false,
  run = function(config, trial)
    local file = assert(io.open(ran, "ab"))
    file:write(trial.id, "\n")
    file:close()
    trial:report(1, config.a)
    return { rankme = config.a * 2, seed = trial.seed %% 1000 }
  end,
})
io.write("finished ", #study:trials { state = "ok" }, "\n")
]]

-- What a study has found, whatever happened on the way.
local function found(path)
  local list = {}
  for _, row in ipairs(assert(ssl.sweep.open(path)):trials()) do
    list[#list + 1] = ("%s %s %s %s %s %s"):format(
      row.id, row.state, row.config.a, row.config.b, row.value, row.values.seed)
  end
  table.sort(list)
  return table.concat(list, "\n")
end

-- The ids of the trials that have an end, before anybody has mended anything.
local function ended(temp)
  local ids = {}
  local study = ssl.sweep.open(temp.path "store")
  for _, row in ipairs(study and study:trials { state = "ok" } or {}) do ids[#ids + 1] = row.id end
  return ids
end

local function times_run(temp)
  local counts = {}
  for _, id in ipairs(process.lines(temp, "ran")) do counts[id] = (counts[id] or 0) + 1 end
  return counts
end

describe("a sweep #slow", function()
  local temp, library
  setup(function()
    library = os.tmpname()
    assert(os.execute(("cc -shared -fPIC -O1 -o %s spec/sweep/fault.c -ldl"):format(library)))
  end)
  teardown(function() os.remove(library) end)
  before_each(function() temp = temporary() end)
  after_each(function() os.execute("rm -rf '" .. temp.path "" .. "'") end)

  -- Runs a sweep that dies at a call; `only` counts writes alone. Its exit code, and where it died.
  local function run_with_fault(source, at, share, only)
    local code = process.run(temp, source, { env = {
      LD_PRELOAD = library, FAULT_UNDER = temp.path "store", FAULT_LOG = temp.path "fault",
      FAULT_AT = ("%d %d %d"):format(at, share, only and 1 or 0),
    } })
    return code, process.lines(temp, "fault")[1]
  end

  local function reset()
    os.execute(("rm -rf '%s' '%s'"):format(temp.path "store", temp.path "ran"))
  end

  -- Kills a sweep at `count` moments and lets it go on; how many of them were inside a write.
  local function kill_and_resume(workers, count, only, seed)
    local source = SCRIPT:format(workers)
    reset()
    local code, where = run_with_fault(source, 0, 0, only)
    assert.equal(0, code)
    local undisturbed, calls = found(temp.path "store"), tonumber(where:match "call (%d+)")
    assert.is_true(calls >= 24, where)
    local generator, inside = ssl.generator(seed), 0
    for _ = 1, count do
      reset()
      local at = ssl.randint(1, calls, 1, { generator = generator }):item()
      local share = ssl.randint(1, 99, 1, { generator = generator }):item()
      code, where = run_with_fault(source, at, share, only)
      assert.equal(137, code, where)
      local part, all = where:match "^write (%d+) of (%d+)"
      if part and tonumber(part) > 0 and tonumber(part) < tonumber(all) then inside = inside + 1 end
      local before = ended(temp)
      assert.same({ 0, "finished 8\n" }, { process.run(temp, source) }, where)
      assert.equal(undisturbed, found(temp.path "store"), where)
      local counts = times_run(temp)
      for _, id in ipairs(before) do assert.equal(1, counts[id], where) end
      for id, times in pairs(counts) do assert.is_true(times <= 2, id .. " at " .. where) end
    end
    return inside
  end

  it("is the same after kill -9 at any moment of its writing", function()
    local inside = kill_and_resume(0, 25, false, 1) + kill_and_resume(0, 15, true, 2)
      + kill_and_resume(2, 10, false, 3)
    assert.is_true(inside >= 15, inside)
  end)

  -- Trials that do what their name says; the others must not be touched by it.
  local MISHAPS = [[
  local ssl = require "sslkit"
  local store = arg[1]
  local acts = {}
  function acts.kill() os.execute "kill -9 $PPID" end
  function acts.crash() os.execute "kill -11 $PPID" end
  function acts.fork() os.execute("sleep 600 & echo $! >" .. arg[2]) end
  function acts.eat()
    local kept = {}
    for i = 1, 1e6 do kept[i] = ("x"):rep(1 << 20) .. i end
  end
  function acts.endless() print "on and on" io.stdout:flush() while true do end end
  function acts.leave() print "good bye" os.exit(3) end
  function acts.raise() error "oh no" end
  function acts.nonsense() return {} end
  local study = assert(ssl.sweep {
    store = store, workers = 2, timeout = 4, memory = 200e6, progress = false,
    space = { act = { "kill", "fine", "crash", "fork", "eat", "endless", "leave", "raise",
      "nonsense", "good" } },
    run = function(config) return acts[config.act] and acts[config.act]() or 1 end,
  })
  for _, row in ipairs(study:trials()) do print(row.config.act, row.state, row.error) end
  ]]

  it("goes on after trials that crash, eat memory, never end or fork", function()
    local code, output = process.run(temp, MISHAPS)
    local states, errors = {}, {}
    for act, state, message in output:gmatch "(%w+)\t(%w+)\t([^\n]*)" do
      states[act], errors[act] = state, message
    end
    assert.same({
      kill = "killed", crash = "killed", eat = "oom", endless = "timeout", leave = "error",
      raise = "error", nonsense = "error", fine = "ok", fork = "ok", good = "ok",
    }, states, output)
    assert.equal(0, code)
    assert.matches("signal 9", errors.kill)
    assert.matches("segmentation fault", errors.crash)
    assert.matches("memory", errors.eat)
    assert.matches("more than 4 s", errors.endless)
    assert.matches("exit code 3.*good bye", errors.leave)
    assert.matches("oh no$", errors.raise)
    assert.matches("no 'rankme'", errors.nonsense)
    local child = tonumber(process.lines(temp, "ran")[1])
    process.wait(function() return not process.is_alive(child) end, "the end of a trial's child")
  end)

  -- Every trial waits for a file before it ends.
  local WAITING = [[
  local ssl = require "sslkit"
  local study, message = ssl.sweep {
    store = arg[1], space = { a = { 1, 2, 3 } }, workers = tonumber(os.getenv "WORKERS" or 1),
    progress = false, interrupt = %q,
    run = function(config)
      local file = assert(io.open(arg[2], "ab"))
      file:write(config.a, "\n")
      file:close()
      local wait = os.clock() -- os.execute would keep Ctrl-C from us
      while not io.open(arg[2] .. ".go") and os.clock() < wait + 60 do end
      return config.a
    end,
  }
  if not study then return print(message) end
  print("ok " .. #study:trials { state = "ok" } .. tostring(study.interrupted))
  ]]

  local function trial_running() return #process.lines(temp, "ran") > 0 end

  local function output_of() return table.concat(process.lines(temp, "output"), "\n") end

  it("is refused to a second parent, which is told of the first", function()
    local pid = process.start(temp, WAITING:format "drain")
    process.wait(trial_running, "the first trial")
    local code, output = process.run(temp, WAITING:format "drain")
    assert.equal(0, code)
    local host = io.open("/proc/sys/kernel/hostname"):read "l"
    local owner = ("run by process %d on %s"):format(pid, host)
    assert.is_truthy(output:find(owner, 1, true), output)
    local study = ssl.sweep.open(temp.path "store")
    assert.equal("running", study:trials()[1].state)
    assert.is_truthy(tostring(study):find(owner, 1, true), tostring(study))
    temp.write "ran.go"
    process.wait(function() return not process.is_alive(pid) end, "the end")
    assert.equal("ok 3false", output_of())
    assert.same({ "1", "2", "3" }, process.lines(temp, "ran"))
  end)

  it("leaves no process behind when its parent is killed", function()
    local pid = process.start(temp, WAITING:format "drain")
    process.wait(trial_running, "the first trial")
    local pipe = io.popen(("cat /proc/%d/task/%d/children"):format(pid, pid))
    local child = pipe:read "n"
    pipe:close()
    assert.is_true(process.is_alive(child))
    os.execute("kill -9 " .. pid)
    process.wait(function() return not process.is_alive(child) end, "the end of the trial")
    assert.equal("interrupted", ssl.sweep.open(temp.path "store"):trials()[1].state)
    temp.write "ran.go"
    local _, output = process.run(temp, WAITING:format "drain")
    assert.equal("ok 3false\n", output)
    assert.same({ "1", "1", "2", "3" }, process.lines(temp, "ran"))
  end)

  it("drains after Ctrl-C", function()
    local pid = process.start(temp, WAITING:format "drain")
    process.wait(trial_running, "the first trial")
    os.execute("kill -INT " .. pid)
    os.execute "sleep 0.3"
    assert.is_true(process.is_alive(pid))
    temp.write "ran.go"
    process.wait(function() return not process.is_alive(pid) end, "the end")
    assert.equal("ok 1true", output_of())
    assert.same({ "1" }, process.lines(temp, "ran"))
  end)

  it("stops after Ctrl-C, or after a second one, and runs the trial again", function()
    for i, how in ipairs { "stop", "drain" } do
      reset()
      local pid = process.start(temp, WAITING:format(how))
      process.wait(trial_running, "the first trial")
      os.execute("kill -INT " .. pid)
      if how == "drain" then os.execute("sleep 0.3; kill -INT " .. pid) end
      process.wait(function() return not process.is_alive(pid) end, "the end")
      assert.equal("ok 0true", output_of(), i)
    end
    temp.write "ran.go"
    local _, output = process.run(temp, WAITING:format "stop")
    assert.equal("ok 3false\n", output)
    assert.same({ "1", "1", "2", "3" }, process.lines(temp, "ran"))
  end)

  it("ends the trial at hand after Ctrl-C where there is no other process", function()
    local alone = { env = { WORKERS = "0" } }
    local pid = process.start(temp, WAITING:format "drain", alone)
    process.wait(trial_running, "the first trial")
    os.execute("kill -INT " .. pid)
    process.wait(function() return not process.is_alive(pid) end, "the end")
    assert.equal("ok 0true", output_of())
    temp.write "ran.go"
    local _, output = process.run(temp, WAITING:format "drain", alone)
    assert.equal("ok 3false\n", output)
    assert.same({ "1", "1", "2", "3" }, process.lines(temp, "ran"))
  end)

  local MANY = [[
  local ssl = require "sslkit"
  local list = {}
  for i = 1, 300 do list[i] = i end
  local ok, study, message = pcall(ssl.sweep, {
    store = arg[1], space = { a = list }, workers = 0, progress = false,
    run = function(config, trial) trial:report(1, config.a) return config.a end,
  })
  if not ok then print((study:gsub("^.*: ", ""))) os.exit(1) end
  print(message or #study:trials { state = "ok" })
  ]]

  it("ends on a full disk, and goes on when there is room", function()
    local code, output = process.run(temp, MANY, { before = "sh -c 'trap \"\" XFSZ; ulimit -f 20; "
      .. "exec \"$@\"' sh" })
    assert.same({ 1, "File too large\n" }, { code, output })
    local before = ended(temp)
    assert.is_true(#before > 10 and #before < 290, #before)
    assert.same({ 0, "300\n" }, { process.run(temp, MANY) })
    assert.same({ 0, "300\n" }, { process.run(temp, MANY) })
  end)

  it("ends on a full file system, where one can be mounted", function()
    local place = temp.path "store"
    os.execute(("mkdir '%s'"):format(place))
    local mount = "mount -t tmpfs -o size=100k none '%s' 2>/dev/null"
    if not os.execute(mount:format(place)) then return end -- the limit above is the same
    local _ <close> = setmetatable({}, {
      __close = function() os.execute(("umount '%s'"):format(place)) end,
    })
    assert.same({ 1, "No space left on device\n" }, { process.run(temp, MANY) })
    local before = ended(temp)
    assert.is_true(#before > 3 and #before < 290, #before)
    assert(os.execute(("mount -o remount,size=20m '%s'"):format(place)))
    assert.same({ 0, "300\n" }, { process.run(temp, MANY) })
  end)

  it("does not mind a clock that jumps", function()
    local code, output = process.run(temp, [[
    local ssl = require "sslkit"
    local time, jump = os.time, 1e7
    os.time = function(...)
      jump = -jump
      return time(...) + jump
    end
    local study = assert(ssl.sweep {
      store = arg[1], space = { a = { 1, 2, 3, 4 } }, workers = 2, timeout = 100, progress = false,
      run = function(config) return config.a end,
    })
    for _, row in ipairs(study:trials()) do
      assert(row.state == "ok" and row.seconds >= 0 and row.seconds < 60)
    end
    print(#study:trials())
    ]])
    assert.same({ 0, "4\n" }, { code, output })
  end)
end)
