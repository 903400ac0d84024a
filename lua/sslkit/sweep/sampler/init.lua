-- Samplers by name.

local check = require "sslkit.check"
local space = require "sslkit.sweep.space"

local sampler = {}

--- A sampler.
-- @param name "grid"
-- @param of space
-- @return table with a function ask(self, i, history)
function sampler.new(name, of)
  check.one_of(1, "sampler", name, { "grid" })
  local list = space.grid(of)
  return { name = "grid", ask = function(_, i) return list[i] end }
end

return sampler
