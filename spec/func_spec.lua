-- ssl.func.custom; its rule is checked with all the others in spec/grads_spec.lua.

local ssl = require "sslkit"

local custom = ssl.func.custom

describe("func.custom", function()
  -- passes values through, and the sign of the gradient back
  local signed = custom {
    forward = function(_, x) return x end,
    backward = function(_, g) return g:sign() end,
  }

  it("takes the gradient that it is given, and not that of forward", function()
    local x = ssl.tensor { 1, -2, 3 }:requires_grad()
    local y = signed(x)
    assert.is_true(x:is_leaf()) -- although forward returned it
    assert.is_true(y:needs_grad())
    assert.same({ 1, -2, 3 }, y:totable());
    (y * ssl.tensor { 5, -0.5, 2 }):sum():backward()
    assert.same({ 1, -1, 1 }, x:grad():totable())
  end)

  it("runs forward off the tape, with a table of its own for each call", function()
    local tables = {}
    local f = custom {
      forward = function(ctx, x, factor)
        assert.is_false((x * 1):needs_grad())
        tables[#tables + 1], ctx.factor = ctx, factor
        return x * factor
      end,
      backward = function(ctx, g) return g * ctx.factor end,
    }
    local x = ssl.ones(2):requires_grad();
    (f(x, 3) + f(x, 4)):sum():backward()
    assert.same({ 7, 7 }, x:grad():totable())
    assert.is_false(rawequal(tables[1], tables[2]))
    assert.is_false(f(ssl.ones(2), 3):needs_grad())
    assert.is_false(ssl.no_grad(f, x, 3):needs_grad())
  end)

  it("asks for no gradient where there is none to give", function()
    local f = custom {
      forward = function(_, a, b) return a + b end,
      backward = function(_, g) return nil, g * 2 end,
    }
    local a, b = ssl.ones(2):requires_grad(), ssl.ones(2):requires_grad()
    f(a, b):sum():backward()
    assert.is_nil(a:grad())
    assert.same({ 2, 2 }, b:grad():totable())
  end)

  it("differentiates twice what is made of operations", function()
    local cube = custom {
      forward = function(ctx, x)
        ctx.x = x
        return x * x * x
      end,
      backward = function(ctx, g) return g * ctx.x * ctx.x * 3 end,
    }
    local h = ssl.hvp(function(x) return cube(x):sum() end, ssl.tensor { 2 }, ssl.tensor { 1 })
    assert.same({ 12 }, h:totable())
  end)

  it("notices what was changed in place since", function()
    local kept
    local square = custom {
      forward = function(ctx, x)
        kept = x * 1
        ctx.kept = kept
        return x * x
      end,
      backward = function(ctx, g) return g * ctx.kept * 2 end,
    }
    local x = ssl.ones(2):requires_grad()
    square(x):sum():backward()
    assert.same({ 2, 2 }, x:grad():totable())
    local y = square(x):sum()
    kept:add_(1)
    assert.raises("ctx.kept of a custom function was changed in place since ((2) float32)",
      function() y:backward() end)
  end)

  it("says what is wrong", function()
    assert.raises("#1 to 'custom' (table of options expected, got number 3)",
      function() custom(3) end)
    assert.raises("#1 to 'custom' (backward must be a function, got nil)",
      function() custom { forward = print } end)
    assert.raises("unknown option 'forwards'; known: backward, forward",
      function() custom { forwards = print } end)
    local function with(forward, backward)
      local f = custom { forward = forward, backward = backward }
      return function() f(ssl.ones(2):requires_grad()):sum():backward() end
    end
    local function square(_, x) return x * x end
    assert.raises("the forward of a custom function must return a tensor, got number 3",
      with(function() return 3 end, square))
    assert.raises("gave tensor (3) float32 for argument 1, tensor (2) float32",
      with(square, function() return ssl.ones(3) end))
    assert.raises("gave number 3 for argument 1", with(square, function() return 3 end))
    assert.raises("gave 2 gradients for 1 arguments", with(square, function(_, g) return g, g end))
  end)
end)
