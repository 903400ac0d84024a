local ssl = require "sslkit"
local text = require "sslkit.text"

describe("text", function()
  it("measures what a terminal shows", function()
    assert.equal(0, text.width "")
    assert.equal(5, text.width "plain")
    assert.equal(5, text.width "naïve")
    assert.equal(1, text.width "e\u{301}") -- a combining accent
    assert.equal(4, text.width "数据")
    assert.equal(2, text.width "🙂")
    assert.equal(1, text.width "█")
    assert.equal(2, text.width "\xff\xfe") -- no UTF-8: bytes
    assert.raises("#1 to 'width' (string expected, got number 3)", function() text.width(3) end)
  end)

  it("pads on either side, and never cuts", function()
    assert.equal("é  ", text.pad("é", 3))
    assert.equal("  é", text.pad("é", 3, "right"))
    assert.equal("long", text.pad("long", 2))
    assert.raises("align must be one of left, right, got string 'middle'", function()
      text.pad("x", 3, "middle")
    end)
  end)

  it("cuts between characters", function()
    assert.equal("donn", text.cut("données", 4))
    assert.equal("donné", text.cut("données", 5))
    assert.equal("数", text.cut("数据", 3))
    assert.equal("", text.cut("数据", 0))
    assert.equal("e\u{301}", text.cut("e\u{301}x", 1))
    assert.equal("\xff\xfe", text.cut("\xff\xfe\xfd", 2))
    assert.equal("as it is", text.cut("as it is", 80))
  end)

  it("knows the environment's locale", function() assert.is_boolean(text.unicode()) end)
end)

describe("text.table", function()
  it("stands numbers right and words left, without trailing spaces", function()
    local shown = text.table {
      header = { "metric", "value", "note" },
      rows = { { "rankme", "12.50", "of 64" }, { "stable é", 3 }, { "std", -0.1, "falling" } },
    }
    assert.equal(table.concat({
      "metric    value  note",
      "--------  -----  -------",
      "rankme    12.50  of 64",
      "stable é      3",
      "std        -0.1  falling",
    }, "\n"), shown)
  end)

  it("shows numbers as given", function()
    local shown = text.table { rows = { { 1.0 }, { 1 }, { "nan" }, { 1 / 0 } } }
    assert.equal("1.0\n  1\nnan\ninf", shown)
    assert.equal("12.5 %\n 3.1 %", text.table { rows = { { "12.5 %" }, { "3.1 %" } } })
  end)

  it("takes holes, empty rows, no rows and odd cells", function()
    assert.equal("", text.table { rows = {} })
    assert.equal("a  b\n-  -", text.table { header = { "a", "b" }, rows = {} })
    assert.equal("1     3\n\n   x", text.table { rows = { { 1, nil, 3 }, {}, { nil, "x" } } })
    assert.equal("true  a b", text.table { rows = { { true, "a\nb" } } })
    assert.equal("数据  1\nx     2", text.table { rows = { { "数据", 1 }, { "x", 2 } } })
  end)

  it("can be told where a column stands", function()
    local shown = text.table { rows = { { "a", 1 }, { "bcd", 22 } }, align = "rl" }
    assert.equal("  a  1\nbcd  22", shown)
  end)

  it("says what is wrong", function()
    assert.raises("unknown option 'row'; known: align, header, rows", function()
      ssl.text.table { row = {} }
    end)
    assert.raises("#1 to 'table' (rows must be a list of rows, got nil)", function()
      ssl.text.table {}
    end)
    assert.raises("row 2 must be a table, got number 7", function()
      ssl.text.table { rows = { {}, 7 } }
    end)
  end)
end)
