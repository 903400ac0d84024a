local golden = require "spec.plot.golden"
local plot = require "sslkit.plot"
local ssl = require "sslkit"

local NAN = 0 / 0

local surface = { x = {}, y = {}, z = {} }
for i = 1, 21 do surface.x[i], surface.y[i] = (i - 11) / 5, (i - 11) / 5 end
for i = 1, 21 do
  surface.z[i] = {}
  for j = 1, 21 do surface.z[i][j] = 1e-3 + surface.x[j] ^ 2 + 3 * surface.y[i] ^ 2 end
end

local function flat(z) return { x = { 0, 1 }, y = { 0, 1 }, z = z } end

describe("plot.landscape", function()
  it("takes a surface or its parts", function()
    local expected = plot.landscape(surface, { title = "loss" }):svg()
    assert.equal(expected,
      plot.landscape(surface.x, surface.y, surface.z, { title = "loss" }):svg())
    assert.equal(plot.landscape({ z = { { 1, 2 }, { 3, 4 } } }):svg(),
      plot.landscape(nil, nil, ssl.tensor { { 1, 2 }, { 3, 4 } }):svg())
  end)

  it("is logarithmic where the values span decades", function()
    assert.is_true(plot.landscape(surface).colorbar.log)
    assert.is_false(plot.landscape(surface, { log = false }).colorbar.log)
    assert.is_false(plot.landscape(flat { { 1, 2 }, { 3, 99 } }).colorbar.log)
    assert.is_true(plot.landscape(flat { { 1, 2 }, { 3, 100 } }).colorbar.log)
    assert.is_true(plot.landscape(flat { { 0, 1 }, { 3, 100 } }).colorbar.log)
    assert.is_false(plot.landscape(flat { { -1, 1 }, { 3, 100 } }).colorbar.log)
    assert.is_false(plot.landscape(flat { { NAN, NAN }, { NAN, NAN } }).colorbar.log)
  end)

  it("shows a path and points, wherever they lead", function()
    local plain = plot.landscape(surface)
    local path = { { 1, 1 }, { x = 0.5, y = 0.2 }, { 0.1, 0 } }
    local fig = plot.landscape(surface, {
      path = path, points = { { x = 0, y = 0, label = "minimum <1>" } },
    })
    local function count(f, pattern) return select(2, f:svg():gsub(pattern, "")) end
    assert.equal(0, count(plain, "#D55E00"))
    assert.equal(1, count(fig, 'stroke="#D55E00"'))
    assert.equal(2, count(fig, 'fill="#D55E00"')) -- where it sets out, and the point
    assert.truthy(fig:svg():find(">minimum &lt;1&gt;<", 1, true))
    local d = fig:svg():match 'd="([^"]*)" fill="none" stroke="#D55E00"'
    assert.equal(2, select(2, d:gsub("M", "")))
    assert.equal(fig:svg(), plot.landscape(surface, {
      path = { ssl.tensor({ 1, 1 }, "float64"), { 0.5, 0.2 }, { 0.1, 0 } },
      points = { { 0, 0, label = "minimum <1>" } },
    }):svg())
    local far = plot.landscape(surface, { path = ssl.tensor { { 0, 0 }, { 9, 9 } } })
    assert.is_true(far.x.high >= 9 and far.y.high >= 9)
    local broken = plot.landscape(surface, { path = { { 0, 0 }, { NAN, 1 }, { 1, 1 }, { 1, 0 } } })
    d = broken:svg():match 'd="([^"]*)" fill="none" stroke="#D55E00"'
    assert.equal(1, select(2, d:gsub("M", "")))
    assert.is_string(plot.landscape(surface, { path = {}, points = {} }):svg())
  end)

  it("keeps names inside", function()
    local corner = { x = 2, y = 2, label = "a long name here" }
    local fig = plot.landscape(surface, { points = { corner } })
    assert.truthy(fig:svg():find('text%-anchor="end"[^>]*>a long name here<'))
  end)

  it("tells its data", function()
    local columns, rows = plot.landscape(flat { { 1, 2 }, { 3, 4 } },
      { path = { { 0, 0 } }, points = { { 1, 1, label = "end" } } }):data()
    assert.same({ "x", "y", "z", "part", "label" }, columns)
    assert.equal(6, #rows)
    assert.same({ 1, 0, 2 }, rows[2])
    assert.same({ 0, 0, nil, "path" }, rows[5])
    assert.same({ 1, 1, nil, "points", "end" }, rows[6])
  end)

  it("draws itself with characters", function()
    local fig = plot.landscape(surface, {
      path = { { -2, 2 }, { -1.5, 0.5 }, { 0, 0 } }, points = { { 0, 0, label = "minimum" } },
      title = "loss", label = "loss",
    })
    local size = { width = 60, height = 14, unicode = true, color = false }
    golden("landscape_unicode", fig:terminal(size))
    size.unicode = false
    golden("landscape_ascii", fig:terminal(size))
  end)

  it("says what is wrong", function()
    assert.raises({ "landscape_spec.lua:", "#1 to 'landscape' (surface {x=, y=, z=}, or x, y and z"
      .. " expected, got nil)" }, function() plot.landscape() end)
    assert.raises("#3 to 'landscape' (surface {x=, y=, z=}, or x, y and z expected, got nil)",
      function() plot.landscape({ 1, 2 }, { 1, 2 }) end)
    assert.raises("#1 to 'landscape' (z with at least 2 rows", function()
      plot.landscape { z = { { 1 } } }
    end)
    assert.raises("#1 to 'landscape' (x has 1 values, but z has 2 columns)", function()
      plot.landscape { x = { 1 }, z = { { 1, 2 }, { 3, 4 } } }
    end)
    for options, message in pairs {
      [{ path = 3 }] = "path must be a list of places or tensor [n,2], got number 3",
      [{ path = ssl.ones(2, 3) }] = "path as tensor [n,2] expected, got tensor (2,3) float32",
      [{ points = { 1 } }] = "place 1 of points must be {x, y} or {x=, y=}, got number 1",
      [{ points = { x = 1, y = 2 } }] = "points must be a list of places {x=, y=}",
      [{ points = { { x = 1 } } }] = "and its y is nil",
      [{ points = { { "a", 1 } } }] = "and its x is string 'a'",
      [{ pathh = {} }] = "unknown option 'pathh'",
    } do
      assert.raises({ "#2 to 'landscape'", message }, function()
        plot.landscape(surface, options)
      end)
    end
  end)
end)
