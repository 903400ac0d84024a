-- Eigenvalues and singular values: core.eigh, core.eigvalsh, core.svdvals by way of ssl.linalg.

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

  it("takes large matrices apart in threads, and alike for any number of them", function()
    local n, before = 1050, ssl.get_threads()
    local a = randn(n, n, 1, "float64")
    local lower = (a + a:t()) * ssl.arange(1, n):unsqueeze(2):ge(ssl.arange(1, n)):double()
    local expected = linalg.eigh(lower)
    ssl.set_threads(1)
    local w = linalg.eigvalsh(lower)
    ssl.set_threads(3)
    assert.is_true(ssl.equal(w, linalg.eigvalsh(lower)))
    ssl.set_threads(before)
    assert.is_true(largest(w - expected) < 1e-11)
    local power = 2.0 ^ 900
    assert.is_true(largest(linalg.eigvalsh(lower * power) / power - expected) < 1e-11)
    local diagonal = linalg.eigvalsh(ssl.eye(n, "float64") * ssl.arange(1, n, 1, "float64"))
    assert.tensor_near(ssl.arange(1, n, 1, "float64"), diagonal, 0)
  end)

  it("refuses what LAPACK must not see", function()
    local a = ssl.eye(4)
    a[{ 3, 1 }] = 0 / 0
    for _, f in ipairs { linalg.eigh, linalg.eigvalsh, linalg.svdvals } do
      assert.raises("row 3 of (4,4) float32 holds a NaN or an infinity", f, a)
      assert.raises("tensor with 2 dimensions expected, got (3) float32", f, ssl.ones(3))
      assert.raises("float tensor expected, got (2,2) int64", f, ssl.ones({ 2, 2 }, "int64"))
      assert.raises("tensor expected, got nil", f)
    end
    assert.raises("square matrix expected, got (2,3) float32", linalg.eigh, ssl.ones(2, 3))
    assert.raises("square matrix expected, got (2,3) float32", linalg.eigvalsh, ssl.ones(2, 3))
  end)
end)

describe("svdvals", function()
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
