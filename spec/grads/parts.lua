-- Cases of spec/grads_spec.lua: views, joining, and parts of a tensor.

local ssl = require "sslkit"

return function(case, kit)
  local normal, int, mask = kit.normal, kit.int, kit.mask

  local function view(rule, f, ...) case(rule, f, normal(...)) end
  view("view", function(x) return x:view(3, -1) end, 2, 3)
  view("view", function(x) return x:view { 1, 6 } end, 2, 3)
  view("reshape", function(x) return x:t():reshape(6) end, 2, 3) -- a copy
  view("reshape", function(x) return x:flatten() end, 2, 3)
  view("reshape", function(x) return x:flatten() end)
  view("squeeze", function(x) return x:squeeze() end, 1, 3, 1)
  view("squeeze", function(x) return x:squeeze(-1) end, 1, 3, 1)
  view("unsqueeze", function(x) return x:unsqueeze(1):unsqueeze(-1) end, 3)
  view("expand", function(x) return x:expand(4, 2, 3) end, 2, 1)
  view("expand", function(x) return x:expand(2, -1) end, 1, 3)
  view("squeeze", function(x) return x:squeeze(1, -1) end, 1, 3, 1, 1)
  view("flip", function(x) return x:flip() end, 2, 3)
  view("flip", function(x) return x:flip(-1, 1) end, 2, 3, 2)
  view("flip", function(x) return x:flip { 2 } end, 2, 3)
  view("diag", function(x) return x:diag() end, 3)
  view("diag", function(x) return x:diag(-2) end, 2)
  view("diagonal", function(x) return x:diag(1) end, 3, 3)
  view("cat", function(x) return x:roll({ 1, -1 }, { 1, 2 }) end, 3, 3)
  view("reshape", function(x) return x:roll(2) end, 2, 3)
  view("expand", function(x) return x:repeat_tensor(2, 1, 3) end, 2, 2)
  view("narrow", function(x)
    local a, b = table.unpack(x:split({ 1, 2 }, 2))
    return a * b
  end, 2, 3)
  view("narrow", function(x)
    local parts = x:chunk(2)
    return parts[1]:sum() * parts[2]
  end, 3, 2)
  view("transpose", function(x) return x:transpose(1, -1) end, 2, 3, 2)
  view("permute", function(x) return x:movedim(1, -1) end, 2, 3, 2)
  view("transpose", function(x) return x:t() end, 2, 3)
  view("permute", function(x) return x:permute(3, 1, 2) end, 2, 3, 2)
  view("permute", function(x) return x:permute { -1, 2, 1 } end, 2, 3, 2)
  for i, call in ipairs {
    function(a, b) return ssl.cat { a, b } end, function(a, b) return ssl.cat({ a, b }, 2) end,
    function(a, b) return ssl.cat({ b, a, b }, -1) end, function(a) return ssl.cat { a, a } end,
    function(a, b) return ssl.cat { a, ssl.ones(1, 2, b:dtype()), b } end,
    function(a, b) return ssl.stack { a, b } end, function(a, b) return ssl.stack({ a, b }, -1) end,
  } do
    case("cat", call, normal(2, 2), i == 5 and normal(3, 2) or normal(2, 2))
  end

  local function pick(rule, f, ...)
    view(rule, f, ...)
    view("_place_" .. rule, f, ...)
  end
  pick("getindex", function(x) return x[2] end, 3, 2)
  pick("getindex", function(x) return x[{ { 2, -1 }, 1 }] end, 3, 2)
  pick("getindex", function(x) return x[{ { 1, 3, 2 }, {} }] end, 3, 2)
  pick("getindex", function(x) return x[{ {}, -1 }] * x[3][{ { 2, 2 } }] end, 3, 2)
  -- index tensors: any shape, pairwise, apart, repeated, beside masks
  pick("getindex", function(x) return x[int { { 3, 1 }, { 3, 3 } }] end, 3, 2)
  pick("getindex", function(x) return x[{ int { 1, -1, 1 }, int { 2, 1, 2 } }] end, 3, 2)
  pick("getindex", function(x) return x[{ int { 1, 2, 2 }, {}, int { { 2 }, { 1 } } }] end, 2, 2, 2)
  pick("getindex", function(x) return x[{ { 3, 1, -2 }, int { 2, 2 } }] end, 3, 2)
  pick("getindex", function(x) return x[{ {}, mask { 1, 0, 1 }, 2 }] end, 2, 3, 2)
  pick("getindex", function(x) return x[{ 2, mask { 0, 0, 0 } }] end, 2, 3)
  pick("getindex", function(x) return x:t()[{ int(1), int { 1, 1 } }] end, 3, 2)
  pick("select", function(x) return x:select(2, -1) end, 2, 3)
  pick("narrow", function(x) return x:narrow(2, 2, 3) + x:narrow(2, 1, 2) end, 2, 3)
  pick("diagonal", function(x) return x:diagonal() end, 2, 3)
  pick("diagonal", function(x) return x:diagonal() end, 3, 2)
  pick("diagonal", function(x) return x:diagonal(-1, 3, 1) end, 2, 2, 3)
  pick("index", function(x) return x:index(1, int { 2, 2, -1, 1 }) end, 3, 2)
  pick("index", function(x) return x:index(-1, int { 2, 1, 2 }) end, 3, 2)
  pick("getindex", function(x) return x[int { 3, 3 }] end, 3, 2)
  pick("gather", function(x) return x:gather(2, int { { 1, 1, 3 }, { 3, 2, 2 } }) end, 2, 3)
  pick("gather", function(x) return x:gather(1, int { { 1, 1, 2 } }) end, 2, 3)
  pick("masked_select", function(x)
    return x:masked_select(mask { { 1, 0, 1 }, { 0, 0, 1 } })
  end, 2, 3)
  pick("getindex", function(x) return x[mask { 0, 1 }] end, 2, 3)
  pick("getindex", function(x) return x[mask { 0, 0 }] end, 2, 3) -- nothing
end
