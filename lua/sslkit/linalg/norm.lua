-- Norms of vectors and matrices.

local core = require "sslkit.core"
local check = require "sslkit.check"
local decompose = require "sslkit.linalg.decompose"

local T = core.methods

local M = {}

local INF = math.huge

-- A sum, largest or smallest along one of two dimensions, then along the other; `a` goes first.
local function by_sums(extreme)
  return function(t, a, b, keepdim)
    local sums = T.norm(t, 1, a, true)
    local out = extreme(sums, b, true)
    return keepdim and out or T.squeeze(out, { a, b })
  end
end

local largest_sum, smallest_sum = by_sums(T.amax), by_sums(T.amin)

-- Singular values stand along the last dimension; the matrices are moved there, and what is left of
-- them moved back.
local function by_singular_values(reduce)
  return function(t, a, b, keepdim)
    local n, order = core.dim(t), {}
    for d = 1, n do
      if d ~= a and d ~= b then order[#order + 1] = d end
    end
    order[n - 1], order[n] = a, b
    local out = reduce(decompose.svdvals(T.permute(t, order)), -1)
    if not keepdim then return out end
    local shape = { core.shape(t) }
    shape[a], shape[b] = 1, 1
    return T.reshape(out, shape)
  end
end

local MATRIX = {
  fro = function(t, a, b, keepdim) return T.norm(t, 2, { a, b }, keepdim) end,
  nuc = by_singular_values(T.sum),
  [2] = by_singular_values(T.amax),
  [-2] = by_singular_values(T.amin),
  [1] = largest_sum,
  [-1] = smallest_sum,
  [INF] = function(t, a, b, keepdim) return largest_sum(t, b, a, keepdim) end,
  [-INF] = function(t, a, b, keepdim) return smallest_sum(t, b, a, keepdim) end,
}

local function check_order(ord)
  if ord == "fro" or ord == "nuc" then return end
  if type(ord) ~= "number" or ord ~= ord then
    check.fail(2, "ord must be a number, 'fro' or 'nuc', got %s", check.kind(ord))
  end
end

-- The dimensions as a list of numbers from the front, none twice.
local function check_dims(t, dim)
  local list = type(dim) == "table" and dim or { dim }
  local n, dims, seen = core.dim(t), {}, {}
  for i = 1, rawlen(list) do
    local d = check.dim(3, rawget(list, i), n)
    dims[i] = d < 0 and d + n + 1 or d
    if seen[dims[i]] then check.fail(3, "dimension %d is named twice", dims[i]) end
    seen[dims[i]] = true
  end
  return dims
end

--- The norm of vectors (one dimension) or matrices (two). Without `ord` it is the 2-norm of all
-- elements. Vectors: any p, with inf and -inf the largest and smallest |x| and 0 counting what is not
-- 0. Matrices: "fro"; "nuc", 2 and -2, the sum, largest and smallest of the singular values; 1 and
-- -1, the largest and smallest sum of |x| over a column; inf and -inf, over a row.
-- @param t float tensor; with `ord` and no `dim`, a vector or a matrix
-- @param ord number, "fro", "nuc", or nil
-- @param dim number: vectors along it, or table of two: matrices in them, rows first (all)
-- @param keepdim boolean (false): true keeps the dimensions with size 1
-- @return tensor
-- @raise of no elements where one has to be the largest or smallest
-- @example ssl.linalg.norm(ssl.tensor{{3, 0}, {0, 4}}, "nuc"):item() --> 7.0
function M.norm(t, ord, dim, keepdim)
  check.tensor(1, t, { dtype = "float" })
  if keepdim ~= nil and type(keepdim) ~= "boolean" then
    check.fail(4, "keepdim must be true or false, got %s (two dimensions stand in a table)",
      check.kind(keepdim))
  end
  local dims = dim ~= nil and check_dims(t, dim) or nil
  if ord == nil then return (T.norm(t, 2, dims, keepdim)) end
  check_order(ord)
  if not dims then
    local n = core.dim(t)
    if n ~= 1 and n ~= 2 then
      check.fail(1, "vector or matrix expected where dim is not given, got %s", core.describe(t))
    end
    dims = { 1, n > 1 and 2 or nil }
  end
  if #dims ~= 1 and #dims ~= 2 then
    check.fail(3, "one or two dimensions expected, got %d", #dims)
  end
  if #dims == 2 then
    local f = MATRIX[ord]
    if not f then
      check.fail(2, "a norm of matrices is 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got %s",
        check.kind(ord))
    end
    return (f(t, dims[1], dims[2], keepdim))
  end
  if type(ord) == "string" then check.fail(2, "'%s' is a norm of matrices, not of vectors", ord) end
  return (T.norm(t, ord, dims[1], keepdim))
end

return M
