-- A sweep as an HTML page: what was best, what it would have cost to choose without labels, which
-- settings matter, curves, all trials, and what failed with its last words.

local importance = require "sslkit.sweep.importance"
local page = require "sslkit.page"
local plot = require "sslkit.plot"
local select = require "sslkit.sweep.select"
local sensitivity = require "sslkit.sweep.sensitivity"
local settings = require "sslkit.sweep.settings"
local space = require "sslkit.sweep.space"
local text = require "sslkit.text"

local show = settings.show

local MOST_CURVES = 20
local MOST_AXES = 8      -- of parallel coordinates and of scatters: the settings that matter most
local FEW = 3            -- trials that a figure needs
local LAST_LINES = 20    -- of a failure's log, and
local TITLE = 100        -- columns of its title
local DECADES = 50       -- a setting whose values lie this factor apart has a logarithmic axis
local ORACLES = { "accuracy", "linear", "ridge", "knn" } -- values by labels, the first of which is taken

-- {== What the page is about ===============================================================

local function counts(rows)
  local count, names = {}, {}
  for _, row in ipairs(rows) do
    if not count[row.state] then names[#names + 1] = row.state end
    count[row.state] = (count[row.state] or 0) + 1
  end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = ("%d %s"):format(count[name], name) end
  return #names > 0 and table.concat(names, ", ") or "none"
end

-- All that the parts of the page draw from.
local function gather(study)
  local self = { study = study, rows = study:trials(), done = {}, flats = {}, flat = {} }
  for i, row in ipairs(self.rows) do
    self.flats[i] = settings.flat(row.config or {})
    self.flat[row] = self.flats[i]
    if row.state == "ok" and type(row.value) == "number" and row.value - row.value == 0 then
      self.done[#self.done + 1] = row
    end
  end
  self.paths = settings.varying(self.flats)
  self.ranked = importance(self.done, "value") -- their order is that of the axes
  for _, name in ipairs(ORACLES) do
    for _, row in ipairs(self.done) do
      if row.values[name] ~= nil then self.oracle = self.oracle or name end
    end
  end
  return self
end

local function overview(p, self)
  local study, seconds = self.study, 0
  for _, row in ipairs(self.rows) do seconds = seconds + (row.seconds or 0) end
  local session = study:session()
  local facts = {
    { "trials", counts(self.rows) },
    { "objective", ("%s, %sd"):format(study.objective, study.direction) },
    { "time of all trials", ("%.4g s"):format(seconds) },
  }
  local function add(name, value) if value then facts[#facts + 1] = { name, value } end end
  add("script", session.script)
  add("host", session.host)
  add("commit", session.commit and session.commit:gsub("^(%x%x%x%x%x%x%x%x%x%x%x%x)%x+", "%1"))
  add("begun", session.time and os.date("!%Y-%m-%d %H:%M UTC", session.time))
  p:facts(facts)
  if study.stopped then p:warning("stopped: " .. study.stopped) end
end

local function best(p, self)
  local row = self.study:best()
  if not row then return end
  p:heading "Best"
  local value = show(row.value)
  if row.std then value = ("%s ± %s over %d seeds"):format(value, show(row.std), row.trials) end
  local facts, flat = { { "trial", row.id }, { self.study.objective, value } },
    settings.flat(row.config)
  for _, path in ipairs(self.paths) do
    if flat[path] ~= nil then facts[#facts + 1] = { path, show(flat[path]) } end
  end
  p:facts(facts)
  p:log("the whole config", space.canonical(row.config))
end

-- ==}

-- {== Choice without labels ================================================================

local function choice(p, self)
  if not self.oracle then return end
  local metric, values = self.study.objective, nil
  for _, row in ipairs(self.done) do values = values or row.values[metric] and row.values end
  for _, name in ipairs(ORACLES) do if name == metric then values = nil end end
  if not values then metric = nil end
  local less = { [self.study.objective] = self.study.direction == "minimize" }
  local ok, judged = pcall(select.select, self.done, metric, { oracle = self.oracle }, less)
  if not ok then return end -- trials that have no other value, or fewer than two of them
  p:heading "Choice without labels"
  p:text(("By %s alone: trial %s with %s %s. By %s: trial %s with %s. Lost by choosing without "
    .. "labels: %s."):format(judged.metric, judged.chosen.id, self.oracle,
    show(judged.chosen.values[self.oracle]), self.oracle, judged.best.id,
    show(judged.best.values[self.oracle]), show(judged.regret)))
  for _, warning in ipairs(judged.warnings) do p:warning(warning) end
  local cells = {}
  for i, row in ipairs(judged.metrics) do
    cells[i] = { row.metric, row.chosen.id, row.regret, row.spearman, row.kendall }
    for k = 3, 5 do cells[i][k] = { text = ("%.3g"):format(cells[i][k]), value = cells[i][k] } end
  end
  p:table { header = { "metric", "its choice", "lost", "Spearman", "Kendall" }, rows = cells }
  local x, y = {}, {}
  for _, row in ipairs(self.done) do
    local v, truth = row.values[judged.metric], row.values[self.oracle]
    if v and truth then x[#x + 1], y[#y + 1] = v, truth end
  end
  p:figure(plot.scatter(x, y, { title = judged.metric .. " and " .. self.oracle,
    xlabel = judged.metric, ylabel = self.oracle }))
end

-- ==}

-- {== Settings =============================================================================

-- Is a setting a positive number that spans decades?
local function is_wide(self, path)
  local low, high = math.huge, 0
  for _, row in ipairs(self.done) do
    local v = self.flat[row][path]
    if type(v) ~= "number" or v <= 0 then return false end
    low, high = math.min(low, v), math.max(high, v)
  end
  return high / low >= DECADES
end

local function parallel(p, self)
  local records, columns, logs, top = {}, {}, {}, 1
  for k = 1, math.min(MOST_AXES, #self.ranked) do
    columns[k] = self.ranked[k].name
    if is_wide(self, columns[k]) then logs[#logs + 1] = columns[k] end
  end
  local objective = self.study.objective
  for _, name in ipairs(columns) do
    if name == objective then objective = objective .. " (value)" end
  end
  columns[#columns + 1] = objective
  local sign = self.study.direction == "minimize" and -1 or 1
  for i, row in ipairs(self.done) do
    records[i] = {}
    for _, path in ipairs(columns) do records[i][path] = self.flat[row][path] end
    records[i][objective] = row.value
    if sign * row.value > sign * self.done[top].value then top = i end
  end
  p:figure(plot.parallel(records, { columns = columns, color = objective, highlight = top,
    log = #logs > 0 and logs or nil, title = "Settings and " .. objective, width = 800,
    colormap = "sequential" }))
end

-- The value over each setting that is a number.
local function scatters(p, self)
  for k = 1, math.min(MOST_AXES, #self.ranked) do
    local path, x, y = self.ranked[k].name, {}, {}
    for _, row in ipairs(self.done) do
      local v = self.flat[row][path]
      if type(v) == "number" then x[#x + 1], y[#y + 1] = v, row.value end
    end
    if #x >= FEW then
      p:figure(plot.scatter(x, y, { title = path, xlabel = path, ylabel = self.study.objective,
        log = is_wide(self, path) and "x" or nil }))
    end
  end
end

local function which_matter(p, self)
  if #self.done < FEW or #self.ranked == 0 then return end
  p:heading "Settings"
  local cells = {}
  for i, row in ipairs(self.ranked) do
    local rho = row.spearman == row.spearman
    cells[i] = { row.name, { text = show(row.importance), value = row.importance },
      { text = rho and ("%+.2f"):format(row.spearman) or "-",
        value = rho and row.spearman or nil } }
  end
  p:table { header = { "setting", "share of the variance", "Spearman" }, rows = cells,
    caption = "What goes along with each setting by itself, not with several together." }
  parallel(p, self)
  scatters(p, self)
end

-- Of every setting called "lr", where a group of trials differs in nothing else.
local function rates(p, self)
  for _, path in ipairs(self.paths) do
    if path == "lr" or path:find "%.lr$" then
      local judged = sensitivity(self.rows, path, { value = "value",
        minimize = self.study.direction == "minimize" })
      if #judged > 0 then
        p:heading("Sensitivity to " .. path)
        p:text("The mean loss by other values than the best one; the worst of a group stands for "
          .. "trials that have failed.")
        p:code(tostring(judged))
      end
    end
  end
end

-- ==}

-- {== Trials ===============================================================================

-- The objective trial by trial, and the best so far.
local function history(p, self)
  if #self.done < FEW then return end
  local values, so_far = {}, {}
  local better = self.study.direction == "minimize" and math.min or math.max
  for i, row in ipairs(self.done) do
    values[i] = row.value
    so_far[i] = better(so_far[i - 1] or row.value, row.value)
  end
  p:heading "History"
  p:figure(plot.line(nil, { { y = values, label = "each trial" },
    { y = so_far, label = "best so far" } }, { xlabel = "trial", ylabel = self.study.objective }))
end

local function curves(p, self)
  local list = {}
  for _, row in ipairs(self.rows) do
    local reports = row.reports or {}
    if #reports > 1 and #list < MOST_CURVES then
      local curve = { x = {}, y = {}, label = row.id }
      for i, r in ipairs(reports) do curve.x[i], curve.y[i] = r[1], r[2] end
      list[#list + 1] = curve
    end
  end
  if #list == 0 then return end
  p:heading "Curves"
  p:figure(plot.line(nil, list, { xlabel = "step", ylabel = self.study.objective }),
    #list == MOST_CURVES and ("The first %d trials."):format(MOST_CURVES) or nil)
end

local function trials_table(p, self)
  if #self.rows == 0 then return end
  local header, cells = { "trial", "state", self.study.objective }, {}
  for _, path in ipairs(self.paths) do header[#header + 1] = path end
  header[#header + 1] = "seconds"
  local function number(v)
    return { text = show(v) or "-", value = type(v) == "number" and v or nil }
  end
  for i, row in ipairs(self.rows) do
    local class = row.state == "ok" and "good" or row.state == "pruned" and "warn" or "bad"
    local line = { row.id, { text = row.state, class = class }, number(row.value) }
    for _, path in ipairs(self.paths) do line[#line + 1] = number(self.flats[i][path]) end
    line[#line + 1] = number(row.seconds)
    cells[i] = line
  end
  p:heading "Trials"
  p:table { header = header, rows = cells }
end

local function failures(p, self)
  local any = false
  for _, row in ipairs(self.rows) do
    if row.state ~= "ok" and row.state ~= "pruned" and row.state ~= "running"
      and row.state ~= "interrupted" then
      if not any then p:heading "Failures" end
      any = true
      local message = tostring(row.error or "")
      p:log(text.cut(("%s: %s: %s"):format(row.id, row.state, message), TITLE),
        message .. "\n" .. tostring(row.log or ""), { head = 1, tail = LAST_LINES })
    end
  end
end

-- ==}

--- Writes the page.
-- @param study finished or not
-- @param path string
-- @return true, or nil and a message
return function(study, path)
  local self, p = gather(study), page("Sweep " .. study.name)
  local parts = { overview, best, choice, which_matter, rates, history, curves, trials_table,
    failures }
  for _, part in ipairs(parts) do part(p, self) end
  return p:save(path)
end
