-- The numbers of a file as a tensor: read block by block into memory that is asked for only when
-- the file can hold what its header claims.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local elements = {}

local BLOCK = 1 << 20 -- bytes; a multiple of every element's size

-- "(3,4)"
local function describe(shape) return "(" .. table.concat(shape, ",") .. ")" end

-- The elements of a shape, or nil when there are more than `limit`.
local function count_of(shape, limit)
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

--- Reads a packed array.
-- @param from source (io/source.lua)
-- @param code NumPy's name of the element without its byte order, one that core.element knows
-- @param big true when the most significant byte comes first
-- @param shape list of sizes, each checked to be 0 or more
-- @return tensor, or nil and a message
function elements.read(from, code, big, shape)
  local dtype, size = core.element(code)
  if #shape > 8 then return nil, ("%d dimensions, at most 8 are supported"):format(#shape) end
  local count = count_of(shape, from:most() // size)
  if not count then
    local reason = "truncated: %s elements of %d bytes, where no more than %d bytes can follow"
    return nil, reason:format(describe(shape), size, from:most())
  end
  local made, tensor = pcall(T.empty, shape, dtype)
  if not made then return nil, (tensor:gsub("^.-:%d+: ", ""):gsub("^%w+: ", "")) end
  local first, left = 1, count * size
  while left > 0 do
    local bytes, message = from:read(math.min(left, BLOCK))
    if not bytes then return nil, message end
    first = core.decode(tensor, first, bytes, code, big)
    left = left - #bytes
  end
  return tensor
end

return elements
