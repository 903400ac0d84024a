-- Systems of equations, inverses and determinants.

local ssl = require "sslkit"
local matrices = require "spec.linalg.matrices"

local linalg = ssl.linalg
local turned, largest = matrices.turned, matrices.largest
local assert_near = matrices.assert_near
local F64 = "float64"

local A = { { 2, 1, 0 }, { 1, 3, -1 }, { 0, -1, 4 }, { 1, 1, 1 } }
local P = { { 4, 2, 1 }, { 2, 5, 3 }, { 1, 3, 6 } }

local function shape_of(t) return { t:shape() } end

-- Far from singular: singular values of about n.
local function regular(shape, dtype)
  local n = shape[#shape]
  local a = ssl.randn(shape, dtype) + ssl.eye(n, dtype) * (3 * math.sqrt(n) + 1)
  local way = math.random(3)
  if way == 1 then return turned(turned(a):clone()) end
  if way == 2 then return a[{ {}, { -1, 1, -1 } }]:clone()[{ {}, { -1, 1, -1 } }] end
  return a
end

describe("solve", function()
  for _, dtype in ipairs { "float32", F64 } do
    it("solves, batches broadcast: " .. dtype, function()
      math.randomseed(8)
      ssl.seed(8)
      for _, case in ipairs { { { 1, 1 }, { 1, 2 } }, { { 3, 3 }, { 3 } },
        { { 40, 40 }, { 40, 7 } }, { { 5, 3, 3 }, { 5, 3, 2 } }, { { 3, 3 }, { 4, 3, 2 } },
        { { 4, 3, 3 }, { 3, 2 } }, { { 2, 1, 4, 4 }, { 3, 4, 1 } }, { { 6, 2, 2 }, { 2 } },
        { { 0, 0 }, { 0, 3 } }, { { 3, 3 }, { 3, 0 } }, { { 0, 3, 3 }, { 3, 1 } },
        { { 2, 0, 0 }, { 0 } }, { { 2, 1, 3, 3 }, { 1, 300, 3, 1 } } } do
        local a, b = regular(case[1], dtype), ssl.randn(case[2], dtype)
        local x = linalg.solve(a, b)
        local vector = #case[2] == 1
        local back = a:matmul(vector and x:unsqueeze(-1) or x)
        if vector then back = back:squeeze(-1) end
        assert_near("solve", back, b:expand(table.unpack(shape_of(back))), 1 + largest(b),
          matrices.tolerance(a))
      end
    end)
  end

  it("has NumPy's values", function()
    local expected = { 0.08955223880597016, 0.10447761194029853, 0.43283582089552236 }
    assert.tensor_near(expected, linalg.solve(ssl.tensor(P, F64), ssl.tensor({ 1, 2, 3 }, F64)),
      1e-15)
    -- a permutation: every row is exchanged
    local turn = ssl.tensor({ { 0, 1, 0 }, { 0, 0, 1 }, { 1, 0, 0 } }, F64)
    assert.same({ 3, 1, 2 }, linalg.solve(turn, ssl.tensor({ 1, 2, 3 }, F64)):totable())
  end)

  it("survives huge and tiny matrices", function()
    local a, b = regular({ 4, 4 }, F64), ssl.randn({ 4, 2 }, F64)
    local x = linalg.solve(a, b)
    for _, power in ipairs { 2.0 ^ 500, 2.0 ^ -500 } do
      assert_near("scaled", linalg.solve(a * power, b) * power, x, 1, 1e-14)
    end
  end)

  it("is the same on any number of threads", function()
    local a, b = regular({ 40, 6, 6 }, F64), ssl.randn({ 40, 6, 3 }, F64)
    local before = ssl.get_threads()
    ssl.set_threads(1)
    local one = linalg.solve(a, b)
    ssl.set_threads(4)
    assert.is_true(ssl.equal(one, linalg.solve(a, b)))
    ssl.set_threads(before)
  end)

  it("and its kin share large matrices out to threads", function()
    local n, before = 810, ssl.get_threads()
    local a = regular({ n, n }, F64)
    local square = a:matmul(turned(a)) / n
    local tol = matrices.tolerance(a)
    ssl.set_threads(3)
    local inverse = linalg.inv(a)
    assert_near("inv", a:matmul(inverse), ssl.eye(n, F64), 1, tol)
    assert_near("solve", linalg.solve(a, a), ssl.eye(n, F64), 1, tol)
    local l = linalg.cholesky(square)
    assert_near("cholesky", l:matmul(turned(l)), square, largest(square), tol)
    local q, r = linalg.qr(a)
    assert_near("qr", q:matmul(r), a, largest(a), tol)
    local _, log = linalg.slogdet(square)
    assert.tensor_near(2 * l:diagonal():log():sum():item(), log, 1e-9) -- of some 4000
    ssl.set_threads(before)
  end)

  it("names what is wrong", function()
    local eye = ssl.eye(3)
    assert.raises("solve: the matrix is singular (LAPACK info 2: that pivot is zero)",
      linalg.solve, ssl.ones(3, 3), ssl.ones(3))
    assert.raises("solve: matrix 2 of the batch is singular (LAPACK info 1: that pivot is zero)",
      linalg.solve, ssl.stack { eye, eye * 0, eye * 0 }, ssl.ones(3))
    assert.raises("#2 to 'solve' (numbers of rows differ: (3,3) and (4,2))",
      linalg.solve, eye, ssl.ones(4, 2))
    assert.raises("#2 to 'solve' (numbers of rows differ: (3,3) float32 and (4) float32)",
      linalg.solve, eye, ssl.ones(4))
    assert.raises("#2 to 'solve' (dtypes differ: (3,3) float32 and (3,1) float64 (convert",
      linalg.solve, eye, ssl.ones({ 3, 1 }, F64))
    assert.raises("#2 to 'solve' (batch sizes do not broadcast: (2,3,3) and (4,3,1))",
      linalg.solve, ssl.ones(2, 3, 3), ssl.ones(4, 3, 1))
    assert.raises("#1 to 'solve' (square matrix expected, got (3,2) float32)",
      linalg.solve, ssl.ones(3, 2), ssl.ones(3))
    assert.raises("#2 to 'solve' (tensor of dtype float expected, got", linalg.solve, eye,
      ssl.ones({ 3 }, "int64"))
    local b = ssl.ones(2, 3, 2)
    b[{ 2, 3, 1 }] = 1 / 0
    assert.raises("#2 to 'solve' (row 3 of matrix 2 of (2,3,2) float32 holds a NaN or an infinity)",
      linalg.solve, eye, b)
    assert.raises("needs", linalg.solve, ssl.ones(1, 1, 1):expand(1 << 40, 1, 1), ssl.ones(1))
  end)
end)

describe("solve_triangular", function()
  it("solves by one triangle and does not read the other", function()
    for _, dtype in ipairs { "float32", F64 } do
      for _, shape in ipairs { { 1, 1 }, { 5, 5 }, { 3, 4, 4 }, { 0, 0 } } do
        local n = shape[#shape]
        local a, b = regular(shape, dtype), ssl.randn({ n, 2 }, dtype)
        local i = ssl.arange(1, n)
        for _, upper in ipairs { true, false } do
          local mask = upper and i:unsqueeze(2):le(i) or i:unsqueeze(2):ge(i)
          local x = linalg.solve_triangular(a, b, { upper = upper })
          local back = (a * mask:to(dtype)):matmul(x)
          assert_near("triangle", back, b:expand(table.unpack(shape_of(back))), 1 + largest(b),
            matrices.tolerance(a))
        end
      end
    end
    local a = ssl.tensor { { 2, 99 }, { 1, 4 } }
    assert.same({ 1, 1 }, linalg.solve_triangular(a, ssl.tensor { 2, 5 }):totable())
  end)

  it("names what is wrong", function()
    local a = ssl.tensor { { 2, 1 }, { 1, 0 } }
    assert.raises("solve_triangular: the matrix is singular (LAPACK info 2: that pivot is zero)",
      linalg.solve_triangular, a, ssl.ones(2))
    assert.raises("#3 to 'solve_triangular' (upper must be true or false, got string 'x')",
      linalg.solve_triangular, a, ssl.ones(2), { upper = "x" })
  end)
end)

describe("inv", function()
  it("is the inverse", function()
    for _, dtype in ipairs { "float32", F64 } do
      for _, shape in ipairs { { 1, 1 }, { 3, 3 }, { 60, 60 }, { 30, 4, 4 }, { 0, 0 },
        { 2, 0, 0 } } do
        local a = regular(shape, dtype)
        local product = a:matmul(linalg.inv(a))
        assert_near("inv", product, ssl.eye(shape[#shape], dtype):expand(
          table.unpack(shape_of(product))), 1, matrices.tolerance(a))
      end
    end
    assert.tensor_near({ { 0.31343283582089554, -0.13432835820895522, 0.014925373134328353 },
      { -0.13432835820895522, 0.34328358208955223, -0.14925373134328357 },
      { 0.014925373134328358, -0.14925373134328357, 0.23880597014925373 } },
      linalg.inv(ssl.tensor(P, F64)), 1e-15)
    assert.raises("inv: matrix 2 of the batch is singular (LAPACK info 2: that pivot is zero)",
      linalg.inv, ssl.stack { ssl.eye(2), ssl.ones(2, 2) })
  end)
end)

describe("det and slogdet", function()
  -- Laplace's expansion along the first row.
  local function expansion(a)
    if #a == 0 then return 1 end
    local sum = 0
    for j = 1, #a do
      local minor = {}
      for i = 2, #a do
        minor[i - 1] = {}
        for k = 1, #a do
          if k ~= j then table.insert(minor[i - 1], a[i][k]) end
        end
      end
      sum = sum + (j % 2 == 1 and 1 or -1) * a[1][j] * expansion(minor)
    end
    return sum
  end

  it("are Laplace's expansion", function()
    ssl.seed(9)
    for n = 1, 6 do
      local a = ssl.randn({ n, n }, F64)
      local want = expansion(a:totable())
      local sign, log = linalg.slogdet(a)
      -- 1e-13: some hundred products of numbers near 1
      assert.tensor_near(want, linalg.det(a), 1e-13 * math.max(1, math.abs(want)))
      assert.equal(want > 0 and 1 or -1, sign:item())
      assert.tensor_near(math.log(math.abs(want)), log, 1e-11)
      assert.tensor_near(want, linalg.det(a:float()), 1e-4 * math.max(1, math.abs(want)))
      assert.tensor_near(want, linalg.det(turned(a)), 1e-13 * math.max(1, math.abs(want)))
    end
    local batch = ssl.randn({ 2, 3, 4, 4 }, F64)
    local det = linalg.det(batch)
    assert.same({ 2, 3 }, shape_of(det))
    for i = 1, 2 do
      for j = 1, 3 do
        assert.tensor_near(expansion(batch[{ i, j }]:totable()), det:at(i, j), 1e-12)
      end
    end
  end)

  it("know the edges", function()
    assert.equal(1, linalg.det(ssl.zeros(0, 0)):item())
    assert.same({ 1, 1, 1 }, linalg.det(ssl.zeros(3, 0, 0)):totable())
    local sign, log = linalg.slogdet(ssl.stack { ssl.ones(2, 2), ssl.zeros(2, 2), ssl.eye(2) })
    assert.same({ 0, 0, 1 }, sign:totable())
    assert.same({ -math.huge, -math.huge, 0 }, log:totable())
    assert.equal("0.0", tostring(linalg.det(-ssl.ones(2, 2)):item()))
    -- neither the product nor its parts stay within float64 on the way
    local wide = ssl.eye(4, F64) * ssl.tensor({ 1e300, 1e300, 1e-300, 1e-299 }, F64)
    assert.tensor_near(10, linalg.det(wide), 1e-12)
    assert.equal(math.huge, linalg.det(ssl.eye(400, F64) * 10):item())
    sign, log = linalg.slogdet(ssl.eye(400, F64) * -10)
    assert.equal(1, sign:item())
    assert.tensor_near(400 * math.log(10), log, 1e-10)
    sign, log = linalg.slogdet(ssl.tensor(P, F64) * -1)
    assert.equal(-1, sign:item())
    assert.tensor_near(4.204692619390966, log, 1e-14)
    assert.raises("#1 to 'det' (row 2 of (2,2) float32 holds a NaN", linalg.det,
      ssl.tensor { { 1, 2 }, { 0 / 0, 1 } })
  end)

  it("have gradients at singular matrices, or say so", function()
    for _, rows in ipairs { { { 1, 2 }, { 2, 4 } }, { { 1, 2, 3 }, { 2, 4, 6 }, { 1, 0, 1 } },
      { { 0, 0 }, { 0, 0 } }, { { 0 } } } do
      assert.is_true(ssl.gradcheck(linalg.det, ssl.tensor(rows, F64)))
    end
    local x = ssl.ones({ 2, 2 }, F64):requires_grad()
    local _, log = linalg.slogdet(x)
    assert.raises("the matrix is singular", function() log:backward() end)
  end)
end)

describe("lstsq", function()
  it("has NumPy's values", function()
    local b = ssl.tensor({ 1, 2, 3, 4 }, F64)
    local x, left, rank, s = linalg.lstsq(ssl.tensor(A, F64), b)
    assert.tensor_near({ 0.16666666666666652, 1.1666666666666654, 1.166666666666666 }, x, 1e-14)
    assert.tensor_near({ 3 }, left, 1e-13)
    assert.same({ 3, "int64" }, { rank:item(), rank:dtype() })
    assert.tensor_near({ 4.732050807568876, 3.464101615137756, 1.2679491924311228 }, s, 1e-14)
    -- dependent columns: the solution of least norm, and no squares left
    local d = ssl.tensor({ { 1, 2, 3 }, { 2, 4, 6 }, { 1, 0, 1 }, { 0, 1, 1 } }, F64)
    x, left, rank = linalg.lstsq(d, b)
    assert.tensor_near({ 0.6666666666666669, -0.2564102564102566, 0.4102564102564101 }, x, 1e-13)
    assert.same({ 0, 2 }, { left:numel(), rank:item() })
    x, left, rank = linalg.lstsq(turned(ssl.tensor(A, F64)), b[{ { 1, 3 } }])
    assert.tensor_near({ -0.16666666666666607, 0.8333333333333329, 0.8333333333333331,
      0.5 }, x, 1e-13)
    assert.same({ 0, 3 }, { left:numel(), rank:item() })
  end)

  it("leaves a remainder at right angles to the columns, in batches", function()
    ssl.seed(3)
    for _, dtype in ipairs { "float32", F64 } do
      for _, case in ipairs { { { 5, 2 }, { 5, 3 } }, { { 4, 6, 3 }, { 4, 6, 1 } },
        { { 6, 3 }, { 2, 6, 2 } }, { { 3, 6, 3 }, { 6 } }, { { 2, 5 }, { 2, 2 } },
        { { 3, 3 }, { 3, 0 } } } do
        local a, b = ssl.randn(case[1], dtype), ssl.randn(case[2], dtype)
        local x, left = linalg.lstsq(a, b)
        local sides = #case[2] == 1 and b:unsqueeze(2) or b
        local remainder = a:matmul(#case[2] == 1 and x:unsqueeze(-1) or x) - sides
        local tol = 100 * matrices.tolerance(a)
        assert.is_true(largest(turned(a):matmul(remainder)) < tol)
        if left:numel() > 0 then
          assert_near("left", left, remainder:square():sum(-2), 1 + largest(left), tol)
        else
          assert.is_true(a:size(-2) <= a:size(-1) or b:numel() == 0)
        end
      end
    end
  end)

  it("counts small singular values as 0 by rcond", function()
    local a, b = ssl.tensor({ { 1, 0 }, { 0, 1e-3 } }, F64), ssl.ones({ 2 }, F64)
    local x, _, rank = linalg.lstsq(a, b)
    assert.tensor_near({ 1, 1000 }, x, 1e-9)
    assert.equal(2, rank:item())
    x, _, rank = linalg.lstsq(a, b, { rcond = 0.01 })
    assert.tensor_near({ 1, 0 }, x, 1e-12)
    assert.equal(1, rank:item())
  end)

  it("knows the edges", function()
    local x, left, rank, s = linalg.lstsq(ssl.zeros(3, 0), ssl.ones(3, 2)) -- NumPy's shapes
    assert.same({ { 0, 2 }, { 3, 3 }, 0, 0 }, { shape_of(x), left:totable(), rank:item(), #s })
    x, left, rank = linalg.lstsq(ssl.zeros(0, 3), ssl.ones(0, 2))
    assert.same({ { { 0, 0 }, { 0, 0 }, { 0, 0 } }, 0, 0 },
      { x:totable(), left:numel(), rank:item() })
    x, left, rank = linalg.lstsq(ssl.zeros(4, 2), ssl.ones(4))
    assert.same({ { 0, 0 }, 0, 0 }, { x:totable(), left:numel(), rank:item() })
    local a = ssl.randn({ 6, 3 }, F64)
    for _, power in ipairs { 1e150, 1e-150 } do
      local b = ssl.ones({ 6 }, F64)
      assert.is_true(ssl.allclose(linalg.lstsq(a * power, b) * power, linalg.lstsq(a, b),
        { rtol = 1e-10 }))
    end
  end)

  it("has gradients in all that it returns, and says where it has none", function()
    local a, b = ssl.randn({ 5, 2 }, F64), ssl.randn({ 5, 2 }, F64)
    for i = 1, 4 do
      if i ~= 3 then
        assert.is_true(ssl.gradcheck(function(x, y) return (select(i, linalg.lstsq(x, y))) end,
          { a, b }))
      end
    end
    assert.raises("lstsq: no gradient where the columns of the matrix are not independent",
      linalg.lstsq, ssl.ones(3, 2):requires_grad(), ssl.ones(3))
    assert.raises("lstsq: no gradient", linalg.lstsq, ssl.randn(2, 3), ssl.ones(2):requires_grad())
    assert.raises("#3 to 'lstsq' (rcond must be in 0..inf, got -1)", linalg.lstsq, a, b,
      { rcond = -1 })
    assert.raises("#2 to 'lstsq' (numbers of rows differ: (5,2) and (4,2))", linalg.lstsq, a,
      ssl.ones({ 4, 2 }, F64))
  end)
end)
