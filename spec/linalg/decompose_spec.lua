-- svd, qr, cholesky: what they promise, over many kinds of matrices; values by NumPy.

local ssl = require "sslkit"
local matrices = require "spec.linalg.matrices"

local linalg = ssl.linalg
local turned, largest = matrices.turned, matrices.largest
local assert_near, assert_orthonormal = matrices.assert_near, matrices.assert_orthonormal
local F64 = "float64"

local A = { { 2, 1, 0 }, { 1, 3, -1 }, { 0, -1, 4 }, { 1, 1, 1 } }

local function shape_of(t) return { t:shape() } end

describe("svd", function()
  for _, dtype in ipairs { "float32", F64 } do
    it("gives back the matrix, with orthonormal vectors: " .. dtype, function()
      ssl.seed(4)
      matrices.each(dtype, function(what, a)
        local tol, scale = matrices.tolerance(a), largest(a)
        for _, full in ipairs { false, true } do
          local u, s, vh = linalg.svd(a, { full_matrices = full })
          local r = math.min(a:size(-1), a:size(-2))
          assert.same({ full and a:size(-2) or r, r, full and a:size(-1) or r },
            { u:size(-1), s:size(-1), vh:size(-2) })
          assert.is_true(u:is_contiguous() and s:is_contiguous() and vh:is_contiguous())
          assert_orthonormal(what .. ", U", u, tol)
          assert_orthonormal(what .. ", V", turned(vh), tol)
          local back = (u:narrow(-1, 1, r) * s:unsqueeze(-2)):matmul(vh:narrow(-2, 1, r))
          assert_near(what, back, a, scale, tol)
          if r > 1 and s:numel() > 0 then
            assert.is_true(s:narrow(-1, 1, r - 1):ge(s:narrow(-1, 2, r)):all():item() == 1)
          end
          assert.is_true(s:numel() == 0 or s:amin():item() >= 0)
          assert_near(what .. ", values", linalg.svdvals(a), s, scale, tol)
        end
      end)
    end)
  end

  it("has NumPy's values", function()
    local u, s, vh = linalg.svd(ssl.tensor(A, F64))
    assert.tensor_near({ 4.732050807568878, 3.4641016151377557, 1.2679491924311226 }, s, 1e-14)
    assert.same({ { 4, 3 }, { 3, 3 } }, { shape_of(u), shape_of(vh) })
  end)

  it("of nothing is a basis of everything, in full", function()
    local u, s, vh = linalg.svd(ssl.zeros(2, 3, 0), { full_matrices = true })
    assert.is_true(ssl.equal(u, ssl.eye(3):expand(2, 3, 3)))
    assert.same({ { 2, 0 }, { 2, 0, 0 } }, { shape_of(s), shape_of(vh) })
  end)

  it("is the same on any number of threads", function()
    local a, before = ssl.randn({ 50, 9, 6 }, F64), ssl.get_threads()
    ssl.set_threads(1)
    local one = table.pack(linalg.svd(a))
    ssl.set_threads(4)
    local four = table.pack(linalg.svd(a))
    ssl.set_threads(before)
    for i = 1, 3 do assert.is_true(ssl.equal(one[i], four[i])) end
  end)

  it("has the gradients of PyTorch, infinite ones of equal values too", function()
    local x = ssl.tensor({ { 3, 1 }, { 0, 2 }, { 1, 1 } }, F64):requires_grad()
    local u, s, vh = linalg.svd(x)
    local weights = ssl.tensor({ { 1, 2 }, { 3, 4 }, { 5, 6 } }, F64)
    ;(u:square() * weights):sum():backward { retain_graph = true }
    -- torch.linalg.svd(x, full_matrices=False); (U**2 * weights).sum().backward()
    local expected = {
      { -0.16528925619834772, -0.13223140495867738 },
      { -0.16528925619834722, -0.13223140495867683 },
      { 0.4958677685950412, 0.3966942148760333 },
    }
    assert.tensor_near(expected, x:grad(), 1e-10)
    s:sum():backward { retain_graph = true }
    vh:sum():backward()
    local same = ssl.eye(2, F64):requires_grad()
    local v = select(3, linalg.svd(same))
    v:square():sum(1)[1]:backward()
    assert.is_true(same:grad():isfinite():all():item() == 0)
    local fine = ssl.eye(2, F64):requires_grad()
    linalg.svdvals(fine):sum():backward()
    assert.tensor_near({ { 1, 0 }, { 0, 1 } }, fine:grad(), 1e-15)
  end)

  it("names what does not fit", function()
    assert.raises("#2 to 'svd' (unknown option 'full'; known: full_matrices)",
      linalg.svd, ssl.eye(2), { full = true })
    assert.raises("#2 to 'svd' (full_matrices must be true or false, got number 1)",
      linalg.svd, ssl.eye(2), { full_matrices = 1 })
    assert.raises("#1 to 'svd' (float tensor expected, got (2,2) int64",
      linalg.svd, ssl.eye(2, "int64"))
    assert.raises("svd: no gradient with full_matrices; use :detach() to pass it by",
      linalg.svd, ssl.ones(3, 2):requires_grad(), { full_matrices = true })
    linalg.svd(ssl.eye(2):requires_grad(), { full_matrices = true }) -- the same as without
  end)
end)

describe("qr", function()
  for _, dtype in ipairs { "float32", F64 } do
    it("gives back the matrix: " .. dtype, function()
      ssl.seed(5)
      matrices.each(dtype, function(what, a)
        local tol, scale = matrices.tolerance(a), largest(a)
        local r = math.min(a:size(-1), a:size(-2))
        for _, mode in ipairs { "reduced", "complete" } do
          local q, upper = linalg.qr(a, { mode = mode })
          local c = mode == "complete" and a:size(-2) or r
          assert.same({ a:size(-2), c, c, a:size(-1) },
            { q:size(-2), q:size(-1), upper:size(-2), upper:size(-1) })
          assert.is_true(q:is_contiguous() and upper:is_contiguous())
          assert_orthonormal(what, q, tol)
          assert_near(what, q:matmul(upper), a, scale, tol)
          local i, j = ssl.arange(1, c):unsqueeze(2), ssl.arange(1, a:size(-1))
          assert.equal(0, largest(upper * i:gt(j):to(dtype)))
        end
        local _, upper = linalg.qr(a)
        assert.is_true(ssl.equal(upper, linalg.qr(a, { mode = "r" })))
      end)
    end)
  end

  it("has NumPy's values", function()
    local q, r = linalg.qr(ssl.tensor(A, F64))
    assert.tensor_near({ { -2.449489742783178, -2.4494897427831783, 0 },
      { 0, -2.449489742783178, 2.449489742783178 }, { 0, 0, -3.464101615137755 } }, r, 1e-14)
    assert.tensor_near({ -0.816496580927726, 0.40824829046386296, 0.2886751345948129 }, q[1], 1e-14)
  end)

  it("names what does not fit", function()
    assert.raises("#2 to 'qr' (mode must be one of reduced, complete, r, got string 'raw')",
      linalg.qr, ssl.eye(2), { mode = "raw" })
    local message = "qr: no gradient for (2,3) float32 in mode 'reduced'; use :detach()"
    assert.raises(message, linalg.qr, ssl.ones(2, 3):requires_grad())
    assert.raises("qr: no gradient for (3,2) float32 in mode 'complete'",
      linalg.qr, ssl.ones(3, 2):requires_grad(), { mode = "complete" })
    local a = ssl.zeros(2, 3, 2)
    a[{ 2, 3, 1 }] = 0 / 0
    assert.raises("#1 to 'qr' (row 3 of matrix 2 of (2,3,2) float32 holds a NaN", linalg.qr, a)
  end)
end)

describe("cholesky", function()
  for _, dtype in ipairs { "float32", F64 } do
    it("gives back the matrix: " .. dtype, function()
      ssl.seed(6)
      local huge = dtype == F64 and 1e150 or 1e15
      for _, shape in ipairs { { 1, 1 }, { 3, 3 }, { 40, 40 }, { 150, 150 }, { 6, 2, 2 }, { 0, 0 },
        { 2, 0, 0 }, { 0, 3, 3 }, { 2, 2, 5, 5 } } do
        for _, power in ipairs { 1, huge, 1 / huge } do
          local b = ssl.randn(shape, dtype)
          local a = (b:matmul(turned(b)) + ssl.eye(shape[#shape], dtype)) * power
          local l = linalg.cholesky(a)
          local scale = math.sqrt(power) -- squares of the factor leave no range this way
          local unit = l / scale
          assert_near("cholesky", unit:matmul(turned(unit)), a / power,
            math.max(1, largest(a / power)), matrices.tolerance(a))
          local i = ssl.arange(1, shape[#shape])
          assert.equal(0, largest(l * i:unsqueeze(2):lt(i):to(dtype)))
          assert.is_true(ssl.equal(l, linalg.cholesky(turned(turned(a):clone()))))
        end
      end
    end)
  end

  it("has NumPy's values, and reads the lower triangle", function()
    local a = ssl.tensor({ { 4, 99, 99 }, { 2, 5, 99 }, { 1, 3, 6 } }, F64)
    local expected = { { 2, 0, 0 }, { 1, 2, 0 }, { 0.5, 1.25, 2.0463381929681126 } }
    assert.tensor_near(expected, linalg.cholesky(a), 1e-14)
    assert.same({ 4, 99, 99 }, a[1]:totable())
  end)

  it("names the matrix that is not positive definite", function()
    local a = ssl.stack { ssl.eye(2), ssl.eye(2), ssl.tensor { { 1, 2 }, { 2, 1 } } }
    assert.raises("cholesky: matrix 3 of the batch is not positive definite (leading minor of "
      .. "order 2)", linalg.cholesky, a)
    assert.raises("cholesky: the matrix is not positive definite (leading minor of order 1)",
      linalg.cholesky, ssl.zeros(3, 3))
    assert.raises("#1 to 'cholesky' (square matrix expected, got (2,3) float32", linalg.cholesky,
      ssl.ones(2, 3))
    assert.raises("#1 to 'cholesky' (row 1 of (1,1) float32 holds a NaN", linalg.cholesky,
      ssl.full({ 1, 1 }, 0 / 0))
  end)

  it("is symmetric in its gradient", function()
    local x = ssl.tensor({ { 4, 1 }, { 1, 3 } }, F64):requires_grad()
    linalg.cholesky(x):sum():backward()
    local g = x:grad()
    assert.equal(g:at(1, 2), g:at(2, 1))
  end)
end)
