-- How an operation is made: call core, then record. Shared by the files beside this one.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local ops = {}

-- Would an operation on these leave a node?
function ops.taped(a, b)
  return hook.record and core.recording() and (core.node(a) or core.node(b))
end

-- The out option. What is written there is not on the tape, so the operands must not be either.
function ops.out(argn, options, a, b)
  local out = check.options(argn, options, {}, { out = true }).out
  if ops.taped(a, b) then
    check.fail(argn, "out= has no gradient, and an operand is on the tape")
  end
  return out
end

-- The same where the result is like a: said here, for the kernel counts arguments otherwise.
function ops.out_like(argn, options, a)
  local out = ops.out(argn, options, a)
  if core.is_tensor(out) and not (core.dtype(out) == core.dtype(a) and core.same_shape(out, a)) then
    check.fail(argn, "out must be %s, got %s", core.describe(a), core.describe(out))
  end
  return out
end

function ops.unary(name)
  local f = core[name]
  return function(t, options)
    if options ~= nil then return (f(t, ops.out(2, options, t))) end
    local out = f(t)
    if hook.record then hook.record(name, out, t) end
    return out
  end
end

function ops.binary(name)
  local f = core[name]
  return function(a, b, options)
    if options ~= nil then return (f(a, b, ops.out(3, options, a, b))) end
    local out = f(a, b)
    if hook.record then hook.record(name, out, a, b) end
    return out
  end
end

function ops.in_place(name) return core[name .. "_"] end

-- A function of a tensor and n more arguments, up to 3; what a caller adds is not kept on the tape.
function ops.recorded(name, n)
  local f = core[name]
  return function(t, a, b, c)
    if n < 3 then c = nil end
    if n < 2 then b = nil end
    if n < 1 then a = nil end
    local out = f(t, a, b, c)
    if hook.record then hook.record(name, out, t, a, b, c) end
    return out
  end
end

-- A function of a tensor and sizes or dimensions, as numbers or one table.
function ops.recorded_list(name)
  local f = core[name]
  return function(t, ...)
    local out = f(t, ...)
    if hook.record then hook.record(name, out, t, ...) end
    return out
  end
end

-- Masks have no gradient.
function ops.mask1(name)
  local f = core[name]
  return function(t, options) return (f(t, options ~= nil and ops.out(2, options) or nil)) end
end

function ops.mask2(name)
  local f = core[name]
  return function(a, b, options)
    return (f(a, b, options ~= nil and ops.out(3, options) or nil))
  end
end

return ops
