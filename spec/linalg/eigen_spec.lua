-- Eigenvalues and singular values: core.eigh, core.eigvalsh, core.svdvals by way of ssl.linalg.

local core = require "sslkit.core"
local ssl = require "sslkit"

local linalg = ssl.linalg
local digits = { float32 = 1e-5, float64 = 1e-12 }

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype })
end

local function largest(t) return t:numel() > 0 and t:abs():amax():item() or 0 end

describe("eigh", function()
  for dtype, tol in pairs(digits) do
    it("takes symmetric matrices apart: " .. dtype, function()
      for _, n in ipairs { 1, 2, 5, 33, 130 } do
        local a = randn(n, n, n, dtype)
        a = a + a:t()
        local w, v = linalg.eigh(a)
        assert.same({ dtype, dtype, n }, { w:dtype(), v:dtype(), #w })
        assert.is_true(largest(v:t():matmul(v) - ssl.eye(n, dtype)) < tol * n)
        assert.is_true(largest((v * w):matmul(v:t()) - a) < tol * n * math.max(1, largest(a)))
        assert.is_true(largest(linalg.eigvalsh(a) - w) < tol * n * math.max(1, largest(a)))
        for i = 2, n do assert.is_true(w[i - 1] <= w[i]) end
      end
    end)

    it("reads the lower triangle, and leaves the matrix as it is: " .. dtype, function()
      local a = ssl.tensor({ { 2, 99 }, { 1, 2 } }, dtype)
      assert.tensor_near({ 1, 3 }, linalg.eigvalsh(a), 10 * tol)
      assert.tensor_near({ 1, 3 }, (linalg.eigh(a)), 10 * tol)
      assert.same({ { 2, 99 }, { 1, 2 } }, a:totable())
      assert.tensor_near({ 1, 3 }, linalg.eigvalsh(ssl.tensor({ { 2, 1 }, { 99, 2 } }, dtype):t()),
        10 * tol) -- a view
    end)
  end

  it("survives equal, huge and tiny eigenvalues", function()
    assert.tensor_near({ 1, 1, 1 }, linalg.eigvalsh(ssl.eye(3)), 1e-6)
    assert.tensor_near({ 0, 0 }, linalg.eigvalsh(ssl.zeros(2, 2)), 0)
    local a = ssl.tensor({ { 2, 1 }, { 1, 2 } }, "float64")
    for _, power in ipairs { 2.0 ^ 1000, 2.0 ^ -1000 } do
      assert.tensor_near({ 1, 3 }, linalg.eigvalsh(a * power) / power, 1e-12)
    end
    assert.equal(0, #linalg.eigvalsh(ssl.zeros(0, 0)))
    local w, v = linalg.eigh(ssl.zeros({ 0, 0 }, "float64"))
    assert.same({ 0, 0 }, { #w, v:numel() })
  end)

  it("takes large matrices apart in threads, for the library alike for any number", function()
    local n, before = 1050, ssl.get_threads()
    local a = randn(n, n, 1, "float64")
    local lower = (a + a:t()) * ssl.arange(1, n):unsqueeze(2):ge(ssl.arange(1, n)):double()
    local expected = linalg.eigh(lower)
    ssl.set_threads(1)
    local w = core.eigvalsh(lower)
    ssl.set_threads(3)
    assert.is_true(ssl.equal(w, core.eigvalsh(lower)))
    assert.is_true(largest(linalg.eigvalsh(lower) - expected) < 1e-11)
    ssl.set_threads(before)
    assert.is_true(largest(w - expected) < 1e-11)
    local power = 2.0 ^ 900
    assert.is_true(largest(core.eigvalsh(lower * power) / power - expected) < 1e-11)
    local diagonal = core.eigvalsh(ssl.eye(n, "float64") * ssl.arange(1, n, 1, "float64"))
    assert.tensor_near(ssl.arange(1, n, 1, "float64"), diagonal, 0)
  end)

  it("takes batches apart, matrix by matrix, on any number of threads", function()
    local before = ssl.get_threads()
    for _, shape in ipairs { { 40, 3, 3 }, { 2, 1, 3, 17, 17 }, { 1, 2, 2 } } do
      local a = ssl.randn(shape, "float64")
      a = a + a:transpose(-1, -2)
      local n, flat = shape[#shape], a:reshape(-1, shape[#shape], shape[#shape])
      ssl.set_threads(1)
      local w, v = linalg.eigh(a)
      ssl.set_threads(3)
      local w3, v3 = linalg.eigh(a)
      assert.is_true(ssl.equal(w, w3) and ssl.equal(v, v3))
      assert.same({ a:shape() }, { v:shape() })
      for i = 1, flat:size(1) do
        local wi, vi = linalg.eigh(flat[i]:clone())
        assert.is_true(ssl.equal(wi, w:reshape(-1, n)[i]) and ssl.equal(vi, v:reshape(-1, n, n)[i]))
      end
      assert.is_true(largest(linalg.eigvalsh(a) - w) < 1e-12 * n * largest(a))
    end
    ssl.set_threads(before)
    assert.same({ 2, 3 }, { linalg.eigvalsh(ssl.eye(3):expand(2, 3, 3)):shape() })
    assert.same({ 0, 3 }, { linalg.eigvalsh(ssl.zeros(0, 3, 3)):shape() })
    assert.same({ 2, 0 }, { linalg.eigvalsh(ssl.zeros(2, 0, 0)):shape() })
    assert.same({ 1 << 40, 0 }, { linalg.eigvalsh(ssl.zeros(1 << 40, 0, 0)):shape() })
  end)

  it("names the matrix and the row that LAPACK must not see", function()
    local a = ssl.eye(4):expand(2, 3, 4, 4):clone()
    a[{ 2, 2, 4, 1 }] = 1 / 0
    assert.raises("#1 to 'eigh' (row 4 of matrix 5 of (2,3,4,4) float32 holds a NaN or an "
      .. "infinity)", linalg.eigh, a)
    a[{ 1, 3, 1, 1 }] = 0 / 0 -- the first, whichever thread finds it when
    assert.raises("row 1 of matrix 3 of (2,3,4,4) float32", linalg.eigvalsh, a)
  end)

  it("refuses what LAPACK must not see", function()
    local a = ssl.eye(4)
    a[{ 3, 1 }] = 0 / 0
    for _, f in ipairs { linalg.eigh, linalg.eigvalsh, linalg.svdvals } do
      assert.raises("row 3 of (4,4) float32 holds a NaN or an infinity", f, a)
      assert.raises("tensor with 2 dimensions or more expected, got (3) float32", f, ssl.ones(3))
      assert.raises("float tensor expected, got (2,2) int64", f, ssl.ones({ 2, 2 }, "int64"))
      assert.raises("tensor expected, got nil", f)
      assert.raises("is too large for LAPACK (at most 32766 on the shorter side, 33554432 on the "
        .. "longer)", f, ssl.ones(1, 1):expand(1 << 20, 1 << 20))
    end
    assert.raises("square matrix expected, got (2,3) float32", linalg.eigh, ssl.ones(2, 3))
    assert.raises("square matrix expected, got (2,3) float32", linalg.eigvalsh, ssl.ones(2, 3))
  end)

  it("finds the values of large matrices by another way, from the same triangle", function()
    for _, dtype in ipairs { "float64", "float32" } do
      local n = 800
      local a = ssl.randn({ n, n }, { generator = ssl.generator(7), dtype = dtype })
      local values = ssl.linalg.eigh(a) -- reads what is on and below the diagonal
      local tolerance = (dtype == "float64" and 1e-13 or 1e-5) * values:abs():amax():item()
      assert.tensor_near(values, ssl.linalg.eigvalsh(a), tolerance)
      assert.tensor_near(values, ssl.linalg.eigvalsh(a:tril()), tolerance)
    end
  end)
end)

describe("svdvals", function()
  it("takes batches", function()
    local a = ssl.randn({ 30, 5, 3 }, "float64")
    local s = linalg.svdvals(a)
    for i = 1, 30 do assert.is_true(ssl.equal(linalg.svdvals(a[i]), s[i])) end
    assert.same({ 2, 1 << 40, 0 }, { linalg.svdvals(ssl.zeros(2, 1 << 40, 0, 3)):shape() })
  end)

  for dtype, tol in pairs(digits) do
    it("gives the roots of the Gram matrix's eigenvalues: " .. dtype, function()
      for _, case in ipairs { { 1, 1 }, { 4, 7 }, { 7, 4 }, { 60, 33 } } do
        local a = randn(case[1], case[2], 3, dtype)
        local s = linalg.svdvals(a)
        local r = math.min(case[1], case[2])
        assert.same({ dtype, r }, { s:dtype(), #s })
        local gram = case[1] < case[2] and a:matmul(a:t()) or a:t():matmul(a)
        local w = linalg.eigvalsh(gram)
        for i = 1, r do
          assert.is_true(math.abs(s[i] ^ 2 - w[r + 1 - i]) < 100 * tol * s[1] ^ 2)
          assert.is_true(i == 1 or s[i - 1] >= s[i])
        end
        assert.tensor_near(s, linalg.svdvals(a:t()), 10 * tol * s[1])
      end
    end)
  end

  it("knows the edges", function()
    assert.tensor_near({ 5 }, linalg.svdvals(ssl.tensor { { 3, 4 } }), 1e-6)
    assert.tensor_near({ 0, 0 }, linalg.svdvals(ssl.zeros(2, 5)), 0)
    assert.equal(0, #linalg.svdvals(ssl.zeros(0, 5)))
    assert.equal(0, #linalg.svdvals(ssl.zeros(5, 0)))
    local a = randn(5, 3, 1, "float64")
    assert.tensor_near(linalg.svdvals(a), linalg.svdvals(a * 2.0 ^ 1000) / 2.0 ^ 1000, 1e-12)
  end)
end)
