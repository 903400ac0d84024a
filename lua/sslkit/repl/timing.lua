-- How long code takes: once, or the median of many runs.

local core = require "sslkit.core"

local timing = {}

local RUNS = 7       -- of which the median is told
local LEAST = 0.1    -- seconds that a run takes at least; shorter code is repeated in it
local LOOPS = 10000000

--- Seconds for people: "12.3 us", "4.56 ms", "1.23 s", "2 min 5 s".
-- @param seconds number
-- @return string
function timing.text(seconds)
  if seconds >= 60 then
    return ("%d min %d s"):format(seconds // 60, math.floor(seconds % 60))
  end
  for _, unit in ipairs { { 1, "s" }, { 1e-3, "ms" }, { 1e-6, "us" } } do
    if seconds >= 0.9995 * unit[1] then
      local n = seconds / unit[1]
      return ("%." .. (n < 9.995 and 2 or n < 99.95 and 1 or 0) .. "f %s"):format(n, unit[2])
    end
  end
  return ("%.1f ns"):format(seconds * 1e9)
end

-- Seconds that n calls take.
local function run(f, n)
  local start = core.clock()
  for _ = 1, n do f() end
  return core.clock() - start
end

--- Calls f often enough to tell how long one call takes.
-- @param f function
-- @return table: median, least, most = seconds a call; runs, loops = how often
function timing.measure(f)
  local loops = 1
  local took = run(f, loops)
  while took < LEAST and loops < LOOPS do
    local factor = took > 0 and math.min(10, math.max(2, 1.2 * LEAST / took)) or 10
    loops = math.min(LOOPS, math.ceil(loops * factor))
    took = run(f, loops)
  end
  local runs = took > 2 and 3 or RUNS
  local times = { took / loops }
  for i = 2, runs do times[i] = run(f, loops) / loops end
  table.sort(times)
  return {
    median = times[(runs + 1) // 2], least = times[1], most = times[runs],
    runs = runs, loops = loops,
  }
end

--- A measurement in one line.
-- @param m what timing.measure gave
-- @return string
function timing.report(m)
  return ("%s a call (median of %d runs of %d, from %s to %s)"):format(
    timing.text(m.median), m.runs, m.loops, timing.text(m.least), timing.text(m.most))
end

return timing
