-- Policies in any form: by name, as tables, or compiled.

local check = require "sslkit.check"
local policy = require "sslkit.augment.policy"
local presets = require "sslkit.augment.presets"

-- of: what compiled policies were made of
local named = { of = setmetatable({}, { __mode = "k" }) }

--- The canonical form of a policy, a table of its own.
-- @param argn of the public function whose argument it is; options, of a name, are the one behind it
function named.canonical(argn, given, options)
  if type(given) == "string" then
    given = presets.make(argn, given, options)
  elseif options ~= nil then
    check.fail(argn + 1, "only policies with a name take options")
  end
  return policy.canonical(argn, named.of[given] or given)
end

return named
