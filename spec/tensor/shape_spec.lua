-- Shapes, and views that change them and share the elements.

local ssl = require "sslkit"
local reference = require "spec.tensor.reference"

local function shape_of(t) return { t:shape() } end

describe("asking", function()
  it("gives sizes, counts and lengths", function()
    local t = ssl.zeros(2, 0, 4)
    assert.same({ 2, 0, 4 }, shape_of(t))
    assert.equal(2, t:size(1))
    assert.equal(4, t:size(-1))
    assert.equal(3, t:dim())
    assert.equal(0, t:numel())
    assert.equal(2, #t)
    assert.same({}, shape_of(ssl.tensor(1)))
    assert.equal(1, ssl.tensor(1):numel())
    assert.raises("#2 to 'size' (dimension 4 of a tensor with 3)", function() ssl.size(t, 4) end)
    assert.raises("#2 to 'size' (dimension 0 of a tensor with 3)", function() ssl.size(t, 0) end)
    assert.raises("#2 to 'size' (whole number expected, got string '1')",
      function() ssl.size(t, "1") end)
    assert.raises("to 'len' (a 0-dim tensor has no length)", function() return #ssl.tensor(1) end)
  end)

  it("tells whether elements lie in C order without gaps", function()
    local t = ssl.zeros(3, 4)
    assert.is_true(t:is_contiguous())
    assert.is_true(t[{ { 2, 3 } }]:is_contiguous())
    assert.is_true(t:t():t():is_contiguous())
    assert.is_true(ssl.zeros(0, 4):t():is_contiguous())
    assert.is_true(ssl.zeros(1, 4):t():is_contiguous())
    assert.is_true(t[1]:unsqueeze(2):is_contiguous())
    assert.is_false(t:t():is_contiguous())
    assert.is_false(t[{ {}, { 1, 3 } }]:is_contiguous())
    assert.is_false(ssl.zeros(1):expand(3):is_contiguous())
  end)
end)

describe("views", function()
  it("share their elements", function()
    local t = ssl.zeros(2, 3)
    local views = {
      t:view(6), t:view(-1), t:reshape(3, 2), t:flatten(), t:t(), t:transpose(1, 2),
      t:permute(2, 1), t:unsqueeze(1), t:unsqueeze(-1), t:squeeze(), t:expand(2, 3),
      t:select(1, 2), t[2], t[{ {}, { 3, 1, -1 } }], t[{ {}, 3 }], t:narrow(2, 2, 3), t:detach(),
    }
    t:set(5, 2, 3)
    for i, v in ipairs(views) do assert(v:sum():item() == 5, "view " .. i) end
    for _, copy in ipairs { t:clone(), t:t():contiguous(), t:t():reshape(6) } do
      copy:fill_(1)
      assert.equal(5, t:sum():item())
    end
  end)

  it("keep their storage when the tensor is collected", function()
    local v = ssl.arange(1, 1000)[{ { 500, 501 } }]
    collectgarbage()
    ssl.zeros(1000)
    assert.same({ 500, 501 }, v:totable())
  end)
end)

describe("view and reshape", function()
  it("work out one size", function()
    local t = ssl.arange(1, 12)
    assert.same({ 3, 4 }, shape_of(t:view(3, -1)))
    assert.same({ 2, 2, 3 }, shape_of(t:reshape { 2, -1, 3 }))
    assert.same({ 1, 12, 1 }, shape_of(t:view(1, -1, 1)))
    assert.same({ 0, 3 }, shape_of(ssl.zeros(0):view(-1, 3)))
    assert.same({}, shape_of(ssl.zeros(1):view()))
    assert.same({}, shape_of(ssl.zeros(1):view {}))
  end)

  it("name what does not fit", function()
    local t = ssl.zeros(2, 3)
    assert.raises("#2 to 'view' ((4,2) does not hold the elements of (2,3) float32)",
      function() ssl.view(t, 4, 2) end)
    assert.raises("((-1,4) does not hold the elements of", function() t:view(-1, 4) end)
    assert.raises("does not hold", function() t:view(-1, -1) end)
    assert.raises("does not hold", function() ssl.zeros(0):view(-1, 0) end)
    assert.raises("does not hold", function() ssl.zeros(0):view(0, 1 << 62, 1 << 62) end)
    assert.raises("does not hold", function() ssl.zeros(2, 0):view(1, -1, 1 << 59) end)
    assert.raises("size must not be negative, got -2", function() t:view(-2, 3) end)
    assert.raises("#2 to 'view' (size expected, got string 'x')", function() ssl.view(t, "x") end)
    assert.raises("#3 to 'view' (numbers or one table expected, got a table and number 2)",
      function() ssl.view(t, { 3, 2 }, 2) end)
    assert.raises("#1 to 'view' (the strides of this view of (3,2) float32 need a copy: use resh",
      function() ssl.view(t:t(), 6) end)
  end)

  it("copy nothing that the strides allow, over random shapes", function()
    math.randomseed(5)
    local viewed = 0
    for _ = 1, 300 do
      local shape = reference.shape(0, 4)
      local t = reference.strided(shape, "int64")
      local want = t:clone()
      -- the same number of elements in another cut: neighbours merged, sizes split, ones put in
      local cut = {}
      for _, n in ipairs(shape) do
        local way = math.random(4)
        if way == 1 and #cut > 0 then cut[#cut] = cut[#cut] * n
        elseif way == 2 and n == 4 then cut[#cut + 1], cut[#cut + 2] = 2, 2
        elseif way == 3 then cut[#cut + 1], cut[#cut + 2] = 1, n
        else cut[#cut + 1] = n end
      end
      local out = t:reshape(cut)
      assert.same(cut, shape_of(out))
      assert.equal(want:tobytes(), out:tobytes())
      local ok, v = pcall(t.view, t, cut)
      if ok then
        viewed = viewed + 1
        assert.equal(want:tobytes(), v:tobytes())
        if t:numel() > 0 then
          v:fill_(77)
          assert.equal(77, t:amin():item())
        end
      end
    end
    assert.is_true(viewed > 50)
  end)
end)

describe("transposing", function()
  it("exchanges dimensions", function()
    local t = ssl.arange(1, 24):view(2, 3, 4)
    for _, p in ipairs { t:permute(3, 1, 2), t:permute { 3, 1, 2 }, t:permute(-1, -3, -2) } do
      assert.same({ 4, 2, 3 }, shape_of(p))
      reference.each({ 2, 3, 4 }, function(i, j, k) assert.equal(t:at(i, j, k), p:at(k, i, j)) end)
    end
    assert.same({ 4, 3, 2 }, shape_of(t:transpose(1, -1)))
    assert.equal(t:at(1, 2, 3), t:transpose(2, 3):at(1, 3, 2))
    local v = ssl.ones(3)
    assert.equal(v, v:t())
    assert.same({ 3, 2 }, shape_of(ssl.ones(2, 3):t()))
    assert.raises("at most 2 dimensions expected, got (2,3,4) float32; use transpose",
      function() ssl.t(t) end)
  end)

  it("names what is missing or twice", function()
    local t = ssl.zeros(2, 3)
    assert.raises("#2 to 'permute' (1 dimensions named of a tensor with 2)",
      function() ssl.permute(t, 1) end)
    assert.raises("#3 to 'permute' (dimension 1 is named twice)",
      function() ssl.permute(t, 1, 1) end)
    assert.raises("#2 to 'permute' (dimension 1 is named twice)",
      function() ssl.permute(t, { 1, -2 }) end)
    assert.raises("#3 to 'permute' (dimension 5 of a tensor with 2)",
      function() ssl.permute(t, 1, 5) end)
    assert.raises("#2 to 'permute' (dimension must be a whole number, got string '1')",
      function() ssl.permute(t, { "1", 2 }) end)
    assert.raises("#3 to 'transpose' (dimension 3 of a tensor with 2)",
      function() ssl.transpose(t, 1, 3) end)
  end)
end)

describe("movedim", function()
  it("puts one dimension elsewhere", function()
    local t = ssl.arange(1, 24):view(2, 3, 4)
    assert.same({ 3, 4, 2 }, shape_of(t:movedim(1, -1)))
    assert.same({ 4, 2, 3 }, shape_of(t:movedim(-1, 1)))
    assert.same({ 3, 2, 4 }, shape_of(t:movedim(1, 2)))
    assert.equal(t:at(2, 1, 4), t:movedim(1, 3):at(1, 4, 2))
    assert.raises("#3 to 'movedim' (dimension 4 of a tensor with 3)",
      function() ssl.movedim(t, 1, 4) end)
  end)
end)

describe("flip", function()
  it("turns dimensions round, without a copy", function()
    local t = ssl.arange(1, 6):view(2, 3)
    assert.same({ { 6, 5, 4 }, { 3, 2, 1 } }, t:flip():totable())
    assert.same({ { 4, 5, 6 }, { 1, 2, 3 } }, t:flip(1):totable())
    assert.same({ { 3, 2, 1 }, { 6, 5, 4 } }, t:flip(-1):totable())
    assert.same({ { 6, 5, 4 }, { 3, 2, 1 } }, t:flip { 2, 1 }:totable())
    assert.same({ { 1, 2, 3 }, { 4, 5, 6 } }, t:flip {}:totable())
    assert.same({ { 6, 3 }, { 5, 2 }, { 4, 1 } }, t:flip():t():totable())
    t:flip(2):select(2, 1):fill_(0)
    assert.same({ { 1, 2, 0 }, { 4, 5, 0 } }, t:totable())
    assert.same({ 0, 3 }, shape_of(ssl.zeros(0, 3):flip()))
    assert.equal(5, ssl.tensor(5):flip():item())
    assert.equal(1 << 40, ssl.ones(1):expand(1 << 40):flip():numel())
    assert.raises("#2 to 'flip' (dimension must be a whole number, got string 'x')",
      function() ssl.flip(t, "x") end)
    assert.raises("#2 to 'flip' (dimension 2 is named twice)",
      function() ssl.flip(t, { 2, -1 }) end)
  end)
end)

describe("sizes of 1", function()
  it("come and go", function()
    local t = ssl.zeros(1, 3, 1, 2)
    assert.same({ 3, 2 }, shape_of(t:squeeze()))
    assert.same({ 3, 1, 2 }, shape_of(t:squeeze(1)))
    assert.same({ 1, 3, 2 }, shape_of(t:squeeze(-2)))
    assert.same({ 1, 3, 1, 2 }, shape_of(t:squeeze(2)))
    assert.same({ 3, 2 }, shape_of(t:squeeze(1, -2)))
    assert.same({ 3, 1, 2 }, shape_of(t:squeeze { 1, 4 }))
    assert.same({ 1, 3, 1, 2 }, shape_of(t:squeeze {}))
    assert.same({ 3, 2 }, shape_of(t:squeeze(nil)))
    assert.raises("#3 to 'squeeze' (dimension 1 is named twice)",
      function() ssl.squeeze(t, 1, -4) end)
    assert.raises("#2 to 'squeeze' (dimension 5 of a tensor with 4)",
      function() ssl.squeeze(t, 5) end)
    assert.raises("5 dimensions named of a tensor with 4",
      function() t:squeeze(1, 2, 3, 4, 1) end)
    assert.same({}, shape_of(ssl.zeros(1, 1):squeeze()))
    local v = ssl.zeros(3)
    assert.same({ 1, 3 }, shape_of(v:unsqueeze(1)))
    assert.same({ 3, 1 }, shape_of(v:unsqueeze(2)))
    assert.same({ 3, 1 }, shape_of(v:unsqueeze(-1)))
    assert.same({ 1 }, shape_of(ssl.tensor(1):unsqueeze(1)))
    assert.raises("#2 to 'unsqueeze' (dimension 3 of a tensor with 2)",
      function() ssl.unsqueeze(v, 3) end)
    local eight = ssl.zeros(1, 1, 1, 1, 1, 1, 1, 1)
    assert.raises("#1 to 'unsqueeze' (more than 8 dimensions)",
      function() ssl.unsqueeze(eight, 1) end)
  end)

  it("repeat without a copy", function()
    local t = ssl.tensor { { 1 }, { 2 } }
    assert.same({ { 1, 1, 1 }, { 2, 2, 2 } }, t:expand(2, 3):totable())
    assert.same({ { 1, 1 }, { 2, 2 } }, t:expand(-1, 2):totable())
    assert.same({ 4, 2, 5 }, shape_of(t:expand(4, -1, 5)))
    assert.same({ 0 }, shape_of(ssl.ones(1):expand(0)))
    assert.equal(1 << 40, ssl.ones(1):expand(1 << 40):numel())
    assert.raises("#2 to 'expand' ((2,1) float32 does not expand to (3,3))",
      function() ssl.expand(t, 3, 3) end)
    assert.raises("does not expand to (2)", function() t:expand(2) end)
    assert.raises("-1 keeps a size, and the new dimension 1 has none",
      function() t:expand(-1, 2, 1) end)
    assert.raises("does not expand", function() ssl.ones(1):expand(1 << 32, 1 << 32) end)
    assert.raises("an expanded view repeats its elements: change its :clone()",
      function() t:expand(2, 3):add_(1) end)
    assert.tensor_near({ { 2 }, { 3 } }, t:expand(2, 1):add_(1))
  end)
end)

describe("flatten", function()
  it("merges dimensions", function()
    local t = ssl.zeros(2, 3, 4, 5)
    assert.same({ 120 }, shape_of(t:flatten()))
    assert.same({ 2, 60 }, shape_of(t:flatten(2)))
    assert.same({ 2, 12, 5 }, shape_of(t:flatten(2, 3)))
    assert.same({ 6, 20 }, shape_of(t:flatten(1, 2):flatten(-2, -1)))
    assert.same({ 2, 3, 4, 5 }, shape_of(t:flatten(3, 3)))
    assert.same({ 1 }, shape_of(ssl.tensor(3):flatten()))
    assert.same({ 0 }, shape_of(ssl.zeros(0, 3):flatten()))
    assert.raises("#2 to 'flatten' (dimensions 3..2 of a tensor with 4)",
      function() ssl.flatten(t, 3, 2) end)
    assert.raises("#2 to 'flatten' (dimensions 1..5 of a tensor with 4)",
      function() ssl.flatten(t, 1, 5) end)
    assert.raises("#2 to 'flatten' (first must be a whole number, got string 'x')",
      function() ssl.flatten(t, "x") end)
  end)
end)
