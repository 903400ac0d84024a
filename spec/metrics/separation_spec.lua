local ssl = require "sslkit"

local fixture = dofile "spec/fixtures/metrics_labels.lua"
local M = ssl.metrics
local all = { "fisher", "eta_squared", "calinski_harabasz", "davies_bouldin", "silhouette",
  "tolerance" }

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-11) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end
local function ids(list) return ssl.tensor(list, "int64") end

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function randint(n, k, seed)
  return ssl.randint(1, k, { n }, { generator = ssl.generator(seed) })
end

local line, pairs_of_two = ssl.tensor { { 0 }, { 1 }, { 4 }, { 6 } }, ids { 1, 1, 2, 2 }

local function dot(a, b)
  local sum = 0
  for j = 1, #a do sum = sum + a[j] * b[j] end
  return sum
end

local function square(a, b)
  local sum = 0
  for j = 1, #a do sum = sum + (a[j] - b[j]) ^ 2 end
  return sum
end

local function unit(row)
  local norm, out = math.sqrt(dot(row, row)), {}
  for j, v in ipairs(row) do out[j] = norm > 0 and v / norm or 0 end
  return out
end

local distances = {
  euclidean = function(a, b) return math.sqrt(square(a, b)) end,
  sql2 = square,
  cosine = function(a, b) return 1 - dot(unit(a), unit(b)) end,
}

-- Rows, labels, and by label: rows, mean.
local function grouped(z, y)
  local rows, labels, groups, names = z:double():totable(), y:totable(), {}, {}
  for i, row in ipairs(rows) do
    local label = labels[i]
    if not groups[label] then
      groups[label] = { mean = {} }
      names[#names + 1] = label
    end
    table.insert(groups[label], row)
  end
  table.sort(names)
  for _, group in pairs(groups) do
    for j = 1, z:size(2) do
      local sum = 0
      for _, row in ipairs(group) do sum = sum + row[j] end
      group.mean[j] = sum / #group
    end
  end
  return rows, labels, groups, names
end

local function silhouette_twin(z, y, metric)
  local rows, labels, groups = grouped(z, y)
  local samples, sum = {}, 0
  for i, row in ipairs(rows) do
    local own, other = 0, math.huge
    for label, group in pairs(groups) do
      local total = 0
      for _, r in ipairs(group) do
        if r ~= row then total = total + distances[metric](row, r) end
      end
      if label == labels[i] then own = total / (#group - 1)
      else other = math.min(other, total / #group) end
    end
    local larger = math.max(own, other)
    samples[i] = #groups[labels[i]] > 1 and larger > 0 and (other - own) / larger or 0
    sum = sum + samples[i] / #rows
  end
  return sum, samples
end

local function simplified_twin(z, y)
  local rows, labels, groups = grouped(z, y)
  local sum = 0
  for i, row in ipairs(rows) do
    local own, other = 0, math.huge
    for label, group in pairs(groups) do
      local distance = distances.euclidean(row, group.mean)
      if label == labels[i] then own = distance else other = math.min(other, distance) end
    end
    if #groups[labels[i]] > 1 then sum = sum + (other - own) / math.max(own, other) / #rows end
  end
  return sum
end

-- Traces of the scatters within and between, and the matrices by their definition.
local function scatters(z, y)
  local rows, labels, groups = grouped(z, y)
  local d = z:size(2)
  local within, between = ssl.zeros({ d, d }, "float64"), ssl.zeros({ d, d }, "float64")
  local mean = z:double():mean(1)
  for i, row in ipairs(rows) do
    local m = ssl.tensor(groups[labels[i]].mean, "float64")
    local a, b = ssl.tensor(row, "float64") - m, m - mean
    within = within + a:unsqueeze(2) * a:unsqueeze(1)
    between = between + b:unsqueeze(2) * b:unsqueeze(1)
  end
  return within, between
end

local function davies_bouldin_twin(z, y)
  local _, _, groups, names = grouped(z, y)
  local sum = 0
  for _, group in pairs(groups) do
    group.spread = 0
    for _, row in ipairs(group) do
      group.spread = group.spread + math.sqrt(square(row, group.mean)) / #group
    end
  end
  for _, a in pairs(groups) do
    local worst = 0
    for _, b in pairs(groups) do
      if a ~= b then
        worst = math.max(worst, (a.spread + b.spread) / math.sqrt(square(a.mean, b.mean)))
      end
    end
    sum = sum + worst / #names
  end
  return sum
end

-- Mean cosines of pairs of one class: all, by class, and the paper's.
local function tolerance_twin(z, y)
  local _, _, groups = grouped(z, y)
  local sum, count, macro, classes, paper = 0, 0, 0, 0, 0
  for _, group in pairs(groups) do
    local own = 0
    for i, a in ipairs(group) do
      for j, b in ipairs(group) do
        local cosine = dot(unit(a), unit(b))
        paper = paper + cosine / (#z) ^ 2
        if i ~= j then own = own + cosine end
      end
    end
    if #group > 1 then
      macro, classes = macro + own / (#group * (#group - 1)), classes + 1
      sum, count = sum + own, count + #group * (#group - 1)
    end
  end
  return sum / count, macro / classes, paper
end

describe("separation of classes", function()
  it("gives the worked numbers", function()
    local s = M.silhouette(line, pairs_of_two, { full = true })
    near(0.653733766234, s.value)
    near({ 0.8, 0.75, 0.428571428571, 0.636363636364 }, s.samples)
    near({ 0.775, 0.532467532468 }, s.per_class)
    near(0.826866883117, M.silhouette(line, pairs_of_two, { simplified = true }))
    near(1 / 3, M.davies_bouldin(line, pairs_of_two))
    near(16.2, M.calinski_harabasz(line, pairs_of_two))
    local rows, y = {}, {}
    for c = -1, 1, 2 do
      for a = -1, 1, 2 do
        for b = -1, 1, 2 do rows[#rows + 1], y[#y + 1] = { c + a, b }, c end
      end
    end
    local f = M.fisher(ssl.tensor(rows), ids(y), { ridge = 0, full = true })
    near(1, f.value)
    near(0.5, f.trace_ratio)
    near(1 / 3, f.eta_squared)
    near({ 1 }, f.eigenvalues)
    near(1 / 3, M.eta_squared(ssl.tensor(rows), ids(y)))
    local z = ssl.tensor { { 1, 0 }, { 0, 1 }, { -1, 0 }, { -1, 0 } }
    near(0.5, M.tolerance(z, pairs_of_two))
    near(0.75, M.tolerance(z, pairs_of_two, { include_diagonal = true }))
    near(0.375, M.tolerance(z, pairs_of_two, { mode = "paper" }))
    near(0.5, M.tolerance(z, pairs_of_two, { mode = "macro" }))
  end)

  -- The pixels are whole numbers: both sides are off by rounding alone.
  it("is scikit-learn's and NumPy's on the digits", function()
    local data, clusters = ssl.data.digits(), {}
    for code in fixture.clusters:gmatch "." do clusters[#clusters + 1] = tonumber(code, 16) end
    local x = data.x:reshape(#data.x, 64):float()
    local both = { [data.y] = fixture.separation, [ids(clusters)] = fixture.clustering }
    for labels, f in pairs(both) do
      for _, metric in ipairs { "euclidean", "sql2", "cosine" } do
        local s = M.silhouette(x, labels, { metric = metric, full = true })
        near(f["silhouette_" .. metric], s.value)
        near(f["silhouette_" .. metric .. "_last"], s.samples[-1])
      end
      near(1, M.calinski_harabasz(x, labels) / f.calinski_harabasz)
      near(f.davies_bouldin, M.davies_bouldin(x, labels))
    end
    local f = fixture.separation
    near(1, M.fisher(x, data.y) / f.fisher)
    near(1, M.fisher(x, data.y, { ridge = 0.1 }) / f.fisher_ridge)
    near(f.eta_squared, M.eta_squared(x, data.y))
    near(f.tolerance, M.tolerance(x, data.y))
    near(f.tolerance_macro, M.tolerance(x, data.y, { mode = "macro" }))
    near(f.tolerance_paper, M.tolerance(x, data.y, { mode = "paper" }))
  end)

  it("is its definition, with gaps and negative labels, repeated and zero rows", function()
    for seed = 1, 4 do
      local n, d = 40 + 7 * seed, 3 + seed
      local z = randn(n, d, seed, seed % 2 == 0 and "float32" or nil) + seed
      local y = randint(n, 3 + seed, seed) * 1000 - 2500
      z[3], z[9] = z[5], 0
      y[4] = 77 -- alone in its class
      for metric in pairs(distances) do
        local value, samples = silhouette_twin(z, y, metric)
        local got = M.silhouette(z, y, { metric = metric, full = true })
        near(value, got.value)
        near(samples, got.samples)
      end
      near(simplified_twin(z, y), M.silhouette(z, y, { simplified = true }))
      near(davies_bouldin_twin(z, y), M.davies_bouldin(z, y))
      local within, between = scatters(z, y)
      local w, b = within:diagonal():sum():item(), between:diagonal():sum():item()
      local k = #y:unique()
      near(b / (k - 1) / (w / (n - k)), M.calinski_harabasz(z, y))
      near(b / (b + w), M.eta_squared(z, y))
      local inverse = ssl.linalg.inv(within + ssl.eye(d, "float64") * (0.01 * w / d))
      near(inverse:matmul(between):diagonal():sum():item(), M.fisher(z, y, { ridge = 0.01 }))
      local t, macro, paper = tolerance_twin(z, y)
      near(t, M.tolerance(z, y))
      near(macro, M.tolerance(z, y, { mode = "macro" }))
      near(paper, M.tolerance(z, y, { mode = "paper" }))
      assert.equal(1, M.tolerance(z, y, { full = true }).n_zero)
    end
  end)

  it("has the eigenvalues of discriminant analysis", function()
    local z, y = randn(60, 5, 3), randint(60, 3, 3)
    local f = M.fisher(z, y, { ridge = 0, full = true })
    local within, between = scatters(z, y)
    local l = ssl.linalg.cholesky(within)
    local half = ssl.linalg.solve_triangular(l, between)
    local w = ssl.linalg.eigvalsh(ssl.linalg.solve_triangular(l, half:t()))
    near({ w[5], w[4] }, f.eigenvalues)
    near(f.value, w[5] + w[4])
  end)

  it("crosses the tiles of the silhouette", function()
    for _, n in ipairs { 1007, 1008, 1009, 2100 } do
      local z, y = randn(n, 3, n), randint(n, 5, n)
      local distance = z:cdist(z)
      local one_hot = ssl.one_hot(y, 5):double()
      local count = one_hot:sum(1)
      local apart = distance:matmul(one_hot) / count
      local at = y:unsqueeze(2)
      local own = (apart * count):gather(2, at):squeeze(2) / (count:index(1, y) - 1)
      local other = apart:clone():scatter_(2, at, math.huge):amin(2)
      near(((other - own) / own:maximum(other)):mean():item(), M.silhouette(z, y))
    end
  end)

  it("does not see rotation, shift or scale, nor the order of rows and names of classes", function()
    local z, y = randn(90, 6, 2), randint(90, 4, 2)
    local _, q = ssl.linalg.eigh(z:t():matmul(z))
    local order = ssl.randperm(90)
    for _, name in ipairs(all) do
      local f, value = M[name], M[name](z, y)
      near(value, f(z:matmul(q), y), 1e-10)
      near(value, f(z[order], y[order]))
      near(value, f(z, y * -3))
      near(value, f(z * 2.0 ^ 900, y))
      near(value, f(z * 2.0 ^ -900, y))
      if name ~= "tolerance" then near(value, f(z + 1000, y), 1e-9) end
    end
    -- Fisher's alone does not see any linear map; the ridge does
    local map = randn(6, 6, 4)
    near(M.fisher(z, y, { ridge = 0 }), M.fisher(z:matmul(map), y, { ridge = 0 }), 1e-9)
  end)

  it("keeps its digits for classes a million times tighter than they are apart", function()
    local noise, y = randn(300, 4, 1), randint(300, 3, 1)
    local centers = ssl.tensor({ { 1, 0, 0, 5 }, { 0, 2, 0, 7 }, { 0, 0, 3, 9 } }, "float64")
    local step = 2.0 ^ -20 -- and so few bits of noise that the sums are exact
    noise = (noise * 1024):round() / 1024
    local z = centers[y] + noise * step
    local within = scatters(noise, y):diagonal():sum():item() * step ^ 2
    local eta = M.eta_squared(z, y, { full = true })
    near(1, eta.within / within, 1e-12)
    near(1, M.fisher(z, y, { ridge = 0, full = true }).trace_ratio / (eta.between / within), 1e-12)
  end)

  it("is the same for float32 and float64, for views, and for any number of threads", function()
    local z, y = randn(700, 40, 5, "float32"), randint(700, 6, 5)
    local wide, before = z:t():contiguous():t(), ssl.get_threads()
    for _, name in ipairs(all) do
      local value = M[name](z, y)
      assert.equal(value, M[name](z:double(), y))
      assert.equal(value, M[name](wide, ssl.stack({ y, y }, 2):select(2, 1)))
      ssl.set_threads(1)
      assert.equal(value, M[name](z, y))
      ssl.set_threads(3)
      assert.equal(value, M[name](z, y))
      ssl.set_threads(before)
    end
  end)

  it("handles fewer rows than columns", function()
    local z, y = randn(12, 30, 6), randint(12, 3, 6)
    for _, name in ipairs(all) do
      local value = M[name](z, y)
      assert.is_true(value == value and math.abs(value) < math.huge, name)
    end
    local f = M.fisher(z, y, { ridge = 0, full = true })
    is_nan(f.value)
    assert.matches("singular; see the option ridge", f.undefined)
  end)
end)
