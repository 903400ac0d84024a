-- Metrics of opened .npy files: the rows come in blocks, and are read again where that is needed.

local lfs = require "lfs"
local ssl = require "sslkit"

local m = ssl.metrics
local METRICS = { "rankme", "effective_rank", "participation_ratio", "stable_rank", "nesum",
  "matrix_entropy", "numerical_rank", "condition", "srank", "alpha_req", "spectrum_decay",
  "pca_dimension", "self_cluster", "coherence" }

local folder = os.tmpname()
os.remove(folder)
assert(lfs.mkdir(folder))

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

-- z in a file of its own, opened.
local count = 0
local function opened(z)
  count = count + 1
  local path = ("%s/%d.npy"):format(folder, count)
  assert(ssl.save(path, z))
  return assert(ssl.io.npy.open(path)), path
end

describe("metrics of opened files", function()
  teardown(function()
    for entry in lfs.dir(folder) do
      if entry:find "npy$" then os.remove(folder .. "/" .. entry) end
    end
    lfs.rmdir(folder)
  end)

  it("are those of the rows in memory", function()
    -- the second is large enough for a Gram matrix, the third rank deficient, the last wide
    local by_route = { rankme = true, condition = true, alpha_req = true, coherence = true }
    for seed, z in ipairs { randn(300, 20, 1) + 0.5, (randn(1500, 200, 2) + 0.3):float(),
      randn(1500, 30, 3):matmul(randn(30, 200, 4)), randn(40, 90, 5) } do
      local file <close> = opened(z)
      for _, name in ipairs(METRICS) do
        local centers = #z < 1500 and { false, true } or by_route[name] and { true } or {}
        for _, center in ipairs(centers) do
          local want, got = m[name](z, { center = center }), m[name](file, { center = center })
          -- the least of singular values that are rounding is not the same twice
          if name ~= "condition" or want < 1e12 then
            assert.is_true(math.abs(got - want) <= 1e-9 * math.abs(want),
              ("%s of case %d: %.17g, in memory %.17g"):format(name, seed, got, want))
          end
        end
        if #z < 1500 then
          assert.tensor_near(m[name](z), m[name](file), 1e-9 * m[name](z) + 1e-12)
        end
      end
      assert.tensor_near(m.nesum(z, { corr = true }), m.nesum(file, { corr = true }), 1e-9)
      assert.equal(ssl.metrics.spectrum(file).n, #z)
    end
  end)

  it("are read again where a Gram matrix does not answer", function()
    local z = randn(1500, 24, 3):matmul(randn(24, 200, 4))
    local file <close> = opened(z)
    local full = m.rankme(file, { full = true })
    assert.same({ "tsqr", true, 1500, 200 }, { full.route, full.certified, full.n, full.d })
    assert.equal("gram", m.rankme(file, { tolerance = 1, full = true }).route)
    local large <close> = opened(z * 2.0 ^ 900) -- squares of which are no numbers
    local tiny <close> = opened(z * 2.0 ^ -900)
    for _, one in ipairs { large, tiny } do
      assert.tensor_near(1, m.rankme(one) / full.value, 1e-9)
      assert.equal("tsqr", m.rankme(one, { full = true }).route)
    end
  end)

  it("take more rows than a block, and blocks that end anywhere", function()
    local z = randn(4099, 600, 6):float()
    local file <close> = opened(z)
    assert.tensor_near(1, m.rankme(z) / m.rankme(file), 1e-10)
    assert.tensor_near(1, m.self_cluster(z) / m.self_cluster(file), 1e-8)
  end)

  it("find NaN, and do as they are told", function()
    local z = randn(5000, 450, 7):float()
    z[{ 4990, 3 }] = 0 / 0
    z[{ 7, 1 }] = 0 / 0
    local file <close> = opened(z)
    assert.raises({ "stream_spec.lua:", "bad argument #1 to 'rankme'",
      "row 7 of (5000,450) float32 holds a NaN or an infinity" },
      function() print(m.rankme(file)) end)
    local clean = z:clone()
    clean[{ 7, 1 }] = 0
    local other <close> = opened(clean)
    assert.raises("row 4990 of (5000,450)", m.rankme, other)
    local full = m.rankme(file, { nan = "skip", full = true })
    assert.same({ 4998, 2 }, { full.n, full.n_skipped })
    assert.tensor_near(1, full.value / m.rankme(z, { nan = "skip" }), 1e-10)
    for _, name in ipairs { "rankme", "coherence", "self_cluster", "alpha_req" } do
      full = m[name](file, { nan = "propagate", full = true })
      is_nan(full.value)
      assert.matches("row 7 ", full.undefined)
    end
    is_nan(m.nesum(file, { corr = true, nan = "propagate" }))
    local none <close> = opened(ssl.full({ 300, 2 }, math.huge))
    assert.raises("every row of (300,2) float32 holds", m.rankme, none, { nan = "skip" })
  end)

  it("raise what has become of the file", function()
    local file <close>, path = opened(randn(9000, 300, 8))
    local whole = io.open(path, "rb"):read "a"
    local short = assert(io.open(path, "wb"))
    short:write(whole:sub(1, #whole // 2))
    short:close()
    local message = assert.raises({ "bad argument #1 to 'rankme'", path, "truncated" },
      m.rankme, file)
    assert.is_nil(message:find "stream.lua")
    file:close()
    assert.raises("is closed", m.rankme, file)
  end)

  it("refuse what has no rows of floats", function()
    local whole <close> = opened(ssl.ones({ 4, 3 }, "int64"))
    local cube <close> = opened(ssl.ones(4, 3, 2))
    local none <close> = opened(ssl.ones(0, 3))
    assert.raises("file of dtype float expected, got (4,3) int64", m.rankme, whole)
    assert.raises("file with 2 dimensions expected, got (4,3,2) float32", m.nesum, cube)
    assert.raises("at least one row and one column expected, got (0,3) float32", m.srank, none)
    local fine <close> = opened(ssl.ones(4, 3))
    assert.raises("nan must be one of error, skip, propagate", m.rankme, fine, { nan = "drop" })
  end)

  it("are those of lidar, in both shapes", function()
    local z = ssl.randn({ 300, 4, 30 }, { generator = ssl.generator(9) })
      + ssl.randn({ 300, 1, 30 }, { generator = ssl.generator(10) })
    local file <close> = opened(z)
    local flat <close> = opened(z:view(1200, 30))
    assert.tensor_near(m.lidar(z), m.lidar(file), 1e-10)
    assert.tensor_near(m.lidar(z), m.lidar(flat, { q = 4 }), 1e-10)
    assert.raises("and the option q", m.lidar, flat)
    z[{ 200, 2, 1 }] = 0 / 0
    local bad <close> = opened(z)
    assert.raises("row 798 holds a NaN", m.lidar, bad)
    assert.equal(299, m.lidar(bad, { nan = "skip", full = true }).n)
  end)

  it("centre as they are told, and a row alone is NaN", function()
    local alone <close> = opened(ssl.ones(1, 4))
    is_nan(m.effective_rank(alone))
    assert.equal(1, m.rankme(alone))
    local constant <close> = opened(ssl.full({ 600, 4 }, 0.1))
    assert.equal(0, m.effective_rank(constant))
    assert.tensor_near(1, m.rankme(constant), 1e-12)
    assert.equal(0, m.rankme(constant, { center = true }))
  end)
end)
