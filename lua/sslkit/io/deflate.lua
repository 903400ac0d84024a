-- Compressing what is to be written: a list of byte strings and contiguous tensors becomes a list of
-- strings.

local elements = require "sslkit.io.elements"
local inflate = require "sslkit.io.inflate"

local deflate = {}

local LEVEL = 6
local GZIP, RAW = 31, -15 -- with gzip's header and check sum, or with nothing around the data
local BLOCK = 1 << 20 -- elements of a tensor at a time, which are copied

local function compress(pieces, window)
  local zlib, message = inflate.library()
  if not zlib then return nil, message end
  local stream, out = zlib.deflate(LEVEL, window), {}
  local function put(bytes, flush)
    local compressed = stream(bytes, flush)
    if compressed ~= "" then out[#out + 1] = compressed end
  end
  for _, piece in ipairs(pieces) do
    if type(piece) == "string" then
      put(piece, "none")
    else
      local flat = elements.flat(piece)
      for first = 1, #flat, BLOCK do
        put(flat:narrow(1, first, math.min(first + BLOCK - 1, #flat)):tobytes(), "none")
      end
    end
  end
  put("", "finish")
  return out
end

--- As a .gz file.
-- @param pieces list of strings and contiguous tensors
-- @return list of strings, or nil and a message
function deflate.gzip(pieces) return compress(pieces, GZIP) end

--- As the data of a zip file's member.
-- @param pieces list of strings and contiguous tensors
-- @return list of strings, or nil and a message
function deflate.raw(pieces) return compress(pieces, RAW) end

return deflate
