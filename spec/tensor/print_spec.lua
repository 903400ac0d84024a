-- How tensors look: exact strings.

local ssl = require "sslkit"

local nan, inf = 0 / 0, math.huge

local function looks(text, t) assert.equal(text, tostring(t)) end

describe("a printed tensor", function()
  local before

  setup(function() before = ssl.set_printoptions { linewidth = 79 } end) -- not the terminal's
  teardown(function() ssl.set_printoptions(before) end)

  it("of 0 dimensions is a number", function()
    looks("2.5", ssl.tensor(2.5))
    looks("3.0", ssl.tensor(3))
    looks("1e+20", ssl.tensor(1e20))
    looks("0.1", ssl.tensor(0.1))
    looks("0.12345678901234", ssl.tensor(0.1234567890123414, "float64"))
    looks("-7", ssl.tensor(-7, "int64"))
    looks("nan", ssl.tensor(nan))
    looks("nan", ssl.tensor(-nan))
    looks("-inf", ssl.tensor(-inf))
  end)

  it("has aligned columns and one format for all its elements", function()
    looks("[1., 2., 3.] (3) float32", ssl.tensor { 1, 2, 3 })
    looks("[ 1.5000, -2.0000,     nan,     inf] (4) float32", ssl.tensor { 1.5, -2, nan, inf })
    looks("[nan,  1.] (2) float32", ssl.tensor { -nan, 1 })
    looks("[-inf,  nan] (2) float32", ssl.tensor { -inf, nan })
    looks("[ 0., -0.] (2) float32", ssl.tensor { 0.0, -0.0 })
    looks("[0.3333] (1) float64", ssl.tensor({ 1 / 3 }, "float64"))
    looks("[12345.6777,     0.0010] (2) float32", ssl.tensor { 12345.678, 0.001 })
    looks("[[  1, 200],\n [ -3,   4]] (2,2) int64", ssl.tensor({ { 1, 200 }, { -3, 4 } }, "int64"))
    looks("[1, 0] (2) uint8", ssl.tensor({ true, false }, "uint8"))
    looks("[9223372036854775807] (1) int64", ssl.tensor({ math.maxinteger }, "int64"))
  end)

  it("takes the scientific form where four decimals would say nothing", function()
    looks("[1.0000e-05, 1.0000e+00] (2) float32", ssl.tensor { 1e-5, 1 })
    looks("[1.0000e+09, 1.0000e+00] (2) float32", ssl.tensor { 1e9, 1 })
    looks("[4.9407e-324] (1) float64", ssl.tensor({ 5e-324 }, "float64"))
    looks("[99999992.,        1.] (2) float32", ssl.tensor { 99999992, 1 })
    local t = ssl.ones(30) / 2 -- one small number among many does not
    t[1] = 4e-5
    assert.truthy(tostring(t):find "^%[0%.0000, 0%.5000, ")
    t[{ { 1, 2 } }] = 4e-5
    assert.truthy(tostring(t):find "^%[4%.0000e%-05, ")
  end)

  it("nests, with empty lines between blocks", function()
    looks("[[[1., 2.],\n  [3., 4.]],\n\n [[5., 6.],\n  [7., 8.]]] (2,2,2) float32",
      ssl.arange(1, 8):view(2, 2, 2))
    looks("[[[[0.]]]] (1,1,1,1) float32", ssl.zeros(1, 1, 1, 1))
    looks("[[1., 4.],\n [2., 5.],\n [3., 6.]] (3,2) float32", ssl.arange(1, 6):view(2, 3):t())
  end)

  it("says what an empty one is", function()
    looks("[] (0) float32", ssl.zeros(0))
    looks("[] (2,0,3) uint8", ssl.zeros(2, 0, 3, "uint8"))
  end)

  it("breaks long rows", function()
    looks("[0.3333, 0.6667, 1.0000, 1.3333, 1.6667, 2.0000, 2.3333, 2.6667, 3.0000,\n"
      .. " 3.3333, 3.6667, 4.0000] (12) float32", ssl.arange(1, 12) / 3)
  end)

  it("leaves out the middle of what is large", function()
    looks("[   1.,    2.,    3., ...,  999., 1000., 1001.] (1001) float32", ssl.arange(1, 1001))
    looks("[[   1,    2,    3, ...,  298,  299,  300],\n"
      .. " [ 301,  302,  303, ...,  598,  599,  600],\n"
      .. " [ 601,  602,  603, ...,  898,  899,  900],\n"
      .. " [ 901,  902,  903, ..., 1198, 1199, 1200]] (4,300) int64",
      ssl.arange(1, 1200, 1, "int64"):view(4, 300))
    looks("[1., 1., 1., ..., 1., 1., 1.] (1099511627776) float32", ssl.ones(1):expand(1 << 40))
    local tall = tostring(ssl.zeros(500, 2, 2))
    local _, dots = tall:gsub("\n %.%.%.,\n", "")
    assert.equal(1, dots)
    local _, lines = tall:gsub("\n", "")
    assert.equal(18, lines)
  end)

  it("follows the settings, which can be given back", function()
    local old = ssl.set_printoptions { precision = 1, threshold = 4, edgeitems = 1 }
    looks("[0.2, ..., 1.2] (5) float32", ssl.arange(1, 5) / 4 - 0.05)
    ssl.set_printoptions { sci_mode = true }
    looks("[2.0e+00] (1) float32", ssl.tensor { 2 })
    ssl.set_printoptions { sci_mode = false, precision = 2 }
    looks("[0.00] (1) float32", ssl.tensor { 1e-5 })
    ssl.set_printoptions(old)
    looks("[0.3333, 0.2500] (2) float32", ssl.tensor { 1 / 3, 1 / 4 })
    ssl.set_printoptions { linewidth = 20 }
    looks("[1., 2., 3., 4., 5.,\n 6.] (6) float32", ssl.arange(1, 6))
    ssl.set_printoptions(old)
  end)

  it("refuses settings that mean nothing", function()
    assert.raises({ "bad argument #1 to 'set_printoptions'", "precision must be in 0..30, got -1" },
      ssl.set_printoptions, { precision = -1 })
    assert.raises("linewidth must be in 20..1048576, got 3",
      ssl.set_printoptions, { linewidth = 3 })
    assert.raises({ "unknown option 'digits'", "precision" }, ssl.set_printoptions, { digits = 3 })
    assert.raises("sci_mode must be true, false or 'auto', got number 1",
      ssl.set_printoptions, { sci_mode = 1 })
    assert.raises("edgeitems must be in 1..1000, got 0", ssl.set_printoptions, { edgeitems = 0 })
  end)
end)
