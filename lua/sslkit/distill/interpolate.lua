-- A student between its teacher and a fresh start.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local module = require "sslkit.nn.module"

local M = {}

--- The alpha-student: every parameter is ((1 - alpha) teacher + alpha fresh) / sqrt(alpha^2 + (1 -
-- alpha)^2); the divisor keeps the variance of independent parameters. alpha = 0 is the teacher to
-- the bit, alpha = 1 the fresh model.
-- @param teacher module
-- @param fresh module of the same architecture
-- @param alpha number in 0..1
-- @return a new module
-- @raise where the parameters do not fit
-- @source von Sarnthein et al. 2023, "Random teachers are good teachers" (ICML), section 4.1
-- @example local n = ssl.nn.Linear(2, 2); return ssl.equal(ssl.distill.interpolate(n, ssl.nn.Linear(2, 2), 0).weight, n.weight) --> true
function M.interpolate(teacher, fresh, alpha)
  local given = { teacher, fresh }
  for argn = 1, 2 do
    if not module.is_module(given[argn]) then
      check.fail(argn, "module expected, got %s", check.kind(given[argn]))
    end
  end
  check.number(3, "alpha", alpha, 0, 1)
  local student = fresh:clone()
  local own, from = student:named_parameters(), teacher:named_parameters()
  if #own ~= #from then check.fail(2, "%d parameters, and the teacher has %d", #own, #from) end
  for i, entry in ipairs(own) do
    if core.describe(entry[2]) ~= core.describe(from[i][2]) then
      check.fail(2, "'%s' is %s, and %s in the teacher", entry[1], core.describe(entry[2]),
        core.describe(from[i][2]))
    end
  end
  local scale = math.sqrt(alpha * alpha + (1 - alpha) * (1 - alpha))
  autograd.no_grad(function()
    for i, entry in ipairs(own) do
      core.add_(core.mul_(entry[2], alpha), core.mul(from[i][2], 1 - alpha))
      core.div_(entry[2], scale)
    end
  end)
  return student
end

return M
