local ssl = require "sslkit"
local strict = require "spec.page.strict"

-- The elements of a page with one table: a function from a name to the list of them.
local function parse(spec)
  local wrong, all = strict(ssl.page("t"):table(spec):html())
  assert.is_nil(wrong)
  return function(name)
    local found = {}
    for _, element in ipairs(all) do
      if element.name == name then found[#found + 1] = element end
    end
    return found
  end
end

-- One field of the cells (td) of a table: text, or an attribute.
local function cells(spec, attribute)
  local out = {}
  for i, td in ipairs(parse(spec) "td") do
    out[i] = attribute and (td.attributes[attribute] or "") or td.text
  end
  return out
end

describe("a page's table", function()
  it("has scopes, a caption and its rows", function()
    local get = parse { header = { "model", "kNN" }, caption = "Two", align = "",
      rows = { { "mlp", 0.5 }, { "vit", 0.75 } } }
    local scopes = {}
    for i, th in ipairs(get "th") do scopes[i] = th.attributes.scope .. " " .. th.text end
    assert.same({ "col model", "col kNN", "row mlp", "row vit" }, scopes)
    assert.equal("Two", get "caption"[1].text)
    assert.equal("sort", get "table"[1].attributes.class)
    assert.equal("Two", get "div"[1].attributes["aria-label"])
  end)

  it("sorts only what can be sorted", function()
    local function class(spec) return parse(spec) "table"[1].attributes.class end
    assert.equal("sort", class { header = { "a" }, rows = { { 1 }, { 2 } } })
    assert.is_nil(class { header = { "a" }, rows = { { 1 } } })
    assert.is_nil(class { rows = { { 1 }, { 2 } } })
    assert.is_nil(class { header = { "a" }, rows = { { 1 }, { 2 } }, sort = false })
  end)

  it("stands numbers right and gives their values where the text is another", function()
    local rows = { { 1 }, { "2.5 s" }, { "3 ± 0.1" }, { 0 / 0 }, { -(0 / 0) }, { "" }, { "-" },
      { "inf" }, { { text = "many", value = 1e9 } }, { 0.1 }, { "1e-3" }, {} }
    local get = parse { header = { "v" }, rows = rows }
    local values, classes = {}, {}
    for i, td in ipairs(get "td") do
      values[i], classes[i] = td.attributes["data-v"] or "", td.attributes.class
    end
    assert.same({ "", "2.5", "3", "nan", "nan", "", "", "inf", "1000000000", "", "", "" }, values)
    for i = 1, #rows do assert.equal("n", classes[i]) end
    assert.is_true(get "th"[1].attributes["data-numeric"])
    assert.same({ "nan", "nan" }, { get "td"[4].text, get "td"[5].text })
  end)

  it("leaves words left, even among numbers", function()
    local get = parse { header = { "a", "b" }, rows = { { 1, "1.2.3" }, { 2, 7 } } }
    local numeric = {}
    for i, th in ipairs(get "th") do numeric[i] = th.attributes["data-numeric"] or false end
    assert.same({ true, false }, numeric)
    assert.same({ "n", "", "n", "" }, cells({ rows = { { 1, "1.2.3" }, { 2, 7 } } }, "class"))
    assert.same({ "n", "n" }, cells({ rows = { { 5, "x" } }, align = "rr" }, "class"))
    assert.same({ "", "n" }, cells({ rows = { { 5, "x" } }, align = "lr" }, "class"))
  end)

  it("says by a sign what a colour says", function()
    local spec = { rows = { { 1, { text = "a", class = "good" }, { text = 2, class = "warn" },
      { value = 3, class = "bad", note = "low" } } } }
    local get = parse(spec)
    assert.same({ "n", "good", "n warn", "n bad" }, cells(spec, "class"))
    local signs = {}
    for i, span in ipairs(get "span") do signs[i] = span.attributes["aria-label"] .. span.text end
    assert.same({ "warning▲", "bad✖" }, signs)
    assert.equal("low", get "small"[1].text)
    assert.equal("3", get "td"[4].attributes["data-v"])
  end)

  it("keeps sections apart", function()
    local get = parse { header = { "a", "b" }, rows = { { section = "one" }, { "x", 1 }, { "y", 2 },
      { section = "two" }, { "z", 3 } } }
    assert.equal(2, #get "tbody")
    local names = {}
    for i, span in ipairs(get "span") do
      assert.equal("rowgroup", span.parent.attributes.scope)
      names[i] = span.text .. span.parent.attributes.colspan
    end
    assert.same({ "one2", "two2" }, names)
  end)

  it("takes empty tables, holes and ragged rows", function()
    assert.equal(0, #parse { rows = {} } "td")
    assert.equal(1, #parse { rows = {}, header = { "a" } } "th")
    assert.same({ "", "", "1", "2", "", "" }, cells { rows = { { nil, nil, 1 }, { 2 } } })
    assert.equal("true", parse { rows = { { true } } } "th"[1].text)
  end)

  it("names what it cannot take", function()
    local function fails(text, spec)
      assert.raises({ "#1 to 'table'", text }, function() ssl.page("t"):table(spec) end)
    end
    fails("rows must be a list of rows, got nil", {})
    fails("table of options expected, got number 3", 3)
    fails("row 2 must be a table, got number 7", { rows = { {}, 7 } })
    fails("header must be a list of names, got string 'a'", { rows = {}, header = "a" })
    fails("align must be a string of letters l and r, got number 1", { rows = {}, align = 1 })
    fails("unknown option 'title'; known: align, caption, header, rows, sort",
      { rows = {}, title = "x" })
    fails("row 1, column 2: unknown field 'colour'; known: class, note, text, value",
      { rows = { { 1, { text = "x", colour = "red" } } } })
    fails("row 1, column 1: class must be one of good, warn, bad, got string 'red'",
      { rows = { { { text = "x", class = "red" } } } })
    fails("row 1, column 1: value must be a number, got string '3'",
      { rows = { { { text = "x", value = "3" } } } })
  end)
end)
