-- The numbers of a file as a tensor: read into memory that is asked for only when the file can hold
-- what its header claims.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local elements = {}

local BLOCK = 1 << 20 -- bytes; a multiple of every element's size
local SIZES = { float32 = 4, float64 = 8, int64 = 8, uint8 = 1 }

-- "(3,4)"
local function describe(shape) return "(" .. table.concat(shape, ",") .. ")" end

--- The elements of a shape, or nil when there are more than `limit`.
-- @param shape list of sizes, each checked to be 0 or more
-- @param limit count
-- @return count or nil
function elements.count(shape, limit)
  local count = 1
  for _, size in ipairs(shape) do
    if size == 0 then return 0 end
  end
  for _, size in ipairs(shape) do
    if count > limit // size then return nil end
    count = count * size
  end
  return count
end

--- Makes something as large as a file wants it: an error, that of the memory limit, becomes a
-- message.
-- @param f function
-- @param ... its arguments
-- @return what f gives, or nil and a message
function elements.try(f, ...)
  local made, result = pcall(f, ...)
  if made then return result end
  return nil, (tostring(result):gsub("^.-:%d+: ", ""):gsub("^[%w_.?]+: ", ""))
end

--- A contiguous tensor with one dimension, and the same elements.
-- @param tensor contiguous
-- @return view
function elements.flat(tensor) return core.detach(tensor):view(tensor:numel()) end

--- The bytes of a piece that is to be written.
-- @param piece string or contiguous tensor
-- @return count
function elements.bytes(piece)
  if type(piece) == "string" then return #piece end
  return piece:numel() * SIZES[piece:dtype()]
end

-- What File:fill does, for a source that has strings only.
local function fill(from, tensor, code, big, left)
  local first = 1
  while left > 0 do
    local bytes, message = from:read(math.min(left, BLOCK))
    if bytes then first, message = core.decode(tensor, first, bytes, code, big) end
    if not bytes or not first then return nil, message end
    left = left - #bytes
  end
  return true
end

--- Reads a packed array.
-- @param from source (io/source.lua)
-- @param code name of the element, one that core.element knows
-- @param big true when the most significant byte comes first
-- @param shape list of sizes, each checked to be 0 or more
-- @return tensor, or nil and a message
function elements.read(from, code, big, shape)
  local dtype, size = core.element(code)
  if #shape > 8 then return nil, ("%d dimensions, at most 8 are supported"):format(#shape) end
  local count = elements.count(shape, from:most() // size)
  if not count then
    local reason = "truncated: %s elements of %d bytes, where no more than %d bytes can follow"
    return nil, reason:format(describe(shape), size, from:most())
  end
  local tensor, message = elements.try(T.empty, shape, dtype)
  if not tensor then return nil, message end
  local ok
  if from.fill then
    ok, message = from:fill(tensor, code, big)
  else
    ok, message = fill(from, tensor, code, big, count * size)
  end
  if not ok then return nil, message end
  return tensor
end

return elements
