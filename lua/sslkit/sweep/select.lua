-- Choice without labels: what it costs to take the trial that a metric of the embeddings likes best,
-- beside the best one by labels, and how well each metric's order agrees with theirs.

local check = require "sslkit.check"
local correlation = require "sslkit.sweep.correlation"
local goodness = require "sslkit.sweep.goodness"

local M = {}

-- Metrics that agree with labels less than this rank correlation are worth a warning.
local LOW = 0.3

local function finite(v) return type(v) == "number" and v - v == 0 end

-- One metric against the oracle, over the trials that have both; nil with fewer than two. `less` has the
-- names of values that are known to be better when they are less, or more.
local function judge(rows, metric, oracle, less)
  local a, b, places, pick = {}, {}, {}, 1
  local best, most -- of all, also of those that lack the metric
  for _, row in ipairs(rows) do
    local v, truth = row.values[metric], row.values[oracle]
    local good = finite(truth) and goodness.of(oracle, truth, less[oracle])
    if good and (not most or good > most) then best, most = row, good end
    if good and finite(v) then
      local n = #a + 1
      places[n], a[n], b[n] = row, goodness.of(metric, v, less[metric]), good
      if a[n] > a[pick] then pick = n end
    end
  end
  if #a < 2 then return nil end
  return { metric = metric, trials = #a, chosen = places[pick], best = best,
    regret = most - b[pick], spearman = correlation.spearman(a, b),
    kendall = correlation.kendall(a, b) }
end

local Selection = {}

local function cell(v) return v == v and ("%6.2f"):format(v) or "     -" end

function Selection.__tostring(self)
  local oracle = self.oracle
  local lines = {
    ("chosen by %s: %s with %s %.4g"):format(self.metric, self.chosen.id, oracle,
      self.chosen.values[oracle]),
    ("best by %s: %s with %.4g; lost by choosing without labels: %.3g"):format(oracle, self.best.id,
      self.best.values[oracle], self.regret),
    "", ("%-20s %9s %9s %8s"):format("metric", "lost", "Spearman", "Kendall"),
  }
  for _, row in ipairs(self.metrics) do
    lines[#lines + 1] = ("%-20s %9.3g %9s %8s"):format(row.metric, row.regret, cell(row.spearman),
      cell(row.kendall))
  end
  for _, warning in ipairs(self.warnings) do lines[#lines + 1] = "! " .. warning end
  return table.concat(lines, "\n")
end

local function warnings_of(self)
  local list = {}
  if not (self.spearman >= LOW) then
    list[1] = ("%s and %s do not agree (Spearman %.2f): do not rely on it here"):format(self.metric,
      self.oracle, self.spearman)
  end
  for _, row in ipairs(self.metrics) do
    if row.metric ~= self.metric and row.regret < self.regret then
      list[#list + 1] = ("%s would have chosen %s, which is better by %.3g"):format(row.metric,
        row.chosen.id, self.regret - row.regret)
      break
    end
  end
  if self.trials < 10 then
    list[#list + 1] = ("only %d trials: correlations say little"):format(self.trials)
  end
  return list
end

-- What of the names needs no labels.
local function without(list, labels, oracle)
  local out, not_these = {}, { [oracle] = true }
  for _, name in ipairs(labels) do not_these[name] = true end
  for _, name in ipairs(list) do if not not_these[name] then out[#out + 1] = name end end
  return out
end

--- The trial that a label-free metric chooses, beside the oracle's.
-- @param rows of study:trials()
-- @param metric name of a value of the trials
-- @param options {oracle="accuracy" (name of the value by labels; less is better of losses and errors),
-- labels={"accuracy", "knn", "linear", "ridge"} (names of all that need labels, which are no choice)}
-- @param less table: is less better, of values by name, where that is known (none)
-- @return table {metric=, oracle=, chosen=row, best=row, regret=what the oracle's value loses,
-- spearman=, kendall=, trials=, metrics=list of the same for every metric, least regret first,
-- warnings=list}, which prints well
-- @raise when fewer than two trials have both values
-- @source Garrido, Balestriero, Najman, LeCun 2023, "RankMe", section 4
function M.select(rows, metric, options, less)
  metric = metric or "rankme"
  if type(metric) ~= "string" then
    check.fail(2, "name of a metric expected, got %s", check.kind(metric))
  end
  options = check.options(3, options,
    { oracle = "accuracy", labels = { "accuracy", "knn", "linear", "ridge" } })
  local oracle = options.oracle
  less = less or {}
  local done, names, seen = {}, {}, {}
  for _, row in ipairs(rows) do
    if row.state == "ok" and type(row.values) == "table" then
      done[#done + 1] = row
      for name in pairs(row.values) do
        if not seen[name] then seen[name], names[#names + 1] = true, name end
      end
    end
  end
  table.sort(names)
  local self = judge(done, metric, oracle, less)
  if not self then
    check.fail(2, "two finished trials at least with values '%s' and '%s' expected, among %d; "
      .. "known: %s", metric, oracle, #done, table.concat(names, ", "))
  end
  self.oracle, self.metrics = oracle, {}
  for _, name in ipairs(without(names, options.labels, oracle)) do
    self.metrics[#self.metrics + 1] = judge(done, name, oracle, less)
  end
  table.sort(self.metrics, function(a, b)
    if a.regret ~= b.regret then return a.regret < b.regret end
    return a.metric < b.metric
  end)
  self.warnings = warnings_of(self)
  return setmetatable(self, Selection)
end

return M
