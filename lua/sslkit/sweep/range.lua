-- Ranges and choices: what a name of a space may stand for. Each is plain data, so that it prints, is
-- kept as JSON and is read back.

local check = require "sslkit.check"
local json = require "sslkit.text.json"

local range = {}

local LARGEST_GRID = 10000
local LARGEST <const> = 1 << 53

local function bounds(kind, lo, hi, ...)
  check.number(1, "lo", lo)
  check.number(2, "hi", hi)
  if lo >= hi then check.fail(2, "hi must be above lo = %g, got %g", lo, hi) end
  if select("#", ...) > 0 then check.fail(3, "nothing expected, got %s", check.kind((...))) end
  local made = { kind = kind, lo = lo, hi = hi }
  if range.is_too_wide(made) then check.fail(2, "the range from %g to %g is too wide", lo, hi) end
  return made
end

--- Is the way from one end to the other no number?
-- @param leaf table {kind =, lo =, hi =}
function range.is_too_wide(leaf)
  if leaf.kind == "int" then -- whole numbers above 2^53 are not exact in JSON
    return leaf.lo < -LARGEST or leaf.hi > LARGEST or leaf.hi - leaf.lo > LARGEST
  end
  local wide = leaf.kind == "log" and leaf.lo > 0 and leaf.hi / leaf.lo or leaf.hi - leaf.lo
  return wide == math.huge
end

--- One of a list of values: strings, numbers, booleans or plain tables. In a space a list by itself
-- means the same.
-- @param values list
-- @return table {kind = "choice", values =}
-- @example ssl.sweep.choice{ "byol", "simclr" }.kind --> choice
function range.choice(values)
  if type(values) ~= "table" or #values == 0 then
    check.fail(1, "a list of values expected, got %s", check.kind(values))
  end
  return { kind = "choice", values = values }
end

--- A number between two, each as likely as any other.
-- @param lo number
-- @param hi number above lo
-- @param ... nothing: there are no steps, which a list gives
-- @return table {kind = "uniform", lo =, hi =}
-- @example ssl.sweep.uniform(0, 0.8).hi --> 0.8
function range.uniform(lo, hi, ...) return (bounds("uniform", lo, hi, ...)) end

--- A number between two, each factor as likely as any other: for learning rates and the like.
-- @param lo number above 0
-- @param hi number above lo
-- @param ... nothing
-- @return table {kind = "log", lo =, hi =}
-- @example ssl.sweep.log(1e-4, 1).lo --> 0.0001
function range.log(lo, hi, ...)
  local made = bounds("log", lo, hi, ...)
  if lo <= 0 then check.fail(1, "lo must be above 0, got %g", lo) end
  return made
end

--- A whole number between two, both included.
-- @param lo whole number
-- @param hi whole number above lo
-- @param ... nothing: there are no steps, which a list gives
-- @return table {kind = "int", lo =, hi =}
-- @example ssl.sweep.int(1, 6).kind --> int
function range.int(lo, hi, ...)
  return (bounds("int", check.integer(1, "lo", lo), check.integer(2, "hi", hi), ...))
end

--- A table as it is: one whose lists are no choices, such as a policy.
-- @param value table, string, number or boolean
-- @return table {kind = "constant", value =}
-- @example ssl.sweep.constant{ 1, 2 }.value[2] --> 2
function range.constant(value) return { kind = "constant", value = value } end

--- The value of a leaf at u.
-- @param leaf of a checked space
-- @param u number in [0,1)
function range.value(leaf, u)
  if leaf.kind == "constant" then return leaf.value end
  if leaf.kind == "choice" then return leaf.values[math.floor(u * #leaf.values) + 1] end
  if leaf.kind == "int" then return leaf.lo + math.floor(u * (leaf.hi - leaf.lo + 1)) end
  if leaf.kind == "log" then
    return math.min(leaf.hi, leaf.lo * math.exp(u * math.log(leaf.hi / leaf.lo)))
  end
  return leaf.lo + (leaf.hi - leaf.lo) * u
end

--- Where in [0,1] a value of a leaf lies: the middle of its part for one of several. Nil for what is no
-- value of the leaf.
function range.place(leaf, value)
  if leaf.kind == "choice" then
    local text = json.encode { v = value }
    for i, each in ipairs(leaf.values) do
      if json.encode { v = each } == text then return (i - 0.5) / #leaf.values end
    end
    return nil
  end
  if type(value) ~= "number" or value < leaf.lo or value > leaf.hi then return nil end
  if leaf.kind == "int" then return (value - leaf.lo + 0.5) / (leaf.hi - leaf.lo + 1) end
  if leaf.kind == "log" then return math.log(value / leaf.lo) / math.log(leaf.hi / leaf.lo) end
  return (value - leaf.lo) / (leaf.hi - leaf.lo)
end

--- All values of a leaf, for a grid.
-- @param leaf of a checked space
-- @param name of it, for messages
-- @return list
-- @raise on ranges that have no list of values
function range.values(leaf, name)
  if leaf.kind == "constant" then return { leaf.value } end
  if leaf.kind == "choice" then return leaf.values end
  if leaf.kind ~= "int" or leaf.hi - leaf.lo >= LARGEST_GRID then
    check.fail(1, "a grid needs lists: space.%s is %s(%g, %g); give trials = and a sampler such as "
      .. "random", name, leaf.kind, leaf.lo, leaf.hi)
  end
  local list = {}
  for v = leaf.lo, leaf.hi do list[#list + 1] = v end
  return list
end

return range
