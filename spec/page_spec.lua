local ssl = require "sslkit"
local strict = require "spec.page.strict"
local temporary = require "spec.io.temporary"

-- The page is well formed; gives its elements of a name, or all.
local function elements(page, name)
  local wrong, all = strict(page:html())
  assert.is_nil(wrong)
  local found = {}
  for _, element in ipairs(all) do
    if not name or element.name == name then found[#found + 1] = element end
  end
  return found
end

local function texts(page, name)
  local list = {}
  for i, element in ipairs(elements(page, name)) do list[i] = element.text end
  return list
end

local NASTY = "</script><b>&amp; \"q\" 'q' \0\27\x80 \u{E9}"
local ESCAPED = "&lt;/script&gt;&lt;b&gt;&amp;amp; &quot;q&quot; &#39;q&#39; "
  .. "\u{FFFD}\u{FFFD}\u{FFFD} \u{E9}"

describe("the check of pages", function()
  it("sees what is wrong", function()
    local function wrong(body) return (strict("<!DOCTYPE html>\n" .. body)) end
    assert.is_nil(wrong '<p id="a">x &amp; y<br></p><script>a < b</script>')
    assert.equal("no doctype", (strict "<p></p>"))
    assert.equal("</b> closes i", wrong "<b><i></b></i>")
    assert.equal("</p> closes nothing", wrong "</p>")
    assert.equal("p is not closed", wrong "<p>")
    assert.equal("id twice: a", wrong '<p id="a"></p><p id="a"></p>')
    assert.equal("attribute twice: id", wrong '<p id="a" id="b"></p>')
    assert.equal("not escaped: a & b", wrong "<p>a & b</p>")
    assert.equal("attributes: =a", wrong "<p id=a></p>")
  end)
end)

describe("page", function()
  it("is one well-formed document without anything from outside", function()
    local p = ssl.page("A title", { subtitle = "below", lang = "de" })
    p:heading("One"):text "text":list({ "a" }):code "x < 1":warning "mind"
    p:facts { { "rows", 3 } }:table { header = { "a" }, rows = { { 1 }, { 2 } } }
    p:figure(ssl.plot.line(nil, { 1, 2 }), "curve"):image(ssl.rand(3, 4, 4)):log("log", "line")
    assert.equal("de", elements(p, "html")[1].attributes.lang)
    assert.same({ "A title" }, texts(p, "h1"))
    assert.same({ "A title" }, texts(p, "title"))
    for _, element in ipairs(elements(p)) do
      for _, name in ipairs { "src", "href" } do
        local address = element.attributes[name]
        assert.is_true(address == nil or address:find "^data:" ~= nil or address:find "^#" ~= nil)
      end
      assert.is_true(element.name ~= "link")
    end
    assert.is_nil(p:html():gsub("http://www.w3.org/2000/svg", ""):find "https?://")
  end)

  it("escapes whatever is given", function()
    local p = ssl.page(NASTY, { subtitle = NASTY })
    p:heading(NASTY):text(NASTY):list({ NASTY }):code(NASTY):warning(NASTY):log(NASTY, NASTY)
    p:facts { { NASTY, NASTY } }
    p:table { header = { NASTY, "n" }, caption = NASTY,
      rows = { { { text = NASTY, note = NASTY, class = "bad" }, 1 }, { section = NASTY } } }
    p:figure(ssl.plot.line(nil, { 1 }), NASTY):image(ssl.rand(1, 2, 2), NASTY)
    elements(p)
    local page = p:html()
    assert.is_nil(page:find("<b>", 1, true))
    assert.is_nil(page:find("\0", 1, true))
    for _, name in ipairs { "h1", "p", "li", "code", "dt", "dd", "caption", "small" } do
      local found = false
      for _, text in ipairs(texts(p, name)) do found = found or text:find(ESCAPED, 1, true) end
      assert.is_truthy(found, name)
    end
  end)

  it("has a table of contents from four headings on", function()
    local p = ssl.page "t"
    p:heading "a":heading("b", 3):heading "c"
    assert.equal(0, #elements(p, "nav"))
    p:heading("d", 3):heading("e", 4):heading "f"
    assert.equal(1, #elements(p, "nav"))
    local links = {}
    for _, a in ipairs(elements(p, "a")) do
      if not a.attributes.class then links[#links + 1] = a.attributes.href end
    end
    assert.same({ "#a", "#b", "#c", "#d", "#e", "#f" }, links)
  end)

  it("gives every heading an anchor of its own", function()
    local p = ssl.page "t"
    p:heading "First results!":heading "first results":heading "  ":heading "":heading "数据"
      :heading "\xff"
    local ids = {}
    for i, h in ipairs(elements(p, "h2")) do ids[i] = h.attributes.id end
    assert.same({ "first-results", "first-results-2", "section", "section-2", "数据", "section-3" },
      ids)
  end)

  it("wants levels of headings in order", function()
    local p = ssl.page("t"):heading("a"):heading("b", 3)
    p:heading("c", 4):heading "d"
    assert.raises({ "level 4 under level 2", "#2 to 'heading'" }, function() p:heading("e", 4) end)
    assert.raises("level must be in 2..6, got 1", function() p:heading("e", 1) end)
    assert.raises("level 3 under level 1", function() ssl.page("t"):heading("a", 3) end)
  end)

  it("makes paragraphs of what empty lines part", function()
    assert.same({ "one\ntwo", "three" }, texts(ssl.page("t"):text "one\ntwo\n \n\nthree\n", "p"))
    assert.same({}, texts(ssl.page("t"):text "", "p"))
  end)

  it("leaves out what is empty", function()
    local p = ssl.page("t"):list({}):facts({})
    assert.equal(0, #elements(p, "ul") + #elements(p, "dl"))
    assert.equal(1, #elements(ssl.page("t"):facts { { "a" } }, "dd"))
  end)

  it("draws figures in its own colours, with their data", function()
    local fig = ssl.plot.line({ 1, 2 }, { 3, 0.1 }, { title = "Fig" })
    local p = ssl.page("t"):figure(fig, "a, b"):figure(fig)
    assert.equal(2, #elements(p, "figure"))
    assert.is_truthy(p:html():find("var(--ink, #222)", 1, true))
    local links = {}
    for _, a in ipairs(elements(p, "a")) do links[#links + 1] = a.attributes end
    assert.equal("figure-1.csv", links[1].download)
    assert.equal("figure-2.csv", links[2].download)
    -- "series,x,y\n..." in base64
    assert.is_truthy(links[1].href:find("^data:text/csv;charset=utf%-8;base64,c2VyaWVzLHgseQ"))
    local labels = {}
    for i, div in ipairs(elements(p, "div")) do labels[i] = div.attributes["aria-label"] end
    assert.same({ "a, b", "Fig" }, labels)
  end)

  it("keeps the names inside two drawings apart", function()
    local fake = {
      svg = function() return '<svg><g id="a"></g><use href="#a"/><p fill="url(#a)"/></svg>' end,
      data = function() return { "x" }, { { 1 }, { 0 / 0 }, { nil }, { 'a"b' } } end,
    }
    local page = ssl.page("t"):figure(fake):figure(fake):html()
    for i = 1, 2 do
      local want = '<g id="figure-%d.a"></g><use href="#figure-%d.a"/><p fill="url(#figure-%d.a)"/>'
      assert.is_truthy(page:find(want:format(i, i, i), 1, true))
    end
    local csv = page:match 'base64,([^"]*)"'
    assert.equal("eAoxCm5hbgoKImEiImIiCg==", csv) -- x\n1\nnan\n\n"a""b"\n
  end)

  it("leaves out data of more than a megabyte", function()
    local rows = {}
    for i = 1, 80000 do rows[i] = { i + 0.123456789 } end
    local fake = { svg = function() return "<svg></svg>" end,
      data = function() return { "x" }, rows end }
    assert.equal(0, #elements(ssl.page("t"):figure(fake), "a"))
  end)

  it("shows small pictures enlarged", function()
    local p = ssl.page("t"):image(ssl.rand(1, 8, 10), "eight"):image(ssl.rand(3, 400, 300))
    local small, large = table.unpack(elements(p, "img"))
    assert.same({ "160", "128", "pixels", "eight" }, { small.attributes.width,
      small.attributes.height, small.attributes.class, small.attributes.alt })
    assert.same({ "300", "400" }, { large.attributes.width, large.attributes.height })
    assert.is_nil(large.attributes.class)
    local coarse = elements(ssl.page("t"):image(ssl.rand(1, 1)), "img")[1]
    assert.equal("16", coarse.attributes.width)
  end)

  it("cleans logs of what only a terminal understands", function()
    local p = ssl.page("t"):log("l", "\27[31mred\27[0m\r\n 10%\r 99%\r100%\n\27]0;title\7end")
    assert.same({ "red\n100%\nend" }, texts(p, "code"))
    assert.same({ "3 lines" }, texts(p, "small"))
  end)

  it("keeps both ends of a long log", function()
    local lines = {}
    for i = 1, 1000 do lines[i] = "line " .. i end
    local p = ssl.page("t"):log("l", table.concat(lines, "\n") .. "\n", { head = 2, tail = 1 })
    assert.same({ "line 1\nline 2\n… 997 lines left out …\nline 1000" }, texts(p, "code"))
    p = ssl.page("t"):log("l", "a\nb", { head = 0, tail = 0 })
    assert.same({ "… 2 lines left out …" }, texts(p, "code"))
    assert.same({ "" }, texts(ssl.page("t"):log("l", ""), "code"))
    p = ssl.page("t"):log("l", ("é"):rep(5000))
    assert.same({ ("é"):rep(1000) .. "… (8000 bytes left out)" }, texts(p, "code"))
    p = ssl.page("t"):log("l", "x" .. ("é"):rep(5000))
    assert.same({ "x" .. ("é"):rep(999) .. "… (8002 bytes left out)" }, texts(p, "code"))
  end)

  it("opens a log where that is asked for", function()
    local p = ssl.page("t"):log("a", "x", { open = true }):log("b", "x")
    local open, closed = table.unpack(elements(p, "details"))
    assert.is_true(open.attributes.open)
    assert.is_nil(closed.attributes.open)
  end)

  it("names what it cannot take", function()
    local p = ssl.page "t"
    assert.raises({ "#1 to", "title must be a string, got nil" }, function() ssl.page() end)
    assert.raises("unknown option 'sub'; known: lang, subtitle",
      function() ssl.page("t", { sub = 1 }) end)
    assert.raises("#1 to 'text' (text must be a string, got nil", function() p:text() end)
    assert.raises("#1 to 'figure' (figure of ssl.plot expected, got number 3)",
      function() p:figure(3) end)
    assert.raises("#1 to 'figure'", function() p:figure { svg = function() end } end)
    assert.raises("item 2 must be a string, got table", function() p:list { "a", {} } end)
    assert.raises("fact 1 must be {name, value}, got string 'x'", function() p:facts { "x" } end)
    assert.raises("facts must be a list", function() p:facts(3) end)
    assert.raises("[C,H,W], [H,W] or [N,C,H,W] expected", function() p:image(ssl.zeros(3)) end)
    assert.raises("head must be in 0..inf, got -1", function() p:log("a", "b", { head = -1 }) end)
    assert.raises("#2 to 'log' (text must be a string", function() p:log("a", {}) end)
    assert.raises("page_spec.lua", function() p:code(nil) end)
  end)

  it("is saved whole or not at all", function()
    local temp <close> = setmetatable(temporary(), { __close = function(t) t.remove() end })
    local p = ssl.page("t"):text "x"
    local path = temp.path "odd 'name' é.html"
    assert.is_true(p:save(path))
    assert.equal(p:html(), temp.read "odd 'name' é.html")
    local ok, message = p:save(temp.path "x.pdf")
    assert.is_nil(ok)
    assert.equal(temp.path "x.pdf" .. ": unknown extension; known: .html", message)
    ok, message = p:save(temp.path "none/x.html")
    assert.is_nil(ok)
    assert.is_truthy(message:find "none/x.html: No such file")
    assert.raises("path expected, got nil", function() p:save() end)
    assert.same({ "odd 'name' é.html" }, temp.names())
  end)

  it("says what it is", function()
    local p = ssl.page("t"):text "x"
    assert.equal("page 't' of 1 parts; :save \"x.html\" writes it", tostring(p))
  end)
end)
