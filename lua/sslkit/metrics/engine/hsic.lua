-- The Hilbert-Schmidt independence criterion of two kernels on the same rows: how far the two agree
-- about which rows are alike. Biased, as a sum without its factor 1 / (n - 1)^2, which cancels in
-- every use here; and unbiased, from what lies off the diagonals.

local core = require "sslkit.core"
local panels = require "sslkit.metrics.engine.panels"
local two_sets = require "sslkit.metrics.engine.two_sets"
local T = require "sslkit.tensor"

local hsic = {}

local FEWEST = 4 -- rows for an unbiased estimate

-- From the sums over i ~= j of the products of both kernels, of each, and of the products of their
-- sums of rows.
local function unbiased(n, inner, a, b, rows)
  if n < FEWEST then return 0 / 0 end
  return (inner + a * b / ((n - 1) * (n - 2)) - 2 / (n - 2) * rows) / (n * (n - 3))
end

-- {== Linear kernels, from products of columns ==============================================

--- From the product of two sides, and, for the unbiased estimate, from the squared lengths of both's
-- rows: the sum of their products, and the sums of each.
function hsic.of_sums(product, n, inner, a, b)
  local biased = product:square():sum():item()
  if not inner then return { biased = biased } end
  if n < FEWEST then return { biased = biased, unbiased = 0 / 0 } end
  return {
    biased = biased,
    unbiased = (biased - n / (n - 2) * inner + a * b / ((n - 1) * (n - 2))) / (n * (n - 3)),
  }
end

--- From the product of two sides, and the squared lengths of both's rows (or nil).
function hsic.of_product(product, n, a, b)
  if not a then return hsic.of_sums(product, n) end
  return hsic.of_sums(product, n, (a * b):sum():item(), a:sum():item(), b:sum():item())
end

-- ==}

-- {== Any kernels, from products of rows ====================================================

--- Is it cheaper so for linear kernels?
function hsic.by_rows(n, dx, dy) return n * (dx + dy) < dx * dy + dx * dx + dy * dy end

--- The linear kernel of a side.
function hsic.linear(side)
  local z = two_sets.centered(side)
  return { of = panels.linear(z, z), diagonal = two_sets.squares(side) }
end

--- The Gaussian kernel of rows. A wide one is taken less one, which neither estimate sees, and which
-- would cost it its digits; a narrow one as it is, since it would lose its own against that one.
function hsic.gaussian(z, sigma)
  local square = 2 * T.var(z, 1, { ddof = 0 }):sum():item() -- the mean square distance
  local narrow = not (square < sigma * sigma)
  return {
    of = panels.gaussian(z, z, { sigma }, narrow),
    diagonal = T.full({ core.len(z) }, narrow and 1 or 0, "float64"),
  }
end

local function dot(a, b) return (a * b):sum():item() end

--- For pairs {i, j} of positions in a list of kernels on n rows: a list of {biased=, unbiased=}.
function hsic.of_kernels(n, kernels, wanted)
  local inner, rows = {}, {}
  for p in ipairs(wanted) do inner[p] = 0 end
  for k in ipairs(kernels) do rows[k] = T.zeros({ n }, "float64") end
  panels.each(n, nil, function(i0, i1, j0, j1, diagonal)
    local panel = {}
    for k, kernel in ipairs(kernels) do
      panel[k] = panels.upper(kernel.of(i0, i1, j0, j1), diagonal)
      core.narrow(rows[k], 1, i0, i1):add_(core.sum(panel[k], 2))
      core.narrow(rows[k], 1, j0, j1):add_(core.sum(panel[k], 1))
    end
    for p, pair in ipairs(wanted) do
      inner[p] = inner[p] + 2 * dot(panel[pair[1]], panel[pair[2]])
    end
  end)
  local out = {}
  for p, pair in ipairs(wanted) do
    local i, j = pair[1], pair[2]
    local a, b, da, db = rows[i], rows[j], kernels[i].diagonal, kernels[j].diagonal
    local whole_a, whole_b = a + da, b + db
    out[p] = {
      biased = inner[p] + dot(da, db) - 2 / n * dot(whole_a, whole_b)
        + whole_a:sum():item() * whole_b:sum():item() / (n * n),
      unbiased = unbiased(n, inner[p], a:sum():item(), b:sum():item(), dot(a, b)),
    }
  end
  return out
end

-- ==}

return hsic
