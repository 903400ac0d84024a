-- CKNNA: CKA that looks at neighbours only.

local core = require "sslkit.core"
local check = require "sslkit.check"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

-- The kernel of a representation, cosines, where j is among the k nearest of i: entries (i, j) as
-- numbers (i - 1) n + j, ascending, and what stands there.
local function entries_of(z, k)
  local n = core.len(z)
  local index, score = core.neighbours(nil, z, k, "cosine")
  local first = T.arange(0, n - 1, "int64"):unsqueeze(2) * n
  local key, order = core.sort((index + first):reshape(n * k), 1, false)
  return { key = key, value = score:reshape(n * k)[order] }
end

-- Of ascending keys: at which positions each of the others stands, and whether it does.
local function find(keys, others)
  local at = T.searchsorted(keys, others):clamp(1, core.len(keys))
  return at, keys[at]:eq(others)
end

-- The entries that two kernels have in common.
local function in_common(a, b)
  local at, found = find(b.key, a.key)
  local key = core.masked_select(a.key, found)
  return key, core.masked_select(a.value, found), b.value[core.masked_select(at, found)]
end

-- The unbiased criterion of two kernels with the same few entries. As in the authors' code: an entry
-- counts for the product where its mirror image is one too.
local function unbiased(n, key, a, b)
  if core.len(key) == 0 then return 0.0 end
  local row, column = (key - 1) // n + 1, (key - 1) % n + 1
  local at, found = find(key, (column - 1) * n + row)
  local product = core.masked_select(a, found):dot(b[core.masked_select(at, found)]):item()
  local function sums(where, v) return T.zeros({ n }, "float64"):scatter_add_(1, where, v) end
  local cross = sums(column, a):dot(sums(row, b)):item()
  return (product + a:sum():item() * b:sum():item() / ((n - 1) * (n - 2)) - 2 / (n - 2) * cross)
    / (n * (n - 3))
end

--- CKNNA: the debiased CKA of two representations, of cosines, with all entries of a kernel set to 0
-- but those of a sample and its k nearest; for both together, of neighbours in both. Where mutual_knn
-- counts neighbours in common, this weighs them by how near they are. (Without the 1e-6 that the
-- authors add to the denominator.)
-- @param x float tensor [N,D1]
-- @param y float tensor [N,D2], row i of the same sample as row i of x
-- @param options {k=10, nan="error", "skip" or "propagate", full=false}
-- @return number; with full a table {value=, hsic_xy=, hsic_xx=, hsic_yy=, common= (share of the
-- neighbours in both), k=, n=, ...}
-- @raise where the numbers of rows differ, k < 2, k >= N; on NaN or Inf, naming the row
-- @source Huh, Cheung, Wang, Isola 2024, "The Platonic representation hypothesis", ICML, appendix A
-- @example local x = ssl.eye(8) + 0.1 * ssl.arange(1, 8):unsqueeze(2); return ssl.metrics.cknna(x, 3 * x, {k=3}) --> 1.0
local function cknna(x, y, options)
  options = check.options(3, options, { k = 10, nan = "error", full = false })
  local k = check.integer(3, "k", options.k, 2)
  local info = { k = k }
  local skipped
  x, y, skipped = rows.pair(x, y, options.nan)
  if not x then
    info.undefined = y
    return result.of("cknna", options.full, 0 / 0, info)
  end
  local n = core.len(x)
  if k >= n then check.fail(3, "k must be < N = %d, got %d", n, k) end
  info.n = n
  if skipped > 0 then info.n_skipped = skipped end
  if n < 4 then
    info.undefined = "the unbiased estimate needs four rows"
    return result.of("cknna", options.full, 0 / 0, info)
  end
  local a, b = entries_of(x, k), entries_of(y, k)
  local key, of_a, of_b = in_common(a, b)
  info.common = core.len(key) / (n * k)
  info.hsic_xy = unbiased(n, key, of_a, of_b)
  info.hsic_xx = unbiased(n, a.key, a.value, a.value)
  info.hsic_yy = unbiased(n, b.key, b.value, b.value)
  local value = 0 / 0
  if info.hsic_xx > 0 and info.hsic_yy > 0 then
    value = info.hsic_xy / math.sqrt(info.hsic_xx) / math.sqrt(info.hsic_yy)
  else
    info.undefined = "the unbiased estimate of a side with itself is not above 0"
  end
  return result.of("cknna", options.full, value, info)
end

return cknna
