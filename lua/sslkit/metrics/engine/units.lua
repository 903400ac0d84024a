-- The units of a layer, from its activations: one number per unit, reduced over samples, positions and
-- tokens, in float64. Layers come alone or in a list.

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local units = {}

local BLOCK = 1 << 20 -- elements at a time

-- Activations as rows [samples and positions, units]. The units are the channels of images [N,C,H,W],
-- else the last dimension.
local function as_rows(argn, h, what)
  check.tensor(argn, h, { dtype = "float" }, what)
  h = core.detach(h)
  local dims = core.dim(h)
  if dims < 2 then
    check.fail(argn, "%s of 2 dimensions or more expected, got %s", what, core.describe(h))
  end
  if core.numel(h) == 0 then
    check.fail(argn, "%s without elements: %s", what, core.describe(h))
  end
  if dims == 4 then h = core.permute(h, 1, 3, 4, 2) end
  return core.view(core.contiguous(h), -1, core.size(h, -1))
end

--- The layers as a list of finite rows, whether one came alone, and how many rows were skipped; or nil
-- and the reason, where a NaN is to be passed on.
function units.layers(argn, h, policy)
  local alone = core.is_tensor(h)
  if not alone and type(h) ~= "table" then
    check.fail(argn, "activations, a tensor or a list of tensors, expected, got %s", check.kind(h))
  end
  local given, list, skipped = alone and { h } or h, {}, 0
  if #given == 0 then check.fail(argn, "at least one layer expected, got none") end
  for i, one in ipairs(given) do
    local what = alone and "activations" or ("activations of layer %d"):format(i)
    local z, n = rows.finite(argn, as_rows(argn, one, what), policy)
    if not z then return nil, n end
    list[i], skipped = z, skipped + n
  end
  return list, alone, skipped
end

--- The mean over the rows of f(block), [D], which is given blocks in float64.
function units.mean(z, f)
  local n, d = core.shape(z)
  local step, sum = math.max(1, BLOCK // d), T.zeros({ d }, "float64")
  for first = 1, n, step do
    sum:add_(f(core.narrow(z, 1, first, math.min(first + step - 1, n)):double()):sum(1))
  end
  return sum:div_(n)
end

return units
