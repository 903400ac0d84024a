-- Constructors, dtypes, conversions, and reading a tensor out again.

local ssl = require "sslkit"

local nan, inf = 0 / 0, math.huge

local function shape_of(t) return { t:shape() } end

describe("sizes and dtypes", function()
  it("may stand as numbers or as a table, with the dtype behind or in options", function()
    local ways = {
      ssl.zeros(2, 3, "int64"), ssl.zeros({ 2, 3 }, "int64"), ssl.zeros({ 2.0, 3.0 }, "int64"),
      ssl.zeros({ 2, 3 }, { dtype = "int64" }), ssl.ones(2, 3, "int64"), ssl.empty(2, 3, "int64"),
      ssl.full({ 2, 3 }, 7, "int64"), ssl.full({ 2, 3 }, 7, { dtype = "int64" }),
      ssl.randint(1, 2, 2, 3), ssl.zeros(2, 3, { dtype = "int64" }),
    }
    for _, t in ipairs(ways) do
      assert.same({ 2, 3 }, shape_of(t))
      assert.equal("int64", t:dtype())
    end
    assert.equal("float32", ssl.zeros(2):dtype())
    assert.equal("float32", ssl.zeros({ 2 }, nil):dtype())
  end)

  it("of a 0-dim tensor are none", function()
    for _, t in ipairs {
      ssl.zeros(), ssl.zeros {}, ssl.full({}, 0), ssl.tensor(0), ssl.zeros "float32",
      ssl.zeros { dtype = "float32" }, ssl.zeros({}, "float32"),
    } do
      assert.same({}, shape_of(t))
      assert.equal(1, t:numel())
      assert.equal(0, t:item())
    end
  end)

  it("may be 0, in 8 dimensions at most", function()
    assert.same({ 0 }, shape_of(ssl.zeros(0)))
    assert.same({ 3, 0, 2 }, shape_of(ssl.ones(3, 0, 2)))
    assert.equal(0, ssl.ones(3, 0, 2):numel())
    assert.equal(8, ssl.zeros(1, 1, 1, 1, 1, 1, 1, 1):dim())
    assert.raises("#9 to 'zeros' (9 dimensions; at most 8)",
      function() ssl.zeros(1, 1, 1, 1, 1, 1, 1, 1, 1) end)
    assert.raises("#1 to 'zeros' (9 dimensions; at most 8)",
      function() ssl.zeros { 1, 1, 1, 1, 1, 1, 1, 1, 1 } end)
  end)

  it("are checked one by one", function()
    local cases = {
      { "#2 to 'zeros' (size must not be negative, got -1)", function() ssl.zeros(2, -1) end },
      { "#1 to 'ones' (size must not be negative, got -1)", function() ssl.ones { 2, -1 } end },
      { "#2 to 'zeros' (size must be a whole number, got number 2.5)",
        function() ssl.zeros(2, 2.5) end },
      { "#2 to 'zeros' (size must be a whole number, got nil)", function() ssl.zeros(2, nil) end },
      { "#1 to 'zeros' (size must be a whole number, got nil)", function() ssl.zeros(nil) end },
      { "#1 to 'zeros' (size must be a whole number, got tensor (2) float32)",
        function() ssl.zeros(ssl.ones(2)) end },
      { "#3 to 'zeros' (dtype must be one of float32, float64, int64, uint8, got string 'int')",
        function() ssl.zeros(2, 3, "int") end },
      { "#2 to 'zeros' (dtype must be one of", function() ssl.zeros({ 2 }, { dtype = "f32" }) end },
      { "#2 to 'zeros' (unknown option 'device'; known: dtype)",
        function() ssl.zeros({ 2 }, { device = "cpu" }) end },
      { "#1 to 'zeros' (a shape holds sizes only, got the key string 'dtype')",
        function() ssl.zeros { 2, 3, dtype = "int64" } end },
      { "#3 to 'randint' (size must not be negative, got -4)",
        function() ssl.randint(1, 2, -4) end },
      { "#1 to 'full' (shape expected, got nil)", function() ssl.full(nil, 1) end },
      { "#2 to 'full' (number expected, got nil)", function() ssl.full({ 2 }) end },
      { "#2 to 'full' (uint8 has no room for number 256)",
        function() ssl.full(2, 256, "uint8") end },
      { "zeros: shape (4294967296,4294967296) has too many elements",
        function() ssl.zeros(1 << 32, 1 << 32) end },
      { "zeros: shape (4294967296,0,4294967296) has too many elements",
        function() ssl.zeros(1 << 32, 0, 1 << 32) end },
    }
    for _, case in ipairs(cases) do assert.raises(case[1], case[2]) end
  end)
end)

describe("tensor", function()
  it("reads nested tables, numbers and booleans", function()
    local t = ssl.tensor { { 1, 2, 3 }, { 4, 5, 6 } }
    assert.same({ 2, 3 }, shape_of(t))
    assert.same({ { 1, 2, 3 }, { 4, 5, 6 } }, t:totable())
    assert.same({ 2, 1, 1 }, shape_of(ssl.tensor { { { 1 } }, { { 2 } } }))
    assert.same({ 0 }, shape_of(ssl.tensor {}))
    assert.same({ 2, 0 }, shape_of(ssl.tensor { {}, {} }))
    assert.same({ 1, 0 }, ssl.tensor({ true, false }, "uint8"):totable())
    assert.equal(1, ssl.tensor(true):item())
    assert.equal(8, ssl.tensor { { { { { { { { 1 } } } } } } } }:dim())
  end)

  it("refuses ragged, deep and cyclic tables", function()
    local ragged = "#1 to 'tensor' (ragged table: its first elements make the shape "
    assert.raises(ragged .. "(2,2))", function() ssl.tensor { { 1, 2 }, { 3 } } end)
    assert.raises(ragged .. "(2,1))", function() ssl.tensor { { 1 }, 2 } end)
    assert.raises("(number expected, got table)", function() ssl.tensor { 1, { 2 } } end)
    assert.raises("(number expected, got nil)", function() ssl.tensor { 1, nil, 3 } end)
    local cycle = {}
    cycle[1] = cycle
    assert.raises("#1 to 'tensor' (tables nested more than 8 deep)",
      function() ssl.tensor(cycle) end)
    assert.raises("#1 to 'tensor' (number expected, got nil)", function() ssl.tensor() end)
    assert.raises("(number expected, got string '1')", function() ssl.tensor { "1" } end)
  end)

  it("gives a dtype what it has room for, and nothing else", function()
    local extreme = { math.mininteger, -1, 0, math.maxinteger }
    assert.same(extreme, ssl.tensor(extreme, "int64"):totable())
    assert.same({ 2 }, ssl.tensor({ 2.0 }, "int64"):totable())
    assert.equal("integer", math.type(ssl.tensor({ 2.0 }, "int64")[1]))
    assert.raises("int64 has no room for number 2.5", function() ssl.tensor({ 2.5 }, "int64") end)
    assert.raises("int64 has no room for number 1e+300",
      function() ssl.tensor({ 1e300 }, "int64") end)
    assert.raises("int64 has no room for", function() ssl.tensor({ nan }, "int64") end)
    assert.raises("uint8 has no room for number -1", function() ssl.tensor({ -1 }, "uint8") end)
    assert.raises("uint8 has no room for number 256", function() ssl.tensor({ 256 }, "uint8") end)
    assert.tensor_near({ nan, inf, -inf, inf }, ssl.tensor { nan, inf, -inf, 1e300 })
    assert.tensor_near({ 1e300, 0.1 }, ssl.tensor({ 1e300, 0.1 }, "float64"), 0)
  end)

  it("copies a tensor, in another dtype if told", function()
    local a = ssl.tensor { 1, 2 }
    local b, c = ssl.tensor(a), ssl.tensor(a, "int64")
    a:fill_(9)
    assert.tensor_near({ 1, 2 }, b)
    assert.same({ 1, 2 }, c:totable())
  end)

  it("takes nested tables that answer by metamethods", function()
    local lazy = setmetatable({}, {
      __len = function() return 3 end,
      __index = function(_, i) return i * i end,
    })
    assert.tensor_near({ 1, 4, 9 }, ssl.tensor(lazy))
    local growing = setmetatable({}, {
      __len = function(self) rawset(self, "n", (rawget(self, "n") or 1) + 1) return self.n end,
      __index = function() return 1 end,
    })
    assert.raises("ragged", function() ssl.tensor(growing) end)
  end)
end)

describe("conversions", function()
  it("saturate to int64, and make NaN 0", function()
    local list = { nan, inf, -inf, 1e300, -1e300, 2.0 ^ 63, -2.0 ^ 63, 1.9, -1.9, -0.0 }
    local want = { 0, math.maxinteger, math.mininteger, math.maxinteger, math.mininteger,
      math.maxinteger, math.mininteger, 1, -1, 0 }
    assert.same(want, ssl.tensor(list, "float64"):long():totable())
    assert.same(want, ssl.tensor(list):long():totable())
  end)

  it("keep the low byte for uint8, by way of int64", function()
    assert.same({ 44, 255, 0, 0, 255, 7 },
      ssl.tensor { 300.7, -1, nan, -inf, inf, 7.9 }:byte():totable())
    assert.same({ 44, 255, 0 }, ssl.tensor({ 300, -1, 1 << 40 }, "int64"):byte():totable())
  end)

  it("round to the nearest float", function()
    local big = { (1 << 53) + 1, (1 << 24) + 1, math.maxinteger }
    local t = ssl.tensor(big, "int64")
    assert.tensor_near({ 2.0 ^ 53, 2.0 ^ 24 + 1, 2.0 ^ 63 }, t:double(), 0)
    assert.tensor_near({ 2.0 ^ 53, 2.0 ^ 24, 2.0 ^ 63 }, t:float(), 0)
    assert.tensor_near({ inf, -inf, 0 }, ssl.tensor({ 1e39, -1e39, 1e-60 }, "float64"):float(), 0)
    assert.tensor_near({ 0, 200 }, ssl.tensor({ 0, 200 }, "uint8"):double(), 0)
  end)

  it("give the tensor itself where there is nothing to do", function()
    local t = ssl.ones(2)
    assert.equal(t, t:float())
    assert.equal(t, t:to "float32")
    assert.equal(t, t:contiguous())
    assert.not_equal(t, t:clone())
    local names = { double = "float64", long = "int64", byte = "uint8" }
    for name, dtype in pairs(names) do
      assert.equal(dtype, t[name](t):dtype())
      assert.equal(dtype, t:to(dtype):dtype())
    end
    assert.raises("#2 to 'to' (dtype must be one of float32, float64, int64, uint8, got nil)",
      function() ssl.to(t) end)
    assert.raises("#1 to 'double' (tensor expected, got number 1)", function() ssl.double(1) end)
  end)
end)

describe("arange", function()
  it("includes its last value where it is met", function()
    assert.same({ 1, 2, 3, 4 }, ssl.arange(1, 4):totable())
    assert.same({ 5, 3, 1 }, ssl.arange(5, 1, -2):totable())
    assert.same({ 5, 3 }, ssl.arange(5, 2, -2):totable())
    assert.same({ 2 }, ssl.arange(2, 2):totable())
    assert.same({}, ssl.arange(3, 2):totable())
    assert.equal(11, ssl.arange(0, 1, 0.1):numel())
    assert.tensor_near(0.3, ssl.arange(0, 1, 0.1)[4])
    assert.equal("int64", ssl.arange(1, 3, "int64"):dtype())
    assert.equal("float64", ssl.arange(1, 3, { dtype = "float64" }):dtype())
    assert.same({ 0, 5 }, ssl.arange(0, 9, 5, "uint8"):totable())
  end)

  it("keeps large integers exact", function()
    local top = math.maxinteger
    assert.same({ top - 2, top - 1, top }, ssl.arange(top - 2, top, 1, "int64"):totable())
    assert.same({ math.mininteger, -(1 << 62), 0, 1 << 62 },
      ssl.arange(math.mininteger, top, 1 << 62, "int64"):totable())
    assert.same({ top, -1 }, ssl.arange(top, math.mininteger, math.mininteger, "int64"):totable())
    assert.same({ 1 << 53, (1 << 53) + 1 }, ssl.arange(1 << 53, (1 << 53) + 1, "int64"):totable())
  end)

  it("names what it cannot use", function()
    assert.raises("#3 to 'arange' (step must not be 0)", function() ssl.arange(1, 2, 0) end)
    assert.raises("#2 to 'arange' (last must be a finite number, got number inf)",
      function() ssl.arange(1, inf) end)
    assert.raises("#1 to 'arange' (first must be a whole number, got number 0.5)",
      function() ssl.arange(0.5, 3, 1, "int64") end)
    assert.raises("#2 to 'arange' (the number of elements must be",
      function() ssl.arange(1, 1e300) end)
    assert.raises("#2 to 'arange' (the last element must be in 0..255, got 300)",
      function() ssl.arange(0, 300, 1, "uint8") end)
    assert.raises("#4 to 'arange' (dtype must be", function() ssl.arange(1, 2, 1, "int") end)
  end)
end)

describe("linspace", function()
  it("meets both ends exactly", function()
    local t = ssl.linspace(0, 1, 11, "float64")
    assert.tensor_near({ 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1 }, t, 1e-15)
    assert.equal(1, t[11])
    assert.same({ 3 }, ssl.linspace(3, 9, 1):totable())
    assert.same({}, ssl.linspace(3, 9, 0):totable())
    local wide = ssl.linspace(-1.7e308, 1.7e308, 3, "float64")
    assert.tensor_near({ -1.7e308, 0, 1.7e308 }, wide, 0)
  end)

  it("gives floats only", function()
    assert.raises("#4 to 'linspace' (dtype must be one of float32, float64, got string 'int64')",
      function() ssl.linspace(0, 1, 3, "int64") end)
    assert.raises("#3 to 'linspace' (n must be in 0..", function() ssl.linspace(0, 1, -1) end)
  end)
end)

describe("eye and the likes", function()
  it("take a shape and a dtype from where they are told", function()
    assert.same({ { 1, 0 }, { 0, 1 } }, ssl.eye(2, "int64"):totable())
    assert.same({ 0, 0 }, shape_of(ssl.eye(0)))
    local t = ssl.zeros(2, 3, "int64"):t()
    for name, value in pairs { zeros_like = 0, ones_like = 1 } do
      local like = ssl[name](t)
      assert.same({ 3, 2 }, shape_of(like))
      assert.equal("int64", like:dtype())
      assert.equal(value, like:at(3, 2))
      assert.equal("uint8", ssl[name](t, "uint8"):dtype())
      assert.equal("uint8", ssl[name](t, { dtype = "uint8" }):dtype())
    end
    assert.same({ { 5, 5 }, { 5, 5 }, { 5, 5 } }, ssl.full_like(t, 5):totable())
    assert.same({ 3, 2 }, shape_of(ssl.empty_like(t)))
    assert.equal("float64", ssl.full_like(t, 0.5, "float64"):dtype())
    assert.raises("#1 to 'eye' (n must be in 0..inf, got -1)", function() ssl.eye(-1) end)
    assert.raises("#1 to 'zeros_like' (tensor expected, got table)",
      function() ssl.zeros_like {} end)
  end)
end)

describe("diag", function()
  it("makes a matrix of a vector, and a vector of a matrix", function()
    assert.same({ { 1, 0 }, { 0, 2 } }, ssl.tensor { 1, 2 }:diag():totable())
    assert.same({ { 0, 1, 0 }, { 0, 0, 2 }, { 0, 0, 0 } }, ssl.tensor { 1, 2 }:diag(1):totable())
    assert.same({ { 0, 0, 0 }, { 0, 0, 0 }, { 7, 0, 0 } },
      ssl.tensor({ 7 }, "int64"):diag(-2):totable())
    assert.equal("int64", ssl.tensor({ 7 }, "int64"):diag():dtype())
    assert.same({ 0, 0 }, shape_of(ssl.zeros(0):diag()))
    assert.same({ 2, 2 }, shape_of(ssl.zeros(0):diag(2)))
    local m = ssl.arange(1, 6):view(2, 3)
    assert.same({ 1, 5 }, m:diag():totable())
    assert.same({ 2, 6 }, m:diag(1):totable())
    assert.same({ 4 }, m:diag(-1):totable())
    assert.same({}, m:diag(9):totable())
    m:diag():fill_(0)
    assert.equal(21, m:sum():item())
    assert.same({ 1, 2 }, ssl.tensor { 1, 9, 2, 9 }[{ { 1, 3, 2 } }]:diag():diag():totable())
    assert.raises("#1 to 'diag' (1 or 2 dimensions expected, got () float32)",
      function() ssl.diag(ssl.tensor(1)) end)
    assert.raises("#2 to 'diag' (offset must be", function() ssl.diag(ssl.ones(2), 1 << 41) end)
    assert.raises("MiB", function() ssl.ones(1 << 20):diag(1 << 20) end)
  end)
end)

describe("one_hot", function()
  it("puts a 1 where an id says", function()
    local ids = ssl.tensor({ 2, 1, 3 }, "int64")
    assert.same({ { 0, 1, 0 }, { 1, 0, 0 }, { 0, 0, 1 } }, ids:one_hot():totable())
    assert.same({ { 0, 1, 0, 0 }, { 1, 0, 0, 0 }, { 0, 0, 1, 0 } }, ids:one_hot(4):totable())
    assert.equal("float32", ids:one_hot(3):dtype())
    for _, how in ipairs { "uint8", { dtype = "uint8" } } do
      assert.equal("uint8", ids:one_hot(3, how):dtype())
      assert.equal("uint8", ids:one_hot(how):dtype())
    end
    local column = ssl.tensor({ { 2 }, { 1 } }, "int64")
    assert.same({ { { 0, 1 } }, { { 1, 0 } } }, column:one_hot():totable())
    assert.same({ 0, 1 }, ssl.tensor(2, "int64"):one_hot():totable())
    assert.same({ 0, 5 }, shape_of(ssl.zeros(0, "int64"):one_hot(5)))
    assert.same({ 0, 0 }, shape_of(ssl.zeros(0, "int64"):one_hot()))
  end)

  it("names the row whose id is none", function()
    for _, bad in ipairs { 0, -1, 4, math.mininteger, math.maxinteger } do
      assert.raises(("#1 to 'one_hot' (id %d at row 2 is outside 1..3)"):format(bad),
        function() ssl.one_hot(ssl.tensor({ 1, bad, bad }, "int64"), 3) end)
    end
    assert.raises("id 0 at row 1 is outside 1..2",
      function() ssl.tensor({ 0, 2 }, "int64"):one_hot() end)
    assert.raises("id -4 at row 1 is outside 1..0",
      function() ssl.tensor(-4, "int64"):one_hot() end)
    assert.raises("MiB", function() ssl.tensor(1 << 40, "int64"):one_hot() end)
    assert.raises("#1 to 'one_hot' (tensor of ids of dtype int64 expected, got (2) float32)",
      function() ssl.one_hot(ssl.ones(2)) end)
    assert.raises("#2 to 'one_hot' (K must be in 0..inf, got -1)",
      function() ssl.one_hot(ssl.zeros(0, "int64"), -1) end)
  end)
end)

describe("bytes", function()
  it("come back as they were, in C order whatever the strides", function()
    for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
      local t = ssl.randint(0, 100, 3, 4):to(dtype)
      assert.is_true(ssl.equal(t, ssl.frombytes(t:tobytes(), dtype, { 3, 4 })))
      assert.is_true(ssl.equal(t:t():clone(), ssl.frombytes(t:t():tobytes(), dtype, { 4, 3 })))
    end
    assert.equal("\0\0\128\63\0\0\0\192", ssl.tensor { 1, -2 }:tobytes())
    assert.equal("\254\255\255\255\255\255\255\255", ssl.tensor(-2, "int64"):tobytes())
    assert.same({ 2 }, shape_of(ssl.frombytes(("\0"):rep(8))))
    assert.same({ 0, 5 }, shape_of(ssl.frombytes("", "float32", { 0, 5 })))
  end)

  it("must make the shape", function()
    assert.raises("#1 to 'frombytes' (7 bytes do not make (1) float32)",
      function() ssl.frombytes("1234567") end)
    assert.raises("8 bytes do not make (3) float32",
      function() ssl.frombytes("12345678", "float32", { 3 }) end)
    assert.raises("8 bytes do not make (4611686018427387904,4) uint8",
      function() ssl.frombytes("12345678", "uint8", { 1 << 62, 4 }) end)
    assert.raises("#2 to 'frombytes' (dtype must be", function() ssl.frombytes("1234", "int32") end)
    assert.raises("#3 to 'frombytes' (table expected, got number 2)",
      function() ssl.frombytes("1234", "uint8", 2) end)
    assert.raises("#1 to 'frombytes' (string expected, got nil)", function() ssl.frombytes() end)
  end)
end)

describe("reading out", function()
  it("gives Lua numbers of the dtype's kind", function()
    assert.equal("float", math.type(ssl.tensor { 5 }:item()))
    assert.equal("integer", math.type(ssl.tensor({ { 5 } }, "int64"):item()))
    assert.equal("integer", math.type(ssl.tensor(5, "uint8"):item()))
    assert.equal(7, ssl.tensor(7):totable())
    assert.same({ {}, {} }, ssl.zeros(2, 0):totable())
    assert.same({}, ssl.zeros(0, 2):totable())
    assert.raises("#1 to 'item' (one element expected, got (2) float32)",
      function() ssl.item(ssl.ones(2)) end)
    assert.raises("one element expected, got (0) float32", function() ssl.zeros(0):item() end)
    assert.is_true(ssl.is_tensor(ssl.ones(1)))
    for _, v in ipairs { 1, "x", {}, print, io.stdout } do assert.is_false(ssl.is_tensor(v)) end
    assert.is_false(ssl.is_tensor())
  end)
end)
