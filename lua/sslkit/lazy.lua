-- A module whose parts load on first use: a program that asks for one metric does not read them all.

local lazy = {}

--- A table of names, each of which is a module of that name below `prefix`, or, where the name is
-- given as "name=module", the field of that name in it. Running through it with pairs loads them all.
-- @param prefix the beginning of the modules' names
-- @param names names apart by spaces
-- @return table
function lazy.module(prefix, names)
  local known = {}
  for name, part in names:gmatch "([%w_]+)=?([%w_]*)" do
    known[name] = prefix .. "." .. (part == "" and name or part)
  end
  local self = {}
  local function load(_, name)
    local module = known[name]
    if not module then return nil end
    local value = require(module)
    if module ~= prefix .. "." .. name then value = value[name] end
    rawset(self, name, value)
    return value
  end
  return setmetatable(self, {
    lazy = { known }, -- for help and completion
    __index = load,
    __pairs = function()
      for name in next, known do load(self, name) end
      return next, self, nil
    end,
  })
end

return lazy
