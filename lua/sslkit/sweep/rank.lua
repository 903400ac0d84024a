-- Which config is best: by the mean over its seeds.

local rank = {}

local function better(a, b, direction)
  if direction == "minimize" then return a < b end
  return a > b
end

--- The best single trial of those that are over.
-- @param history list of {value=, state=, ...}
-- @param direction "maximize" or "minimize"
-- @return entry, or nil
function rank.leader(history, direction)
  local best
  for _, entry in ipairs(history) do
    local counts = entry.state == "ok" and entry.value and entry.value == entry.value
    if counts and (not best or better(entry.value, best.value, direction)) then best = entry end
  end
  return best
end

-- The trials of each config, the repetitions of which have ids of their own.
local function groups_of(rows, canonical)
  local groups, by_name = {}, {}
  for _, row in ipairs(rows) do
    local name = canonical(row.config)
    local group = by_name[name]
    if not group then
      group = { rows = {}, sum = 0, whole = true }
      groups[#groups + 1], by_name[name] = group, group
    end
    if row.state == "ok" and row.value and row.value == row.value then
      group.rows[#group.rows + 1] = row
      group.sum = group.sum + row.value
    elseif row.state ~= "running" and row.state ~= "interrupted" then
      group.whole = false
    end
  end
  return groups
end

local function deviation(rows, mean)
  if #rows < 2 then return nil end
  local sum = 0
  for _, row in ipairs(rows) do sum = sum + (row.value - mean) ^ 2 end
  return math.sqrt(sum / (#rows - 1))
end

--- The best config: that whose seeds have the best mean; of equal ones the first. One all of whose
-- trials have come to a value goes before one of whose trials some have failed, or were stopped.
-- @param rows of the study
-- @param direction "maximize" or "minimize"
-- @param canonical function that gives a config's name
-- @return the row of its first seed, with value = the mean, std = the deviation over seeds (nil for
-- one), trials = count; or nil
function rank.best(rows, direction, canonical)
  local best
  for _, group in ipairs(groups_of(rows, canonical)) do
    group.mean = group.sum / #group.rows
    if #group.rows > 0 and (not best or group.whole and not best.whole
      or group.whole == best.whole and better(group.mean, best.mean, direction)) then
      best = group
    end
  end
  if not best then return nil end
  local row = {}
  for name, v in pairs(best.rows[1]) do row[name] = v end
  row.value, row.std, row.trials = best.mean, deviation(best.rows, best.mean), #best.rows
  return row
end

return rank
