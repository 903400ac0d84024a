-- Cases of spec/grads_spec.lua: normalisation, pooling, dropout and attention.

local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

-- A module as a function of x, weight and bias.
local function with_parameters(m)
  return function(x, w, b)
    m:to(x:dtype())
    if w then m.weight, m.bias = w, b end
    return m(x)
  end
end

return function(case, kit)
  local normal, distinct = kit.normal, kit.distinct

  for rule, options in pairs { batch_norm = {}, batch_norm_relu = { relu = true } } do
    options.dtype = F64
    for _, training in ipairs { true, false } do
      local function batch(m) return with_parameters(m:train(training)) end
      case(rule, batch(nn.BatchNorm1d(3, options)), normal(4, 3), normal(3), normal(3))
      case(rule, batch(nn.BatchNorm1d(2, options)), normal(2, 2, 3), normal(2), normal(2))
      local m = nn.BatchNorm2d(2, options)
      case(rule, batch(m), normal(2, 2, 3, 2), normal(2), normal(2))
      local f = batch(nn.BatchNorm1d(1, options)) -- a channel as long as a row
      case(rule, f, normal(2, 1, 33), normal(1), normal(1))
      local strided = batch(nn.BatchNorm1d(3, options))
      case(rule, function(x, w, b) return strided(x:t(), w, b) end, normal(3, 4), normal(3),
        normal(3))
    end
    options.affine = false
    case(rule, with_parameters(nn.BatchNorm1d(3, options)), normal(4, 3))
  end

  case("layer_norm", with_parameters(nn.LayerNorm(4, { dtype = F64 })), normal(2, 4), normal(4),
    normal(4))
  case("layer_norm", with_parameters(nn.LayerNorm({ 2, 3 }, { dtype = F64 })), normal(2, 2, 3),
    normal(2, 3), normal(2, 3))
  case("layer_norm", with_parameters(nn.LayerNorm(3, { affine = false, dtype = F64 })),
    normal(2, 2, 3))
  local turned = with_parameters(nn.LayerNorm(2, { dtype = F64 }))
  case("layer_norm", function(x, w, b) return turned(x:t(), w, b) end, normal(2, 3), normal(2),
    normal(2))

  for _, m in ipairs {
    nn.MaxPool2d(2), nn.MaxPool2d(3, { stride = 1, padding = 1 }),
    nn.MaxPool2d({ 2, 1 }, { stride = { 3, 2 } }),
  } do
    -- the gradient of the first is that of x^2, so that picking what was largest has one too
    for _, rule in ipairs { "max_pool", "max_pool_return" } do
      case(rule, m, distinct(2, 1, 4, 5))
      case(rule, function(x) return m(x:transpose(3, 4)) end, distinct(1, 2, 5, 3))
    end
    case("max_pool_pick", function(x)
      return ssl.grad(function(a) return (m(a) ^ 2):sum() end, x, { create_graph = true })
    end, distinct(1, 1, 4, 5))
  end
  for _, m in ipairs {
    nn.AvgPool2d(2), nn.AvgPool2d(3, { stride = 2, padding = 1 }),
    nn.AvgPool2d({ 2, 3 }, { stride = 1, padding = 1, count_include_pad = false }),
  } do
    for _, rule in ipairs { "avg_pool", "avg_pool_spread" } do
      case(rule, m, normal(2, 1, 4, 5))
      case(rule, function(x) return m(x:transpose(3, 4)) end, normal(1, 2, 5, 3))
    end
  end

  local g = ssl.generator(5)
  local start = g:state()
  local drop = nn.Dropout(0.4, { generator = g })
  case("dropout", function(x)
    g:load_state(start) -- the same ones in every call
    return drop(x)
  end, normal(3, 5))

  local attention = nn.Attention(4, { heads = 2 })
  local look = with_parameters(attention)
  case("attention", look, normal(2, 3, 4))
  case("attention", function(x) return look(x:transpose(1, 2)) end, normal(3, 1, 4))
end
