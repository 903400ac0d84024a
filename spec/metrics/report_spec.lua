local ssl = require "sslkit"
local json = require "sslkit.text.json"

local report = ssl.metrics.report

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

-- Two classes that a line parts, in the first column.
local function classes(n, seed)
  local z = randn(n, 6, seed)
  local y = ssl.arange(1, n, 1, "int64") % 2
  z:select(2, 1):add_(y:double() * 10)
  return z, y * 5 - 3
end

local function has(text, list)
  for _, item in ipairs(list) do
    if item:find(text, 1, true) then return true end
  end
  return false
end

local function lines_of(text)
  local list = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do list[#list + 1] = line end
  return list
end

describe("metrics.report", function()
  it("gives what the metrics give one by one", function()
    local z = randn(200, 12, 1) * ssl.linspace(1, 4, 12, "float64") + 0.5
    local r, m = report(z), ssl.metrics
    for _, name in ipairs { "rankme", "effective_rank", "participation_ratio", "nesum",
      "stable_rank", "matrix_entropy", "numerical_rank", "condition", "uniformity", "alpha_req",
      "pca_dimension", "self_cluster", "twonn" } do
      assert.tensor_near(m[name](z), ssl.tensor(r[name], "float64"), 1e-9)
    end
    local collapse = m.collapse(z)
    for name, v in pairs(r.collapse) do assert.equal(collapse[name], v, name) end
    assert.equal(collapse.mean_cosine, r.collapse.mean_cosine)
    assert.equal(m.uniformity(z, { full = true }).bound, r.uniformity_bound)
    assert.tensor_near(m.hubness(z, { metric = "cosine" }), ssl.tensor(r.hubness, "float64"), 1e-9)
    local window = m.alpha_req(z, { full = true })
    assert.same({ window.lo, window.hi }, { r.alpha_req_lo, r.alpha_req_hi })
    assert.same({ 200, 12, 12, "float64", "embedding", 200, 200 },
      { r.n, r.d, r.limit, r.dtype, r.name, r.n_used, r.n_near })
    local raw, centred = m.spectrum(z), m.spectrum(z, { center = true })
    for i = 1, 12 do
      assert.same({ raw[i], centred[i] }, { r.spectrum[i], r.spectrum_centred[i] })
    end
    assert.is_nil(r.knn or r.ridge or r.chance or r.alignment or r.reasons or r.n_skipped)
    assert.is_nil(r.recall_at_1 or r.silhouette or r.eta_squared or r.nc1_quotient or r.tolerance)
  end)

  it("asks the labels", function()
    local z, y = classes(60, 2)
    local r = report(z, { labels = y })
    local probe = ssl.probe
    assert.equal(probe.knn(z, y, nil, nil, { leave_one_out = true }).accuracy, r.knn)
    assert.equal(probe.ridge(z, y, z, y).loo_accuracy, r.ridge)
    assert.equal(1, r.ridge)
    assert.equal(0.5, r.chance)
    assert.same({ "ok" }, { tostring(r):match "(%S+)  ridge accuracy" })
    local m = ssl.metrics
    for name, want in pairs {
      recall_at_1 = m.recall_at(z, y, 1), silhouette = m.silhouette(z, y),
      eta_squared = m.eta_squared(z, y), tolerance = m.tolerance(z, y),
      nc1_quotient = m.neural_collapse(z, y).nc1_quotient,
    } do
      assert.tensor_near(want, ssl.tensor(r[name], "float64"), 1e-9)
    end
    -- labels that have nothing to do with the rows
    local noise = ssl.randint(1, 3, { 200 }, { generator = ssl.generator(5) })
    r = report(randn(200, 4, 3), { labels = noise })
    assert.is_true(has("hardly more than the most frequent class", r.warnings))
    assert.equal("warnings", r.verdict)
  end)

  it("takes other views as a tensor, a list, or [N,q,D]", function()
    local z, v, w = randn(40, 5, 1), randn(40, 5, 2), randn(40, 5, 3)
    local align = ssl.metrics.alignment
    local one = report(z, { views = v }).alignment
    assert.tensor_near(align(z, v), ssl.tensor(one, "float64"), 1e-12)
    local mean = (align(z, v) + align(z, w) + align(v, w)) / 3
    for _, views in ipairs { { v, w }, ssl.stack({ v, w }, 2) } do
      local r = report(z, { views = views })
      assert.tensor_near(mean, ssl.tensor(r.alignment, "float64"), 1e-12)
      assert.is_true(has("views of one sample are", r.warnings)) -- no nearer than any two rows
    end
    local near = report(z, { views = z + v * 0.01 })
    assert.equal("healthy", near.verdict)
  end)

  it("calls an even cloud healthy and a collapsed one collapsed", function()
    local r = report(randn(500, 16, 1))
    assert.same({ "healthy", "healthy: no sign of collapse", {} },
      { r.verdict, r.summary, r.warnings })
    local few = randn(500, 16, 1)
    few[{ {}, { 2, 16 } }] = 0
    r = report(few)
    assert.equal("collapsed", r.verdict)
    assert.equal("collapsed: the rows use 1 of 16 directions", r.summary)
    assert.is_true(has("constant columns: 15 of 16", r.warnings))
    r = report(randn(500, 16, 1) * 1e-3 + 1)
    assert.equal("collapsed", r.verdict)
    assert.is_true(has("point nearly the same way", r.warnings))
    r = report(ssl.cat { randn(50, 4, 1), randn(50, 4, 1) })
    assert.same({ "warnings", "no collapse, but 1 warning" }, { r.verdict, r.summary })
    assert.same({ "repeated rows: 50 of 100 rows repeat an earlier one" }, r.warnings)
  end)

  it("warns of spectra that fall too steeply", function()
    local z = randn(1000, 40, 1)
    local function power(alpha) -- eigenvalues j^-alpha
      local scale = ssl.arange(1, 40, 1, "float64") ^ (-alpha / 2)
      return report(z * scale)
    end
    local r = power(1)
    assert.near(1, r.alpha_req, 0.25)
    assert.is_truthy(tostring(r):find "\nok  alpha%-ReQ")
    assert.is_false(has("alpha-ReQ", r.warnings))
    assert.is_true(has("alpha-ReQ: the spectrum falls steeply (exponent 3", power(3).warnings))
    assert.is_truthy(tostring(power(0)):find "\n    alpha%-ReQ") -- even: no sign of collapse
    local few = report(randn(100, 5, 1) * ssl.tensor({ 1, 0.2, 0.1, 0.05, 0.02 }, "float64"))
    assert.is_true(few.alpha_req > 2)
    assert.is_false(has("alpha-ReQ", few.warnings)) -- five ranks make no law
  end)

  it("warns of rows along a curve, and of hubs", function()
    local angle = ssl.rand({ 300, 1 }, { generator = ssl.generator(1), dtype = "float64" }) * 6
    local curve = ssl.cat({ ssl.cos(angle), ssl.sin(angle) }, 2)
      :matmul(randn(2, 12, 2))
    local r = report(curve + randn(300, 12, 3) * 1e-6)
    assert.near(1, r.twonn, 0.2)
    assert.is_true(has("dimension (TwoNN): the rows lie near a curve (dimension 1", r.warnings))
    assert.is_false(has("TwoNN", report(curve:narrow(2, 1, 4):contiguous()).warnings))
    assert.is_truthy(tostring(report(randn(500, 16, 1))):find "\nok  dimension %(TwoNN%)")
    -- three rows in the middle of a cap, which is wide and thinly set: everyone's neighbours
    local cap = randn(300, 60, 4) * 0.3
    cap:select(2, 1):fill_(1)
    cap[{ { 1, 3 }, { 2, 60 } }] = cap[{ { 1, 3 }, { 2, 60 } }] * 0.1
    r = report(cap)
    assert.is_true(r.hubness > 2)
    local milder = cap:clone()
    milder[{ { 1, 3 }, { 2, 60 } }] = cap[{ { 1, 3 }, { 2, 60 } }] * 5.5
    local some = report(milder) -- more than is healthy, and not yet strong
    assert.is_true(some.hubness > 1 and some.hubness < 2, tostring(some.hubness))
    assert.is_truthy(tostring(some):find "\n    hubness .+ < 1")
    assert.is_truthy(tostring(report(randn(500, 16, 1))):find "\nok  hubness")
    local simple = report(randn(400, 4, 1):matmul(randn(4, 12, 2))) -- simple, but no curve
    assert.is_truthy(tostring(simple):find "\n    dimension %(TwoNN%) +3%.%d+ .*10 to 30")
    assert.is_false(has("TwoNN", simple.warnings))
    assert.is_true(has("hubness: a few rows are everyone's neighbours (skewness", r.warnings))
    assert.is_false(has("hubness", report(cap:narrow(1, 1, 99):contiguous()).warnings))
  end)

  it("looks for neighbours in 2000 rows at most, chosen by the seed", function()
    local z, y = classes(2100, 11)
    local r, m = report(z, { labels = y, seed = 5 }), ssl.metrics
    assert.same({ 2100, 2000 }, { r.n_used, r.n_near })
    local order = ssl.randperm(2100, { generator = ssl.generator(5) }):narrow(1, 1, 2000)
    local chosen = ssl.sort(order)
    local part, part_y = ssl.index(z, 1, chosen), ssl.index(y, 1, chosen)
    assert.same({ m.twonn(part), m.hubness(part, { metric = "cosine" }) }, { r.twonn, r.hubness })
    assert.same({ m.recall_at(part, part_y, 1), m.silhouette(part, part_y) },
      { r.recall_at_1, r.silhouette })
    assert.equal(m.eta_squared(z, y), r.eta_squared) -- of all rows
    assert.is_truthy(tostring(r):find "dimension %(TwoNN%) +[%d.]+  2000 rows, seed 5")
    assert.is_nil(tostring(report(z:narrow(1, 1, 2000):contiguous())):find("2000 rows", 1, true))
    assert.equal(50, report(z, { max_rows = 50 }).n_near)
  end)

  it("says that few rows limit what can be seen", function()
    local r = report(randn(20, 64, 1))
    assert.is_true(has("RankMe: N = 20 is less than 4 D = 256", r.warnings))
    assert.is_false(has("alpha-ReQ: N", r.warnings)) -- it is said once
    assert.equal(20, r.limit)
  end)

  it("gives NaN with a reason where nothing is defined", function()
    local seven = ssl.tensor({ 7 }, "int64")
    local r = report(randn(1, 4, 1), { labels = seven, views = randn(1, 4, 2) })
    assert.equal("undecided", r.verdict)
    for _, name in ipairs { "effective_rank", "nesum", "uniformity", "knn", "ridge", "alpha_req",
      "pca_dimension", "self_cluster", "twonn", "hubness", "recall_at_1", "silhouette",
      "eta_squared", "nc1_quotient", "tolerance" } do
      assert.is_true(r[name] ~= r[name], name)
      assert.is_string(r.reasons[name])
    end
    assert.equal("one row has no spread", r.reasons.std)
    assert.equal("one row cannot be left out", r.reasons.knn)
    local page = tostring(r)
    assert.is_truthy(page:find("nan: one row cannot be left out (kNN accuracy, ridge accuracy)", 1,
      true))
    assert.is_nil(page:find("ok  ", 1, true)) -- one row is not judged
    assert.is_nil(page:find "kNN accuracy  +nan")
    assert.is_true(#lines_of(page) <= 45)
    local pair = ssl.tensor({ { 1, 2 }, { 1, 2 } }, "float64")
    assert.equal("all class means coincide",
      report(pair, { labels = ssl.tensor({ 4, 9 }, "int64") }).reasons.nc1_quotient)
    r = report(randn(9, 1, 1), { labels = ssl.ones(9, "int64") })
    assert.same({ "one class only", "one class only", "one column" },
      { r.reasons.knn, r.reasons.ridge, r.reasons.offdiag })
    r = report(ssl.zeros(9, 3))
    assert.equal("every row is zero", r.reasons.mean_direction)
    assert.equal("collapsed", r.verdict)
  end)

  it("compares a sample of many rows, and says so", function()
    local z, y = classes(300, 4)
    local r = report(z, { labels = y, max_rows = 50, seed = 3 })
    assert.equal(50, r.n_used)
    local page = tostring(r)
    assert.is_truthy(page:find("pairs and labels: 50 rows, seed 3", 1, true))
    assert.equal(ssl.metrics.uniformity(z, { max_rows = 50, seed = 3 }), r.uniformity)
    local again = report(z, { labels = y, max_rows = 50, seed = 3 })
    assert.same({ r.knn, r.ridge, r.uniformity }, { again.knn, again.ridge, again.uniformity })
    local other = report(z, { labels = y, max_rows = 50, seed = 4 })
    assert.is_true(r.uniformity ~= other.uniformity)
    assert.equal(r.rankme, other.rankme)
    assert.is_nil(tostring(report(z)):find("pairs and labels", 1, true))
  end)

  it("skips rows with NaN everywhere, or names them", function()
    local z, y = classes(40, 5)
    local views = z + 0.1
    local clean = report(z:narrow(1, 3, 40):contiguous(),
      { labels = y:narrow(1, 3, 40):contiguous(), views = views:narrow(1, 3, 40):contiguous() })
    z[{ 1, 2 }] = 0 / 0
    views[{ 2, 1 }] = math.huge
    assert.raises({ "#1 to 'report'", "row 1 of (40,6) float64 holds a NaN" },
      function() report(z, { labels = y, views = views }) end)
    assert.raises({ "#2 to 'report'", "row 2 of (40,6)" },
      function() report(z:nan_to_num(), { views = views }) end)
    local r = report(z, { labels = y, views = views, nan = "skip" })
    assert.same({ 38, 2 }, { r.n, r.n_skipped })
    for _, name in ipairs { "rankme", "knn", "ridge", "alignment", "uniformity" } do
      assert.tensor_near(clean[name], ssl.tensor(r[name], "float64"), 1e-12)
    end
    assert.is_truthy(tostring(r):find("2 rows skipped", 1, true))
    local nothing = ssl.full({ 3, 2 }, 0 / 0)
    assert.raises("every row of", function() report(nothing, { nan = "skip" }) end)
  end)

  it("stands numbers of any size", function()
    local z, y = classes(40, 6)
    local want = report(z, { labels = y })
    for _, scale in ipairs { 1e200, 1e-150 } do
      local r = report(z * scale, { labels = y })
      assert.same({ want.verdict, want.knn, want.ridge }, { r.verdict, r.knn, r.ridge })
      for _, name in ipairs { "rankme", "alpha_req", "self_cluster", "twonn", "hubness",
        "recall_at_1", "silhouette", "eta_squared", "nc1_quotient", "tolerance" } do
        assert.tensor_near(want[name], ssl.tensor(r[name], "float64"), 1e-9)
      end
    end
  end)

  it("uses as many neighbours as there are", function()
    local z, y = classes(8, 7)
    assert.equal(7, report(z, { labels = y }).settings.k)
    assert.equal(3, report(z, { labels = y, k = 3 }).settings.k)
  end)

  it("prints a page of at most 80 columns", function()
    local z, y = classes(60, 8)
    z[{ {}, { 2, 6 } }] = 0
    local page = tostring(report(z, { labels = y, views = z, name = "flat" }))
    local lines = lines_of(page)
    assert.is_true(#lines <= 45)
    for _, line in ipairs(lines) do
      assert.is_true(ssl.text.width(line) <= 80, line)
      assert.is_nil(line:find "%s$")
    end
    assert.equal("flat: 60 x 6 float64", lines[1])
    assert.is_truthy(lines[2]:find "^no collapse, but %d warnings$" or lines[2]:find "^collapsed: ")
    for _, section in ipairs { "spectrum", "collapse", "geometry", "labels", "views" } do
      assert.is_truthy(page:find("\n" .. section, 1, true))
    end
  end)

  it("says how many remarks a full page leaves out", function()
    local z, y = classes(60, 8)
    z[{ {}, { 2, 6 } }] = 0
    local r = report(z, { labels = 1 - y, views = randn(60, 6, 1) })
    r.warnings = {}
    for i = 1, 20 do r.warnings[i] = "warning " .. i end
    local lines = lines_of(tostring(r))
    local count = 21 -- with the reason of what is undefined
    assert.equal(45, #lines)
    local shown = select(2, tostring(r):gsub("\n !  warning ", ""))
    assert.is_true(shown > 0)
    assert.equal(("    and %d more, in warnings and reasons of the report"):format(count - shown),
      lines[45])
    r.warnings = {}
    for i = 1, shown do r.warnings[i] = "warning " .. i end -- these and the reason fit
    lines = lines_of(tostring(r))
    assert.equal(45, #lines)
    assert.is_truthy(lines[45]:find "^    nan: .* %(alpha%-ReQ%)$")
  end)

  it("colours only when asked to, and wraps to a width", function()
    local r = report(randn(10, 8, 1), { name = "z" })
    assert.is_nil(r:page():find "\27")
    assert.equal(tostring(r), r:page())
    local colored = r:page { color = true }
    assert.is_truthy(colored:find("\27[32mok\27[0m", 1, true))
    assert.equal(r:page(), (colored:gsub("\27%[[%d;]*m", "")))
    assert.is_true(#lines_of(r:page { width = 40 }) > #lines_of(r:page()))
    assert.raises("unknown option 'colour'; known: color, width",
      function() r:page { colour = true } end)
  end)

  it("is plain data, ready for JSON", function()
    local z, y = classes(30, 9)
    local r = report(z, { labels = y, views = z, name = "a \"b\"" })
    local back = require("cjson").decode(json.encode(r))
    assert.equal(30, back.n)
    assert.tensor_near(r.knn, ssl.tensor(back.knn, "float64"), 1e-12)
    assert.equal(#r.spectrum, #back.spectrum)
    local undefined = require("cjson").decode(json.encode(report(randn(1, 3, 1))))
    assert.equal(require("cjson").null, undefined.nesum)
  end)

  it("does not change what it is given", function()
    local z = randn(30, 4, 1)
    local before, options = z:clone(), { k = 50 }
    report(z, options)
    assert.is_true(ssl.equal(before, z))
    assert.same({ k = 50 }, options)
    local leaf = randn(30, 4, 1):requires_grad()
    assert.is_number(report(leaf).rankme)
  end)

  it("names what it cannot take", function()
    local z = randn(5, 2, 1)
    local function fails(texts, ...)
      local given = table.pack(...)
      assert.raises(texts, function() report(table.unpack(given, 1, given.n)) end)
    end
    fails({ "#1 to 'report'", "expected, got nil" })
    fails({ "#1", "tensor of dtype float expected" }, ssl.ones(3, 2, "uint8"))
    fails({ "#1", "2 dimensions expected" }, ssl.ones(3))
    fails({ "#1", "at least one row" }, ssl.zeros(0, 3))
    fails({ "#2", "unknown option 'label'; known:" }, z, { label = 3 })
    fails({ "#2", "labels of dtype int64 expected" }, z, { labels = ssl.ones(5) })
    fails({ "#2", "one label a row expected, got (4) int64 for (5,2) float64" }, z,
      { labels = ssl.ones(4, "int64") })
    fails({ "#2", "view 1 like the rows, (5,2) float64, expected, got (5,2) float32" }, z,
      { views = z:float() })
    fails({ "#2", "view 2 expected, got number 3" }, z, { views = { z, 3 } })
    fails({ "#2", "views must be a tensor or a list of tensors, got string 'x'" }, z,
      { views = "x" })
    fails({ "#2", "nan must be one of error, skip" }, z, { nan = "propagate" })
    fails({ "#2", "name must be a string" }, z, { name = 3 })
    fails({ "#2", "max_rows must be in 2..inf, got 1" }, z, { max_rows = 1 })
    fails({ "#2", "k must be in 1..inf, got 0" }, z, { k = 0 })
    fails({ "report_spec.lua" }, 3)
  end)
end)
