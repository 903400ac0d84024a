-- Arguments that fit indexing, cutting, joining, filling and drawing (spec/fuzz/arguments.lua).

local ssl = require "sslkit"

return function(fitting, kit)
  local pick, with, dim_of = kit.pick, kit.with, kit.dim_of
  local some_tensor, float_tensor, wide_tensor = kit.some_tensor, kit.float_tensor, kit.wide_tensor

  local function one() return 1 end
  local function number() return pick { 0, 1, 2, 3, 7 } end

  -- Numbers, ranges, index tensors of a few shapes, and masks, side by side.
  local function mixed_key(t)
    local n = math.random(3)
    local shapes = { {}, { 1 }, { n }, { 2, n }, { 2, 1 } }
    local key = {}
    for d = 1, math.random(t:dim()) do
      local size = t:size(d)
      key[d] = pick {
        math.random(size), {}, { 1, size }, { size, 1, -1 },
        ssl.randint(1, size, pick(shapes)), ssl.randint(-size, -1, pick(shapes)),
        ssl.randint(0, 1, size, "uint8"),
      }
    end
    return key
  end

  local function key_of(t) return pick { kit.key_of, mixed_key }(t) end
  fitting["[]"] = with(some_tensor, key_of)
  fitting["[]="] = with(some_tensor, key_of, function() return pick { 0, 1 } end)

  fitting.index_copy_ = function()
    local t = some_tensor()
    local d, shape = math.random(t:dim()), { t:shape() }
    shape[d] = math.random(0, 4)
    return t, d, ssl.randint(1, t:size(d), shape[d]), kit.plain_tensor(shape, t:dtype())
  end
  fitting.masked_fill_ = with(some_tensor, kit.mask_for, one)
  fitting.clamp_ = with(wide_tensor, function() return 0 end, function() return 2 end)
  fitting.clamp = with(wide_tensor, one, number, function(t)
    return pick { { out = ssl.empty_like(t) }, nil }
  end)
  fitting.gelu_ = with(float_tensor, function() return pick { { approximate = "tanh" }, nil } end)
  fitting.norm = with(float_tensor, function() return pick { 1, 2, 3, 0.5, 0, -1, 1 / 0 } end,
    function(t) return pick { dim_of(t), nil } end)
  fitting.diag = with(function() return some_tensor():reshape(-1) end, function()
    return math.random(-3, 3)
  end)
  fitting.diagonal = with(function() return some_tensor():unsqueeze(1) end, function()
    return math.random(-3, 3)
  end, one, function() return pick { 2, -1 } end)
  fitting.one_hot = function()
    return ssl.randint(1, 4, pick { {}, { 0 }, { 3 }, { 2, 2 } }), 4, pick(kit.dtypes)
  end
  fitting.flip = with(some_tensor, dim_of)
  fitting.movedim = with(some_tensor, dim_of, dim_of)
  fitting.roll = with(some_tensor, function() return math.random(-9, 9) end, function(t)
    return pick { dim_of(t), nil }
  end)
  fitting.split = with(some_tensor, function(t)
    return pick { math.random(4), { 1, t:size(1) - 1 } }
  end)
  fitting.chunk = with(some_tensor, function() return math.random(4) end, dim_of)
  fitting.repeat_tensor = with(some_tensor, number, number)
  fitting.squeeze = with(some_tensor, dim_of)
  fitting.randint_like = with(some_tensor, function() return 0 end, number)
  fitting.bernoulli = function()
    if math.random(2) == 1 then return math.random(), math.random(4), math.random(4) end
    return ssl.rand(pick { { 3 }, { 2, 3 }, {} }, pick { "float32", "float64" })
  end
  fitting.multinomial = function()
    local n = math.random(2)
    return ssl.rand(pick { { 3 }, { 2, 3 } }) + 0.1, n, pick { { replacement = true }, nil }
  end
end
