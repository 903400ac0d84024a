-- The assertions of spec/helper.lua: that they pass, and that they can fail and say why.

local ssl = require "sslkit"

describe("assert.tensor_near", function()
  local t = ssl.tensor { { 1, 2 }, { 3, 4 } }

  it("takes tables, tensors and numbers, and a tolerance", function()
    assert.tensor_near({ { 1, 2 }, { 3, 4 } }, t)
    assert.tensor_near(t:double(), t)
    assert.tensor_near(10, t:sum())
    assert.tensor_near({ { 1, 2 }, { 3, 4.09 } }, t, 0.1)
    assert.tensor_near({ 0 / 0, 1 / 0 }, ssl.tensor { 0 / 0, 1 / 0 })
  end)

  local function fails(message, ...)
    assert.raises(message, function(...) assert.tensor_near(...) end, ...)
  end

  it("says where and how two differ", function()
    local wrong = { { 1, 2 }, { 5, 4 } }
    fails("tensor[2][1]: 5 expected, got 3 (off by 2, tolerance 0.1)", wrong, t, 0.1)
    fails("nan expected, got 1 (", { 0 / 0 }, ssl.ones(1))
    fails("tensor: 1 elements expected, got 2", { { 1, 2 } }, t)
    fails("tensor: a number expected, got a table", 1, t)
  end)
end)

describe("assert.raises", function()
  it("gives the message", function()
    assert.matches("oops$", assert.raises("oops", error, "oops"))
  end)

  it("fails without an error, and with another", function()
    local function fails(message, ...)
      local ok, got = pcall(assert.raises, ...)
      assert.is_false(ok)
      assert.is_truthy(tostring(got):find(message, 1, true), tostring(got))
    end
    fails("none was raised", "oops", function() end)
    fails("'b' was expected, got: acd", "b", error, "acd")
  end)
end)
