-- Functions whose gradient the user gives: for what the tape cannot see, or would do too dearly.

local autograd = require "sslkit.autograd"
local check = require "sslkit.check"
local core = require "sslkit.core"
local hook = require "sslkit.tensor.hook"

local func = {}

-- What keeps must be as it was: the versions of the tensors in ctx.
local function versions_of(ctx)
  local versions = {}
  for key, v in pairs(ctx) do
    if core.is_tensor(v) then versions[key] = core.version(v) end
  end
  return versions
end

local function check_versions(ctx, versions)
  for key, version in pairs(versions) do
    local t = ctx[key]
    if core.is_tensor(t) and core.version(t) ~= version then
      check.raise("ctx.%s of a custom function was changed in place since (%s)", tostring(key),
        core.describe(t))
    end
  end
end

-- Each gradient must fit its argument.
local function check_gradients(arguments, gradients)
  if gradients.n > arguments.n then
    check.raise("the backward of a custom function gave %d gradients for %d arguments",
      gradients.n, arguments.n)
  end
  for i = 1, gradients.n do
    local g, x = gradients[i], arguments[i]
    if g and not (core.is_tensor(g) and core.is_tensor(x)
        and core.describe(g) == core.describe(x)) then
      check.raise("the backward of a custom function gave %s for argument %d, %s", check.kind(g),
        i, check.kind(x))
    end
  end
  return table.unpack(gradients, 1, gradients.n)
end

--- A function with a gradient of your own. `forward(ctx, ...)` computes a tensor, off the tape, and
-- keeps in the table ctx, which is new for each call, what `backward(ctx, g)` needs: that is given the
-- gradient g of the result, and returns those of the arguments in their order, nil where there is
-- none. Where backward is made of tensor operations on arguments and result, second derivatives come
-- by themselves.
-- @param methods table: forward, backward = functions
-- @return function
-- @raise where forward gives something else than a tensor, or backward what does not fit
-- @example local same = ssl.func.custom{ forward = function(_, x) return x * 1 end, backward = function(_, g) return g * 5 end }; return ssl.grad(same, ssl.ones(1)):item() --> 5.0
function func.custom(methods)
  local m = check.options(1, methods, {}, { forward = true, backward = true })
  for _, name in ipairs { "forward", "backward" } do
    if type(m[name]) ~= "function" then
      check.fail(1, "%s must be a function, got %s", name, check.kind(m[name]))
    end
  end
  return function(...)
    local ctx, arguments = {}, table.pack(...)
    local out = autograd.no_grad(m.forward, ctx, ...)
    if not core.is_tensor(out) then
      check.raise("the forward of a custom function must return a tensor, got %s", check.kind(out))
    end
    for i = 1, arguments.n do -- the result is a tensor of its own, with a place on the tape
      if rawequal(out, arguments[i]) then out = core.detach(out) end
    end
    local versions = versions_of(ctx)
    hook.record("custom", out, function(g)
      check_versions(ctx, versions)
      return check_gradients(arguments, table.pack(m.backward(ctx, g)))
    end, ...)
    return out
  end
end

return func
