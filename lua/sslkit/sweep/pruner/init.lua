-- Pruners by name.

local check = require "sslkit.check"

local pruner = {}

--- A pruner.
-- @param name "none"
-- @return table with a function judge(self, id, step, value, reports)
function pruner.new(name)
  check.one_of(1, "pruner", name, { "none" })
  return { name = "none", judge = function() return false end }
end

return pruner
