-- A view's operations, made ready for samples of one size: runs of C operations become one list
-- for the engine.

local core = require "sslkit.core"
local rows = require "sslkit.augment.rows"
local T = require "sslkit.tensor"

local plan = {}

local KINDS = { [2] = "vector", [3] = "series", [4] = "image" }
local SHAPES = { vector = "vectors [N,D]", series = "series [N,C,T]", image = "images [N,C,H,W]" }

--- Is the batch of a kind that the operation takes?
function plan.check_kind(op, x, fail)
  local wanted = {}
  for _, kind in ipairs { "image", "series", "vector" } do
    if op[kind] then wanted[#wanted + 1] = SHAPES[kind] end
  end
  local kind = KINDS[x:dim()]
  if #wanted > 0 and not (kind and op[kind]) then
    fail("%s expected, got %s", table.concat(wanted, " or "), core.describe(x))
  end
end

--- Channels, height and width of a sample, whatever the batch holds: series have no height, vectors
-- no channels.
function plan.size(x)
  local _, a, b, c = x:shape()
  if c then return a, b, c end
  if b then return a, 1, b end
  return 1, 1, a
end

--- Options with a size that is a share of the policy's input in pixels.
function plan.in_pixels(o, h, w)
  if type(o.size) ~= "string" then return o end
  local share = o.size == "input" and 1 or tonumber(o.size)
  local copy = {}
  for name, value in pairs(o) do copy[name] = value end
  copy.size = { math.max(1, math.floor(share * h + 0.5)), math.max(1, math.floor(share * w + 0.5)) }
  return copy
end

--- Says where in the policy something is wrong.
function plan.failing(step, fail)
  return function(text, ...) fail("operation %d (%s): " .. text, step.at, step.op.name, ...) end
end

-- The size after an operation.
local function size_after(step, o, c, h, w, fail)
  if not step.op.shape then return c, h, w end
  local c2, h2, w2 = step.op.shape(o, c, h, w)
  if not c2 then fail("%s", h2) end
  if o.p < 1 and not (c2 == c and h2 == h and w2 == w) then
    fail("p must be 1 where the size changes: %dx%dx%d becomes %dx%dx%d", c, h, w, c2, h2, w2)
  end
  return c2, h2, w2
end

-- The C operations from number `at` on, for samples as those of x; `input` has the height and width
-- of the policy's input.
local function run_from(steps, at, x, input, fail)
  local list, c, h, w = {}, plan.size(x)
  local room = c * h * w
  while steps[at] and steps[at].op.rows do
    local step = steps[at]
    local op, o = step.op, plan.in_pixels(step.o, input.h, input.w)
    local fail_here = plan.failing(step, fail)
    plan.check_kind(op, x, fail_here)
    local c2, h2, w2 = size_after(step, o, c, h, w, fail_here)
    rows.append(list, op.rows(o, c, h, w), o.p, o.follow, step.slot)
    room = math.max(room, c2 * h2 * w2, op.room and op.room(o, c, h, w) or 0)
    c, h, w, at = c2, h2, w2, at + 1
  end
  local made = #list > 0 and T.tensor(list, "float64") or T.empty({ 0, rows.WIDTH }, "float64")
  return { list = made, size = { c, h, w }, room = room, after = at }
end

--- The run that begins at operation `at`; kept by the sizes that it was made for.
-- @return table: list = rows for the engine; size = {c, h, w} of the result; room; after = number of
-- the first operation behind it
function plan.run(view, at, x, input, fail)
  local c, h, w = plan.size(x)
  local key = ("%d %d %d %d %d %d %d"):format(at, x:dim(), c, h, w, input.h, input.w)
  local found = view.runs[key]
  if not found then
    found = run_from(view.steps, at, x, input, fail)
    view.runs[key] = found
  end
  return found
end

return plan
