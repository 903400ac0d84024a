-- IDX files, the form of MNIST: two zero bytes, an element type, the number of dimensions, the
-- sizes, the elements; every number with its most significant byte first.
-- @source Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats".

local elements = require "sslkit.io.elements"

local idx = {}

local CODES = {
  [0x08] = "u1", [0x09] = "i1", [0x0B] = "i2", [0x0C] = "i4", [0x0D] = "f4", [0x0E] = "f8",
}
-- What a dtype is written as: the type byte and string.pack's letter.
local WRITTEN = {
  float32 = { 0x0D, "f" }, float64 = { 0x0E, "d" }, int64 = { 0x0C, "i4" }, uint8 = { 0x08 },
}
local RUN = 1024 -- numbers packed at a time

--- Reads one array.
-- @param from source (io/source.lua) that stands at the beginning of the file
-- @return tensor (whole numbers of more than 8 unsigned bits become int64), or nil and a message
function idx.decode(from)
  local start, message = from:read(4)
  if not start then return nil, message end
  local zero, code, ndim = string.unpack(">I2BB", start)
  if zero ~= 0 or not CODES[code] then
    local zipped = start:sub(1, 2) == "\x1f\x8b"
    local hint = zipped and "; gzip data, which the name must tell by .gz" or ""
    return nil, ("not an idx file: it begins with %02x %02x %02x %02x%s"):format(
      start:byte(1), start:byte(2), code, ndim, hint)
  end
  local sizes
  sizes, message = from:read(4 * ndim)
  if not sizes then return nil, message end
  local shape = { string.unpack(">" .. ("I4"):rep(ndim), sizes) }
  shape[#shape] = nil -- the position behind the last
  return elements.read(from, CODES[code], true, shape)
end

-- The elements with their most significant byte first, as a list of strings.
local function big_endian(flat, letter)
  local pieces = {}
  for first = 1, #flat, RUN do
    local values = flat:narrow(1, first, math.min(first + RUN - 1, #flat)):totable()
    pieces[#pieces + 1] = string.pack(">" .. letter:rep(#values), table.unpack(values))
  end
  return pieces
end

--- A tensor as the pieces of a file.
-- @param tensor uint8, float32, float64, or int64 with values that fit 32 bits
-- @return list of strings and contiguous tensors, or nil and a message
function idx.encode(tensor)
  local code, letter = table.unpack(WRITTEN[tensor:dtype()])
  local sizes = { tensor:shape() }
  for _, size in ipairs(sizes) do
    if size >= 1 << 32 then return nil, ("an idx file cannot hold a size of %d"):format(size) end
  end
  local head = string.pack(">I2BB" .. ("I4"):rep(#sizes), 0, code, #sizes, table.unpack(sizes))
  if not letter then return { head, tensor:contiguous() } end
  local flat = tensor:contiguous():view(tensor:numel())
  if letter == "i4" and #flat > 0 then
    local low, high = flat:min():item(), flat:max():item()
    if low < -(1 << 31) or high >= 1 << 31 then
      return nil, ("an idx file holds whole numbers of 32 bits, not %d..%d"):format(low, high)
    end
  end
  local pieces = big_endian(flat, letter)
  table.insert(pieces, 1, head)
  return pieces
end

return idx
