-- TensorBoard's events as bytes: protocol buffers (event.proto, summary.proto and tensor.proto of
-- TensorFlow, of which a few fields are enough) in the frames of a TFRecord file.
-- @source TensorFlow, "TFRecord and tf.train.Example"; Protocol Buffers, "Encoding".

local crc32c = require "sslkit.log.crc32c"

local event = {}

-- {== Protocol buffers =====================================================================

-- Seven bits a byte, the lowest first; negative numbers take ten.
local function varint(v)
  if v >> 7 == 0 then return string.char(v) end
  local bytes = {}
  while v >> 7 ~= 0 do
    bytes[#bytes + 1] = string.char(v & 127 | 128)
    v = v >> 7
  end
  bytes[#bytes + 1] = string.char(v)
  return table.concat(bytes)
end

local function integer(field, v) return varint(field << 3) .. varint(v) end
local function double(field, v) return varint(field << 3 | 1) .. ("<d"):pack(v) end
local function float(field, v) return varint(field << 3 | 5) .. ("<f"):pack(v) end
local function bytes(field, s) return varint(field << 3 | 2) .. varint(#s) .. s end

local function doubles(field, list)
  local parts = {}
  for i, v in ipairs(list) do parts[i] = ("<d"):pack(v) end
  return bytes(field, table.concat(parts))
end

-- ==}

-- {== Values of a summary: each has a tag (1) ==============================================

local STRING = 7 -- of the types of tensor.proto
local TEXT = bytes(9, bytes(1, bytes(1, "text"))) -- metadata.plugin_data.plugin_name
local ONE = bytes(2, bytes(2, integer(1, 1)))     -- tensor_shape.dim.size

--- A number: simple_value.
function event.scalar(tag, v) return bytes(1, bytes(1, tag) .. float(2, v)) end

--- A text, in Markdown: a tensor of one string.
function event.text(tag, s)
  return bytes(1, bytes(1, tag) .. TEXT .. bytes(8, integer(1, STRING) .. ONE .. bytes(8, s)))
end

--- A histogram: h has least, most, count, sum, squares, and the lists limits (the right ends of the
-- buckets) and counts.
function event.histogram(tag, h)
  local histo = double(1, h.least) .. double(2, h.most) .. double(3, h.count) .. double(4, h.sum)
    .. double(5, h.squares) .. doubles(6, h.limits) .. doubles(7, h.counts)
  return bytes(1, bytes(1, tag) .. bytes(5, histo))
end

local CHANNELS = { [0] = 1, [2] = 3, [4] = 2, [6] = 4 } -- by the colour type of a PNG file

--- A picture, from the bytes of a PNG file, whose header tells its size.
function event.image(tag, png)
  local width, height, _, colour = (">I4I4I1I1"):unpack(png, 17)
  local image = integer(1, height) .. integer(2, width) .. integer(3, CHANNELS[colour])
  return bytes(1, bytes(1, tag) .. bytes(4, image .. bytes(4, png)))
end

-- ==}

-- {== The file =============================================================================

-- Sums of data that hold their own sum are of little worth: so it is turned, and a constant added.
local function masked(s)
  local sum = crc32c(s)
  return ((sum >> 15 | sum << 17) + 0xa282ead8) & 0xffffffff
end

local function frame(data)
  local length = ("<I8"):pack(#data)
  return length .. ("<I4"):pack(masked(length)) .. data .. ("<I4"):pack(masked(data))
end

--- What a file begins with.
function event.first(time) return frame(double(1, time) .. bytes(3, "brain.Event:2")) end

--- The values of a step, as a record of the file.
function event.values(time, step, values)
  return frame(double(1, time) .. integer(2, step) .. bytes(5, values))
end

-- ==}

return event
