-- Reports on representations as HTML pages: one, or several side by side.

local check = require "sslkit.check"
local lines = require "sslkit.metrics.report.lines"
local metrics = require "sslkit.metrics"
local page = require "sslkit.page"
local plot = require "sslkit.plot"
local version = require "sslkit.version"

local CLASSES = { ok = "good", warn = "warn", bad = "bad" }

-- The rows of a table, with a row for each section above its own.
local function in_sections(list, section_of, row_of)
  local rows, section = {}, nil
  for _, item in ipairs(list) do
    if section_of(item) ~= section then
      section = section_of(item)
      rows[#rows + 1] = { section = section }
    end
    rows[#rows + 1] = row_of(item)
  end
  return rows
end

local function measures(r)
  return in_sections(lines.of(r), function(line) return line.entry.section end, function(line)
    local value = { text = line.text, value = line.value, class = CLASSES[line.mark] }
    return { line.entry.label, value, line.reason or line.note, line.healthy }
  end)
end

local function side_by_side(c)
  return in_sections(c.rows, function(row) return row.section end, function(row)
    local best = {}
    for _, i in ipairs(row.best or {}) do best[i] = true end
    local cells = { row.label }
    for i, text in ipairs(row.texts) do
      local class = row.marks[i] == "bad" and "bad" or best[i] and "good"
        or row.marks[i] == "warn" and "warn" or nil
      cells[i + 1] = { text = text, value = text ~= "-" and row.values[i] or nil, class = class }
    end
    return cells
  end)
end

-- In units of the largest value, whose square might be too large.
local function relative(values)
  local list = {}
  for i, v in ipairs(values) do list[i] = v / values[1] end
  return list
end

local function spectra(p, reports)
  local list, names = {}, {}
  for _, r in ipairs(reports) do
    if (r.spectrum_centred[1] or 0) > 0 then
      list[#list + 1], names[#names + 1] = relative(r.spectrum_centred), r.name
    end
  end
  if #list == 0 then return end
  p:heading(#list == 1 and "Spectrum" or "Spectra")
  p:figure(plot.spectrum(list, { labels = #list > 1 and names or nil, share = true }),
    "Variance along the principal axes, largest first: the steeper, the fewer directions are used. "
    .. "Dashed: the power law of alpha-ReQ.")
end

local function warnings(p, list)
  if #list > 0 then p:list(list) end
end

local function settings(p, r)
  p:heading "Settings"
  p:facts {
    { "sslkit", version }, { "NaN and infinity", r.settings.nan },
    { "rows for pairs and labels", r.n_used }, { "seed of the sample", r.settings.seed },
    { "k of kNN", r.settings.k },
  }
end

local function one(r, title)
  local p = page(title or "Report on " .. r.name,
    { subtitle = ("%d rows x %d columns, %s"):format(r.n, r.d, r.dtype) })
  if r.verdict == "healthy" then p:text(r.summary) else p:warning(r.summary) end
  warnings(p, r.warnings)
  p:heading "Measures"
  p:table { header = { "measure", "value", "", "healthy" }, rows = measures(r), align = "lrll",
    sort = false, caption = "What is healthy is a rule of thumb: beyond it, have a look" }
  spectra(p, { r })
  settings(p, r)
  return p
end

local function several(c, title)
  local p = page(title or "Comparison of " .. table.concat(c.names, ", "),
    { subtitle = ("%d representations"):format(#c.names) })
  for _, warning in ipairs(c.warnings) do p:warning(warning) end
  p:heading "Side by side"
  local header = { "measure", table.unpack(c.names) }
  p:table { header = header, rows = side_by_side(c), align = "l" .. ("r"):rep(#c.names),
    sort = false, caption = "Bold and green: the best of its row, other things being equal" }
  spectra(p, c.reports)
  p:heading "Each one"
  for _, r in ipairs(c.reports) do
    p:heading(r.name, 3)
    p:text(("%d rows x %d columns, %s: %s"):format(r.n, r.d, r.dtype, r.summary))
    warnings(p, r.warnings)
  end
  settings(p, c.reports[1])
  return p
end

--- A report, or several side by side, as an HTML page.
-- @param what what ssl.metrics.report or ssl.metrics.compare gives, or a list as compare takes it
-- @param options table: title
-- @return page; :save "x.html" writes it
-- @raise what is none of these
-- @example ssl.report(ssl.metrics.report(ssl.randn(100, 8), {name = "z"})):html():match "<h1>.-</h1>" --> <h1>Report on z</h1>
local function report(what, options)
  local title = check.options(2, options, {}, { title = true }).title
  if type(what) ~= "table" then
    check.fail(1, "report, or list of them, expected, got %s", check.kind(what))
  end
  if type(what.settings) == "table" then return (one(what, title)) end
  return (several(what.reports and what or metrics.compare(what), title))
end

return report
