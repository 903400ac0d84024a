-- Second derivatives of whole networks: Hessian times vector against central differences of the
-- gradient, and its symmetry.

local ssl = require "sslkit"

local F64 = "float64"

local function dot(a, b)
  local sum = 0
  for i, t in ipairs(a) do sum = sum + (t * b[i]):sum():item() end
  return sum
end

local function random_like(list, seed)
  local out, g = {}, ssl.generator(seed)
  for i, t in ipairs(list) do out[i] = ssl.randn_like(t, { generator = g }) end
  return out
end

-- The gradient at parameters moved by eps v, which are put back.
local function gradient_at(f, params, v, eps)
  local function move(by)
    ssl.no_grad(function()
      for i, p in ipairs(params) do p:add_(v[i] * by) end
    end)
  end
  move(eps)
  local g = ssl.grad(f, params)
  move(-eps)
  return g
end

describe("the Hessian of", function()
  local g = ssl.generator(3)
  local x = ssl.randn({ 6, 4 }, { dtype = F64, generator = g })
  local y = ssl.tensor({ 1, 2, 3, 1, 2, 3 }, "int64")

  for _, activation in ipairs { "relu", "gelu", "tanh", "silu" } do
    for _, norm in ipairs { "none", "batch" } do
      it(("an mlp with %s and norm %s is that of differences"):format(activation, norm), function()
        local net = ssl.nn.mlp { sizes = { 4, 5, 5, 3 }, activation = activation, generator = g,
          norm = norm ~= "none" and norm or nil }:to(F64)
        local params = net:parameters()
        local function f() return ssl.losses.cross_entropy(net(x), y, { label_smoothing = 0.1 }) end
        local v, w = random_like(params, 1), random_like(params, 2)
        local hv, hw = ssl.hvp(f, params, v), ssl.hvp(f, params, w)
        -- steps of 1e-5 leave some 1e-10 of the third derivative and 1e-11 of rounding
        local up, down = gradient_at(f, params, v, 1e-5), gradient_at(f, params, v, -1e-5)
        local largest = 0
        for i, h in ipairs(hv) do
          local numeric = (up[i] - down[i]) / 2e-5
          largest = math.max(largest, h:abs():max():item())
          assert.is_true(ssl.allclose(numeric, h, { rtol = 1e-6, atol = 1e-7 }), "parameter " .. i)
        end
        assert.is_true(largest > 1e-3)
        assert.near(dot(w, hv), dot(v, hw), 1e-12 * math.abs(dot(w, hv)) + 1e-13)
      end)
    end
  end

  it("a penalty on gradients can be trained away", function()
    local w = ssl.tensor({ 2, -1 }, F64):requires_grad()
    local function slope() -- of sum w^3: 3 w^2
      return ssl.grad(function(p) return (p ^ 3):sum() end, w, { create_graph = true })
    end
    local penalty = slope():square():sum()
    penalty:backward { create_graph = true }
    assert.tensor_near({ 36 * 8, -36 }, w:grad()) -- 36 w^3
    assert.is_true(w:grad():needs_grad())
  end)
end)
