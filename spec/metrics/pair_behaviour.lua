-- What every metric of two representations does with rows that are not finite, and with arguments
-- that do not fit: describes it for the metric of that name, called with options of its own.

local ssl = require "sslkit"

local function near(expected, got, tol) assert.tensor_near(expected, got, tol or 1e-12) end
local function is_nan(x) assert.is_true(x ~= x, tostring(x) .. " is no NaN") end

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

local function pair(n, dx, dy, seed)
  local x = randn(n, dx, seed)
  return x, x:matmul(randn(dx, dy, seed + 100)) + 2 * randn(n, dy, seed + 200)
end

return function(name, options)
  local f = ssl.metrics[name]
  it("has a policy on NaN", function()
    local x, y = pair(30, 3, 4, 1)
    local a, b = x:clone(), y:clone()
    a[{ 2, 1 }], b[{ 5, 3 }] = 0 / 0, math.huge
    local function with(nan, full)
      local o = { nan = nan, full = full }
      for k, v in pairs(options or {}) do o[k] = v end
      return o
    end
    assert.raises({ "bad argument #1 to '" .. name, "row 2" }, f, a, y, options)
    assert.raises({ "bad argument #2 to '" .. name, "row 5" }, f, x, b, options)
    local keep = ssl.ones({ 30 }, "uint8")
    keep[2], keep[5] = 0, 0
    local r = f(a, b, with("skip", true))
    near(f(x[keep], y[keep], options), r.value, 0)
    assert.same({ 28, 2 }, { r.n, r.n_skipped })
    is_nan(f(a, y, with "propagate"))
    assert.matches("row 5", f(x, b, with("propagate", true)).undefined)
    assert.raises("nan must be one of error, skip, propagate", f, x, y, with "no")
  end)

  it("reads views and both floats, and does not depend on threads", function()
    local x, y = pair(30, 3, 4, 2)
    local before = ssl.get_threads()
    local value = f(x, y, options)
    near(value, f(x:t():clone():t(), y:t():clone():t(), options), 0)
    near(f(x:float():double(), y, options), f(x:float(), y, options), 1e-9)
    ssl.set_threads(1)
    near(value, f(x, y, options), 0)
    ssl.set_threads(before)
  end)

  it("refuses what does not fit", function()
    local x = randn(30, 3, 3)
    assert.raises({ "bad argument #2 to '" .. name, "30 rows expected" }, f, x, randn(29, 3, 1))
    assert.raises("tensor expected, got nil", f, x)
    assert.raises("tensor of dtype float expected, got (30,3) int64", f, x:long(), x)
    assert.raises("at least one row", f, ssl.zeros(0, 3), ssl.zeros(0, 3))
    assert.raises("unknown option 'kk'", f, x, x, { kk = 1 })
    local huge = ssl.ones(1, 1):expand(2 ^ 34 // 1 | 0, 4)
    assert.is_false(pcall(f, huge, huge))
  end)
end
