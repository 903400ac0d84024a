-- Which trials are asked for, and in which order: by the index where there is one, or else by looking at
-- all of them, with the same result.

local check = require "sslkit.check"
local conductor = require "sslkit.sweep.conductor"
local goodness = require "sslkit.sweep.goodness"

local query = {}

local STATES = {
  "ok", "pruned", "error", "timeout", "oom", "killed", "running", "interrupted", "failed",
}

local function matches(trial, state)
  return state == nil or trial.state == state
    or state == "failed" and conductor.failed(trial.state)
end

-- The trial's value of that name; nil for none and for NaN, which have no place in an order.
local function value_of(trial, by)
  local v = by == "value" and trial.value or (trial.values or {})[by]
  return v == v and v or nil
end

local function sort(list, by, minimize)
  local place = {}
  for i, trial in ipairs(list) do place[trial] = i end
  table.sort(list, function(a, b)
    local x, y = value_of(a, by), value_of(b, by)
    if x == y then return place[a] < place[b] end
    if x == nil or y == nil then return y == nil end
    if minimize then return x < y end
    return x > y
  end)
end

--- The trials that are asked for, found by looking at all of them.
-- @param trials list
-- @param options table: state, by, most
-- @param minimize is less better?
-- @return list
function query.plain(trials, options, minimize)
  local list = {}
  for _, trial in ipairs(trials) do
    if matches(trial, options.state) then list[#list + 1] = trial end
  end
  if options.by then sort(list, options.by, minimize) end
  return table.move(list, 1, math.min(#list, options.most or #list), 1, {})
end

--- The trials that are asked for.
-- @param study whose
-- @param options table: state, by, most
-- @return list of what is known of each
function query.select(study, options)
  if options.state ~= nil then check.one_of(2, "state", options.state, STATES) end
  if options.by ~= nil and type(options.by) ~= "string" then
    check.fail(2, "by must be the name of a value, got %s", check.kind(options.by))
  end
  local opened, minimize = study._store, study.direction == "minimize"
  local by = options.by
  if by and by ~= "value" and by ~= study.objective then minimize = goodness.less(by) end
  local unfinished = options.state == "running" or options.state == "interrupted"
  if opened.path and not unfinished and next(options) and not opened.known.mixed then
    local ids = require("sslkit.sweep.index").select(opened, options, minimize)
    if ids then
      local list = {}
      for i, id in ipairs(ids) do list[i] = opened.known.by_id[id] end
      return list
    end
  end
  return query.plain(opened.known.trials, options, minimize)
end

return query
