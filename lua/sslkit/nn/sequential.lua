-- One module after the other.

local check = require "sslkit.check"
local module = require "sslkit.nn.module"

local M = {}

local Sequential = {}

function Sequential:init(...)
  for i = 1, select("#", ...) do
    local part = select(i, ...)
    if not module.is_module(part) then
      check.fail(i, "module expected, got %s", check.kind(part))
    end
    self[tostring(i - 1)] = part -- named from 0, as PyTorch names them
  end
  self.length = select("#", ...)
end

function Sequential:forward(x)
  for i = 0, self.length - 1 do x = self[tostring(i)](x) end
  return x
end

--- The activations after each part.
function Sequential:probe_points(x)
  local points = {}
  for i = 0, module.check_self(self).length - 1 do
    x = self[tostring(i)](x)
    points[i + 1] = { tostring(i), x }
  end
  return points
end

--- Modules applied in order; their names are "0", "1", ... as in PyTorch.
-- @param ... modules
-- @return module
-- @example #ssl.nn.Sequential(ssl.nn.Linear(3, 2), ssl.nn.ReLU()):parameters() --> 2
M.Sequential = module.kind("Sequential", Sequential)

return M
