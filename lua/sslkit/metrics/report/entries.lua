-- The lines of a report, one entry each, in the order of the page. To add a metric, add an entry:
--   key      its name in the report; `of` is the table of the report that it is in, if any
--   section  the heading under which it stands
--   label    its name on the page
--   compute  from the context to a number, or to what a metric gives with {full=true}; nil where the
--            report was not given what it needs. None: an earlier entry's table has it
--   show     from the value and the report to the text (four digits), and what stands behind it
--   healthy  from the report to the text of the healthy range
--   judge    from the value and the report to "ok", "warn" or "bad", and what that means, which
--            becomes a warning
--   also     other fields of what compute gives, which the report gets as key_field
--   better   "more" or "less": which of two representations to prefer, other things being equal
-- compute alone sees the data: the rest is worked out from the numbers of a report, and is not asked
-- about NaN.
--
-- Of the limits below, the literature knows few: where it does, the entry says so. All others are rules
-- of thumb, set between collapse (a rank of 1, a cosine of 1, a deviation or a uniformity of 0) and what
-- even rows have, and nearer to collapse: a value within them is no sign of quality.

local core = require "sslkit.core"
local alignment = require "sslkit.metrics.alignment"
local alpha_req = require "sslkit.metrics.alpha_req"
local collapse = require "sslkit.metrics.collapse"
local condition = require "sslkit.metrics.condition"
local effective_rank = require "sslkit.metrics.effective_rank"
local eta_squared = require "sslkit.metrics.eta_squared"
local hubness = require "sslkit.metrics.hubness"
local matrix_entropy = require "sslkit.metrics.matrix_entropy"
local nesum = require "sslkit.metrics.nesum"
local numerical_rank = require "sslkit.metrics.numerical_rank"
local participation_ratio = require "sslkit.metrics.participation_ratio"
local pca_dimension = require "sslkit.metrics.pca_dimension"
local rankme = require "sslkit.metrics.rankme"
local recall_at = require "sslkit.metrics.recall_at"
local rows = require "sslkit.metrics.engine.rows"
local self_cluster = require "sslkit.metrics.self_cluster"
local silhouette = require "sslkit.metrics.silhouette"
local stable_rank = require "sslkit.metrics.stable_rank"
local tolerance = require "sslkit.metrics.tolerance"
local twonn = require "sslkit.metrics.twonn"
local uniformity = require "sslkit.metrics.uniformity"

local FULL = { full = true }
local NAN = 0 / 0

-- {== Ways to show and to judge =============================================================

local function number(v) return ("%.4g"):format(v == 0 and 0 or v) end -- never -0

local function count(v) return ("%d"):format(v) end

local function percent(v) return ("%.1f %%"):format(100 * v) end

-- A rank, and its share of what it can be.
local function share(v, r)
  return number(v), ("%.0f %% of %d"):format(100 * v / r.limit, r.limit)
end

local function at_least(low, bad, meaning)
  return function(v, r)
    local part = v / r.limit
    if part >= low then return "ok" end
    return bad and part < bad and "bad" or "warn", meaning:format(number(v), r.limit)
  end
end

local function share_text(low)
  return function() return (">= %.0f %%"):format(100 * low) end
end

-- Healthy on the right side of `warn`, hopeless beyond `bad`; meaning (nil: the mark says it) may
-- take the value.
local function below(warn, bad, meaning)
  return function(v)
    if v < warn then return "ok" end
    return bad and v > bad and "bad" or "warn", meaning and meaning:format(number(v))
  end
end

local function above(warn, bad, meaning)
  return function(v)
    if v > warn then return "ok" end
    return bad and v < bad and "bad" or "warn", meaning and meaning:format(number(v))
  end
end

-- None at all, or few enough of what r[limit] counts.
local function none(limit, few, meaning)
  return function(v, r)
    if v <= few * r[limit] then return "ok" end
    return v >= r[limit] and "bad" or "warn", meaning:format(v, r[limit])
  end
end

-- Which rows a line saw, where these are few of all.
local function near_note(r)
  return r.n_near and r.n_near < r.n and ("%d rows, seed %d"):format(r.n_near, r.settings.seed)
    or nil
end

local function constant(text) return function() return text end end

-- Better than the most frequent class, by more than chance.
local function beats_chance(v, r)
  local slack = 3 * math.sqrt(r.chance * (1 - r.chance) / r.n_used)
  if v > math.min(r.chance + slack, 1 - 1e-9) or v == 1 and r.chance < 1 then return "ok" end
  return "warn", ("%s is hardly more than the most frequent class"):format(percent(v))
end

local function over_chance(r) return "> " .. percent(r.chance) .. " (chance)" end

-- Mean squared distance of two unit rows at random; nil where there are no two.
local function at_random(r)
  local cosine = r.collapse.mean_cosine
  return cosine == cosine and 2 * (1 - cosine) or nil
end

-- ==}

-- {== What takes more than one call =========================================================

-- Labels that a probe can say something of, or the reason why there are none.
local function task(c)
  if c.sample.n < 2 then return nil, "one row cannot be left out" end
  local y = c.sample.labels
  if core.item(core.amin(y)) == core.item(core.amax(y)) then return nil, "one class only" end
  return c.sample
end

local function leave_one_out(c, probe)
  if not c.labels then return nil end
  local given, reason = task(c)
  if not given then return { value = NAN, undefined = reason } end
  local scaled = rows.in_range(given.z) -- which no probe here minds
  return probe(scaled, given.labels)
end

-- The share of the most frequent class: what is right without looking.
local function chance(c)
  if not c.labels then return nil end
  local most, seen = 0, {}
  for _, label in ipairs(c.sample.labels:totable()) do
    seen[label] = (seen[label] or 0) + 1
    most = math.max(most, seen[label])
  end
  return most / c.sample.n
end

local function knn(c)
  return leave_one_out(c, function(z, y)
    local options = { k = c.settings.k, leave_one_out = true }
    return require("sslkit.probe").knn(z, y, nil, nil, options).accuracy
  end)
end

local function ridge(c)
  return leave_one_out(c, function(z, y)
    return require("sslkit.probe").ridge(z, y, z, y).loo_accuracy
  end)
end

-- alpha-ReQ, whose warning of few rows RankMe has said already.
local function decay(c)
  local answer = alpha_req(c.centred, FULL)
  answer.warn = nil
  return answer
end

-- What the sample for nearest neighbours and its labels give.
local function near(metric)
  return function(c) return c.labels and metric(c.near.z, c.near.labels) end
end

-- The quotient that neural_collapse calls nc1_quotient, from what is known of the classes.
local function nc1_quotient(c)
  local known = c.classes
  if not known then return nil end
  if known.k == 1 then return { value = NAN, undefined = "one class has no other" } end
  local apart = core.sum(core.square(known.mean - known:center(false))):item() / known.k
  if apart == 0 then return { value = NAN, undefined = "all class means coincide" } end
  return core.sum(known.square):item() / known.n / apart
end

-- The mean over all pairs of views, the rows themselves among them.
local function aligned(c)
  if #c.views == 0 then return nil end
  local all, sum, pairs_of = { c.z, table.unpack(c.views) }, 0, 0
  for i = 2, #all do
    for j = 1, i - 1 do
      sum, pairs_of = sum + alignment(all[i], all[j]), pairs_of + 1
    end
  end
  return sum / pairs_of
end

-- ==}

return {
  { key = "rankme", section = "spectrum", label = "RankMe", better = "more",
    compute = function(c) return rankme(c.raw, FULL) end,
    show = share, healthy = share_text(0.2),
    -- less than a tenth is what is known as collapse; 0.2 is ours
    judge = at_least(0.2, 0.1, "the rows use %s of %d directions") },
  { key = "effective_rank", section = "spectrum", label = "effective rank", better = "more",
    compute = function(c) return effective_rank(c.centred, FULL) end,
    show = share, healthy = share_text(0.05),
    judge = at_least(0.05, nil, "the variance lies in %s of %d directions") },
  { key = "participation_ratio", section = "spectrum", label = "participation ratio",
    compute = function(c) return participation_ratio(c.centred, FULL) end,
    show = share, better = "more" },
  { key = "pca_dimension", section = "spectrum", label = "components for 95 %", better = "more",
    compute = function(c) return pca_dimension(c.centred, FULL) end,
    show = function(v, r) return count(v), ("of %d"):format(r.limit) end },
  { key = "nesum", section = "spectrum", label = "NESum", better = "more",
    compute = function(c) return nesum(c.centred, FULL) end,
    show = number, healthy = constant "> 1.25",
    judge = function(v, r)
      if r.limit < 4 then return nil end
      if v > 1.25 then return "ok" end
      if v == 0 then return "warn", "there is no variance" end
      return "warn", ("one axis holds %.0f %% of the variance"):format(100 / v)
    end },
  { key = "alpha_req", section = "spectrum", label = "alpha-ReQ", also = { "lo", "hi" },
    compute = decay,
    show = function(v, r)
      local hi = r.alpha_req_hi
      return number(v), hi and ("ranks %d to %d"):format(r.alpha_req_lo, hi)
    end,
    healthy = constant "about 1", -- as Agrawal et al. 2022 find; 2 and 0.5 are ours
    judge = function(v, r) -- a flat spectrum is no sign of collapse, few ranks are none of anything
      if (r.alpha_req_hi or 0) - (r.alpha_req_lo or 0) < 9 then return nil end
      if v > 2 then return "warn", ("the spectrum falls steeply (exponent %.2g)"):format(v) end
      return v > 0.5 and "ok" or nil
    end },
  { key = "stable_rank", section = "spectrum", label = "stable rank", show = number,
    compute = function(c) return stable_rank(c.raw, FULL) end },
  { key = "matrix_entropy", section = "spectrum", label = "matrix entropy",
    compute = function(c) return matrix_entropy(c.raw, FULL) end,
    show = function(v, r)
      return number(v < 1e-12 and 0 or v), ("nats, of %.4g"):format(math.log(r.limit))
    end },
  { key = "numerical_rank", section = "spectrum", label = "numerical rank", better = "more",
    compute = function(c) return numerical_rank(c.raw, FULL) end,
    show = function(v, r) return count(v), ("of %d"):format(r.limit) end,
    healthy = function(r) return count(r.limit) end,
    judge = function(v, r)
        if v >= r.limit then return "ok" end
      return "warn", ("%d of %d directions are not used at all"):format(r.limit - v, r.limit)
    end },
  { key = "condition", section = "spectrum", label = "condition number", show = number,
    compute = function(c) return condition(c.raw, FULL) end },
  { key = "self_cluster", section = "spectrum", label = "self-clustering", better = "less",
    compute = function(c) return self_cluster(c.sample.z, FULL) end,
    show = function(v) return number(v), "0 even, 1 a line" end },

  { key = "std", of = "collapse", section = "collapse", label = "std of the columns",
    compute = function(c) return collapse(c.z) end,
    show = function(v, r)
      local all = r.collapse
      return number(v), ("%s to %s"):format(number(all.std_min), number(all.std_max))
    end },
  { key = "std_normalised", of = "collapse", section = "collapse",
    label = "std of unit rows, x sqrt(D)", show = number, healthy = constant "> 0.3; 1 is even",
    judge = above(0.3, 0.1, "the rows point nearly the same way (std of unit rows %s)") },
  { key = "mean_cosine", of = "collapse", section = "collapse", label = "mean cosine of rows",
    show = number, healthy = constant "< 0.9", judge = below(0.9, 0.99) },
  { key = "mean_direction", of = "collapse", section = "collapse", label = "share of the mean",
    show = percent, healthy = constant "< 90 %",
    judge = below(0.9, nil, "a common offset outweighs the differences: read what is centred") },
  { key = "offdiag", of = "collapse", section = "collapse", label = "correlation of columns",
    show = number, healthy = constant "< 0.5",
    judge = function(v, r)
      if r.n < 10 then return nil end
      if v < 0.5 then return "ok" end
      return "warn", ("the columns say the same (mean absolute correlation %.2f)"):format(v)
    end },
  { key = "dead", of = "collapse", section = "collapse", label = "constant columns", show = count,
    healthy = constant "0", better = "less",
    judge = none("d", 0, "%d of %d columns never change") },
  { key = "duplicates", of = "collapse", section = "collapse", label = "repeated rows",
    show = count, healthy = constant "< 1 %", better = "less",
    judge = none("n", 0.01, "%d of %d rows repeat an earlier one") },
  { key = "zero_rows", of = "collapse", section = "collapse", label = "zero rows", show = count,
    healthy = constant "0", better = "less",
    judge = none("n", 0, "%d of %d rows are zero") },

  { key = "uniformity", section = "geometry", label = "uniformity", better = "less",
    also = { "bound" },
    compute = function(c)
      return uniformity(c.sample.z, { full = true, max_rows = math.max(2, c.sample.n) })
    end,
    show = function(v, r)
      return number(v), r.uniformity_bound and ("%.4g is even"):format(r.uniformity_bound)
    end,
    healthy = constant "< -0.5",
    judge = below(-0.5, -0.1, "the rows lie in one place of the sphere (uniformity %s)") },

  { key = "twonn", section = "geometry", label = "dimension (TwoNN)",
    compute = function(c) return twonn(c.near.z, FULL) end,
    show = function(v, r) return number(v), near_note(r) end,
    healthy = constant "10 to 30", -- what features of natural images have; below 2 is collapse
    judge = function(v, r)
      if r.limit < 8 or v > 30 then return nil end -- cannot be much, or noise: neither is collapse
      if v < 2 then return "warn", ("the rows lie near a curve (dimension %.2g)"):format(v) end
      return v >= 10 and "ok" or nil -- simple data have fewer
    end },
  { key = "hubness", section = "geometry", label = "hubness", better = "less",
    compute = function(c) -- cosines, as of kNN and recall: by distances the centre of any cloud is a hub
      return hubness(c.near.z, { metric = "cosine", full = true })
    end,
    show = function(v, r) return number(v), near_note(r) end,
    healthy = constant "< 1", -- a skewness of 2 to 3 and more is that of strong hubs
    judge = function(v, r)
      if (r.n_near or 0) < 100 then return nil end
      if v <= 2 then return v < 1 and "ok" or nil end
      return "warn", ("a few rows are everyone's neighbours (skewness %.2g)"):format(v)
    end },

  { key = "knn", section = "labels", label = "kNN accuracy", better = "more", compute = knn,
    show = function(v, r) return percent(v), ("k = %d, left out"):format(r.settings.k) end,
    healthy = over_chance, judge = beats_chance },
  { key = "ridge", section = "labels", label = "ridge accuracy", better = "more", compute = ridge,
    show = function(v) return percent(v), "left out" end,
    healthy = over_chance, judge = beats_chance },
  { key = "chance", section = "labels", label = "most frequent class", show = percent,
    compute = chance },
  { key = "recall_at_1", section = "labels", label = "recall at 1", better = "more",
    compute = near(function(z, y) return recall_at(z, y, 1, FULL) end),
    show = function(v, r) return percent(v), near_note(r) end },
  { key = "silhouette", section = "labels", label = "silhouette", better = "more",
    compute = near(function(z, y) return silhouette(z, y, FULL) end),
    show = function(v, r) return number(v), near_note(r) end, healthy = constant "> 0" },
  { key = "eta_squared", section = "labels", label = "variance by class", better = "more",
    compute = function(c) return c.classes and eta_squared(c.classes, nil, FULL) end,
    show = percent },
  { key = "nc1_quotient", section = "labels", label = "within / between", better = "less",
    compute = nc1_quotient, show = number },
  { key = "tolerance", section = "labels", label = "tolerance",
    compute = function(c) return c.labels and tolerance(c.z, c.labels, FULL) end,
    show = function(v, r)
      local cosine = r.collapse.mean_cosine
      return number(v), cosine == cosine and ("%s any two"):format(number(cosine)) or nil
    end },

  { key = "alignment", section = "views", label = "alignment", better = "less", compute = aligned,
    show = function(v, r)
      local random = at_random(r)
      return number(v), random and ("%s at random"):format(number(random))
    end,
    healthy = function(r) -- of even rows less than 1, as is usual; of others in proportion
      local random = at_random(r)
      return random and ("< %s"):format(number(random / 2))
    end,
    judge = function(v, r)
      local random = at_random(r)
      if not random or random < 1e-6 then return nil end
      if v < random / 2 then return "ok" end
      return "warn", ("views of one sample are %s apart, any two rows %s"):format(number(v),
        number(random))
    end },
}
