local base64 = require "sslkit.text.base64"

describe("text.base64", function()
  it("gives the RFC's examples", function()
    local words = { "", "f", "fo", "foo", "foob", "fooba", "foobar" }
    local wanted = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" }
    for i, word in ipairs(words) do assert.equal(wanted[i], base64(word)) end
  end)

  it("keeps every bit of every byte", function()
    assert.equal("AAAA", base64 "\0\0\0")
    assert.equal("////", base64 "\xff\xff\xff")
    assert.equal("gIDA", base64 "\x80\x80\xc0")
    assert.equal("a+/9", base64 "\x6b\xef\xfd")
    local all = {}
    for i = 0, 255 do all[i + 1] = string.char(i) end
    local text = base64(table.concat(all))
    assert.equal(344, #text)
    assert.equal("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIj", text:sub(1, 48))
    assert.equal("8PHy8/T19vf4+fr7/P3+/w==", text:sub(-24))
  end)
end)
