-- Cases of spec/grads_spec.lua: reductions.

local ssl = require "sslkit"

local F64 = "float64"

return function(case, kit)
  local normal, apart, distinct, mask = kit.normal, kit.apart, kit.distinct, kit.mask

  local DIMS = { -- of a reduction of [2,3,2]
    {}, { nil, true }, { 1 }, { 2, true }, { -1 }, { -2, true }, { { 1, 3 } }, { { 3, 1 }, true },
    { { -1, 2 } }, { { 1, 2, 3 } },
  }
  local REDUCE = {
    sum = normal, mean = normal, var = normal, prod = apart, amin = distinct, amax = distinct,
    logsumexp = normal,
  }
  for rule, make in pairs(REDUCE) do
    for _, d in ipairs(DIMS) do
      case(rule, function(x) return ssl[rule](x, d[1], d[2]) end, make(2, 3, 2))
    end
    case(rule, function(x) return ssl[rule](x:transpose(1, 3), 2) end, make(2, 3, 2))
    if rule ~= "var" then case(rule, function(x) return ssl[rule](x) end, make()) end
  end
  for _, d in ipairs(DIMS) do
    case("norm2", function(x) return x:norm(2, d[1], d[2]) end, normal(2, 3, 2))
    case("norm1", function(x) return x:norm(1, d[1], d[2]) end, apart(2, 3, 2))
    case("var", function(x) return x:var(d[1], d[2], { ddof = 0 }) end, normal(2, 3, 2))
    case("var", function(x) return x:std(d[1], d[2]) end, normal(2, 3, 2))
  end
  for _, p in ipairs { 3, 1.5, 0.5, -1, -2.5 } do
    for _, d in ipairs { {}, { 1 }, { 2, true }, { { 1, 2 } } } do
      case("norm", function(x) return x:norm(p, d[1], d[2]) end, apart(3, 2))
    end
  end
  case("amax", function(x) return x:norm(math.huge, 1) end, distinct(3, 2) + 0.05)
  case("norm2", function(x) return x:normalize() end, normal(2, 3))
  case("norm2", function(x) return x:normalize(1) end, normal(2, 3))
  for _, zeros in ipairs { { { 2, 0, 3 } }, { { 2, 0, 3 }, { 0, 5, 0 } }, { { 0, 0, 0 } } } do
    for _, d in ipairs { {}, { 1 }, { 2, true }, { { 1, 2 } } } do
      case("prod", function(x) return x:prod(d[1], d[2]) end, ssl.tensor(zeros, F64))
    end
  end
  case("prod", function(x) return x:prod { 3, 1 } end,
    ssl.tensor({ { { 1, 0 }, { 2, 3 } }, { { 4, 5 }, { 0, 7 } } }, F64))
  case("logsumexp", function(x)
    return ssl.where(mask { { 1, 0, 1 }, { 0, 1, 0 } }, x, -math.huge):logsumexp(2)
  end, normal(2, 3))
  for _, rule in ipairs { "softmax", "log_softmax" } do
    for _, dim in ipairs { 1, 2, 3, -1, -2 } do
      case(rule, function(x) return ssl[rule](x, dim) end, normal(2, 3, 2))
    end
    case(rule, function(x) return ssl[rule](x) end, normal(4) * 30) -- near its limits
  end
end
