-- Arguments that fit sorting, scanning and counting.

local ssl = require "sslkit"

return function(fitting, kit)
  local pick, dim_of = kit.pick, kit.dim_of

  local function switch() return pick { true, false, nil } end
  local function some_dim(t) return pick { dim_of(t), nil } end

  for _, name in ipairs { "sort", "argsort" } do
    fitting[name] = kit.with(kit.some_tensor, some_dim, switch)
  end
  fitting.topk = function()
    local t = kit.some_tensor()
    local dim = dim_of(t)
    return t, math.random(0, t:size(dim)), dim, switch()
  end
  fitting.searchsorted = function()
    local s = kit.some_tensor():sort()
    return s, pick { s, s:select(-1, 1):unsqueeze(-1), 1 }, { right = math.random(2) == 1 }
  end
  fitting.median = kit.with(kit.some_tensor, some_dim, switch)
  fitting.quantile = function()
    local t = kit.some_tensor()
    return t, pick { 0.3, { 0, 0.5, 1 }, ssl.rand(2) }, some_dim(t), switch()
  end
  fitting.cumsum = kit.with(kit.some_tensor, some_dim)
  fitting.cumprod = kit.with(kit.wide_tensor, some_dim)
  fitting.diff = function()
    local t = kit.wide_tensor()
    return t, math.random(0, 3), dim_of(t)
  end
  fitting.unique = function()
    local t = kit.some_tensor()
    return t, { inverse = pick { true, false }, counts = pick { true, false }, dim = some_dim(t) }
  end
  fitting.bincount = function()
    local n = math.random(0, 9)
    return ssl.randint(1, 5, n), pick {
      { minlength = math.random(0, 9) }, { weights = kit.plain_tensor({ n }, "float64") },
    }
  end
  fitting.histc = function()
    local t = kit.some_tensor():clone()
    return t, math.random(9), -1, 1
  end
end
