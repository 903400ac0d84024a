-- Pruners: which trials are not worth their end. Each is a table with a function judge(self, id, step,
-- value, reports) that is true where trial id, which has just reported `value` at `step`, should stop;
-- reports has the list of {step, value} of every trial by its id.

local check = require "sslkit.check"

local pruner = {}

-- The best value up to a step, larger being better; nil before the first report.
local function best_until(list, step, sign)
  local best
  for _, r in ipairs(list or {}) do
    local v = sign * r[2]
    if r[1] <= step and v == v and (not best or v > best) then best = v end
  end
  return best
end

local make = {}

function make.none() return { judge = function() return false end } end

-- Stops what is worse, at its best so far, than the median of the others at their best by that step.
function make.median(o)
  return { judge = function(_, id, step, _, reports)
    if step < o.warmup then return false end
    local mine, others = best_until(reports[id], step, o.sign), {}
    for other, list in pairs(reports) do
      local last = list[#list]
      if other ~= id and last and last[1] >= step then
        others[#others + 1] = best_until(list, step, o.sign)
      end
    end
    if #others < o.startup then return false end
    table.sort(others)
    local n = #others
    local median = n % 2 == 1 and others[n // 2 + 1] or (others[n // 2] + others[n // 2 + 1]) / 2
    return mine == nil or mine < median
  end }
end

-- The value that a trial came to a rung with: that of its first report there.
local function value_at(list, rung)
  for _, r in ipairs(list or {}) do if r[1] >= rung then return r[2] end end
end

-- Is the trial not in the best 1/eta of those that came to a rung?
local function fails_rung(id, reports, rung, o, wanted)
  local mine, better, count = o.sign * value_at(reports[id], rung), 0, 0
  if mine ~= mine then return true end
  for other, others in pairs(reports) do
    local v = wanted(other) and value_at(others, rung)
    if v then
      count = count + 1
      if other ~= id and o.sign * v > mine then better = better + 1 end
    end
  end
  return better >= math.max(1, count // o.eta)
end

-- A ladder of rungs at first * eta^k. A trial is judged at each that it has passed, once, however
-- seldom it reports or asks. What is known of that goes with its list of reports: run again, it has
-- another one.
local function ladder(first, o, wanted)
  first = first + 0.0 -- whole numbers would wrap
  local next_rung = setmetatable({}, { __mode = "k" })
  return function(id, step, reports)
    local list = reports[id]
    local rung = next_rung[list] or first
    while rung <= step do
      next_rung[list] = rung * o.eta
      if fails_rung(id, reports, rung, o, wanted) then return true end
      rung = next_rung[list]
    end
    return false
  end
end

-- Asynchronous successive halving (Li et al. 2020): nobody waits, a trial goes on from a rung if it is
-- in the best 1/eta of all that have come there so far.
function make.asha(o)
  local stops = ladder(o.first, o, function() return true end)
  return { judge = function(_, id, step, _, reports) return (stops(id, step, reports)) end }
end

-- FNV-1a
local function hash(id)
  local h = 0x811c9dc5
  for i = 1, #id do h = (h ~ id:byte(i)) * 0x01000193 & 0xffffffff end
  return h
end

-- Hyperband (Li et al. 2018): several halvings side by side, which begin at later and later rungs; a
-- trial belongs to one by its id, to each as often as its first rungs are cheap.
function make.hyperband(o)
  local share, total = {}, 0
  for s = 1, o.brackets do
    share[s] = math.ceil(o.brackets * o.eta ^ (o.brackets - s) / (o.brackets - s + 1))
    total = total + share[s]
  end
  local function bracket(id)
    local place = hash(tostring(id)) % total
    for s = 1, o.brackets do
      if place < share[s] then return s end
      place = place - share[s]
    end
  end
  local ladders = {}
  for b = 1, o.brackets do
    ladders[b] = ladder(o.first * o.eta ^ (b - 1), o, function(id) return bracket(id) == b end)
  end
  return {
    bracket = function(_, id) return bracket(id) end,
    judge = function(_, id, step, _, reports)
      return (ladders[bracket(id)](id, step, reports))
    end,
  }
end

local SETTINGS = {
  none = {}, median = { startup = 5, warmup = 0 }, asha = { first = 1, eta = 3 },
  hyperband = { first = 1, eta = 3, brackets = 4 },
}

--- A pruner.
-- @param name "none", "median", "asha" or "hyperband", or {name = one of these, settings}: median has
-- startup=5 (trials to compare with), warmup=0 (steps before); asha first=1 (step of the first rung),
-- eta=3; hyperband these and brackets=4
-- @param options {direction="maximize"}
-- @return table with a function judge(self, id, step, value, reports)
-- @raise unknown names and settings
function pruner.new(name, options)
  local given = type(name) == "table" and name or { name = name }
  check.one_of(1, "pruner", given.name, { "none", "median", "asha", "hyperband" })
  local settings = {}
  for key, v in pairs(given) do if key ~= "name" then settings[key] = v end end
  local o = check.options(1, settings, SETTINGS[given.name])
  local least = { eta = 2, warmup = 0 }
  for key, v in pairs(o) do check.integer(1, key, v, least[key] or 1) end
  o.sign = (options or {}).direction == "minimize" and -1 or 1
  local made = make[given.name](o)
  made.name = given.name
  return made
end

return pruner
