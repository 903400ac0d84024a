-- Cases of spec/grads_spec.lua: sorting, running sums and products, quantiles.

local ssl = require "sslkit"

return function(case, kit)
  local normal, apart, distinct = kit.normal, kit.apart, kit.distinct

  for _, rule in ipairs { "sort", "_place_sort" } do
    case(rule, function(x) return (x:sort()) end, distinct(2, 5))
    case(rule, function(x) return (x:sort(1, true)) end, distinct(3, 2, 2))
    case(rule, function(x) return (x:t():sort()) end, distinct(3, 2))
    case(rule, function(x) return (x:sort()) end, distinct())
    case(rule, function(x) return x:median() end, distinct(5))
    case(rule, function(x) return x:median(1, true) end, distinct(4, 2))
    case(rule, function(x) return x:median { 1, 3 } end, distinct(2, 2, 3))
    case(rule, function(x) return x:quantile({ 0, 0.3, 0.75 }, 1) end, distinct(4, 2))
    case(rule, function(x) return x:quantile(0.4) end, distinct(2, 2))
  end
  for _, rule in ipairs { "topk", "_place_topk" } do
    case(rule, function(x) return (x:topk(2)) end, distinct(3, 4))
    case(rule, function(x) return (x:topk(3, 1, false)) end, distinct(4, 2))
  end
  for _, rule in ipairs { "cumsum", "_cumsum_back" } do
    case(rule, function(x) return x:cumsum() end, normal(2, 3))
    case(rule, function(x) return x:cumsum(1) end, normal(3, 2, 2))
    case(rule, function(x) return x:cumsum(-2) end, normal(3, 2))
    case(rule, function(x) return x:cumsum() end, normal())
  end
  case("narrow", function(x) return x:diff(2) end, normal(5))
  case("narrow", function(x) return x:diff(1, 1) end, normal(3, 2))
  case("cumprod", function(x) return x:cumprod() end, apart(2, 3))
  case("cumprod", function(x) return x:cumprod(1) end, apart(3, 2, 2))
  for _, zeros in ipairs { { { 2, 0, 3 } }, { { 2, 0, 3, 0 }, { 0, 5, 0, 1 } }, { { 0, 0, 0 } } } do
    for dim = 1, 2 do
      case("cumprod", function(x) return x:cumprod(dim) end, ssl.tensor(zeros, "float64"))
    end
  end
  case("bincount", function(w)
    return ssl.bincount(kit.int { 2, 1, 2, 4 }, { weights = w })
  end, normal(4))
end
