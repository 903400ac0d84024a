local ssl = require "sslkit"

local compare, report = ssl.metrics.compare, ssl.metrics.report

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

local function row(c, key)
  for _, r in ipairs(c.rows) do
    if r.key == key then return r end
  end
end

local function has(text, list)
  for _, item in ipairs(list) do
    if item:find(text, 1, true) then return true end
  end
  return false
end

describe("metrics.compare", function()
  local wide = randn(200, 8, 1)
  local steep = wide * ssl.tensor({ 1, 0.3, 0.1, 0.03, 0.03, 0.03, 0.03, 0.03 }, "float64")

  it("puts reports side by side and marks the best", function()
    local a, b = report(wide, { name = "wide" }), report(steep, { name = "steep" })
    local c = compare { a, b }
    assert.same({ "wide", "steep" }, c.names)
    assert.same({ a.verdict, b.verdict }, c.verdicts)
    assert.same({ a.rankme, b.rankme }, row(c, "rankme").values)
    assert.same({ 1 }, row(c, "rankme").best)
    assert.same({ a.collapse.std, b.collapse.std }, row(c, "std").values)
    assert.is_nil(row(c, "std").best) -- nothing is better
    assert.is_nil(row(c, "alpha_req").best or row(c, "twonn").best)
    assert.same({ 1 }, row(c, "pca_dimension").best)
    assert.same({ 1 }, row(c, "self_cluster").best) -- less is better
    assert.is_nil(row(c, "dead").best) -- all are alike
    assert.same({}, c.warnings)
    assert.is_nil(row(c, "knn"))
    assert.equal(a, c.reports[1])
  end)

  it("makes reports of tensors and of tables", function()
    local y = ssl.arange(1, 200, 1, "int64") % 2
    local c = compare({ wide, { name = "s", z = steep, k = 3 } }, { labels = y })
    assert.same({ "1", "s" }, c.names)
    assert.same({ 20, 3 }, { c.reports[1].settings.k, c.reports[2].settings.k })
    assert.is_number(c.reports[1].knn)
    for _, key in ipairs { "knn", "recall_at_1", "silhouette", "eta_squared", "nc1_quotient",
      "tolerance" } do
      assert.equal(2, #row(c, key).values, key)
    end
  end)

  it("leaves gaps where a report lacks a line", function()
    local y = ssl.arange(1, 200, 1, "int64") % 2
    local c = compare { report(wide, { labels = y }), report(steep) }
    local knn = row(c, "knn")
    assert.is_true(knn.values[2] ~= knn.values[2])
    assert.equal("-", knn.texts[2])
    assert.is_nil(knn.best) -- one value is no contest
  end)

  it("does not count NaN among the best, and marks ties", function()
    local one = report(randn(1, 8, 1))
    local c = compare { one, report(wide), report(wide), report(steep) }
    assert.same({ 2, 3 }, row(c, "uniformity").best)
  end)

  it("warns where numbers cannot be compared", function()
    local c = compare { wide, wide:narrow(1, 1, 100), wide:narrow(2, 1, 4) }
    assert.is_true(has("N differs (200, 100)", c.warnings))
    assert.is_true(has("D differs (8, 4)", c.warnings))
    assert.is_nil(row(c, "rankme").best)
    assert.is_truthy(row(c, "uniformity").best)
    c = compare { { z = wide, max_rows = 50 }, { z = wide, max_rows = 60 } }
    assert.is_true(has("pairs and labels: numbers of rows differ (50, 60)", c.warnings))
  end)

  it("prints a table, the best of a row with a star", function()
    local text = tostring(compare { { name = "wide", z = wide }, { name = "steep", z = steep } })
    assert.is_truthy(text:find "^ +wide +steep\n")
    assert.is_truthy(text:find "\n  RankMe +[%d.]+ %* +[%d.]+\n")
    assert.is_truthy(text:find("\n *  the best of its row", 1, true))
  end)

  it("prints as many models side by side as fit", function()
    local list = {}
    for i = 1, 7 do list[i] = { name = ("model number %d of seven"):format(i), z = wide } end
    local c = compare(list)
    local _, tables = tostring(c):gsub("\nspectrum\n", "")
    assert.is_true(tables > 1)
    for line in tostring(c):gmatch "[^\n]+" do assert.is_true(ssl.text.width(line) <= 80, line) end
    local _, one = c:page { width = 300 }:gsub("\nspectrum\n", "")
    assert.equal(1, one)
    local _, seven = c:page { width = 40 }:gsub("\nspectrum\n", "")
    assert.equal(7, seven)
  end)

  it("reads what was kept as JSON", function()
    local cjson, json = require "cjson", require "sslkit.text.json"
    local old = cjson.decode(json.encode(report(randn(1, 8, 1), { name = "old" })))
    local c = compare { old, report(wide) }
    assert.equal("old", c.names[1])
    local uniformity = row(c, "uniformity").values
    assert.is_true(uniformity[1] ~= uniformity[1])
    assert.is_truthy(tostring(c):find("nan", 1, true))
    assert.equal("warnings", cjson.decode(json.encode(compare { wide, steep })).verdicts[2])
  end)

  it("names what it cannot take", function()
    local function fails(text, ...)
      local given = table.pack(...)
      assert.raises({ "#1 to 'compare'", text }, function()
        compare(table.unpack(given, 1, given.n))
      end)
    end
    fails("list of reports expected, got nil")
    fails("list of reports expected, got one report", report(wide))
    fails("at least one report expected, got an empty list", {})
    fails("item 2 must be a report or {name=, z=}, got number 3", { wide, 3 })
    fails("item 1 must be a report or {name=, z=}, got table", { { name = "a" } })
    assert.raises("unknown option 'label'", function() compare({ wide }, { label = 1 }) end)
  end)
end)
