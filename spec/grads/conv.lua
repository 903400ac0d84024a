-- Cases of spec/grads_spec.lua: convolutions, and their gradients as functions of their own.

local ssl = require "sslkit"

-- x, weight, options
local CASES = {
  { { 2, 3, 4, 3 }, { 2, 3, 3, 2 }, { padding = 1 } },
  { { 1, 4, 4, 3 }, { 4, 2, 2, 2 },
    { padding = { 2, 1 }, stride = { 2, 1 }, dilation = { 1, 2 }, groups = 2 } },
  { { 2, 2, 2, 3 }, { 3, 2, 1, 1 }, {} },
  { { 1, 3, 3, 3 }, { 3, 1, 2, 2 }, { groups = 3 } },
}

return function(case, kit)
  local normal = kit.normal
  for _, c in ipairs(CASES) do
    local x, w, options = normal(table.unpack(c[1])), normal(table.unpack(c[2])), c[3]
    local function conv(...)
      local a, k, b = ...
      return ssl.conv2d(a, k, b, options)
    end
    case("conv2d", conv, x, w, normal(c[2][1]))
    local g = normal(ssl.conv2d(x, w, nil, options):shape())
    local function gradient(of)
      return function(a, k, h)
        return ssl.grad(function(...) return (conv(...) * h):sum() end, { a, k },
          { create_graph = true })[of]
      end
    end
    case("conv2d_input", gradient(1), x, w, g)
    case("conv2d_weight", gradient(2), x, w, g)
  end
end
