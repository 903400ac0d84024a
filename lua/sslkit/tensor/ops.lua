-- How an elementwise operation is made: call core, then record. Shared by unary.lua and binary.lua.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local ops = {}

-- The out option. What is written there is not on the tape, so the operands must not be either.
local function out_of(argn, options, a, b)
  local out = check.options(argn, options, {}, { out = true }).out
  if hook.record and core.recording() and (core.node(a) or core.node(b)) then
    check.fail(argn, "out= has no gradient, and an operand is on the tape")
  end
  return out
end

function ops.unary(name)
  local f = core[name]
  return function(t, options)
    if options ~= nil then return f(t, out_of(2, options, t)) end
    local out = f(t)
    if hook.record then hook.record(name, out, t) end
    return out
  end
end

function ops.binary(name)
  local f = core[name]
  return function(a, b, options)
    if options ~= nil then return f(a, b, out_of(3, options, a, b)) end
    local out = f(a, b)
    if hook.record then hook.record(name, out, a, b) end
    return out
  end
end

function ops.in_place(name) return core[name .. "_"] end

-- Masks have no gradient.
function ops.mask1(name)
  local f = core[name]
  return function(t, options) return f(t, options ~= nil and out_of(2, options, nil) or nil) end
end

function ops.mask2(name)
  local f = core[name]
  return function(a, b, options) return f(a, b, options ~= nil and out_of(3, options, nil) or nil) end
end

return ops
