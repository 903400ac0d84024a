local golden = require "spec.plot.golden"
local plot = require "sslkit.plot"
local ssl = require "sslkit"

local NAN, INF = 0 / 0, 1 / 0

-- Singular values whose squares are rank^-alpha.
local function law(alpha, n)
  local list = {}
  for j = 1, n do list[j] = j ^ (-alpha / 2) end
  return list
end

describe("plot.spectrum", function()
  it("fits a power law exactly, in any window", function()
    for _, window in ipairs { false, { 1, 2 }, { 6, 100 }, { 11, 500 } } do
      local fig = plot.spectrum(law(1.5, 200), { window = window or nil })
      assert.near(1.5, fig.fits[1].alpha, 1e-12)
    end
    local sigma = { 8 ^ 0.5, 2, 2 ^ 0.5, 1 } -- lambda = 8, 4, 2, 1
    local fit = plot.spectrum(sigma, { window = { 1, 4 } }).fits[1]
    assert.near(1.3571650811, fit.alpha, 1e-10)
  end)

  it("takes the window that the data allow", function()
    local function window(values, given)
      local fit = plot.spectrum(values, { window = given }).fits[1]
      return fit and { fit.first, fit.last }
    end
    assert.same({ 11, 100 }, window(law(1, 200)))
    assert.same({ 11, 45 }, window(law(1, 50)))   -- 0.9 of the ranks
    assert.same({ 1, 16 }, window(law(1, 16)))    -- less than 5 would be left
    assert.same({ 3, 16 }, window(law(1, 16), { 3, 99 }))
    assert.is_false(window({ 5 }))
    assert.is_false(window({}))
    assert.is_false(window({ 0, 0, 0 }))
    assert.is_false(window(law(1, 16), { 20, 30 }))
    local cut = law(1, 40)
    for j = 21, 40 do cut[j] = 1e-6 end -- squares below 1e-10 of the largest
    assert.same({ 11, 18 }, window(cut))
  end)

  it("shows the eigenvalues of the covariance", function()
    local z = ssl.randn(60, 5)
    local _, rows = plot.spectrum(z, { fit = false }):data()
    local centred = z:to "float64" - z:to("float64"):mean(1, true)
    local expected = ssl.linalg.eigh(centred:t():matmul(centred) / 59)
    for j = 1, 5 do assert.near(expected[6 - j], rows[j][3], 1e-5) end
    local made = ssl.metrics.spectrum(z, { center = true })
    local _, same = plot.spectrum(made, { fit = false }):data()
    for j = 1, 5 do assert.near(rows[j][3], same[j][3], 1e-9) end
    local _, plain = plot.spectrum(ssl.tensor { 1, 3, 2 }, { fit = false }):data()
    assert.same({ 9, 4, 1 }, { plain[1][3], plain[2][3], plain[3][3] })
    local _, share = plot.spectrum({ 1, 3 }, { fit = false, share = true }):data()
    assert.near(0.9, share[1][3], 1e-12)
  end)

  it("leaves its argument as it is", function()
    local given = { 1, 3, 2 }
    plot.spectrum(given)
    assert.same({ 1, 3, 2 }, given)
  end)

  it("names the exponent in the legend", function()
    local fig = plot.spectrum(law(1.25, 100))
    assert.truthy(fig:svg():find(">alpha = 1.25</text>", 1, true))
    assert.truthy(fig:svg():find('stroke-dasharray="6 4"', 1, true))
    local none = plot.spectrum(law(1.25, 100), { fit = false })
    assert.is_nil(none:svg():find("alpha", 1, true))
    assert.is_false(none.fits[1])
    local two = plot.spectrum({ law(1, 50), law(2, 50) }, { labels = { "a", "b" } })
    assert.truthy(two:svg():find(">a, alpha = 1.00</text>", 1, true))
    assert.truthy(two:svg():find(">b, alpha = 2.00</text>", 1, true))
    assert.truthy(plot.spectrum({ law(1, 50), { 0 } }, { labels = { "a", "b" } }):svg():find ">b<")
  end)

  it("copes with hard spectra", function()
    for _, z in ipairs { {}, { 0 }, { 1 }, { 0, 0 }, { 1e150, 1e-150 }, { 1e200 },
      ssl.ones(4, 3), ssl.randn(1, 5), ssl.zeros(2, 2) } do
      local fig = plot.spectrum(z)
      local text = fig:svg():lower()
      assert.is_nil(text:find '[" ]%-?nan' or text:find '[" ]%-?inf')
      assert.is_string(tostring(fig))
    end
  end)

  it("draws itself with characters", function()
    local fig = plot.spectrum({ law(1, 80), law(2, 80) }, { labels = { "flat", "steep" } })
    local size = { width = 60, height = 12, unicode = true, color = false }
    golden("spectrum_unicode", fig:terminal(size))
    size.unicode = false
    golden("spectrum_ascii", fig:terminal(size))
  end)

  it("says what is wrong", function()
    assert.raises({ "spectrum_spec.lua:", "#1 to 'spectrum' (z expected, got nil)" },
      function() plot.spectrum() end)
    assert.raises("spectrum 1 must hold singular values, got number -1 at 2", function()
      plot.spectrum { 1, -1 }
    end)
    assert.raises("spectrum 2 must hold singular values, got number nan at 1", function()
      plot.spectrum { { 1 }, { NAN } }
    end)
    assert.raises("#2 to 'spectrum' (window must be {first rank, last rank}, got number 3)",
      function() plot.spectrum({ 1 }, { window = 3 }) end)
    assert.raises("last rank of the window must be in 6..inf, got 5", function()
      plot.spectrum({ 1 }, { window = { 5, 5 } })
    end)
    local bad = ssl.ones(3, 2)
    bad[2] = INF
    assert.raises({ "spectrum_spec.lua:", "row 2" }, function() plot.spectrum(bad) end)
    assert.raises("unknown option 'fits'", function() plot.spectrum({ 1 }, { fits = true }) end)
  end)
end)
