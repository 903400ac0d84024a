-- Choice without labels, and the page of a sweep.

local correlation = require "sslkit.sweep.correlation"
local select = require "sslkit.sweep.select"
local ssl = require "sslkit"

local function rows(list)
  local out = {}
  for i, values in ipairs(list) do out[i] = { id = "t" .. i, state = "ok", values = values } end
  return out
end

describe("select", function()
  it("gives what is lost by a metric's choice, and every metric's rank correlation", function()
    local s = select.select(rows {
      { rankme = 10, alignment = 3, accuracy = 0.70 },
      { rankme = 20, alignment = 1, accuracy = 0.80 },
      { rankme = 30, alignment = 2, accuracy = 0.75 },
      { rankme = 5, alignment = 4, accuracy = 0.50 },
    })
    assert.equal("t3", s.chosen.id)
    assert.equal("t2", s.best.id)
    assert.near(0.05, s.regret, 1e-12)
    -- by hand: ranks 2 3 4 1 and 2 4 3 1; one of six pairs is turned
    assert.near(0.8, s.spearman, 1e-12)
    assert.near(4 / 6, s.kendall, 1e-12)
    -- alignment is good when small
    assert.equal("alignment", s.metrics[1].metric)
    assert.near(0, s.metrics[1].regret, 1e-12)
    assert.near(1, s.metrics[1].spearman, 1e-12)
    local text = tostring(s)
    assert.is_truthy(text:find("chosen by rankme: t3 with accuracy 0.75", 1, true))
    assert.is_truthy(text:find("alignment would have chosen t2", 1, true))
  end)

  it("has SciPy's correlations where values are equal", function()
    -- scipy.stats.spearmanr and kendalltau of these
    local a, b = { 1, 2, 2, 3, 5, 5 }, { 2, 1, 3, 3, 4, 6 }
    assert.near(0.8508410435, correlation.spearman(a, b), 1e-9)
    assert.near(0.7412493167, correlation.kendall(a, b), 1e-9)
  end)

  it("passes over what failed and what is not finite, and warns", function()
    local list = rows {
      { rankme = 1, accuracy = 0.9 }, { rankme = 2, accuracy = 0.5 },
      { rankme = 0 / 0, accuracy = 1 },
    }
    list[4] = { id = "t4", state = "error" }
    local s = select.select(list, "rankme")
    assert.equal(2, s.trials)
    assert.is_truthy(s.warnings[1]:find "do not agree")
    assert.is_truthy(s.warnings[#s.warnings]:find "only 2 trials")
  end)

  it("takes no value that needs labels for a metric", function()
    local s = select.select(rows { { rankme = 1, knn = 2, accuracy = 1 },
      { rankme = 2, knn = 1, accuracy = 3 } }, "rankme", { oracle = "accuracy" })
    assert.equal(1, #s.metrics)
    assert.equal("rankme", s.metrics[1].metric)
  end)

  it("says what is wrong", function()
    local message = "with values 'rnkme' and 'accuracy' expected, among 1; known: accuracy, rankme"
    assert.raises(message, select.select, rows { { rankme = 1, accuracy = 1 } }, "rnkme")
    assert.raises("unknown option 'orcale'", select.select, {}, "rankme", { orcale = "x" })
  end)
end)

describe("a sweep's page", function()
  it("shows the best, every trial, curves and failures", function()
    local path = os.tmpname() .. ".html"
    local study = ssl.sweep { workers = 0,
      space = { lr = { 0.1, 0.2, 0.3, 0.4 }, name = { "<a>" } },
      objective = "rankme", run = function(c, t)
        if c.lr == 0.4 then error "went up in smoke" end
        for step = 1, 3 do t:report(step, c.lr * step) end
        return { score = c.lr, rankme = -c.lr, accuracy = c.lr }
      end }
    assert.is_true((study:report(path)))
    local file = assert(io.open(path))
    local html = file:read "a"
    file:close()
    os.remove(path)
    for _, words in ipairs { "3 ok", "1 error", "Best", "Curves", "Failures", "went up in smoke",
      "Lost by choosing without labels: 0.2", "share of the variance", "Sensitivity to lr",
      "History",
      study:best().id } do
      assert.is_truthy(html:find(words, 1, true), words)
    end
    assert.is_nil(html:find("<a>", 1, true))
  end)
end)
