-- Accumulators of classes and pairs, and all kinds of them in files.

local ssl = require "sslkit"
local core = require "sslkit.core"

local m = ssl.metrics
local path = os.tmpname()

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

local function labels(n, seed)
  return ssl.randint(-2, 3, { n }, { generator = ssl.generator(seed) }) * 7
end

-- One of each kind, with rows, and a function that makes one like it, empty.
local function kinds()
  local z, w, y = randn(90, 4, 1) + 2, randn(90, 3, 2) - 1, labels(90, 3)
  local options = { {}, { center = true }, { center = false }, { classes = true }, { pair = 3 } }
  local list = {}
  for i, o in ipairs(options) do
    local function new() return m.accumulator(4, o) end
    local a = new()
    local second = o.classes and y or o.pair and w or nil
    for first = 1, 90, 30 do
      a:add(z:narrow(1, first, first + 29), second and second:narrow(1, first, first + 29))
    end
    list[i] = { a = a, new = new }
  end
  return list
end

local function read(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function write(text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- The text with the check sum that fits it.
local function summed(text)
  text = text:sub(1, -5)
  return text .. string.pack("<I4", core.crc32(0, text))
end

local function same(a, b)
  assert.equal(tostring(a), tostring(b))
  assert.same({ a.n, a.d, a.center, a.dtype }, { b.n, b.d, b.center, b.dtype })
  for _, name in ipairs { "mean", "scatter", "lo", "hi" } do
    assert.is_true(ssl.equal(a[name], b[name]), name)
  end
  for _, part in ipairs { "by_class", "pair" } do
    assert.equal(a[part] ~= nil, b[part] ~= nil)
    for name, value in pairs(a[part] or {}) do
      local got = b[part][name]
      assert.is_true(core.is_tensor(value) and ssl.equal(value, got) or value == got, name)
    end
  end
end

describe("accumulators in files", function()
  teardown(function() os.remove(path) end)

  it("come back as they were, and go on", function()
    for _, kind in ipairs(kinds()) do
      assert.is_true(kind.a:save(path))
      local back = assert(m.load_accumulator(path))
      same(kind.a, back)
      assert.equal(m.rankme(kind.a), m.rankme(back))
      same(kind.a:merge(kind.new():merge(back)), back:merge(assert(m.load_accumulator(path))))
      local empty = kind.new()
      assert.is_true(empty:save(path))
      same(empty, assert(m.load_accumulator(path)))
    end
    local a = m.accumulator(3):add(ssl.ones(2, 3))
    assert(a:save(path))
    assert.equal("float32", m.load_accumulator(path).dtype)
  end)

  it("have a form that stays", function()
    assert(m.accumulator(2, { center = true }):add(ssl.tensor { { 1, 2 }, { 3, 6 } }):save(path))
    local head = string.pack("<c8I4BBBBi8i8i8", "SSLKITAC", 1, ("<"):byte(), 1, 2, 1, 2, 2, 0)
    local body = string.pack("<" .. ("d"):rep(9), 2, 4, 1, 2, 3, 6, 2, 4, 8)
    assert.equal(summed(head .. body .. "----"), read(path))
  end)

  it("are a message where they are missing or damaged", function()
    local none, message = m.load_accumulator("/nowhere/a.acc")
    assert.same({ "/nowhere/a.acc: No such file or directory" }, { message, none })
    assert.is_nil((m.accumulator(2):save "/nowhere/a.acc"))
    assert(m.accumulator(2):add(ssl.eye(2)):save(path))
    local good = read(path)
    local function refuses(text, expected)
      write(text)
      local a, why = m.load_accumulator(path)
      assert.is_nil(a)
      assert.is_truthy(why:find(expected, 1, true) and why:find(path, 1, true), why)
    end
    refuses("", "truncated")
    refuses("x" .. good:sub(2), "not an accumulator: it does not begin with SSLKITAC")
    refuses(good:sub(1, 8) .. "\2" .. good:sub(10), "format version 2, only 1 is supported")
    refuses(good .. "x", "1 bytes more than its header says")
    refuses(good:sub(1, 60) .. "\255" .. good:sub(62), "check sum")
    for cut = 1, #good - 1 do refuses(good:sub(1, cut), "truncated") end
    local function field(at, format, value)
      local bytes = string.pack("<" .. format, value)
      return summed(good:sub(1, at) .. bytes .. good:sub(at + #bytes + 1))
    end
    for _, case in ipairs { { 12, "B", 7 }, { 13, "B", 0 }, { 13, "B", 4 }, { 14, "B", 3 },
      { 15, "B", 9 }, { 16, "i8", -1 }, { 24, "i8", 0 }, { 24, "i8", -3 }, { 24, "i8", 1 << 40 },
      { 32, "i8", -1 }, { 32, "i8", math.maxinteger } } do
      refuses(field(table.unpack(case)), "damaged header")
    end
    refuses(field(24, "i8", 30000), "truncated") -- and no memory is asked for
    refuses(field(40, "d", 0 / 0), "a NaN in it")
    refuses(field(56, "d", 1e9), "extremes out of order")
    refuses(field(88, "d", -1), "a negative variance")
  end)

  it("never crash a reader, whatever is in them", function()
    local g = ssl.generator(5)
    for _, kind in ipairs(kinds()) do
      assert(kind.a:save(path))
      local good, loaded = read(path), 0
      local where = ssl.randint(1, #good - 4, { 120, 2 }, { generator = g }):totable()
      for i, at in ipairs(where) do
        local bytes = { good:byte(1, -1) }
        for _, k in ipairs(at) do bytes[k] = (bytes[k] + 1 + k * i) % 256 end
        local list = {}
        for j, b in ipairs(bytes) do list[j] = string.char(b) end
        write(summed(table.concat(list)))
        local a, message = m.load_accumulator(path)
        assert.is_true(a ~= nil or type(message) == "string")
        if a then -- hostile numbers may be nonsense, or be refused; nothing worse
          loaded = loaded + 1
          pcall(m.rankme, a)
          pcall(m.nesum, a, { corr = true })
          pcall(a.merge, a, kind.a)
          if a.by_class then pcall(m.lidar, a) end
        end
      end
      assert.is_true(loaded > 10) -- or else nothing has been tried
    end
  end)

  it("refuse paths that are none", function()
    local a = m.accumulator(2)
    local function refuses(text, f) assert.raises({ "accumulator_file_spec.lua:", text }, f) end
    refuses("bad argument #1 to 'save' (path expected, got nil)", function() print(a:save()) end)
    refuses("zero byte", function() print(a:save "a\0b") end)
    refuses("bad argument #1 to 'load_accumulator' (path expected, got number 3)",
      function() print(m.load_accumulator(3)) end)
    refuses("zero byte", function() print(m.load_accumulator "a\0b") end)
  end)
end)

describe("accumulators of classes", function()
  it("know what the metrics of labelled rows read, in shards", function()
    local z, y = randn(200, 5, 4), labels(200, 5)
    z = z + y:double():unsqueeze(2) / 9
    local parts = {}
    for i = 1, 3 do parts[i] = m.accumulator(5, { classes = true }) end
    for i = 0, 19 do
      local first, last = 10 * i + 1, 10 * i + 10
      parts[i % 3 + 1]:add(z:narrow(1, first, last), y:narrow(1, first, last))
    end
    local a = parts[1]:merge(parts[2]):merge(parts[3])
    assert.equal("accumulator of 200 rows of width 5 in 6 classes", tostring(a))
    for _, name in ipairs { "fisher", "eta_squared", "calinski_harabasz" } do
      assert.tensor_near(1, m[name](a) / m[name](z, y), 1e-9)
    end
    assert.tensor_near(1, m.rankme(a) / m.rankme(z), 1e-12)
    assert.raises("an accumulator with classes=true, expected", m.fisher, m.accumulator(5))
  end)
end)

describe("accumulators of pairs", function()
  it("know the moments of both sides", function()
    local x, y = randn(100, 4, 6) + 3, randn(100, 3, 7)
    local a = m.accumulator(4, { pair = 3 })
    local b = m.accumulator(4, { pair = 3 })
    a:add(x:narrow(1, 1, 30), y:narrow(1, 1, 30)):add(x:narrow(1, 31, 60), y:narrow(1, 31, 60))
    b:add(x:narrow(1, 61, 100), y:narrow(1, 61, 100))
    a:merge(b)
    assert.equal("accumulator of 100 rows of width 4, in pairs with rows of width 3", tostring(a))
    local xc, yc = x - x:mean(1), y - y:mean(1)
    assert.tensor_near(xc:t():matmul(yc), a.pair.xy, 1e-10)
    assert.tensor_near(yc:t():matmul(yc), a.pair.yy, 1e-10)
    assert.tensor_near(1, m.rankme(a) / m.rankme(x), 1e-12)
    assert.equal(4, m.accumulator(4, { pair = true }).pair.dy)
  end)

  it("come back with what the debiased CKA takes, and beyond its range without", function()
    local x, y = randn(50, 4, 8), randn(50, 3, 9) * 2
    for _, power in ipairs { 1, 2.0 ^ 300 } do
      local a = m.accumulator(4, { pair = 3 }):add(x * power, y)
      assert(a:save(path))
      local back = assert(m.load_accumulator(path))
      local want, got = m.cka(a, nil, { full = true }), m.cka(back, nil, { full = true })
      assert.same({ want.value, want.debiased }, { got.value, got.debiased })
      assert.equal(power == 1, got.debiased ~= nil)
    end
    os.remove(path)
  end)
end)

describe("accumulators", function()
  it("take with the rows what they were made for, or are as they were", function()
    local plain, classes = m.accumulator(3), m.accumulator(3, { classes = true })
    local pairs_of = m.accumulator(3, { pair = 2 })
    local z, y = ssl.eye(3), ssl.tensor({ 1, 2, 2 }, "int64")
    local function refuses(text, f) assert.raises({ "accumulator_file_spec.lua:", text }, f) end
    refuses("bad argument #2 to 'add' (nothing behind the rows expected, got tensor (3) int64; see",
      function() plain:add(z, y) end)
    refuses("bad argument #2 to 'add' (labels expected, got nil)", function() classes:add(z) end)
    refuses("3 labels expected, one a row, got (2) int64",
      function() classes:add(z, y:narrow(1, 1, 2)) end)
    refuses("of dtype int64 expected, got (3) float32", function() classes:add(z, y:float()) end)
    refuses("bad argument #2 to 'add' (tensor expected, got nil)", function() pairs_of:add(z) end)
    refuses("tensor (N,2) expected, got (3,3) float32", function() pairs_of:add(z, z) end)
    refuses("as many rows as the others, 3, expected, got (2,2)",
      function() pairs_of:add(z, ssl.ones(2, 2)) end)
    refuses("row 1 of (3,2) float32", function() pairs_of:add(z, ssl.full({ 3, 2 }, 0 / 0)) end)
    refuses("made with the same options expected", function() plain:merge(classes) end)
    refuses("made with the same options expected", function() pairs_of:merge(plain) end)
    refuses("made with the same options expected",
      function() pairs_of:merge(m.accumulator(3, { pair = 1 })) end)
    assert.same({ 0, 0, 0, 0, 0 }, { plain.n, classes.n, classes.by_class.n, pairs_of.n,
      pairs_of.pair.n })
    refuses("classes or pair expected, got both",
      function() m.accumulator(3, { classes = true, pair = true }) end)
    refuses("classes must be true or false, got number 1",
      function() m.accumulator(3, { classes = 1 }) end)
    refuses("pair must be in 1..inf, got 0", function() m.accumulator(3, { pair = 0 }) end)
    refuses("whose squares leave the range of float64", function()
      print(m.rankme(m.accumulator(2):add(ssl.full({ 2, 2 }, 1e-200, "float64"))))
    end)
    refuses("whose squares leave the range of float64", function()
      print(m.rankme(m.accumulator(2):add(ssl.full({ 2, 2 }, 1e200, "float64"))))
    end)
  end)
end)
