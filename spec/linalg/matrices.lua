-- Matrices of many kinds, for the property tests beside this file: each of them as {what, tensor}.

local assert = require "luassert"
local ssl = require "sslkit"

local M = {}

M.SHAPES = {
  { 1, 1 }, { 1, 5 }, { 5, 1 }, { 2, 2 }, { 3, 7 }, { 7, 3 }, { 33, 20 }, { 20, 33 }, { 70, 70 },
  { 4, 3, 3 }, { 2, 3, 2, 5 }, { 5, 4, 2 }, { 0, 3 }, { 3, 0 }, { 0, 0 }, { 2, 0, 3 }, { 0, 2, 3 },
}

-- Of every shape: normal, rank 1, constant, zero, huge, tiny, and views of other memory.
function M.each(dtype, f)
  local huge = dtype == "float64" and 1e150 or 1e18
  for _, shape in ipairs(M.SHAPES) do
    local what = ("(%s) %s"):format(table.concat(shape, ","), dtype)
    local a = ssl.randn(shape, dtype)
    local flipped = { table.unpack(shape) }
    local n = #shape
    flipped[n - 1], flipped[n] = flipped[n], flipped[n - 1]
    local wide = { table.unpack(shape) }
    wide[n] = 2 * wide[n] + 1
    f("normal " .. what, a)
    f("rank 1 " .. what, a:narrow(n, 1, math.min(1, shape[n])):sum(n, true) * ssl.ones_like(a))
    f("constant " .. what, ssl.full(shape, 3, dtype))
    f("zero " .. what, ssl.zeros(shape, dtype))
    f("huge " .. what, a * huge)
    f("tiny " .. what, a / huge)
    f("transposed " .. what, ssl.randn(flipped, dtype):transpose(-1, -2))
    if shape[n] > 0 then
      local keys = {}
      for d = 1, n - 1 do keys[d] = {} end
      keys[n] = { 2 * shape[n], 1, -2 } -- every second column, backwards
      f("strided " .. what, ssl.randn(wide, dtype)[keys])
    end
  end
end

function M.turned(x) return x:transpose(-1, -2) end

function M.largest(t) return t:numel() > 0 and t:abs():amax():item() or 0 end

-- Rounding of a backward stable method: a few dozen units of the largest element times the size.
function M.tolerance(a)
  local eps = a:dtype() == "float32" and 2.0 ^ -23 or 2.0 ^ -52
  return 20 * math.max(a:size(-1), a:size(-2)) * eps
end

-- x, scaled by 1 / scale before it is squared anywhere, is at most that far from y.
function M.assert_near(what, x, y, scale, tol)
  assert.same({ x:shape() }, { y:shape() })
  local off = M.largest(x - y)
  assert(off <= tol * scale, ("%s: off by %g of %g"):format(what, off, scale))
end

-- Columns (the last dimension but one runs along them) of unit length at right angles.
function M.assert_orthonormal(what, q, tol)
  local eye = ssl.eye(q:size(-1), q:dtype()):expand(table.unpack(
    { M.turned(q):matmul(q):shape() }))
  M.assert_near(what, M.turned(q):matmul(q), eye, 1, tol)
end

return M
