local csv = require "sslkit.text.csv"
local plain = require "sslkit.text.plain"

describe("plain", function()
  it("writes numbers that read back as they were", function()
    for _, v in ipairs { 0.1, 1 / 3, 1e300, 5e-324, -0.0, 2.0 ^ 53, math.mininteger, math.pi, 7,
      3.0, 1e15, 123456789.125 } do
      local text = plain.number(v)
      assert.equal(v, (tonumber(text)))
      assert.equal(math.type(v), math.type(tonumber(text)))
    end
    assert.equal("0.1", plain.number(0.1))
    assert.equal("0.30000000000000004", plain.number(0.1 + 0.2))
  end)

  it("replaces what is no UTF-8", function()
    assert.equal("né数", plain.utf8 "né数")
    assert.equal("a\u{FFFD}b\u{FFFD}\u{FFFD}", plain.utf8 "a\xffb\xc3\xed")
    assert.equal("", plain.utf8 "")
  end)
end)

describe("csv", function()
  it("quotes what would be read as something else", function()
    assert.equal('1,2.5,"a,b","say ""x""",true,nan,inf,-inf,,"","\n"," x"\n', csv.row({ 1, 2.5,
      "a,b", 'say "x"', true, 0 / 0, 1 / 0, -1 / 0, nil, "", "\n", " x" }, 12))
  end)

  it("is a line of names and the rows", function()
    assert.equal("x,y z\n1,\n,2.0\n", csv.table({ "x", "y z" }, { { 1 }, { nil, 2.0 } }))
    assert.equal("x\n", csv.table({ "x" }, {}))
  end)
end)
