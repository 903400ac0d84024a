-- Every function of the tensors beside NumPy's results (fixtures/make_tensor.py): float32 and
-- float64; contiguous, strided and, where there is a result for it, broadcast by expand.

local ssl = require "sslkit"
local rows = require "spec.fixtures.tensor"
local reference = require "spec.tensor.reference"
local tensor = require "sslkit.tensor"

-- Results carry 12 digits; float32 functions are good to a few units of 1.2e-7, relative to the
-- largest result beside them.
local TOLERANCE = { float32 = 2e-6, float64 = 1e-11 }

-- Functions that no table of numbers can show, and the spec where they are tested.
local elsewhere = {
  ["spec/autograd_spec.lua"] = "backward grad is_leaf needs_grad requires_grad",
  ["spec/nn/conv_spec.lua"] = "conv2d",
  ["spec/pool_spec.lua"] = "set_threads get_threads",
  ["spec/random_spec.lua"] = "bernoulli generator multinomial rand rand_like randint "
    .. "randint_like randn randn_like randperm seed",
  ["spec/tensor/index_spec.lua"] = "index_copy_",
  ["spec/tensor/make_spec.lua"] = "dtype empty empty_like is_tensor",
  ["spec/tensor/memory_spec.lua"] = "release_workspace set_memory_limit",
  ["spec/tensor/print_spec.lua"] = "set_printoptions tostring",
  ["spec/tensor/replace_spec.lua"] = "nan_to_num_",
  ["spec/tensor/shape_spec.lua"] = "movedim",
  ["spec/init_spec.lua"] = "build",
}

-- {== Arguments ================================================================================

local function flat(x, dtype)
  local t = ssl.empty({ #x }, dtype)
  for i = 1, #x do t[i] = x[i] end
  return t:reshape(x.shape)
end

-- The same elements in a corner of a larger block, every dimension backwards and with a gap.
local function strided(t)
  if t:dim() == 0 then return ssl.full({ 3 }, t:item(), t:dtype()):select(1, 2) end
  local sizes, key = {}, {}
  for d = 1, t:dim() do
    sizes[d] = 2 * t:size(d) + 1
    key[d] = { 2 * t:size(d), 2, -2 }
  end
  local block = ssl.full(sizes, 77, t:dtype())
  local view = block[key]
  view:copy_(t)
  return view
end

-- The first slice of the first floating argument, repeated.
local function expanded(t) return t:narrow(1, 1, 1):expand { t:shape() } end

local function arguments(row, dtype, layout)
  local args, first = {}, true
  for i, x in ipairs(row.args) do
    local t = flat(x, x.dtype == "float" and dtype or x.dtype)
    if layout == "strided" then t = strided(t) end
    if layout == "broadcast" and first and x.dtype == "float" and t:dim() > 0 then
      t, first = expanded(t), false
    end
    args[i] = t
  end
  return args
end

-- ==}

-- {== Comparing ================================================================================

local compiled = {}

local function call(row, args)
  local text = row.call
  if not compiled[text] then
    local body = text:find "return" and text or "return " .. text
    compiled[text] = assert(load("local ssl, a, b, c = ... " .. body, "=" .. text))
  end
  return table.pack(compiled[text](ssl, table.unpack(args)))
end

local function near(want, got, tolerance)
  if got ~= got or want ~= want then return got ~= got and want ~= want end
  return got == want or math.abs(got - want) <= tolerance
end

-- What is wrong with one result, or nil.
local function difference(want, got, dtype, tolerance)
  if type(want) ~= "table" then
    if type(want) == "number" and type(got) == "number" then
      return not near(want, got, tolerance * math.max(1, math.abs(want)))
        and ("%s expected, got %s"):format(want, got)
    end
    return want ~= got and ("%s expected, got %s"):format(want, tostring(got)) or nil
  end
  if not ssl.is_tensor(got) then return "no tensor: " .. tostring(got) end
  local shape = table.concat({ got:shape() }, ",")
  if shape ~= table.concat(want.shape, ",") then
    return ("shape (%s) expected, got (%s)"):format(table.concat(want.shape, ","), shape)
  end
  local floats = got:dtype() == "float32" or got:dtype() == "float64"
  if floats and dtype and got:dtype() ~= dtype then return "it is of " .. got:dtype() end
  local values, scale = got:reshape(-1):totable(), 1
  for i = 1, #want do
    if math.abs(want[i]) < math.huge then scale = math.max(scale, math.abs(want[i])) end
  end
  for i = 1, #want do
    if not near(want[i], values[i], tolerance * scale) then
      return ("%.9g expected at %d, got %.9g"):format(want[i], i, values[i])
    end
  end
end

-- Functions that choose the type of their result, or have no floating argument to take it from.
local chooses = {
  float = true, double = true, to = true, zeros = true, ones = true, full = true, eye = true,
  arange = true, linspace = true, tensor = true, one_hot = true, totable = true,
}

local function check(row, dtype, layout)
  local wanted = layout == "broadcast" and row.broadcast or row.plain
  local got = call(row, arguments(row, dtype, layout))
  if got.n ~= #wanted then return ("%d results expected, got %d"):format(#wanted, got.n) end
  for i, want in ipairs(wanted) do
    local wrong = difference(want, got[i], not chooses[row.name] and dtype,
      TOLERANCE[dtype] * (row.loose or 1))
    if wrong then return ("result %d: %s"):format(i, wrong) end
  end
end

-- ==}

describe("NumPy's results", function()
  for _, layout in ipairs { "contiguous", "strided", "broadcast" } do
    it("are ours, of both types, from " .. layout .. " arguments", function()
      local wrong, checked = {}, 0
      for _, row in ipairs(rows) do
        for _, dtype in ipairs { "float32", "float64" } do
          if layout ~= "broadcast" or row.broadcast then
            local ok, message = pcall(check, row, dtype, layout)
            checked = checked + 1
            if message then
              local what = ok and "" or "raised: "
              wrong[#wrong + 1] = ("%s, %s: %s%s"):format(row.call, dtype, what, message)
            end
          end
        end
      end
      assert.equal("", table.concat(wrong, "\n"))
      assert.is_true(checked > 300)
    end)
  end

  -- Plain and transposed operands take other paths of the BLAS: products are equal up to rounding.
  it("do not depend on how the arguments lie, to the bit", function()
    local products = { matmul = true, linear = true, dot = true, einsum = true }
    math.randomseed(5)
    for _, row in ipairs(rows) do
      for _, dtype in ipairs { "float32", "float64", "float32" } do
        local args = arguments(row, dtype, "contiguous")
        local want = call(row, arguments(row, dtype, "contiguous"))
        for i, t in ipairs(args) do
          args[i] = reference.strided({ t:shape() }, t:dtype())
          args[i]:copy_(t)
        end
        local got = call(row, args)
        for i = 1, want.n do
          local equal = got[i] == want[i]
          if ssl.is_tensor(want[i]) and products[row.name] then
            equal = ssl.allclose(got[i], want[i], { rtol = 1e-5, atol = 1e-5 })
          elseif ssl.is_tensor(want[i]) then
            equal = reference.same(got[i], want[i])
          end
          assert(equal, row.call)
        end
      end
    end
  end)

  it("leave no broadcast view to be changed in place", function()
    for _, row in ipairs(rows) do
      if row.in_place then
        local args = arguments(row, "float32", "contiguous")
        args[1] = expanded(args[1])
        assert.raises("an expanded view repeats its elements", call, row, args)
      end
    end
  end)

  it("are there for every public function, or another spec is named", function()
    local known = {}
    for _, row in ipairs(rows) do known[row.name] = true end
    for path, names in pairs(elsewhere) do
      local file = assert(io.open(path))
      local text = file:read "a"
      file:close()
      for name in names:gmatch "%S+" do
        assert(text:find("%f[%w_]" .. name .. "%f[^%w_]"), path .. " does not speak of " .. name)
        known[name] = true
      end
    end
    local missing = {}
    for name, f in pairs(tensor) do
      if type(f) == "function" and not name:find "^_" and not known[name] then
        missing[#missing + 1] = name
      end
    end
    for name in pairs(ssl.linalg) do
      if not known[name] then missing[#missing + 1] = "linalg." .. name end
    end
    table.sort(missing)
    assert.equal("", table.concat(missing, " "))
  end)
end)
