-- Dropout as an operation of the tape. What is dropped is a function of the generator's state: that is
-- all that is kept, three numbers, from which the gradient finds it again.

local core = require "sslkit.core"
local hook = require "sslkit.tensor.hook"
local tools = require "sslkit.grads.tools"

local drop = {}

--- x / (1 - p), or 0 with probability p, element by element; by a generator's state, which stays what
-- it is.
function drop.again(x, p, state)
  local out = core.dropout(x, p, core.clone(state))
  hook.record("dropout", out, x, p, state)
  return out
end
tools.rule("dropout", { 3 }, function(g, _, _, p, state) return drop.again(g, p, state) end)

--- The same by what the generator draws next, and the state that it was in.
function drop.next(x, p, generator)
  local state = core.clone(generator.raw)
  local out = core.dropout(x, p, generator.raw)
  hook.record("dropout", out, x, p, state)
  return out, state
end

return drop
