-- The one table of gradient rules, and what the rules of every topic share.

local core = require "sslkit.core"
local hook = require "sslkit.tensor.hook"
local T = require "sslkit.tensor"

local tools = { rules = {} }

function tools.rule(name, saves, backward, again)
  local saved = {}
  for _, i in ipairs(saves) do saved[i] = true end
  tools.rules[name] = { saves = saves, saved = saved, backward = backward, again = again }
end

tools.needs = core.node -- a gradient costs nothing where nobody asks for it

-- Broadcasting undone: g summed down to the shape of x.
function tools.shrink(g, x)
  if core.same_shape(g, x) then return g end
  local extra = core.dim(g) - core.dim(x)
  local dims = {}
  for d = 1, extra do dims[d] = d end
  for d = 1, core.dim(x) do
    if core.size(x, d) == 1 and core.size(g, d + extra) ~= 1 then dims[#dims + 1] = d + extra end
  end
  return T.reshape(T.sum(g, dims, true), { core.shape(x) })
end

function tools.sum_to(g, x) return core.node(x) and tools.shrink(g, x) end

-- An operand as a constant: a tensor, or a number.
function tools.constant(x) return core.is_tensor(x) and T.detach(x) or x end

-- The set of dimensions that a reduction takes away.
function tools.reduced(x, dim)
  local gone, n = {}, core.dim(x)
  for _, d in ipairs(type(dim) == "table" and dim or { dim }) do
    gone[d < 0 and d + n + 1 or d] = true
  end
  for d = 1, dim == nil and n or 0 do gone[d] = true end
  return gone
end

-- A reduced gradient brought back to x's shape.
function tools.spread(g, x, dim, keepdim)
  if dim ~= nil and not keepdim then
    local gone, shape = tools.reduced(x, dim), {}
    for d = 1, core.dim(x) do shape[d] = gone[d] and 1 or core.size(x, d) end
    g = T.reshape(g, shape)
  end
  return T.expand(g, { core.shape(x) })
end

function tools.count(x, dim)
  local n = 1
  for d in pairs(tools.reduced(x, dim)) do n = n * core.size(x, d) end
  return n
end

-- The reverse of reading a part is writing it into zeros, and the reverse of that is reading it
-- again. Both take the same positions, which must not have changed.
function tools.part(name, saves, write, read)
  local back = "_place_" .. name
  tools.rule(name, saves, function(g, _, x, ...)
    local out = T.zeros({ core.shape(x) }, core.dtype(g))
    write(out, T.detach(g), ...)
    if core.node(g) then hook.record(back, out, g, ...) end
    return out
  end)
  tools.rule(back, saves, function(h, _, _, ...) return read(h, ...) end)
end

return tools
