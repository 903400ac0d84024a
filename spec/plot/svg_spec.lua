local svg = require "sslkit.plot.svg"

describe("plot.svg", function()
  it("escapes what would break the document", function()
    assert.equal("&lt;a&gt; &amp; &quot;b&quot;", svg.escape '<a> & "b"')
    assert.equal("a?b\tc", svg.escape "a\0b\tc")
    assert.equal("??", svg.escape "\xff\xfe")
    assert.equal("é", svg.escape "é")
    local element = svg.element("g", { x = "<", fill_opacity = 0.5 })
    assert.equal('<g fill-opacity="0.5" x="&lt;"/>', element)
    assert.equal("<g>\na\nb\n</g>", svg.element("g", {}, { "a", "b" }))
  end)

  it("writes short numbers", function()
    assert.same({ "1", "1.5", "0", "-2.25", "1000", "0.33" }, {
      svg.number(1.0), svg.number(1.5), svg.number(-0.001), svg.number(-2.25), svg.number(1000),
      svg.number(1 / 3),
    })
  end)

  it("fits text into a room", function()
    assert.equal("short", svg.fit("short", 100, 13))
    local cut = svg.fit(("long "):rep(20), 100, 13)
    assert.truthy(cut:find "…$")
    assert.is_true(svg.width(cut, 13) <= 100)
    assert.equal("…", svg.fit("anything", 1, 13))
  end)
end)
