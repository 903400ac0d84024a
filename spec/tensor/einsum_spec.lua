-- einsum beside the sum written out, for random letters; outer and meshgrid.

local reference = require "spec.tensor.reference"
local ssl = require "sslkit"

local nan, inf = 0 / 0, math.huge

local function shape_of(t) return { t:shape() } end

-- The sum over all values of all letters of the product of the elements: lists of letters, one an
-- operand, sizes by letter, operands as tensors. Size 1 stands for any.
local function written_out(inputs, result, sizes, operands)
  local all, seen, at = {}, {}, {}
  for _, list in ipairs(inputs) do
    for _, letter in ipairs(list) do
      if not seen[letter] then all[#all + 1], seen[letter] = letter, true end
    end
  end
  local shape = {}
  for d, letter in ipairs(result) do shape[d] = sizes[letter] end
  local out = ssl.zeros(shape, "float64")
  local function walk(i)
    if i <= #all then
      for v = 1, sizes[all[i]] do
        at[all[i]] = v
        walk(i + 1)
      end
      return
    end
    local product, place = 1.0, {}
    for k, list in ipairs(inputs) do
      local index = {}
      for d, letter in ipairs(list) do
        index[d] = operands[k]:size(d) == 1 and 1 or at[letter]
      end
      product = product * operands[k]:at(table.unpack(index))
    end
    for d, letter in ipairs(result) do place[d] = at[letter] end
    out:set(out:at(table.unpack(place)) + product, table.unpack(place))
  end
  walk(1)
  return out
end

local function some_letters(least, most)
  local list = {}
  for d = 1, math.random(least, most) do list[d] = ("abcde"):sub(math.random(5)):sub(1, 1) end
  return list
end

-- Letters of an operand, sizes now and then 1 where the letter is not repeated.
local function operand(list, sizes, dtype)
  local count, shape = {}, {}
  for _, letter in ipairs(list) do count[letter] = (count[letter] or 0) + 1 end
  for d, letter in ipairs(list) do
    shape[d] = count[letter] == 1 and math.random(6) == 1 and 1 or sizes[letter]
  end
  return reference.strided(shape, dtype)
end

describe("einsum", function()
  it("is the sum written out, for random letters", function()
    math.randomseed(11)
    for round = 1, 400 do
      local dtype = round % 5 == 0 and "int64" or round % 5 == 1 and "float32" or "float64"
      local sizes = {}
      for letter in ("abcde"):gmatch "." do sizes[letter] = math.random(0, 8) // 2 end
      local inputs, operands, texts = {}, {}, {}
      for k = 1, math.random(3) do
        inputs[k] = some_letters(0, 3)
        operands[k] = operand(inputs[k], sizes, dtype)
        texts[k] = table.concat(inputs[k])
      end
      local known, result = {}, {}
      for k, list in ipairs(inputs) do -- a letter of size 1 everywhere has size 1
        for d, letter in ipairs(list) do
          local n = operands[k]:size(d)
          known[letter] = (not known[letter] or known[letter] == 1) and n or known[letter]
        end
      end
      for letter in pairs(known) do
        if math.random(2) == 1 then table.insert(result, math.random(#result + 1), letter) end
      end
      local spec = table.concat(texts, ",") .. "->" .. table.concat(result)
      local out = ssl.einsum(spec, table.unpack(operands))
      local expected = written_out(inputs, result, known, operands)
      assert.equal(dtype, out:dtype())
      assert.same(shape_of(expected), shape_of(out), spec)
      -- integers up to 9^3 are exact; floats: some hundred products of up to 6^3, each rounded
      local tolerance = dtype == "float32" and 1e-2 or dtype == "float64" and 1e-10 or 0
      assert.tensor_near(expected, out:double(), tolerance)
    end
  end)

  it("has NumPy's rule for what the result is when it is not said", function()
    local a, b = ssl.randn(2, 3), ssl.randn(3, 4)
    assert.tensor_near(a:matmul(b), ssl.einsum("ij,jk", a, b), 1e-5)
    assert.tensor_near(a:matmul(b):t(), ssl.einsum("zj,jk", a, b), 1e-5) -- sorted: k before z
    assert.tensor_near(a:t(), ssl.einsum("ba", a), 0)
    assert.tensor_near(ssl.tensor { 5 }[1], ssl.einsum("ii", ssl.tensor { { 1, 2 }, { 3, 4 } }))
    assert.tensor_near((a * a):sum(), ssl.einsum("ij,ij", a, a), 1e-5)
    assert.equal(7, ssl.einsum("", ssl.tensor(7)):item())
    assert.equal(35, ssl.einsum(",->", ssl.tensor(7), ssl.tensor(5)):item())
    assert.same({ 3, 5, 2 }, shape_of(ssl.einsum("b...a", ssl.zeros(5, 3, 2)):permute(1, 3, 2)))
  end)

  it("lets dots stand for dimensions that broadcast", function()
    local a, b = ssl.randn(2, 1, 3, 4), ssl.randn(5, 4, 6)
    assert.tensor_near(a:matmul(b), ssl.einsum("...ij,...jk->...ik", a, b), 1e-5)
    assert.tensor_near(a:matmul(b), ssl.einsum(" ... i j , ... j k ", a, b), 1e-5)
    assert.tensor_near(a:sum(-1), ssl.einsum("...i->...", a), 1e-5)
    assert.tensor_near(a:matmul(b[1]), ssl.einsum("...j,jk->...k", a, b[1]), 1e-5)
    assert.tensor_near(ssl.randn(3):mul(0), ssl.einsum("...,...->...", ssl.zeros(3), ssl.ones(3)))
    assert.tensor_near(a:transpose(-1, -2), ssl.einsum("...ij->...ji", a), 0)
  end)

  it("gives a view of one operand where nothing is summed", function()
    local t = ssl.zeros(3, 3)
    ssl.einsum("ii->i", t):fill_(1)
    assert.equal(3, t:sum():item())
  end)

  it("passes NaN and infinities on, and is 0 over nothing", function()
    local a = ssl.tensor { { 1, nan }, { inf, 0 } }
    assert.tensor_near({ nan, inf }, ssl.einsum("ij->i", a))
    assert.tensor_near({ { 0, 0 }, { 0, 0 } },
      ssl.einsum("ij,jk", ssl.zeros(2, 0), ssl.zeros(0, 2)))
    assert.same({ 0, 4 }, shape_of(ssl.einsum("ij,jk", ssl.zeros(0, 3), ssl.zeros(3, 4))))
    assert.same({ 1 << 40, 0 }, shape_of(ssl.einsum("ij->ji", ssl.zeros(0, 1 << 40))))
  end)

  it("has gradients", function()
    local F64 = "float64"
    for _, case in ipairs {
      { "ij,jk->ik", { 2, 3 }, { 3, 2 } }, { "bij,bjk->bik", { 2, 2, 3 }, { 2, 3, 2 } },
      { "ii->i", { 3, 3 } }, { "iij->ij", { 2, 2, 3 } }, { "i,j->ij", { 2 }, { 3 } },
      { "ij,ij->", { 2, 3 }, { 1, 3 } }, { "...i,i->...", { 2, 3 }, { 3 } },
      { "ij,jk,kl->il", { 2, 3 }, { 3, 2 }, { 2, 2 } }, { "ij->", { 2, 3 } },
    } do
      local inputs = {}
      for k = 2, #case do inputs[k - 1] = ssl.randn(case[k], F64) end
      assert.is_true(ssl.gradcheck(function(...) return ssl.einsum(case[1], ...) end, inputs))
    end
  end)

  it("names what does not fit", function()
    local a, b = ssl.zeros(2, 3), ssl.zeros(4, 5)
    local function fails(text, ...) assert.raises({ "'einsum' (" .. text }, ssl.einsum, ...) end
    fails("letter 'j' has size 4 here and 3 before", "ij,jk", a, b)
    fails("letter 'i' has sizes 2 and 3 in (2,3) float32", "ii", a)
    fails("dimension -2 of '...' has size 4 here and 2 before", "...,...", a, b)
    fails("'ijk' names 3 dimensions of (2,3) float32", "ijk", a)
    fails("'i' names 1 dimensions of (2,3) float32", "i->i", a)
    fails("'i...jk' names 3 dimensions of (2,3) float32", "i...jk", a)
    fails("no operand has the letter 'k' of the result", "ij->ik", a)
    fails("letter 'i' stands twice in the result", "ij->ii", a)
    fails("'...' stands for 1 dimensions that the result leaves out", "i...->i", a)
    fails("'...' stands twice in '...i...'", "...i...", a)
    fails("letters and '...' expected in 'i1', got '1'", "i1", a)
    fails("letters and '...' expected in 'k->j', got '-'", "ij->k->j", a)
    fails("the letters are of 2 operands, and 1 are given", "ij,jk", a)
    fails("letters expected, such as 'ij,jk->ik', got number 3", 3)
    fails("tensor expected, got nil", "ij", nil)
    fails("float or int64 tensor expected, got (2) uint8", "i", ssl.zeros(2, "uint8"))
    fails("dtypes differ: (2,3) float32 and (2,3) float64", "ij,ij", a, a:double())
  end)
end)

describe("outer", function()
  it("is every product", function()
    local a, b = ssl.tensor({ 1, 2, 3 }, "int64"), ssl.tensor({ 5, 7 }, "int64")
    assert.same({ { 5, 7 }, { 10, 14 }, { 15, 21 } }, a:outer(b):totable())
    assert.same({ 0, 2 }, shape_of(ssl.outer(ssl.zeros(0), ssl.zeros(2))))
    assert.tensor_near({ { 1, inf }, { nan, nan } },
      ssl.outer(ssl.tensor { 1, nan }, ssl.tensor { 1, inf }))
    assert.is_true(ssl.gradcheck(ssl.outer, { ssl.randn(2, "float64"), ssl.randn(3, "float64") }))
    assert.raises("#2 to 'outer' (tensor with 1 dimensions expected, got (1,2) float32)",
      function() ssl.outer(ssl.zeros(2), ssl.zeros(1, 2)) end)
  end)
end)

describe("meshgrid", function()
  it("repeats each vector along all other dimensions", function()
    local x, y, z = ssl.tensor { 1, 2 }, ssl.tensor({ 3, 4, 5 }, "int64"), ssl.tensor(6)
    local a, b = ssl.meshgrid(x, y)
    assert.same({ { 1, 1, 1 }, { 2, 2, 2 } }, a:totable())
    assert.same({ { 3, 4, 5 }, { 3, 4, 5 } }, b:totable())
    assert.equal("int64", b:dtype())
    a, b = ssl.meshgrid(x, y, { indexing = "xy" })
    assert.same({ { 1, 2 }, { 1, 2 }, { 1, 2 } }, a:totable())
    assert.same({ { 3, 3 }, { 4, 4 }, { 5, 5 } }, b:totable())
    local c, d, e = ssl.meshgrid(x, y, z, { indexing = "xy" })
    for _, t in ipairs { c, d, e } do assert.same({ 3, 2, 1 }, shape_of(t)) end
    assert.equal(6, e:at(3, 2, 1))
    assert.same({ 1, 2 }, (ssl.meshgrid(x, { indexing = "xy" })):totable())
    assert.same({ 0, 2 }, shape_of((ssl.meshgrid(ssl.zeros(0), x))))
    assert.is_true(ssl.gradcheck(function(p, q)
      local s, t = ssl.meshgrid(p, q)
      return s * t
    end, { x:double(), x:double() }))
  end)

  it("names what does not fit", function()
    assert.raises("#1 to 'meshgrid' (vector expected, got nil)", function() ssl.meshgrid() end)
    assert.raises("#2 to 'meshgrid' (vector expected, got (1,1) float32)",
      function() ssl.meshgrid(ssl.zeros(1), ssl.zeros(1, 1)) end)
    assert.raises("#2 to 'meshgrid' (indexing must be one of ij, xy, got string 'yx')",
      function() ssl.meshgrid(ssl.zeros(1), { indexing = "yx" }) end)
    local v = ssl.zeros(1)
    assert.raises("9 dimensions; at most 8", function() ssl.meshgrid(v, v, v, v, v, v, v, v, v) end)
  end)
end)
