-- Reports side by side.

local core = require "sslkit.core"
local check = require "sslkit.check"
local lines = require "sslkit.metrics.report.lines"
local report = require "sslkit.metrics.report"
local text = require "sslkit.text"

--- Reports side by side, as plain data that prints as a table.
-- @kind Comparison
local Comparison = { __name = "sslkit.Comparison" }
Comparison.__index = Comparison

local function is_report(v)
  return type(v) == "table" and type(v.settings) == "table" and math.tointeger(v.n) ~= nil
end

-- A report, or what one is made of.
local function report_of(item, i, shared)
  if is_report(item) then return item end
  if core.is_tensor(item) then item = { z = item } end
  if type(item) ~= "table" or not core.is_tensor(item.z) then
    check.fail(1, "item %d must be a report or {name=, z=}, got %s", i, check.kind(item))
  end
  local options = { name = tostring(i) }
  for name, v in pairs(shared) do options[name] = v end
  for name, v in pairs(item) do
    if name ~= "z" then options[name] = v end
  end
  return report(item.z, options)
end

-- The different values of a field.
local function different(reports, field)
  local list, seen = {}, {}
  for _, r in ipairs(reports) do
    local v = tostring(r[field])
    if not seen[v] then
      seen[v] = true
      list[#list + 1] = v
    end
  end
  return list
end

-- What must be equal for numbers to be compared, and is not.
local function differences(reports)
  local out = {}
  local function differ(field, message)
    local values = different(reports, field)
    if #values > 1 then out[#out + 1] = message:format(table.concat(values, ", ")) end
  end
  differ("n", "N differs (%s): ranks and accuracies grow with N, compare at equal N")
  differ("d", "D differs (%s): compare shares of D rather than ranks, of which none is marked")
  local sampled = false
  for _, r in ipairs(reports) do sampled = sampled or r.n_used < r.n end
  if sampled then differ("n_used", "pairs and labels: numbers of rows differ (%s)") end
  return out
end

-- The places of the best values of a row; nil where nothing is better, or all are alike.
local function best_of(values, better)
  local best, count
  for i = 1, #values do
    local v = values[i]
    if better and v == v then
      local key = better == "more" and v or -v
      if best == nil or key > best.key then best = { key = key } end
      if key == best.key then best[#best + 1] = i end
      count = (count or 0) + 1
    end
  end
  if not best or count < 2 or #best == count then return nil end
  best.key = nil
  return best
end

-- One row an entry that any of the reports has.
local function rows_of(reports)
  local rows, by_entry = {}, {}
  for i, r in ipairs(reports) do
    for _, line in ipairs(lines.of(r)) do
      by_entry[line.entry] = by_entry[line.entry] or {}
      by_entry[line.entry][i] = line
    end
  end
  for _, entry in ipairs(lines.entries) do
    local found = by_entry[entry]
    if found then
      local row = { key = entry.key, section = entry.section, label = entry.label, values = {},
        texts = {}, marks = {}, better = entry.better }
      for i = 1, #reports do
        local line = found[i]
        row.values[i] = line and line.value or 0 / 0
        row.texts[i] = line and line.text or "-"
        row.marks[i] = line and line.mark or ""
      end
      local fair = entry.section ~= "spectrum" or #different(reports, "limit") == 1
      row.best = fair and best_of(row.values, entry.better) or nil
      rows[#rows + 1] = row
    end
  end
  return rows
end

-- The table of the models first..last.
local function block(self, first, last)
  local header, rows, section = { "" }, { {} }, nil
  for i = first, last do
    header[#header + 1] = text.cut(self.names[i], 24) .. "  "
    rows[1][i - first + 2] = self.verdicts[i] .. "  "
  end
  for _, row in ipairs(self.rows) do
    if row.section ~= section then
      section = row.section
      rows[#rows + 1] = { section }
    end
    local best = {}
    for _, i in ipairs(row.best or {}) do best[i] = true end
    local cells = { "  " .. row.label }
    for i = first, last do cells[i - first + 2] = row.texts[i] .. (best[i] and " *" or "  ") end
    rows[#rows + 1] = cells
  end
  return text.table { header = header, rows = rows, align = "l" .. ("r"):rep(last - first + 1) }
end

--- The comparison as text: as many models side by side as fit, the best of a row marked by *.
-- @param options table: width = columns (80)
-- @return string without a newline at its end
-- @example ssl.metrics.compare{ssl.eye(9), ssl.eye(9)}:page():find "RankMe" ~= nil --> true
function Comparison:page(options)
  local width = check.integer(2, "width", check.options(2, options, { width = 80 }).width, 40)
  local blocks, first = {}, 1
  while first <= #self.names do
    local last, best = first, block(self, first, first)
    while last < #self.names do
      local more = block(self, first, last + 1)
      if text.width(more:match "\n(%-[^\n]*)") > width then break end
      last, best = last + 1, more
    end
    blocks[#blocks + 1] = best
    first = last + 1
  end
  local parts = { table.concat(blocks, "\n\n"), "" }
  for _, warning in ipairs(self.warnings) do parts[#parts + 1] = " !  " .. warning end
  parts[#parts + 1] = " *  the best of its row, other things being equal"
  return table.concat(parts, "\n")
end

function Comparison:__tostring() return self:page() end

--- Puts representations side by side.
-- @param list of reports, of {name=, z=, labels=, views=, ...} (options of report), or of tensors
-- @param options of report, for those that are no reports yet
-- @return plain table that prints and is ready for JSON: names, verdicts, rows = list of {key=,
-- section=, label=, values=, texts=, marks=, best= (places of the best, where better is defined and
-- they differ), better="more" or "less"}, warnings (list: what must be equal and is not), reports
-- @raise something that is no report
-- @example local z = ssl.randn(300, 8); return ssl.metrics.compare{ {name = "a", z = z}, {name = "b", z = z * ssl.arange(1, 8)} }.rows[1].best[1] --> 1
local function compare(list, options)
  if type(list) ~= "table" or is_report(list) then
    check.fail(1, "list of reports expected, got %s", is_report(list) and "one report"
      or check.kind(list))
  end
  if #list == 0 then check.fail(1, "at least one report expected, got an empty list") end
  local self = { names = {}, verdicts = {}, reports = {} }
  for i, item in ipairs(list) do
    self.reports[i] = report_of(item, i, options or {})
    self.names[i], self.verdicts[i] = self.reports[i].name, self.reports[i].verdict
  end
  self.rows, self.warnings = rows_of(self.reports), differences(self.reports)
  return setmetatable(self, Comparison)
end

return compare
