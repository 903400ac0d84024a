-- What the tape keeps, and what it makes again.

local core = require "sslkit.core"
local ssl = require "sslkit"

local nn, F64 = ssl.nn, "float64"

-- Does anything but the caller's own variables hold the tensor that make() returns beside its result?
local function kept(make)
  local weak = setmetatable({}, { __mode = "k" })
  local out
  do
    local value, result = make()
    weak[value], out = true, result
  end
  collectgarbage()
  collectgarbage()
  return next(weak) ~= nil, out
end

describe("the tape", function()
  local w

  before_each(function() w = ssl.tensor({ 1, -2, 3 }, F64):requires_grad() end)

  it("lets go of what no gradient reads", function()
    local held, out = kept(function()
      local y = w * 2
      return y, (y + 1):sum()
    end)
    assert.is_false(held)
    out:backward()
    assert.tensor_near({ 2, 2, 2 }, w:grad())
  end)

  it("keeps what one reads", function()
    local held, out = kept(function()
      local y = w * 2
      return y, (y * y):sum()
    end)
    assert.is_true(held)
    out:backward()
    assert.tensor_near({ 8, -16, 24 }, w:grad())
  end)

  it("lets go of a result that its rule does not read", function()
    assert.is_true((kept(function()
      local y = w:exp()
      return y, y:sum()
    end)))
    assert.is_false((kept(function()
      local y = w:sin()
      return y, y:sum()
    end)))
  end)

  it("is empty behind backward", function()
    local held = kept(function()
      local y = w:exp()
      y:sum():backward()
      return y, w
    end)
    assert.is_false(held)
  end)

  it("has stand-ins that show nothing", function()
    local y = w * 2
    local s = core.stand_in(y)
    assert.equal("(3) float64", core.describe(s))
    assert.equal(core.node(y), core.node(s))
    assert.equal(3, s:detach():isnan():sum():item())
  end)
end)

describe("a result that is easily made again", function()
  local function network(relu)
    ssl.seed(1)
    return nn.Conv2d(2, 3, 3, { padding = 1, dtype = F64 }),
      nn.BatchNorm2d(3, { relu = relu, dtype = F64 }),
      nn.Conv2d(3, 2, 3, { dtype = F64 })
  end

  local x = ssl.randn({ 4, 2, 5, 5 }, { dtype = F64, generator = ssl.generator(3) })

  for _, relu in ipairs { false, true } do
    local what = relu and "BatchNorm with ReLU" or "BatchNorm"

    it("is not kept: " .. what, function()
      local one, norm, two = network(relu)
      assert.is_false((kept(function()
        local y = norm(one(x))
        return y, two(y):sum()
      end)))
    end)

    it("is the same to the bit: " .. what, function()
      local one, norm, two = network(relu)
      local loss = two(norm(one(x))):square():sum()
      local other = { network(relu) }
      local y = other[2](other[1](x))
      local leaf = y:detach():requires_grad()
      local direct = other[3](leaf):square():sum()
      direct:backward()
      loss:backward()
      assert.is_true(ssl.equal(other[3].weight:grad(), two.weight:grad()))
      y:backward { gradient = leaf:grad() }
      assert.is_true(ssl.equal(other[1].weight:grad(), one.weight:grad()))
    end)

    it("serves a graph that is kept, and second derivatives: " .. what, function()
      local one, norm, two = network(relu)
      local loss = two(norm(one(x))):square():sum()
      loss:backward { retain_graph = true }
      local first = two.weight:grad():clone()
      loss:backward()
      assert.tensor_near(first * 2, two.weight:grad(), 1e-12)
      assert.is_true(ssl.gradcheck(function(a)
        return two(norm(one(a))):square():mean()
      end, { x:narrow(1, 1, 2):clone() }, { second = true }))
    end)
  end

  it("cannot be made from a graph that is gone", function()
    local one, norm, two = network(true)
    local y = norm(one(x))
    local loss = two(y):sum()
    y:sum():backward()
    assert.raises("was freed", loss.backward, loss)
    assert.raises("was freed", ssl.grad, function() return loss end, y)
  end)

  it("does not mind that it is changed in place", function()
    local one, norm, two = network(true)
    local y = norm(one(x))
    local loss = two(y):square():sum()
    ssl.no_grad(function() y:fill_(7) end)
    loss:backward()
    local other = { network(true) }
    other[3](other[2](other[1](x))):square():sum():backward()
    assert.is_true(ssl.equal(other[3].weight:grad(), two.weight:grad()))
  end)

  it("minds a change of what it is made of", function()
    local one, norm, two = network(true)
    local h = one(x)
    local loss = two(norm(h)):sum()
    ssl.no_grad(function() h:fill_(7) end)
    assert.raises("changed in place", loss.backward, loss)
  end)
end)
