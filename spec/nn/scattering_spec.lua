-- The scattering transform.

local fixtures = dofile "spec/fixtures/nn_models.lua"
local ssl = require "sslkit"

local nn = ssl.nn
local F64 = "float64"

-- Pixels with a smooth envelope that leaves the border alone, for moving within the image.
local function blob(size, generator)
  local line = (ssl.arange(0, size - 1):double() * (math.pi / (size - 1))):sin() ^ 6
  return ssl.randn({ size, size }, { dtype = F64, generator = generator }) * ssl.outer(line, line)
end

describe("Scattering", function()
  it("is what NumPy makes of the definitions", function()
    for _, case in ipairs(fixtures.scattering) do
      local m = nn.Scattering { J = case.J, L = case.L, image = case.image }
      local x = ssl.tensor(case.x, F64):view(1, 1, case.image, case.image)
      -- 1e-8: the fixture holds 9 digits; 1e-6: float32
      assert.tensor_near(case.y, m(x)[1], 1e-8)
      assert.tensor_near(case.y, m(x:float())[1], 1e-6)
    end
  end)

  it("has the shape that its paths make", function()
    for _, case in ipairs { { 1, 3, 9 }, { 2, 2, 12 }, { 3, 2, 17 } } do
      local J, L, image = table.unpack(case)
      local m = nn.Scattering { J = J, L = L, image = image, channels = 2 }
      local paths = 1 + J * L + L * L * J * (J - 1) // 2
      for N = 0, 3, 3 do
        assert.same({ N, 2 * paths, image >> J, image >> J },
          { m(ssl.randn(N, 2, image, image)):shape() })
      end
    end
  end)

  it("treats images and channels alike, however many", function()
    local m = nn.Scattering { J = 2, L = 8, image = 32, channels = 3 }
    local x = ssl.randn(7, 3, 32, 32) -- more than one block
    local y, one = m(x), nn.Scattering { J = 2, L = 8, image = 32 }
    for _, at in ipairs { { 1, 1 }, { 4, 2 }, { 7, 3 } } do
      local n, c = table.unpack(at)
      -- 1e-6: products of other sizes are summed in another order
      local want = one(x[{ { n, n }, { c, c } }])[1]
      assert.tensor_near(want, y[n]:narrow(1, (c - 1) * 81 + 1, c * 81), 1e-6)
    end
    local view = x:transpose(3, 4)
    assert.tensor_near(m(view:contiguous()), m(view), 1e-6)
  end)

  it("is 0 behind the mean of a constant image, and homogeneous", function()
    local m = nn.Scattering { J = 2, L = 4, image = 16 }
    local y = m(ssl.full({ 1, 1, 16, 16 }, 3, F64))
    assert.tensor_near(ssl.full({ 4, 4 }, 3, F64), y[1][1], 1e-12)
    assert.is_true(y[1]:narrow(1, 2, 25):abs():max():item() < 1e-12)
    local x = ssl.randn(1, 1, 16, 16, F64)
    local a, b = m(x)[1], m(x * -5)[1]
    assert.tensor_near(a[1] * -5, b[1], 1e-12)
    assert.tensor_near(a:narrow(1, 2, 25) * 5, b:narrow(1, 2, 25), 1e-12)
  end)

  it("holds most of the energy, order by order less, and makes none", function()
    local generator = ssl.generator(1)
    local m, x = nn.Scattering { J = 2, L = 8, image = 32 }, blob(32, generator)
    local y = m(x:view(1, 1, 32, 32))[1]:square():sum({ 2, 3 }) * 16 -- a pixel here is 16 there
    local total = x:square():sum():item()
    local first, second = y:narrow(1, 2, 17):sum():item(), y:narrow(1, 18, 81):sum():item()
    assert.is_true(first > second and second > 0)
    local held = y:sum():item() / total
    assert.is_true(held > 0.3 and held < 1.1, ("%g of the energy"):format(held))
  end)

  it("hardly changes when an image moves by a pixel", function()
    local generator = ssl.generator(2)
    local m = nn.Scattering { J = 3, L = 4, image = 32 }
    for _ = 1, 3 do
      local x = blob(32, generator)
      local moved = x:roll(1, 2)
      local a, b = m(x:view(1, 1, 32, 32)), m(moved:view(1, 1, 32, 32))
      local pixels = ((x - moved):norm() / x:norm()):item()
      local paths = ((a - b):norm() / a:norm()):item()
      assert.is_true(pixels > 1 and paths < 0.2, ("%g of the pixels, %g"):format(pixels, paths))
    end
  end)

  it("exchanges angles when rows become columns", function()
    local m = nn.Scattering { J = 1, L = 4, image = 8 } -- 45, 0, -45 and -90 degrees
    local x = ssl.randn(1, 1, 8, 8, F64)
    local a, b = m(x)[1], m(x:transpose(3, 4))[1]
    for path, other in ipairs { 1, 2, 5, 4, 3 } do
      assert.tensor_near(a[path]:t(), b[other], 1e-12)
    end
  end)

  it("has the right gradients, also where nothing is", function()
    local m = nn.Scattering { J = 2, L = 2, image = 5 }
    local function f(x) return m(x:transpose(3, 4)) end
    local x = ssl.randn(1, 1, 5, 5, F64)
    assert.is_true((ssl.gradcheck(f, { x }, { second = true, tol = 1e-5 }))) -- roots near 0
    x = ssl.zeros(1, 1, 5, 5):requires_grad()
    m(x):sum():backward()
    assert.is_true(x:grad():isfinite():all():item() == 1)
  end)

  it("has no state", function()
    local m = nn.Scattering { J = 1, L = 1, image = 4 }
    assert.same({}, m:state())
    assert.equal("Scattering(J=1, L=1, image=4, channels=1) 0 parameters", tostring(m))
    local x = ssl.randn(1, 1, 4, 4)
    assert.tensor_near(m(x), m:clone()(x), 0)
  end)

  it("says what is wrong with its arguments", function()
    assert.raises("J must be in 1..3, got 4", nn.Scattering, { J = 4 })
    assert.raises("image must be in 5..inf, got 4", nn.Scattering, { image = 4 })
    assert.raises("L must be a whole number, got number 1.5", nn.Scattering, { L = 1.5 })
    assert.raises("unknown option 'j'; known: J, L, channels, image", nn.Scattering, { j = 2 })
    local m = nn.Scattering { J = 1, L = 1, image = 4 }
    assert.raises("images (N,1,4,4) expected, got (2,1,4,5) float32", m, ssl.ones(2, 1, 4, 5))
    assert.raises("images [N,C,H,W] with 4 dimensions expected, got (4,4) float32", m,
      ssl.ones(4, 4))
    assert.raises("float", m, ssl.ones(1, 1, 4, 4, "int64"))
  end)
end)
