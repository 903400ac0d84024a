-- CKA of every layer with every layer.

local core = require "sslkit.core"
local check = require "sslkit.check"
local engine = require "sslkit.metrics.engine.cka"
local hsic = require "sslkit.metrics.engine.hsic"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"
local two_sets = require "sslkit.metrics.engine.two_sets"

local function check_list(argn, list)
  if type(list) ~= "table" or #list == 0 then
    check.fail(argn, "list of tensors [N,D] expected, got %s", check.kind(list))
  end
  for _, z in ipairs(list) do
    check.tensor(argn, z, { dtype = "float", dim = 2 }, "list of tensors")
  end
end

-- All layers of both lists, with as many rows, all finite or, with "skip", those rows of each that are
-- finite in all; nil with "propagate" and something to propagate.
local function layers_of(xs, ys, policy)
  local all, argn = {}, {}
  for k, list in ipairs { xs, ys } do
    for _, z in ipairs(list) do
      all[#all + 1], argn[#all + 1] = rows.matrix(k, z), k
    end
  end
  local n, keep = core.len(all[1]), nil
  for i, z in ipairs(all) do
    if core.len(z) ~= n then
      check.fail(argn[i], "%d rows expected, as many as the first layer has, got %s", n,
        core.describe(z))
    end
    if policy == "skip" then
      local mask = rows.which_finite(z)
      keep = keep and core.logical_and(keep, mask) or mask
    elseif not rows.finite(argn[i], z, policy, 3) then
      return nil
    end
  end
  check.one_of(3, "nan", policy, { "error", "skip", "propagate" })
  if keep then
    if core.item(core.any(keep)) == 0 then check.fail(1, "no row is finite in all layers") end
    for i, z in ipairs(all) do all[i] = core.masked_select(z, keep) end
  end
  return all
end

-- Positions {i, j} in the list of all layers whose criteria are needed: each layer with itself, then
-- each of the first list with each of the second.
local function wanted_of(nx, ny, same)
  local wanted = {}
  for i = 1, same and nx or nx + ny do wanted[i] = { i, i } end
  for i = 1, nx do
    for j = same and i + 1 or 1, ny do wanted[#wanted + 1] = { i, same and j or nx + j } end
  end
  return wanted
end

local function by_rows(kernels, wanted, n) return hsic.of_kernels(n, kernels, wanted) end

local function by_columns(sides, wanted)
  local squares, out = {}, {}
  for i, side in ipairs(sides) do squares[i] = two_sets.squares(side) end
  for p, pair in ipairs(wanted) do
    local i, j = pair[1], pair[2]
    local name = i == j and "xx" or "xy"
    local sums = two_sets.products(sides[i], i ~= j and sides[j] or nil, { [name] = true })
    out[p] = hsic.of_product(sums[name], sides[i].n, squares[i], squares[j])
  end
  return out
end

local function linear(all, wanted)
  local sides, n, widest = {}, core.len(all[1]), 0
  for i, z in ipairs(all) do
    sides[i] = two_sets.side(z)
    widest = math.max(widest, sides[i].d)
  end
  if not hsic.by_rows(n, widest, widest) then return by_columns(sides, wanted) end
  local kernels = {}
  for i, side in ipairs(sides) do kernels[i] = hsic.linear(side) end
  return by_rows(kernels, wanted, n)
end

-- A layer whose median distance is 0 has no kernel: its criteria stay nil.
local function gaussian(all, wanted, options)
  all = rows.sample(all, options.max_rows, options.seed)
  local kernels, at, some, which = {}, {}, {}, {}
  for i, z in ipairs(all) do
    local kernel = engine.gaussian(z, options)
    if kernel then
      kernels[#kernels + 1] = kernel
      at[i] = #kernels
    end
  end
  for p, pair in ipairs(wanted) do
    if at[pair[1]] and at[pair[2]] then
      some[#some + 1] = { at[pair[1]], at[pair[2]] }
      which[#which + 1] = p
    end
  end
  local out = {}
  for q, terms in ipairs(by_rows(kernels, some, core.len(all[1]))) do out[which[q]] = terms end
  return out
end

--- CKA of every layer of one network with every layer of another, or of the same: like cka, with what
-- belongs to a single layer computed once.
-- @param xs list of float tensors [N,D], one a layer; widths may differ
-- @param ys list like xs, of the same samples, or nil for xs itself
-- @param options {kernel="linear" or "rbf", debiased=false, sigma=, fraction=1, max_rows=20000 (rbf),
-- seed=0, nan="error", "skip" (drops a row from all layers) or "propagate"}; see cka
-- @return float64 tensor [layers of xs, layers of ys]; NaN where a layer does not vary
-- @raise where the numbers of rows differ; on NaN or Inf, naming the row
-- @source Kornblith, Norouzi, Lee, Hinton 2019, "Similarity of neural network representations revisited", ICML, section 6
-- @example ssl.metrics.cka_matrix{ssl.eye(3), ssl.eye(3)} --> [[1., 1.], [1., 1.]] (2,2) float64
local function cka_matrix(xs, ys, options)
  options = check.options(3, options, {
    kernel = "linear", debiased = false, max_rows = 20000, seed = 0, nan = "error",
  }, { sigma = true, fraction = true })
  engine.check_kernel(3, options)
  check.integer(3, "max_rows", options.max_rows, 2)
  check.integer(3, "seed", options.seed)
  check_list(1, xs)
  local same = ys == nil
  if not same then check_list(2, ys) end
  local nx, ny = #xs, same and #xs or #ys
  local out = T.full({ nx, ny }, 0 / 0, "float64")
  local all = layers_of(xs, same and {} or ys, options.nan)
  if not all then return out end
  local wanted = wanted_of(nx, ny, same)
  local terms = (options.kernel == "linear" and linear or gaussian)(all, wanted, options)
  local n = math.min(core.len(all[1]), options.kernel == "rbf" and options.max_rows or math.huge)
  for p, pair in ipairs(wanted) do
    local i, j = pair[1], pair[2]
    local a, b = terms[i], terms[j]
    local value = a and b and engine.value(terms[p], a, b, options.debiased, n)
    if value then
      if same then
        out[{ i, j }], out[{ j, i }] = value, value
      elseif i ~= j then
        out[{ i, j - nx }] = value
      end
    end
  end
  return out
end

return cka_matrix
