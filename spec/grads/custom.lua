-- Cases of spec/grads_spec.lua: functions with gradients of their own.

local ssl = require "sslkit"

return function(case, kit)
  local normal = kit.normal

  -- sin(x) w, from what it was given and from its result
  local wave = ssl.func.custom {
    forward = function(ctx, x, w)
      ctx.x, ctx.w = x, w
      return x:sin() * w
    end,
    backward = function(ctx, g) return g * ctx.x:cos() * ctx.w, g * ctx.x:sin() end,
  }
  local exp = ssl.func.custom {
    forward = function(ctx, x)
      ctx.out = x:exp()
      return ctx.out
    end,
    backward = function(ctx, g) return g * ctx.out end,
  }
  case("custom", wave, normal(2, 3), normal(2, 3))
  case("custom", function(x, w) return wave(x:t(), w * w) end, normal(3, 2), normal(2, 3))
  case("custom", function(x) return wave(x, x) end, normal(3))
  case("custom", function(x) return exp(exp(x)) end, normal(2, 2))
end
