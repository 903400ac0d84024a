local colormap = require "sslkit.plot.colormap"
local ssl = require "sslkit"

-- How a colour looks to people who lack one kind of cone (H. Brettel et al., simplified by F. Viénot
-- et al. 1999): what is left of linear light, as OKLab.
local LACKING = {
  protan = { 0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.00401, -0.00401, 1 },
  deutan = { 0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1 },
}

local function seen(color, m)
  local light = {}
  for i, pair in ipairs { color:match "^#(%x%x)(%x%x)(%x%x)$" } do
    local v = tonumber(pair, 16) / 255
    light[i] = v <= 0.04045 and v / 12.92 or ((v + 0.055) / 1.055) ^ 2.4
  end
  local hex = "#"
  for row = 0, 2 do
    local v = m[3 * row + 1] * light[1] + m[3 * row + 2] * light[2] + m[3 * row + 3] * light[3]
    v = math.max(0, math.min(v, 1))
    v = v <= 0.0031308 and 12.92 * v or 1.055 * v ^ (1 / 2.4) - 0.055
    hex = hex .. ("%02x"):format(math.floor(255 * v + 0.5))
  end
  return { colormap.oklab(hex) }
end

local function distance(p, q)
  return ((p[1] - q[1]) ^ 2 + (p[2] - q[2]) ^ 2 + (p[3] - q[3]) ^ 2) ^ 0.5
end

local function lightness(color) return (colormap.oklab(color)) end

describe("plot.colormap", function()
  local sequential, diverging = colormap.of "sequential", colormap.of "diverging"

  it("knows OKLab", function()
    -- from B. Ottosson's page: white, and sRGB's red, green, blue
    for color, lab in pairs {
      ["#ffffff"] = { 1, 0, 0 }, ["#000000"] = { 0, 0, 0 }, ["#ff0000"] = { 0.628, 0.225, 0.126 },
      ["#00ff00"] = { 0.866, -0.234, 0.179 }, ["#0000ff"] = { 0.452, -0.032, -0.312 },
    } do
      assert.tensor_near(lab, ssl.tensor { colormap.oklab(color) }, 6e-4)
    end
  end)

  it("rises in lightness, or towards the middle", function()
    for k = 1, 255 do
      local before, here = (k - 1) / 255, k / 255
      assert.is_true(lightness(sequential(here)) > lightness(sequential(before)) - 2e-3)
      local inwards = k <= 127 and 1 or -1
      if k ~= 128 then
        local step = lightness(diverging(here)) - lightness(diverging(before))
        assert.is_true(inwards * step > -2e-3, k)
      end
    end
    assert.is_true(lightness(sequential(1)) - lightness(sequential(0)) > 0.7)
    assert.is_true(lightness(diverging(0.5)) > 0.95)
  end)

  it("walks at an even pace", function()
    for _, map in ipairs { sequential, diverging } do
      local least, most = 1, 0
      for k = 8, 255, 8 do
        local step = distance({ colormap.oklab(map((k - 8) / 255)) },
          { colormap.oklab(map(k / 255)) })
        least, most = math.min(least, step), math.max(most, step)
      end
      assert.is_true(most / least < 1.6, most / least)
    end
  end)

  it("is as light on one side as on the other", function()
    for k = 0, 120 do
      local low, high = lightness(diverging(k / 255)), lightness(diverging(1 - k / 255))
      assert.near(low, high, 0.04)
    end
  end)

  it("can be told apart with two kinds of cones", function()
    for _, m in pairs(LACKING) do
      for k = 0, 7 do -- nine steps of the map
        local p, q = seen(sequential(k / 8), m), seen(sequential((k + 1) / 8), m)
        assert.is_true(distance(p, q) > 0.05)
      end
      for k = 0, 3 do -- the two sides
        local p, q = seen(diverging(k / 8), m), seen(diverging(1 - k / 8), m)
        assert.is_true(distance(p, q) > (k < 3 and 0.17 or 0.1), k)
      end
    end
  end)

  it("takes any share", function()
    for _, map in ipairs { sequential, diverging } do
      assert.equal(map(0), map(-3))
      assert.equal(map(1), map(1 / 0))
      assert.equal("#9a9a9a", map(0 / 0))
      for k = 0, 40 do assert.truthy(map(k / 40):find "^#%x%x%x%x%x%x$") end
    end
  end)

  it("finds an ink for every ground, and legible lines", function()
    assert.equal("#ffffff", colormap.ink "#000000")
    assert.equal("#000000", colormap.ink "#ffffff")
    assert.equal("#000000", colormap.ink(sequential(1)))
    assert.equal("#ffffff", colormap.ink(sequential(0)))
    for _, color in ipairs { "#000000", "#ffffff", sequential(0), sequential(1), diverging(0.5) } do
      local l = lightness(colormap.legible(color))
      assert.is_true(l > 0.43 and l < 0.68, l)
    end
  end)

  it("says what is wrong", function()
    assert.equal(sequential(0.3), ssl.plot.colormap "sequential"(0.3))
    assert.raises("colormap must be one of sequential, diverging, got string 'jet'", function()
      ssl.plot.colormap "jet"
    end)
    assert.raises("got nil", function() ssl.plot.colormap() end)
  end)
end)
