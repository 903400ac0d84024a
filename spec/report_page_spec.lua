local ssl = require "sslkit"
local strict = require "spec.page.strict"
local temporary = require "spec.io.temporary"

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed) })
end

-- A function from a name to the texts of a page's elements of that name.
local function parse(page)
  local wrong, all = strict(page:html())
  assert.is_nil(wrong)
  return function(name)
    local texts = {}
    for _, element in ipairs(all) do
      if element.name == name then texts[#texts + 1] = element.text end
    end
    return texts
  end
end

local function has(text, list)
  for _, item in ipairs(list) do
    if item:find(text, 1, true) then return true end
  end
  return false
end

describe("report", function()
  local y = ssl.arange(1, 100, 1, "int64") % 2
  local flat = randn(100, 8, 1) * 1e-3 + 1

  it("makes a page of one report", function()
    local r = ssl.metrics.report(randn(100, 8, 1), { labels = y, name = "a <b>" })
    local texts = parse(ssl.report(r))
    assert.same({ "Report on a &lt;b&gt;" }, texts "h1")
    assert.is_true(has("100 rows x 8 columns, float32", texts "p"))
    assert.is_true(has("RankMe", texts "th"))
    assert.is_true(has("kNN accuracy", texts "th"))
    assert.is_true(has(("%.4g"):format(r.rankme), texts "td"))
    assert.same({ "Mine" }, parse(ssl.report(r, { title = "Mine" }))("h1"))
  end)

  it("shows the spectrum where there is one", function()
    local r = ssl.metrics.report(randn(100, 8, 1))
    assert.equal(1, #parse(ssl.report(r))("figure"))
    assert.equal(0, #parse(ssl.report(ssl.metrics.report(ssl.ones(9, 3))))("figure"))
    assert.equal(0, #parse(ssl.report(ssl.metrics.report(randn(1, 3, 1))))("figure"))
  end)

  it("says on top what is wrong", function()
    local r = ssl.metrics.report(flat)
    local texts = parse(ssl.report(r))
    assert.is_true(has(" collapsed: ", texts "p"))
    for i, warning in ipairs(r.warnings) do assert.equal(warning, texts "li"[i]) end
    local healthy = parse(ssl.report(ssl.metrics.report(randn(100, 8, 1))))
    assert.is_true(has("healthy: no sign of collapse", healthy "p"))
    assert.same({}, healthy "li")
  end)

  it("puts several side by side", function()
    local a = ssl.metrics.report(randn(100, 8, 1), { name = "a", labels = y })
    local b = ssl.metrics.report(flat, { name = "b" })
    local list = { a, b, { name = "c", z = randn(50, 8, 2) } }
    local texts = parse(ssl.report(list))
    assert.same({ "Comparison of a, b, c" }, texts "h1")
    assert.same({ "a", "b", "c" }, texts "h3")
    for _, name in ipairs { "a", "b", "c" } do assert.is_true(has(name, texts "th")) end
    assert.is_true(has("N differs (100, 50)", texts "p"))
    assert.same(texts "td", parse(ssl.report(ssl.metrics.compare(list)))("td"))
    assert.equal(1, #parse(ssl.report(list))("figure"))
  end)

  it("writes names as they are", function()
    local c = ssl.metrics.compare { { name = "</script>", z = randn(20, 4, 1) },
      { name = "</script>", z = randn(20, 4, 2) } }
    parse(ssl.report(c))
  end)

  it("is saved", function()
    local temp <close> = setmetatable(temporary(), { __close = function(t) t.remove() end })
    local r = ssl.metrics.report(randn(30, 4, 1))
    assert.is_true(ssl.report(r):save(temp.path "r.html"))
    assert.equal("<!DOCTYPE html>", temp.read("r.html"):sub(1, 15))
  end)

  it("names what it cannot take", function()
    assert.raises({ "#1 to 'report'", "report, or list of them, expected, got nil" },
      function() ssl.report() end)
    assert.raises({ "#1 to 'report'", "item 1 must be a report" }, function() ssl.report { 3 } end)
    assert.raises("an empty list", function() ssl.report {} end)
    assert.raises("unknown option 'name'; known: title",
      function() ssl.report({}, { name = "x" }) end)
  end)
end)
