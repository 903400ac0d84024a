-- Rows a block at a time, of a tensor or of an opened .npy file: what is larger than memory is read as
-- often as a metric needs it, and never held.

local core = require "sslkit.core"
local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local reader = require "sslkit.io.npy_reader"
local rows = require "sslkit.metrics.engine.rows"

local stream = {}

local BLOCK = 1 << 21 -- elements of a block
local LEAST = 256     -- rows in one, whatever their width

local Source = {}
Source.__index = Source

--- Is it an opened file?
stream.is = reader.is

local function describe(file)
  return ("(%s) %s"):format(table.concat({ file:shape() }, ","), file:dtype())
end

--- Floats in `dim` dimensions (2) without a 0 among them, or an error.
function stream.check(argn, file, dim)
  local shape = { file:shape() } -- raises where it has been closed
  local dtype = file:dtype()
  if dtype ~= "float32" and dtype ~= "float64" then
    check.fail(argn, "file of dtype float expected, got %s", describe(file))
  end
  if #shape ~= (dim or 2) then
    check.fail(argn, "file with %d dimensions expected, got %s", dim or 2, describe(file))
  end
  for _, size in ipairs(shape) do
    if size == 0 then
      check.fail(argn, "at least one row and one column expected, got %s", describe(file))
    end
  end
  return shape
end

--- The width of the rows, of a file that is as it must be.
function stream.width(argn, file)
  return stream.check(argn, file)[2]
end

--- Calls f(block, first) for the file's slices as they are, `count` at a time; the block's memory is
-- used again for the next. It ends where f returns true. A file that can no longer be read is an error
-- at the caller's line.
function stream.blocks(argn, file, count, f)
  local following = file:blocks(count)
  while true do
    local ok, block, first = pcall(following)
    if not ok then check.fail(argn, "%s", (tostring(block):gsub("^blocks: ", ""))) end
    if not block or f(block, first) then return end
  end
end

--- Calls f(block) for blocks of finite rows, after the policy on the others (see rows.finite). Gives how
-- many rows were skipped; or nil and the reason, where a NaN is to be passed on.
function stream.each(argn, file, policy, f)
  local d = stream.width(argn, file)
  policy = check.one_of(argn + 1, "nan", policy or "error", rows.POLICIES)
  local skipped, reason, used = 0, nil, 0
  stream.blocks(argn, file, math.max(LEAST, BLOCK // d), function(block, first)
    local bad = core.nonfinite_row(block)
    if bad and policy ~= "skip" then
      reason = ("row %d holds a NaN or an infinity"):format(first + bad - 1)
      if policy == "propagate" then return true end
      check.fail(argn, "row %d of %s holds a NaN or an infinity; see the option nan",
        first + bad - 1, describe(file))
    elseif bad then
      local kept = core.masked_select(block, rows.which_finite(block))
      skipped = skipped + core.len(block) - core.len(kept)
      block = kept
    end
    used = used + core.len(block)
    if core.len(block) > 0 then f(block) end
  end)
  if reason then return nil, reason end
  if used == 0 then
    check.fail(argn, "every row of %s holds a NaN or an infinity", describe(file))
  end
  return skipped
end

--- The moments of all rows, and how many were skipped; or nil and the reason.
function stream.moments(argn, file, policy)
  local m = moments.new(stream.width(argn, file))
  local skipped, reason = stream.each(argn, file, policy, function(block) m:add_finite(block) end)
  if not skipped then return nil, reason end
  return m, skipped
end

--- What a metric reads block by block, once or more: source:each(f). Fields: d, unit (the rows are to be
-- multiplied by it), z, the finite rows of a tensor; and skipped, which of a file is known once it has
-- been read. Or nil and the reason, where a NaN is to be passed on.
function stream.source(argn, x, policy)
  if reader.is(x) then
    local d = stream.width(argn, x)
    if #x >= d then
      return setmetatable({ file = x, argn = argn, policy = policy, d = d, unit = 1 }, Source)
    end
    x = stream.all(argn, x)
  end
  local z, skipped = rows.finite(argn, x, policy)
  if not z then return nil, skipped end
  local unit
  z, unit = rows.in_range(z)
  return setmetatable({ z = z, unit = unit, skipped = skipped, d = core.size(z, 2) }, Source)
end

--- Calls f for blocks of the rows of a tensor.
function stream.pieces(z, f)
  local n, d = core.shape(z)
  local step = math.max(LEAST, BLOCK // d)
  for first = 1, n, step do f(core.narrow(z, 1, first, math.min(first + step - 1, n))) end
end

--- Calls f for blocks of rows; true, or nil and the reason.
function Source:each(f)
  if self.file then
    local reason
    self.skipped, reason = stream.each(self.argn, self.file, self.policy, f)
    return self.skipped and true, reason
  end
  stream.pieces(self.z, f)
  return true
end

--- All rows at once, of a file that is known to be small.
function stream.all(argn, file)
  local z, message = file:rows(1, -1)
  if not z then check.fail(argn, "%s", message) end
  return z
end

return stream
