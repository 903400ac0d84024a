-- JSON of plain Lua data: the same text every time, and always valid.

local cjson = require "cjson"
local json = require "sslkit.text.json"

describe("json", function()
  it("writes names in order and lists as they are", function()
    assert.equal('{"a": [1, 2.5, "x", true], "b": {"1": false}}',
      json.encode { b = { ["1"] = false }, a = { 1, 2.5, "x", true } })
    assert.equal("[]", json.encode {})
    assert.equal('{"1": "a", "3": "c"}', json.encode { "a", nil, "c" })
  end)

  it("indents on request, lists of plain values apart", function()
    assert.equal('{\n  "a": [1, 2],\n  "b": [\n    {\n      "c": 3\n    }\n  ]\n}',
      json.encode({ a = { 1, 2 }, b = { { c = 3 } } }, { indent = 2 }))
  end)

  it("writes numbers that read back as they were", function()
    for _, v in ipairs { 0.1, 1 / 3, 1e300, 5e-324, -0.0, 2 ^ 53, math.mininteger, math.pi } do
      local text = json.encode(v)
      assert.equal(v, (tonumber(text)))
      assert.equal(math.type(v), math.type(tonumber(text)))
    end
    assert.equal("[null, null, null]", json.encode { 0 / 0, 1 / 0, -1 / 0 })
  end)

  it("escapes what must be, and mends what is no UTF-8", function()
    assert.equal([["\"\\\n\u0000\u001b\u007fé数"]], json.encode '"\\\n\0\27\127é数')
    assert.equal("\"a\u{FFFD}b\u{FFFD}\u{FFFD}\"", json.encode "a\xffb\xc3\xed")
    for byte = 0, 255 do
      local s = "x" .. string.char(byte) .. "y"
      local back = cjson.decode("[" .. json.encode(s) .. "]")[1]
      assert.equal(byte < 128 and s or "x\u{FFFD}y", back)
    end
    assert.equal('{"a\\nb": 1}', json.encode { ["a\nb"] = 1 })
  end)

  it("refuses what has no place in it", function()
    assert.raises("bad argument #1 to 'encode' (a function has no place in JSON)", json.encode,
      { f = print })
    local cycle = {}
    cycle[1] = cycle
    assert.raises("tables are nested more than 100 deep", json.encode, cycle)
    assert.raises("indent must be in 0..8, got 9", json.encode, 1, { indent = 9 })
  end)
end)
