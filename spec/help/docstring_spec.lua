local docstring = require "sslkit.help.docstring"
local temporary = require "spec.io.temporary"

-- The docstrings of a file with that text, and its head.
local function read(text)
  local temp = temporary()
  local docs, head = docstring.read(temp.write("x.lua", text))
  temp.remove()
  return docs, head
end

describe("docstring.read", function()
  it("takes a block apart", function()
    local docs, head = read [[
-- A head: of two
-- lines.

local M = {}

--- Adds numbers, as
-- in school. Nothing else.
-- @param a number
-- @param options {carry=true,
-- base=10}
-- @return number
-- @raise on words
-- @source Fibonacci 1202
-- @example 1 + 1 --> 2
-- @example "a --> b" --> a --> b
function M.add(a, options)
]]
    assert.equal("A head: of two lines.", head)
    assert.equal(1, #docs)
    local doc = docs[1]
    assert.equal("Adds numbers, as in school. Nothing else.", doc.text)
    assert.equal("Adds numbers, as in school.", doc.summary)
    assert.same({
      { name = "a", text = "number" }, { name = "options", text = "{carry=true, base=10}" },
    }, doc.params)
    assert.same({ "number", "on words", "Fibonacci 1202" }, { doc.returns, doc.raises, doc.source })
    assert.same({ line = 14, code = "1 + 1", want = "2" }, doc.examples[1])
    assert.equal("M", doc.owner)
    assert.equal("add", doc.name)
    assert.equal(16, doc.line)
    assert.is_false(doc.colon)
    assert.same({ "a", "options" }, doc.arguments)
  end)

  it("knows the ways of defining", function()
    local docs = read [[
--- One.
function Kind:method(a, ...) end
--- Two.
local function plain() end
--- Three.
T.exp = unary "exp"
  --- Four.
  ["repeat"] = f,
--- Five.
return function(x) end
--- Six.
-- @kind Thing, stuff
-- @field x, y number
local Kind = { __name = "y" }
--- Seven.
M["a b"] = 1]]
    local names = {}
    for i, doc in ipairs(docs) do names[i] = doc.name or "-" end
    assert.same({ "method", "plain", "exp", "repeat", "-", "Kind", "-" }, names)
    assert.is_true(docs[1].colon)
    assert.same({ "a", "..." }, docs[1].arguments)
    assert.same({}, docs[2].arguments)
    assert.is_nil(docs[3].arguments)
    assert.equal("Thing", docs[6].kind)
    assert.same({ "thing", "stuff" }, docs[6].words)
    assert.same({
      { name = "x", text = "number" }, { name = "y", text = "number" },
    }, docs[6].fields)
  end)

  it("gives two parameters their common description", function()
    local docs = read "--- A box.\n-- @param width, height pixels\nfunction M.box(width, height)\n"
    assert.same({
      { name = "width", text = "pixels" }, { name = "height", text = "pixels" },
    }, docs[1].params)
  end)

  it("does not take for a docstring what is none", function()
    assert.same({}, (read ""))
    assert.same({}, (read "local s = '--- no'\nx = 1 --- no\n-- no\n---no\n"))
    local docs, head = read "--- Lonely."
    assert.equal("Lonely.", docs[1].text)
    assert.is_nil(docs[1].name)
    assert.equal("", head)
    assert.is_nil((read "--- No arrow.\n-- @example f()\nfunction f()")[1].examples[1].code)
  end)

  it("says why a file cannot be read", function()
    local docs, message = docstring.read "/nowhere/x.lua"
    assert.is_nil(docs)
    assert.equal("/nowhere/x.lua: No such file or directory", message)
  end)

  it("finds the first sentence", function()
    for text, first in pairs {
      ["One. Two."] = "One.", ["Is it? Yes."] = "Is it?",
      ["0 .. 1 and so on."] = "0 .. 1 and so on.", ["By eq. `a`. B"] = "By eq. `a`.",
      ["Wu et al. 2018 said it. So."] = "Wu et al. 2018 said it.",
      [""] = "", ["no stop"] = "no stop", ["1.5 of it. [N] more."] = "1.5 of it.",
    } do
      assert.equal(first, docstring.sentence(text))
    end
  end)
end)
