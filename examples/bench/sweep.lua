-- Sweeps: what a trial costs beside its own work, in this process (against Optuna) and in one of its
-- own; what a second worker gains; how long it takes to list many trials.

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local clock = require("sslkit.core").clock
local ssl = require "sslkit"

local TRIALS = 100
local stores = 0

local function new_store()
  stores = stores + 1
  return ("%s/store%d"):format(bench.folder, stores)
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

-- {== In this process ======================================================================

local space = {
  x = ssl.sweep.uniform(-1, 1), lr = ssl.sweep.log(1e-4, 1), k = { "a", "b", "c" },
}
local COST = { a = 0, b = 1, c = 2 }

local function sweep(sampler, trials)
  return assert(ssl.sweep {
    space = space, sampler = sampler, trials = trials, workers = 0, store = new_store(),
    direction = "minimize", progress = false,
    run = function(c) return c.x * c.x + c.lr + COST[c.k] end,
  })
end

local function compare(name, sampler, job, peer_name)
  if not bench:wants(name) then return end
  local peer = bench:peer("peer_sweep.py", bench.folder, TRIALS)
  bench:compare { name = name, peer = peer(job), peer_name = peer_name, unit = "trials/s",
    count = TRIALS, check = function() end, -- they draw other numbers
    ours = function() return sweep(sampler, TRIALS):best().value end }
end

compare("sweep/durable, random, against SQLite", "random", "random_sqlite", "Optuna, SQLite")
compare("sweep/durable, random, against a journal", "random", "random_journal",
  "Optuna, journal file")
compare("sweep/durable, tpe", "tpe", "tpe_sqlite", "Optuna, SQLite")

-- ==}

-- {== In processes =========================================================================

-- A sweep as users write it, whose trials' processes run the script again; prints its seconds.
local SCRIPT = [[
local ssl = require "sslkit"
local start = require("sslkit.core").clock()
local trials, workers, work = tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local numbers = {}
for i = 1, trials do numbers[i] = i end
local study = assert(ssl.sweep {
  space = { i = numbers }, store = arg[1], workers = math.tointeger(workers), progress = false,
  run = function()
    local x = 0
    for i = 1, work do x = x + i % 7 end
    return x
  end,
})
assert(#study:trials { state = "ok" } == trials)
print(require("sslkit.core").clock() - start)
]]

local function seconds_of(trials, workers, work)
  local path = bench.folder .. "/sweep.lua"
  local file = assert(io.open(path, "w"))
  file:write(SCRIPT):close()
  local pipe = assert(io.popen(("lua5.4 %s %s %d %d %d"):format(
    path, new_store(), trials, workers, work)))
  local seconds = pipe:read "n"
  pipe:close()
  return assert(seconds, "the sweep has failed")
end

local function repeated(f)
  local list = { f() } -- a warm-up, which does not count
  for i = 1, bench.runs do list[i] = f() end
  return median(list)
end

if bench:wants "sweep/process trial" then
  bench:report { name = "sweep/process trial", unit = "ms",
    ours = repeated(function() return seconds_of(40, 1, 0) / 40 * 1e3 end),
    peer_name = "no peer: Optuna has no processes" }
end

-- The same work without a sweep, shared out to two processes beforehand: what the machine can give.
local function seconds_of_two(trials, work)
  local code = ("local x = 0 for i = 1, %d do x = x + i %% 7 end"):format(trials // 2 * work)
  local start = clock()
  assert(os.execute(("lua5.4 -e '%s' & lua5.4 -e '%s'; wait"):format(code, code)))
  return clock() - start
end

if bench:wants "sweep/two workers" then
  local one, two, bare, trials, work = {}, {}, {}, 20, 30000000
  for i = 1, bench.runs do -- turn by turn, for the machine has other work now and then
    one[i], two[i] = seconds_of(trials, 1, work), seconds_of(trials, 2, work)
    bare[i] = seconds_of_two(trials, work)
  end
  local function report(peer, name)
    local a, b = median(two), median(peer)
    bench:report { name = "sweep/two workers", unit = "s", ours = a, peer = b, ratio = b / a,
      peer_name = name }
  end
  report(one, "one worker")
  report(bare, "two processes, no sweep")
end

-- ==}

if bench:wants "sweep/list 10000" then
  local path = sweep("random", 10000).path
  bench:report { name = "sweep/list 10000", unit = "s",
    peer_name = "no peer: making them takes Optuna minutes", ours = repeated(function()
      local start = clock()
      assert(#assert(ssl.sweep.open(path)):trials { by = "value" } == 10000)
      return clock() - start
    end) }
end
