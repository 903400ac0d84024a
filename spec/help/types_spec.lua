local types = require "sslkit.help.types"

describe("types", function()
  it("are those of the words that descriptions begin with", function()
    for text, want in pairs {
      ["float tensor [N,D], or a spectrum"] = "sslkit.Tensor|table",
      ["int64 [N]"] = "sslkit.Tensor", ["int64 [n], 1-based, or 1 or more"] = "sslkit.Tensor",
      ["[C, H, W] or [H, W]"] = "sslkit.Tensor", ["0-dim tensor"] = "sslkit.Tensor",
      ["uint8 mask that fits"] = "sslkit.Tensor", ["a's tensor"] = "any", [""] = "any",
      ["number, table of numbers, or nil for all"] = "number|table|nil",
      ["tensor of a's dtype, or a number"] = "sslkit.Tensor|number",
      ["whole number, towards the end where above 0, or a table of them"] = "integer|table",
      ["list of tensors (or one)"] = "sslkit.Tensor[]", ["list of names"] = "string[]",
      ["\"float32\" or \"float64\""] = "sslkit.dtype", ["\"left\" or \"right\""] = "string",
      ["\"fro\" | number | nil"] = "string|number|nil", ["string: .npy or a tensor"] = "string",
      ["boolean (true): false keeps it"] = "boolean", ["anything"] = "any",
      ["the tensor itself"] = "sslkit.Tensor", ["rows; or a number"] = "any",
    } do
      assert.equal(want, types.union(text), text)
    end
  end)

  it("of the first words alone are asked for, too", function()
    assert.equal("sslkit.Tensor", types.of "tensor or number")
    assert.equal("table", types.of "nested table of numbers, or a tensor")
    assert.is_nil(types.of "what there is")
  end)

  it("survive anything", function()
    for _, text in ipairs { ",", " or ", "(", "[", "{", "%", "or or", ",,", "a [", "\0" } do
      assert.is_string(types.union(text), text)
    end
  end)
end)
