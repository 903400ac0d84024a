-- Cases of spec/grads_spec.lua: parts of matrices, the pseudo-inverse, distances.

local ssl = require "sslkit"

return function(case, kit)
  local normal, distinct = kit.normal, kit.distinct

  for _, rule in ipairs { "triu", "tril" } do
    for _, shape in ipairs { { 3, 3 }, { 2, 4 }, { 2, 3, 2 } } do
      case(rule, function(x) return ssl[rule](x) end, normal(table.unpack(shape)))
      case(rule, function(x) return ssl[rule](x, -1) end, normal(table.unpack(shape)))
    end
  end
  case("diagonal", function(x) return x:trace() end, normal(2, 3, 2))

  for _, shape in ipairs { { 3, 3 }, { 4, 2 }, { 2, 4 }, { 2, 3, 2 } } do
    case("pinv", ssl.linalg.pinv, normal(table.unpack(shape)))
  end
  -- where the rank is less and stays so
  case("pinv", function(x, y) return ssl.linalg.pinv(x:matmul(y)) end, normal(3, 1), normal(1, 4))
  case("pinv", function(x) return ssl.linalg.pinv(x, { rcond = 1e-3 }) end, normal(2, 2))

  for _, p in ipairs { 0.5, 1, 1.5, 2, 3 } do
    case("cdist", function(x, y) return ssl.cdist(x, y, { p = p }) end, normal(3, 2), normal(2, 2))
  end
  case("cdist", function(x, y) return ssl.cdist(x, y) end, normal(2, 1, 2, 3), normal(2, 3))
  case("cdist", function(x, y) return ssl.cdist(x, y, { p = math.huge }) end,
    distinct(2, 3), distinct(2, 3) + 0.05)
end
