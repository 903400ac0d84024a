-- All metrics of one representation at once, and what they say together.

local check = require "sslkit.check"
local context = require "sslkit.metrics.report.context"
local entries = require "sslkit.metrics.report.entries"
local lines = require "sslkit.metrics.report.lines"
local page = require "sslkit.metrics.report.print"

--- All metrics of a representation, as plain data that prints as a page.
-- @kind Report, report
local Report = { __name = "sslkit.Report" }
Report.__index = Report

local DEFAULTS = { name = "embedding", nan = "error", max_rows = 10000, seed = 0, k = 20 }

local function plain(s) return s end

--- The report as a page of text, as print shows it.
-- @param options table: color = with the colours of a terminal (false); width = columns (80)
-- @return string without a newline at its end
-- @example ssl.metrics.report(ssl.eye(64):repeat_tensor(4, 1)):page():match "[^\n]*" --> embedding: 256 x 64 float32
function Report:page(options)
  local o = check.options(2, options, { color = false, width = 80 })
  local width = check.integer(2, "width", o.width, 40)
  local paint = o.color and require("sslkit.text.color").paint or plain
  return (page(self, paint, width))
end

function Report:__tostring() return self:page() end

-- Why something is NaN; of a table of metrics the reason is "names: why; names: why".
local function explain(r, entry, undefined)
  r.reasons = r.reasons or {}
  if not entry.of then
    r.reasons[entry.key] = undefined
    return
  end
  for names, why in undefined:gmatch "([^:;]+): ([^;]+)" do
    for name in names:gmatch "[%w_]+" do r.reasons[name] = why end
  end
end

-- What a metric gives with {full=true}, or a number, into the report.
local function store(r, entry, answer)
  if type(answer) ~= "table" then
    r[entry.key] = answer
    return
  end
  if answer.undefined then explain(r, entry, answer.undefined) end
  if answer.warn then r.warnings[#r.warnings + 1] = entry.label .. ": " .. answer.warn end
  for _, field in ipairs(entry.also or {}) do r[entry.key .. "_" .. field] = answer[field] end
  if not entry.of then
    r[entry.key] = answer.value
    return
  end
  r[entry.of] = {}
  for name, v in pairs(answer) do
    if name ~= "metric" and name ~= "n" and name ~= "d" and name ~= "undefined" then
      r[entry.of][name] = v
    end
  end
end

local function list_of(s)
  local out = {}
  for i, v in ipairs(s) do out[i] = v end
  return out
end

-- The verdict: collapsed where one line is hopeless, and what that line says.
local function conclude(r)
  local bad
  for _, line in ipairs(lines.of(r)) do
    if line.meaning then
      r.warnings[#r.warnings + 1] = line.entry.label .. ": " .. line.meaning
      if line.mark == "bad" then bad = bad or line.meaning end
    end
  end
  local count = #r.warnings
  if r.n == 1 then r.verdict, r.summary = "undecided", "undecided: one row has no spread"
  elseif bad then r.verdict, r.summary = "collapsed", "collapsed: " .. bad
  elseif count == 0 then r.verdict, r.summary = "healthy", "healthy: no sign of collapse"
  else
    r.verdict = "warnings"
    r.summary = ("no collapse, but %d warning%s"):format(count, count == 1 and "" or "s")
  end
end

--- All metrics of a representation at once: how many directions it uses, signs of collapse, how it
-- covers the sphere, its dimension, and, with labels, how well neighbours and a linear map tell the
-- classes, and how far these lie apart.
-- @param z float tensor [N,D]
-- @param options {labels= int64 [N], views= another view of each row, a tensor like z, a list of them,
-- or [N,q,D], name="embedding", nan="error" or "skip" (drops the row everywhere), max_rows=10000 (where
-- pairs of rows are compared, and for probes, more are sampled; where nearest neighbours or clusters are
-- looked at, no more than 2000), seed=0 (of the samples), k=20 (of kNN)}
-- @return plain table that prints as a page and is ready for JSON (NaN becomes null): n, d, limit =
-- min(N,D), dtype, name, verdict = "healthy", "warnings", "collapsed" or "undecided", summary, warnings
-- (list), rankme, effective_rank, participation_ratio, pca_dimension (of 95 % of the variance), nesum,
-- alpha_req with alpha_req_lo and alpha_req_hi (its window), stable_rank, matrix_entropy,
-- numerical_rank, condition, self_cluster, collapse (table), uniformity, uniformity_bound, twonn,
-- hubness (k = 10, by cosines); with labels knn and ridge (leave-one-out accuracies), chance,
-- recall_at_1, silhouette, eta_squared, nc1_quotient, tolerance; with views alignment; spectrum and
-- spectrum_centred (singular values), n_used (rows that pairs were made of), n_near (rows that twonn,
-- hubness, recall_at_1 and silhouette saw), n_skipped, settings; what is undefined is NaN, and
-- reasons[name] says why. r:page{color=, width=} is the text that it prints as
-- @raise shapes that do not belong together; on NaN or Inf, naming the row
-- @example ssl.metrics.report(ssl.randn(500, 16)).verdict --> healthy
-- @example ssl.metrics.report(ssl.ones(50, 8), {name = "ones"}).summary --> collapsed: the rows point...
local function report(z, options)
  local o = check.options(2, options, DEFAULTS, { labels = true, views = true })
  check.one_of(2, "nan", o.nan, { "error", "skip" })
  if type(o.name) ~= "string" then
    check.fail(2, "name must be a string, got %s", check.kind(o.name))
  end
  o.max_rows = check.integer(2, "max_rows", o.max_rows, 2)
  o.seed, o.k = check.integer(2, "seed", o.seed), check.integer(2, "k", o.k, 1)
  local c = context.new(z, o)
  o.k = math.max(1, math.min(o.k, c.sample.n - 1))
  local r = setmetatable({
    name = o.name, n = c.n, d = c.d, limit = c.limit, dtype = c.dtype, n_used = c.sample.n,
    n_near = c.near.n,
    n_skipped = c.skipped > 0 and c.skipped or nil, warnings = {},
    spectrum = list_of(c.raw), spectrum_centred = list_of(c.centred),
    settings = { nan = o.nan, max_rows = o.max_rows, seed = o.seed, k = o.k },
  }, Report)
  for _, entry in ipairs(entries) do
    local answer = entry.compute and entry.compute(c)
    if answer ~= nil and answer ~= false then store(r, entry, answer) end
  end
  conclude(r)
  return r
end

return report
