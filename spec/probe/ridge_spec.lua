local ssl = require "sslkit"

local ridge = ssl.probe.ridge

local function randn(n, d, seed, dtype)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = dtype or "float64" })
end

local function classes(n, k, seed)
  return ssl.randint(1, k, { n }, { generator = ssl.generator(seed) })
end

-- Gaussian elimination: x with a x = b, tables of rows.
local function solve(a, b)
  local n = #a
  for i = 1, n do
    local p = i
    for r = i + 1, n do
      if math.abs(a[r][i]) > math.abs(a[p][i]) then p = r end
    end
    a[i], a[p], b[i], b[p] = a[p], a[i], b[p], b[i]
    for r = 1, n do
      if r ~= i then
        local f = a[r][i] / a[i][i]
        for c = i, n do a[r][c] = a[r][c] - f * a[i][c] end
        for c = 1, #b[r] do b[r][c] = b[r][c] - f * b[i][c] end
      end
    end
  end
  for i = 1, n do
    for c = 1, #b[i] do b[i][c] = b[i][c] / a[i][i] end
  end
  return b
end

-- Scores of test rows by the normal equations.
local function twin(z, y, k, q, lambda)
  local target = ssl.zeros({ #z, k }, "float64"):scatter_(2, y:unsqueeze(2), 1)
  local mean, target_mean = z:mean(1), target:mean(1)
  local x = z - mean
  local gram = x:t():matmul(x) + ssl.eye(z:size(2), "float64") * lambda
  local w = solve(gram:totable(), x:t():matmul(target - target_mean):totable())
  return (q - mean):matmul(ssl.tensor(w, "float64")) + target_mean
end

describe("ridge", function()
  it("counts the digits", function()
    local ds = ssl.data.digits()
    local z = ds.x:reshape(1797, 64):float() / 16
    local train, test = z:narrow(1, 1, 1000), z:narrow(1, 1001, 1797)
    local train_y, test_y = ds.y:narrow(1, 1, 1000), ds.y:narrow(1, 1001, 1797)
    local want = { { 0.01, .032723, 944, 714 }, { 0.1, .032607, 946, 713 },
      { 1, .032396, 947, 713 }, { 10, .032774, 947, 721 }, { 100, .040864, 933, 717 } }
    for _, row in ipairs(want) do
      local r = ridge(train, train_y, test, test_y, { lambdas = row[1] })
      assert.tensor_near(row[2], r.loo_mse, 6e-7)
      assert.equal(row[3], math.floor(r.loo_accuracy * 1000 + 0.5))
      assert.equal(row[4], math.floor(r.accuracy * 797 + 0.5))
    end
    local r = ridge(train, train_y, test, test_y, { lambdas = { 0.01, 0.1, 1, 10, 100 } })
    assert.equal(1, r.lambda) -- 947 like 10, and the smaller error
    assert.is_false(r.edge)
    for i, row in ipairs(want) do assert.tensor_near(row[2], r.path[i].loo_mse, 6e-7) end
    assert.equal("accuracy 0.8946 on 797 (ridge, lambda=1)", tostring(r))
  end)

  it("is the solution of the normal equations", function()
    for seed = 1, 3 do
      local z, q = randn(30, 4 + seed, seed) + 2, randn(9, 4 + seed, seed + 20)
      local y = classes(30, 3, seed)
      for _, lambda in ipairs { 0.01, 3 } do
        local r = ridge(z, y, q, classes(9, 3, 5), { lambdas = lambda })
        assert.tensor_near(twin(z, y, 3, q, lambda), r.scores, 1e-10)
      end
    end
  end)

  it("leaves one out exactly, with more rows than columns and with fewer", function()
    for _, shape in ipairs { { 14, 3 }, { 9, 20 }, { 12, 12 } } do
      local n, d = shape[1], shape[2]
      local z, y = randn(n, d, n), classes(n, 3, d)
      y[1], y[2], y[3], y[4], y[5], y[6] = 1, 1, 2, 2, 3, 3 -- none vanishes with a row
      for _, lambda in ipairs { 0.1, 10 } do
        local hits, error = 0, 0
        for i = 1, n do
          local rest = {}
          for j = 1, n do
            if j ~= i then rest[#rest + 1] = j end
          end
          rest = ssl.tensor(rest, "int64")
          local r = ridge(z[rest], y[rest], z[{ { i, i }, {} }], y:narrow(1, i, i),
            { lambdas = lambda })
          hits = hits + r.accuracy
          for c = 1, 3 do error = error + (r.scores[{ 1, c }] - (y[i] == c and 1 or 0)) ^ 2 end
        end
        local r = ridge(z, y, z, y, { lambdas = lambda })
        assert.tensor_near(hits / n, r.loo_accuracy, 1e-12)
        assert.tensor_near(1, r.loo_mse / (error / n / 3), 1e-9)
      end
    end
  end)

  it("chooses by accuracy, then by error, and flags an edge", function()
    local z, y = randn(60, 5, 1), classes(60, 2, 1)
    local r = ridge(z, y, z, y)
    assert.equal(9, #r.path)
    local best = r.path[1]
    for _, p in ipairs(r.path) do
      if p.loo_accuracy > best.loo_accuracy
        or p.loo_accuracy == best.loo_accuracy and p.loo_mse < best.loo_mse then
        best = p
      end
    end
    assert.same({ best.lambda, best.loo_accuracy, best.loo_mse },
      { r.lambda, r.loo_accuracy, r.loo_mse })
    assert.equal(best == r.path[1] or best == r.path[9], r.edge)
    local spread = ssl.var(z, 1, { ddof = 0 }):mean():item() * 60
    assert.tensor_near(1, r.path[1].lambda / (spread * 1e-6), 1e-12)
    assert.tensor_near(1, r.path[9].lambda / (spread * 1e2), 1e-12)
    assert.is_true(ridge(z, y, z, y, { lambdas = { 1e6, 1e7 } }).edge)
    assert.is_false(ridge(z, y, z, y, { lambdas = { 1e6 } }).edge)
  end)

  it("standardises on request", function()
    local z, y = randn(40, 3, 2), classes(40, 3, 2)
    local scaled = (z - z:mean(1)) / ssl.std(z, 1, { ddof = 0 })
    local a = ridge(z, y, z, y, { lambdas = 2, standardize = true })
    assert.tensor_near(ridge(scaled, y, scaled, y, { lambdas = 2 }).scores, a.scores, 1e-11)
    local wild = z * ssl.tensor({ 1e-6, 1, 1e6 }, "float64") + 1e3
    local b = ridge(wild, y, wild, y, { lambdas = 2, standardize = true })
    assert.tensor_near(a.scores, b.scores, 1e-5)
  end)

  it("knows the edges", function()
    local y = classes(6, 2, 3)
    y[1], y[2] = 1, 2
    local constant = ridge(ssl.ones(6, 3), y, ssl.ones(2, 3), y:narrow(1, 1, 2))
    local share = y:eq(2):double():mean():item()
    assert.tensor_near({ { 1 - share, share }, { 1 - share, share } }, constant.scores, 1e-12)
    assert.equal(9, #constant.path)
    local alone = ridge(ssl.ones(1, 2), y:narrow(1, 1, 1), ssl.ones(1, 2), y:narrow(1, 1, 1))
    assert.equal(1, alone.accuracy)
    -- as many directions as rows: each row is fitted exactly without a penalty
    local full = ridge(randn(6, 9, 4), y, randn(6, 9, 4), y, { lambdas = 0 })
    assert.equal(1, full.accuracy)
    assert.is_true(full.path[1].clamped)
    local z = randn(12, 4, 5)
    local f32 = ridge(z:float(), classes(12, 2, 6), z:float(), classes(12, 2, 6), { lambdas = 1 })
    assert.equal("float64", f32.scores:dtype())
    assert.raises("lambdas must be a list of numbers", ridge, z, classes(12, 2, 6), z,
      classes(12, 2, 6), { lambdas = {} })
    assert.raises("lambda must be in 0..inf, got -1", ridge, z, classes(12, 2, 6), z,
      classes(12, 2, 6), { lambdas = { 1, -1 } })
    assert.raises("unknown option 'alphas'", ridge, z, classes(12, 2, 6), z, classes(12, 2, 6),
      { alphas = 1 })
    assert.raises({ "bad argument #2 to 'ridge'", "labels expected, got nil" }, ridge, z)
  end)
end)
