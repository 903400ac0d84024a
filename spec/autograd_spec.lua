-- The tape: what is recorded, what backward gives and when it refuses. The rules themselves are in
-- spec/grads_spec.lua, functions of functions in spec/autograd_grad_spec.lua.

local ssl = require "sslkit"
local tensor = require "sslkit.tensor"

local F64 = "float64"

local function leaf(values, dtype) return ssl.tensor(values, dtype or F64):requires_grad() end
local function int(list) return ssl.tensor(list, "int64") end

describe("backward", function()
  it("adds up over calls, and zero is where it starts again", function()
    local w = leaf { 1, 2 }
    for i = 1, 3 do
      (w * w):sum():backward()
      assert.tensor_near({ 2 * i, 4 * i }, w:grad())
    end
    w:grad(nil)
    assert.is_nil(w:grad());
    (w * 5):sum():backward()
    assert.tensor_near({ 5, 5 }, w:grad())
  end)

  it("gives the gradient of a leaf that is the loss itself", function()
    local w = leaf(3)
    w:backward()
    assert.tensor_near(1, w:grad())
  end)

  it("takes a gradient for a result that is no scalar", function()
    local w = leaf { 1, 2, 3 }
    local y = w * w
    assert.raises("a loss of one element expected, got (3) float64; pass {gradient = ...}",
      y.backward, y)
    local seed = ssl.tensor({ 1, 0, -1 }, F64)
    y:backward { gradient = seed }
    assert.tensor_near({ 2, 0, -6 }, w:grad())
    assert.tensor_near({ 1, 0, -1 }, seed)
    y = w * 1
    for _, wrong in ipairs { ssl.ones(2, F64), ssl.ones(3), ssl.ones(1, 3, F64), 3, "x" } do
      assert.raises("gradient", y.backward, y, { gradient = wrong })
    end
  end)

  it("refuses what is not on the tape, and options that it does not know", function()
    assert.raises("(2) float32 is not on the tape: nothing that it came from requires_grad",
      ssl.backward, ssl.ones(2))
    assert.raises("tensor expected, got nil", ssl.backward, nil)
    assert.raises("float", ssl.backward, int { 1 })
    local y = leaf { 1 } * 2
    assert.raises({ "unknown option 'retain'", "create_graph, gradient, retain_graph" }, y.backward,
      y, { retain = true })
  end)

  it("frees the graph, unless it is told to keep it", function()
    local w = leaf { 2 }
    local shared = w * w
    local y = shared:sum()
    y:backward { retain_graph = true }
    y:backward()
    assert.tensor_near({ 8 }, w:grad())
    local freed = "a graph was freed by an earlier backward; keep it with {retain_graph = true}"
    assert.raises(freed, y.backward, y)
    local z = shared:exp():sum() -- a new end on a graph that is gone
    assert.raises(freed, z.backward, z)
    assert.tensor_near({ 8 }, w:grad())
  end)

  it("gives every leaf a gradient of its own, in one piece", function()
    local a, b, c = leaf { 1, 2 }, leaf { 3, 4 }, leaf { { 1 }, { 2 } }
    local seed = ssl.ones(2, 2, F64);
    (a + b + c:expand(2, 2)):backward { gradient = seed }
    a:grad():fill_(0)
    assert.tensor_near({ 2, 2 }, b:grad())
    assert.tensor_near({ { 1, 1 }, { 1, 1 } }, seed)
    b:sum():backward()
    assert.is_true(b:grad():is_contiguous())
    assert.tensor_near({ 3, 3 }, b:grad())
    local d, e = leaf { 1, 2 }, leaf { 1, 2 }
    ssl.cat({ d, e }):sum():backward()
    d:grad():fill_(9)
    assert.tensor_near({ 1, 1 }, e:grad())
  end)

  it("flows along every way to a shared leaf", function()
    local w = leaf { 0.5 }
    local x = w
    for _ = 1, 20 do x = x + x end -- 2^20 ways
    x:sum():backward()
    assert.tensor_near({ 2 ^ 20 }, w:grad())
  end)

  it("leaves gradients on the tape under create_graph", function()
    local w = leaf { 2, 3 };
    (w ^ 3):sum():backward { create_graph = true }
    local g = w:grad()
    assert.tensor_near({ 12, 27 }, g)
    assert.is_true(g:needs_grad())
    w:grad(nil)
    g:sum():backward()
    assert.tensor_near({ 12, 18 }, w:grad())
    assert.is_false(w:grad():needs_grad())
  end)

  it("passes graphs of 10000 operations, deep and wide", function()
    local w = leaf { 1 }
    local y = w
    for _ = 1, 10000 do y = y * 1.0001 end
    y:sum():backward()
    assert.tensor_near({ 1.0001 ^ 10000 }, w:grad(), 1e-9)
    w:grad(nil)
    local parts = {}
    for i = 1, 10000 do parts[i] = w * i end
    ssl.cat(parts):sum():backward()
    assert.tensor_near({ 10000 * 10001 / 2 }, w:grad())
  end)

  it("does all or nothing", function()
    local a, b = leaf { 1 }, leaf { 2 }
    local y = a * 2 + (b * b):exp():sum()
    local x = ssl.tensor({ 3 }, F64)
    y = y + b * x
    x:add_(1)
    assert.raises("changed in place", y.backward, y)
    assert.is_nil(a:grad())
    assert.is_nil(b:grad())
    assert.is_true((a * 1):needs_grad()) -- still recording
  end)
end)

describe("a change in place", function()
  it("of a value that the gradient needs is noticed, and named", function()
    local function noticed(name, f)
      local y = f(leaf { { 1, 2 }, { 3, 4 } })
      assert.raises({ "a value that " .. name .. " needs was changed in place since" },
        y.backward, y)
    end
    noticed("mul", function(w)
      local x = ssl.ones(2, 2, F64)
      local y = (w * x):sum()
      x:add_(1)
      return y
    end)
    noticed("exp", function(w) -- its own result
      local y = w:exp()
      y:detach():mul_(2)
      return y:sum()
    end)
    noticed("mul", function(w) -- the leaf
      local y = (w * w):sum()
      ssl.no_grad(function() w:add_(1) end)
      return y
    end)
    noticed("matmul", function(w) -- through a view of what was used
      local x = ssl.ones(2, 2, F64)
      local y = w:matmul(x):sum()
      x:t()[1]:fill_(3)
      return y
    end)
    noticed("index", function(w)
      local at = int { 1, 2 }
      local y = w:index(1, at):sum()
      at:fill_(1)
      return y
    end)
    noticed("gather", function(w)
      local at = int { { 1 }, { 2 } }
      local y = w:gather(2, at):sum()
      at[1] = 2
      return y
    end)
    for _, name in ipairs { "masked_select", "getindex", "where" } do
      noticed(name, function(w)
        local mask = ssl.tensor({ { 1, 0 }, { 0, 1 } }, "uint8")
        local y = name == "where" and ssl.where(mask, w, 0)
          or name == "getindex" and w[mask] or w:masked_select(mask)
        mask:zero_()
        return y:sum()
      end)
    end
  end)

  it("of a value that the gradient does not need is welcome", function()
    local w, x = leaf { 1, 2 }, ssl.ones(2, F64)
    local y = (w + x):sum()
    x:fill_(7)
    y:backward()
    assert.tensor_near({ 1, 1 }, w:grad())
  end)

  it("of the table that named an index or dimensions changes nothing", function()
    local w, key, dims = leaf { { 1, 2 }, { 3, 4 } }, { 1, { 1, 2 } }, { 1 }
    local parts = {}
    for i = 1, 2 do
      key[1], key[2][1] = i, i
      parts[i] = w[key]:sum(dims) * i
    end
    dims[1] = 7;
    (parts[1] + parts[2]):sum():backward()
    assert.tensor_near({ { 1, 1 }, { 0, 2 } }, w:grad())
  end)

  it("is refused on everything that is on the tape", function()
    local arguments = {
      fill_ = { 1 }, zero_ = {}, copy_ = { ssl.ones(2) }, set = { 1, 1 },
      scatter_ = { 1, int { 1 }, 1 }, scatter_add_ = { 1, int { 1 }, 1 },
      index_add_ = { 1, int { 1 }, ssl.ones(1) }, index_copy_ = { 1, int { 1 }, ssl.ones(1) },
    }
    local seen = 0
    for name, f in pairs(tensor) do
      if name:find "[^_]_$" or name == "set" then
        local given = arguments[name]
        for _, w in ipairs { ssl.ones(2):requires_grad(), ssl.ones(2):requires_grad() * 1 } do
          local version = tostring(w)
          local ok, message = pcall(f, w, table.unpack(given or { 2 }))
          if not ok and not given and message:find "argument #2" then ok, message = pcall(f, w) end
          assert(not ok, name .. " changed it")
          assert(message:find("on the tape: change it under ssl.no_grad, or change its :detach()",
            1, true), name .. ": " .. message)
          assert.equal(version, tostring(w))
        end
        seen = seen + 1
      end
    end
    assert.is_true(seen > 40)
    local w = leaf { 1, 2 }
    assert.raises("is on the tape", function() w[1] = 5 end)
    assert.raises("is on the tape", function() w[{ { 1, 2 } }] = 5 end)
    assert.raises("is on the tape", function() w:narrow(1, 1, 1):fill_(5) end)
    ssl.no_grad(function() w[1] = 5 end)
    w:detach():mul_(2)
    assert.tensor_near({ 10, 4 }, w)
  end)

  it("does not swallow a gradient", function()
    local w, lost = leaf { 1, 2 }, "is on the tape, and its gradient would be lost here"
    local x = ssl.zeros(2, F64)
    assert.raises(lost, x.copy_, x, w)
    assert.raises(lost, x.add_, x, w)
    assert.raises(lost, x.index_add_, x, 1, int { 1, 2 }, w)
    assert.raises(lost, x.scatter_, x, 1, int { 1, 2 }, w)
    assert.raises(lost, function() x[{ {} }] = w end)
    assert.raises("out= has no gradient, and an operand is on the tape", ssl.exp, w, { out = x })
    assert.raises("out= has no gradient", ssl.mul, x, w, { out = x })
    assert.raises("out= has no gradient", ssl.matmul, x:view(1, 2), w, { out = ssl.ones(1, F64) })
    assert.tensor_near({ 0, 0 }, x)
    ssl.no_grad(x.copy_, x, w)
    assert.tensor_near({ 1, 2 }, x)
  end)
end)

describe("no_grad", function()
  local w = ssl.ones(1):requires_grad()
  local function recording() return (w * 1):needs_grad() end

  it("keeps a function off the tape, and passes arguments and results", function()
    local a, b, c = ssl.no_grad(function(x, y) return recording(), x, y end, 4, nil)
    assert.same({ false, 4, nil }, { a, b, c })
    assert.is_true(recording())
    assert.equal(2, select("#", ssl.no_grad(function() return nil, nil end)))
    assert.is_false(ssl.no_grad(ssl.nn.Linear(1, 1), ssl.ones(1, 1)):needs_grad())
  end)

  it("lasts for a block when it is closed", function()
    do
      local _ <close> = ssl.no_grad()
      assert.is_false(recording())
      do
        local _ <close> = ssl.no_grad()
        assert.is_false(recording())
      end
      assert.is_false(recording())
    end
    assert.is_true(recording())
  end)

  it("is over after an error, which passes unchanged", function()
    local thrown = {}
    local ok, message = pcall(ssl.no_grad, function()
      ssl.no_grad(function() assert.is_false(recording()) end)
      assert.is_false(recording())
      error(thrown)
    end)
    assert.is_false(ok)
    assert.equal(thrown, message)
    assert.is_true(recording())
    pcall(function()
      local _ <close> = ssl.no_grad()
      error "x"
    end)
    assert.is_true(recording())
  end)

  it("takes functions only", function()
    assert.raises("bad argument #1 to 'no_grad' (function expected, got nil)", ssl.no_grad, nil)
    assert.raises("function expected, got number 5", ssl.no_grad, 5)
    assert.raises("function expected, got string 'f'", ssl.no_grad, "f")
    assert.is_true(recording())
  end)
end)

describe("a leaf", function()
  it("is what requires_grad marks, and ceases to be so", function()
    local w = ssl.ones(2)
    assert.is_true(w:is_leaf())
    assert.is_false(w:needs_grad())
    assert.equal(w, w:requires_grad())
    assert.is_true(w:is_leaf() and w:needs_grad())
    local y = w * 2
    assert.is_false(y:is_leaf())
    assert.is_true(y:needs_grad())
    assert.is_true(y:detach():is_leaf())
    assert.raises("the result of mul is no leaf; use :detach()", y.requires_grad, y, false)
    assert.equal(y, y:requires_grad())
    w:requires_grad(false)
    assert.is_false((w * 2):needs_grad())
    assert.raises("float", ssl.requires_grad, int { 1 })
    assert.raises("boolean expected, got number 0", w.requires_grad, w, 0)
  end)

  it("has a gradient that can be set", function()
    local w = leaf { 1, 2 }
    assert.is_nil(w:grad())
    w:grad(ssl.tensor({ 5, 6 }, F64));
    (w * 1):sum():backward()
    assert.tensor_near({ 6, 7 }, w:grad())
    assert.raises("gradient (3) float64 does not fit (2) float64", w.grad, w, ssl.ones(3, F64))
    assert.raises("float64 expected, got (2) float32", w.grad, w, ssl.ones(2))
    assert.raises("a leaf that requires_grad expected", ssl.grad and w.grad, ssl.ones(2), nil)
    assert.raises("a leaf that requires_grad expected", w.grad, w * 1, nil)
  end)
end)

describe("an operation without a gradient", function()
  it("gives constants", function()
    local w = leaf { 1.5, 2.5 }
    for _, y in ipairs {
      w:argmax(), w:argmin(1), w:gt(2), w:isnan(), w:any(), w:long(), w:byte(), w:detach(),
      select(2, w:max(1)), w:norm(0),
    } do
      assert.is_false(y:needs_grad())
    end
    local y = w * w:gt(2):double() -- as a factor
    y:sum():backward()
    assert.tensor_near({ 0, 1 }, w:grad())
  end)

  it("of float results raises rather than losing the gradient", function()
    local constant = {
      detach = true, tensor = true, zeros_like = true, ones_like = true, rand_like = true,
      randn_like = true, empty_like = true,
    }
    local w = (ssl.eye(3, F64) + 1):requires_grad()
    local lost = {}
    local function try(t, prefix)
      for name, f in pairs(t) do
        if type(f) == "function" and not name:find "_$" and not name:find "^_" then
          local ok, out = pcall(f, w)
          if ok and ssl.is_tensor(out) and out:dtype() == F64 and not out:needs_grad()
            and not constant[name] then
            lost[#lost + 1] = prefix .. name
          end
        end
      end
    end
    try(tensor, "")
    try(ssl.linalg, "linalg.")
    table.sort(lost)
    assert.same({}, lost)
  end)
end)
