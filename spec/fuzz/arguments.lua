-- Arguments for spec/fuzz_spec.lua: odd ones of every kind, and ones that fit a function, so that
-- one of them can be made odd while the others lead into its depths.

local lfs = require "lfs"
local ssl = require "sslkit"

local arguments = {}

local function pick(list) return list[math.random(#list)] end

-- {== Tensors ==============================================================================

local dtypes = { "float32", "float64", "int64", "uint8" }
local sizes = { 0, 1, 1, 2, 2, 3, 3, 4, 5, 7 }

local function random_shape(most)
  local shape = {}
  for d = 1, math.random(0, most) do shape[d] = pick(sizes) end
  return shape
end

local function plain_tensor(shape, dtype)
  dtype = dtype or pick(dtypes)
  if dtype == "int64" then return ssl.randint(-3, 5, shape) end
  if dtype == "uint8" then return ssl.randint(0, 2, shape, "uint8") end
  local t = ssl.randn(shape, dtype)
  if t:numel() > 0 and math.random(4) == 1 then
    t:reshape(-1)[math.random(t:numel())] = pick { 0 / 0, 1 / 0, -1 / 0, 1e30, -0.0 }
  end
  return t
end

-- A view that is not contiguous, or not the whole.
local function view(t)
  local n = t:dim()
  local way = math.random(6)
  if n == 0 then return way < 3 and t:expand(3) or t end
  local d = math.random(n)
  if way == 1 then return t:transpose(1, d) end
  if way == 2 and t:size(d) > 0 then
    local range = {}
    for i = 1, d - 1 do range[i] = {} end
    range[d] = { -1, 1, -1 }
    return t[range]
  end
  if way == 3 and t:size(d) > 1 then return t:narrow(d, 2, -1) end
  if way == 4 and t:size(d) > 0 then return t:select(d, 1) end
  if way == 5 and n < 8 then return t:unsqueeze(d) end
  if way == 6 and n < 7 then return t:unsqueeze(1):expand(2, table.unpack { t:shape() }) end
  return t
end

local function random_tensor()
  local t = plain_tensor(random_shape(math.random(10) == 1 and 8 or 3))
  for _ = 1, math.random(0, 2) do t = view(t) end
  return t
end

-- Many elements that take no memory, and as many dimensions as there may be.
local huge = {
  function() return ssl.ones(1):expand(1 << 40) end,
  function() return ssl.ones(3, 1):expand(3, 1 << 33) end,
  function() return ssl.zeros(0, 1 << 40) end,
  function() return ssl.zeros(1 << 40, 0) end,
  function() return ssl.zeros(0, 3, 1 << 50, "int64") end,
  function() return ssl.zeros(1, 1, 1, 1, 1, 1, 1, 1) end,
  function() return ssl.zeros(2, 2, 2, 2, 2, 2, 2, 2, "float64") end,
}

local function mask_for(t) return ssl.randint(0, 1, { t:shape() }, "uint8") end

-- What goes with a tensor: itself, a view of it, its like, a mask or an index that fits it.
local function related(t)
  local way, n = math.random(8), t:dim()
  if way == 1 then return t end
  if way == 2 then return view(t) end
  if way == 3 then return t:clone() end
  if way == 4 then return { out = view(t) } end
  if way == 5 then return { out = ssl.zeros_like(t) } end
  if way == 6 then return mask_for(t) end
  if n == 0 then return t:to(pick(dtypes)) end
  local most = math.max(1, t:size(math.random(n)))
  if way == 7 then return ssl.randint(1, most, 4) end
  return ssl.randint(1, most, { t:shape() })
end

-- ==}

-- {== Anything =============================================================================

local numbers = {
  0, 1, 2, 3, 4, 5, 8, 9, -1, -2, -3, -9, 0.0, 1.0, 2.0, -1.0, 0.5, -0.5, 1e-3, 255, 256, 1000,
  0 / 0, 1 / 0, -1 / 0, 1e300, 1e-300, 2.0 ^ 31, 2.0 ^ 63, -2.0 ^ 63,
  math.maxinteger, math.mininteger, 1 << 20, 1 << 31, 1 << 32, 1 << 40, 1 << 59, 1 << 62,
}
local names = { "dtype", "generator", "out", "ddof", "approximate", "rtol", "atol", "dim", "typo" }

local function number() return pick(numbers) end

local function boom() error "boom" end

local odd = {
  function() return nil end,
  function() return true end,
  function() return false end,
  function() return "" end,
  function() return "3" end,
  function() return "float64" end,
  function() return ("x"):rep(1000) end,
  function() return print end,
  function() return coroutine.create(print) end,
  function() return io.stdout end,
  function() return setmetatable({}, { __index = boom }) end,
  function() return setmetatable({ 2, 3 }, { __len = function() return 1 << 40 end }) end,
  function() return setmetatable({}, { __len = function() return -5 end }) end,
  function() local t = {} t[1] = t return t end,
  function() return ssl.generator(math.random(9)) end,
}

local function list_of(element)
  local list = {}
  for i = 1, math.random(0, 4) do list[i] = element() end
  return list
end

local function nested(depth)
  if depth == 0 then return pick { number(), true, "x" } end
  local t = {}
  for i = 1, depth > 3 and 1 or math.random(0, 3) do t[i] = nested(depth - 1) end
  return t
end

local makers
local function anything() return pick(makers)() end

local function options()
  local t = {}
  for _ = 1, math.random(2) do t[pick(names)] = anything() end
  return t
end

makers = {
  random_tensor, random_tensor, random_tensor, random_tensor, random_tensor, random_tensor,
  number, number, number, number, options, options,
  function() return math.random(4) end,
  function() return math.random(4) end,
  function() return -math.random(4) end,
  function() return pick(dtypes) end,
  function() return pick(odd)() end,
  function() return pick(odd)() end,
  function() return pick(huge)() end,
  function() return ssl.randint(pick { 1, -3 }, 3, random_shape(3)) end,
  function() return ssl.randint(0, 1, random_shape(3), "uint8") end,
  function() return random_shape(9) end,
  function() return list_of(number) end,
  function() return list_of(random_tensor) end,
  function() return list_of(anything) end,
  function() return { list_of(number), list_of(number) } end,
  function() return nested(math.random(0, 10)) end,
  function() return { dtype = pick(dtypes) } end,
  function() return { out = random_tensor() } end,
}

-- ==}

-- {== What fits ============================================================================

local function some_tensor(dtype) -- at least one dimension, and no empty one
  local shape = {}
  for d = 1, math.random(1, 3) do shape[d] = math.random(4) end
  local t = plain_tensor(shape, dtype)
  local other = view(t)
  return other:dim() > 0 and other or t
end

local function float_tensor() return some_tensor(pick { "float32", "float64" }) end

local function wide_tensor() return some_tensor(pick { "float32", "float64", "int64" }) end

local function dim_of(t) return pick { 1, -1 } * math.random(t:dim()) end

local function position(t)
  local at = {}
  for d = 1, t:dim() do at[d] = math.random(t:size(d)) end
  return table.unpack(at)
end

-- {t, dim, index of t's shape but for dim, source of the index's shape}
local function picked(t)
  local d = math.random(t:dim())
  local shape = { t:shape() }
  shape[d] = math.random(0, 5)
  local index = ssl.randint(1, t:size(d), shape)
  return t, d, pick { index, t:dtype() == "int64" and t or index }, plain_tensor(shape, t:dtype())
end

local function slices(t)
  local d, n = math.random(t:dim()), math.random(0, 5)
  local shape = { t:shape() }
  shape[d] = n
  return t, d, ssl.randint(1, t:size(d), n), plain_tensor(shape, t:dtype())
end

local function range_of(n)
  local first, last = math.random(n), math.random(n)
  return { first, last, pick { 1, 2, -1, -2 } * (last < first and -1 or 1) }
end

local function key_of(t)
  local way = math.random(5)
  if way == 1 then return math.random(t:size(1)) end
  if way == 2 then return ssl.randint(1, t:size(1), math.random(0, 4)) end
  if way == 3 then return mask_for(t) end
  local key = {}
  for d = 1, math.random(t:dim()) do
    key[d] = pick { math.random(t:size(d)), {}, range_of(t:size(d)) }
  end
  return key
end

local function order_of(t)
  return ssl.randperm(t:dim()):totable()
end

local function with(f, ...) -- a function and the kinds of its arguments behind the first
  local more = table.pack(...)
  return function()
    local t = f()
    local args = { t }
    for i = 1, more.n do args[i + 1] = more[i](t) end
    return table.unpack(args, 1, more.n + 1)
  end
end

local function same(t) return pick { t, view(t), t:clone() } end

-- By name: a function that returns arguments.
local fitting = {
  arange = function() return math.random(5), math.random(-3, 20), pick { 1, 2, 0.5 } end,
  at = function() local t = some_tensor() return t, position(t) end,
  cat = function() local t = some_tensor() return { t, t }, dim_of(t) end,
  clamp = with(wide_tensor, function() return 0 end, function() return 2 end),
  copy_ = with(some_tensor, view),
  dot = function() local t = float_tensor():reshape(-1) return t, same(t) end,
  expand = function() local t = some_tensor() return t:unsqueeze(1), 3, t:shape() end,
  eye = function() return math.random(0, 9), pick(dtypes) end,
  frombytes = function()
    local t = some_tensor()
    return t:tobytes(), t:dtype(), { t:shape() }
  end,
  full = function() return random_shape(3), 2, pick(dtypes) end,
  full_like = with(some_tensor, function() return 1 end),
  gather = function() return picked(some_tensor()) end,
  index = function() return slices(some_tensor()) end,
  index_add_ = function() return slices(wide_tensor()) end,
  isclose = with(float_tensor, same),
  linear = function()
    local x = float_tensor()
    local w = plain_tensor({ math.random(0, 4), x:size(-1) }, x:dtype())
    return x, w, pick { plain_tensor({ w:size(1) }, x:dtype()), nil }
  end,
  linspace = function() return -1, 1, math.random(0, 9) end,
  masked_fill = with(some_tensor, mask_for, function() return 1 end),
  masked_select = with(some_tensor, mask_for),
  matmul = function()
    local a = float_tensor()
    local k = a:size(-1)
    local b = plain_tensor(pick { { k }, { k, 3 }, { 2, k, 1 }, { 0, k, 2 } }, a:dtype())
    return pick { a, a:unsqueeze(1) }, pick { b, view(b) }
  end,
  narrow = function() local t = some_tensor() return t, -1, 1, math.random(0, t:size(-1)) end,
  permute = function() local t = some_tensor() return t, table.unpack(order_of(t)) end,
  randint = function() return -5, math.random(-5, 5), random_shape(3) end,
  generator = function() return math.random(-3, 3) end,
  randperm = function() return math.random(0, 9), pick { { dtype = pick(dtypes) }, nil } end,
  state = function() return ssl.generator(1), pick { 3, ssl.generator(2):state() } end,
  reshape = with(some_tensor, function() return -1 end),
  scatter_ = function() return picked(some_tensor()) end,
  scatter_add_ = function() return picked(wide_tensor()) end,
  select = function() local t = some_tensor() return t, 1, math.random(t:size(1)) end,
  set = function() local t = some_tensor() return t, 1, position(t) end,
  size = with(some_tensor, dim_of),
  stack = function() local t = some_tensor() return { t, t, t }, math.random(t:dim() + 1) end,
  tensor = function() return nested(3), pick(dtypes) end,
  to = with(some_tensor, function() return pick(dtypes) end),
  transpose = with(some_tensor, dim_of, dim_of),
  unsqueeze = with(some_tensor, dim_of),
  view = function() local t = some_tensor() return t:contiguous(), -1, 1 end,
  where = function() local t = some_tensor() return mask_for(t), t, same(t) end,
  ["[]"] = with(some_tensor, key_of),
  ["[]="] = with(some_tensor, key_of, function() return pick { 0, 1 } end),
}

local square = function() return ssl.randn({ 3, 3 }, pick { "float32", "float64" }) end
for _, name in ipairs { "eigh", "eigvalsh", "svdvals" } do fitting[name] = with(square) end
for _, name in ipairs { "bit_and", "bit_or" } do
  fitting[name] = with(function() return some_tensor "uint8" end, same)
end
for _, name in ipairs { "add", "sub", "mul", "div", "floordiv", "mod", "pow", "maximum", "minimum",
  "atan2", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "allclose", "equal" } do
  fitting[name] = with(float_tensor, same)
  fitting[name .. "_"] = with(float_tensor, same)
end
for _, name in ipairs { "sum", "mean", "prod", "var", "std", "amin", "amax", "argmin", "argmax",
  "min", "max", "any", "all", "logsumexp", "softmax", "log_softmax", "normalize" } do
  fitting[name] = with(float_tensor, function(t) return pick { dim_of(t), nil } end,
    function() return pick { true, false } end)
end

-- The other topics have files of their own: fit_<topic>.lua is a function of this table and of what
-- makes arguments.
local kit = {
  pick = pick, with = with, same = same, square = square, dim_of = dim_of, key_of = key_of,
  some_tensor = some_tensor, float_tensor = float_tensor, wide_tensor = wide_tensor,
  plain_tensor = plain_tensor, view = view, mask_for = mask_for, dtypes = dtypes,
}
local folder = debug.getinfo(1, "S").source:match "^@(.*)arguments%.lua$"
for entry in lfs.dir(folder) do
  local topic = entry:match "^(fit_%w+)%.lua$"
  if topic then require("spec.fuzz." .. topic)(fitting, kit) end
end

-- ==}

-- A list of arguments, with n: any, or some that fit the function of that name, often with an odd
-- one among them.
function arguments.make(name)
  local args = { n = math.random(0, 5) }
  local fits = fitting[name] or with(float_tensor)
  if math.random(2) == 1 then
    args = table.pack(fits())
    if math.random(2) == 1 then
      local i = math.random(args.n + 1)
      args.n = math.max(args.n, i)
      args[i] = anything()
    end
  else
    for i = 1, args.n do
      local first = args[1]
      local known = ssl.is_tensor(first) and first:numel() < 1e6
      local f = i == 1 and math.random(3) > 1 and random_tensor
        or known and math.random(3) == 1 and related or anything
      args[i] = f(first)
    end
  end
  local t = args[1]
  if math.random(20) == 1 and ssl.is_tensor(t) and t:dtype():find "float" then t:requires_grad() end
  return args
end

return arguments
