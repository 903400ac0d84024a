-- Accumulators as files: magic, version, what kind of one it is, its sizes, then its arrays, and a check
-- sum over all of it. Symmetric matrices are their upper triangles, row by row. A byte tells the order
-- of bytes in the arrays, which is that of the machine that wrote them; all else is little-endian.

local core = require "sslkit.core"
local classes = require "sslkit.metrics.engine.classes"
local elements = require "sslkit.io.elements"
local moments = require "sslkit.metrics.engine.moments"
local source = require "sslkit.io.source"
local T = require "sslkit.tensor"
local two_sets = require "sslkit.metrics.engine.two_sets"

local state = {}

local MAGIC, VERSION = "SSLKITAC", 1
local HEADER = "<c8I4BBBBi8i8i8" -- magic, version, order, kind, center, dtype, n, d, the other size
local NATIVE = string.pack("=I2", 1) == "\1\0" and "<" or ">"
local KINDS = { "plain", "classes", "pair" }
local CENTERS = { [0] = "default", "false", "true" }
local DTYPES = { [0] = "none", "float32", "float64" }
local WIDEST = 32766 -- as the engine takes it

local function upper(d)
  return T.arange(1, d):unsqueeze(2):le(T.arange(1, d):unsqueeze(1))
end

local function packed(matrix) return core.masked_select(matrix, upper(core.size(matrix, 1))) end

local function index_of(list, name)
  for i = 0, #list do
    if list[i] == name then return i end
  end
end

--- An accumulator as the strings that make its file.
function state.encode(m)
  local kind = m.by_class and "classes" or m.pair and "pair" or "plain"
  local c, pair = m.by_class, m.pair
  local other = c and c.k or pair and pair.dy or 0
  local center = m.center == nil and "default" or tostring(m.center)
  local pieces = { string.pack(HEADER, MAGIC, VERSION, NATIVE:byte(), index_of(KINDS, kind),
    index_of(CENTERS, center), index_of(DTYPES, m.dtype or "none"), m.n, m.d, other) }
  local arrays = { m.mean, m.lo, m.hi, packed(m.scatter) }
  if c then
    table.move({ c.classes, c.count, c.mean, c.square, packed(c.scatter) }, 1, 5, 5, arrays)
  elseif pair then
    table.move({ pair.mean_x, pair.mean_y, packed(pair.xx), packed(pair.yy), pair.xy, pair.along_x,
      pair.along_y, pair.squares }, 1, 8, 5, arrays)
  end
  local crc = core.crc32(0, pieces[1])
  for _, array in ipairs(arrays) do
    local bytes = array:contiguous():tobytes()
    crc = core.crc32(crc, bytes)
    pieces[#pieces + 1] = bytes
  end
  pieces[#pieces + 1] = string.pack("<I4", crc)
  return pieces
end

local function broken(why) error({ message = why }, 0) end

-- A result, or the end of the reading with the message that came in its place.
local function sure(value, message)
  if value == nil or value == false then broken(message) end
  return value
end

local function read_header(from)
  local magic, version, order, kind, center, dtype, n, d, other =
    string.unpack(HEADER, sure(from:read(string.packsize(HEADER))))
  if magic ~= MAGIC then broken("not an accumulator: it does not begin with " .. MAGIC) end
  if version ~= VERSION then
    broken(("format version %d, only %d is supported"):format(version, VERSION))
  end
  order = string.char(order)
  local known = (order == "<" or order == ">") and KINDS[kind] and CENTERS[center] and DTYPES[dtype]
  if not known or n < 0 or n >= 1 << 53 or d < 1 or d > WIDEST or other < 0 or other > 1 << 53
    or KINDS[kind] == "pair" and (other < 1 or other > WIDEST)
    or KINDS[kind] == "classes" and other > n then
    broken("damaged header")
  end
  return { big = order == ">", kind = KINDS[kind], center = CENTERS[center], dtype = DTYPES[dtype],
    n = n, d = d, other = other }
end

-- Functions that read the arrays that follow: finite(...), i8(...) and f8(...) of a shape, the last of
-- any numbers, and symmetric(d).
local function arrays_of(from, big)
  local function read(code)
    return function(...) return sure(elements.read(from, code, big, { ... })) end
  end
  local f8 = read "f8"
  local function finite(...)
    local t = f8(...)
    if core.numel(t) > 0 and core.nonfinite_row(t:view(1, -1)) then
      broken("damaged: a NaN in it")
    end
    return t
  end
  local function symmetric(d)
    local triangle = finite(d * (d + 1) // 2)
    local full = sure(elements.try(T.zeros, { d, d }, "float64"))
    full[upper(d)] = triangle
    if core.item(core.amin(full:diagonal())) < 0 then
      broken("damaged: a negative variance in it")
    end
    return full
  end
  return finite, read "i8", symmetric, f8
end

local function read_classes(h, f8, i8, symmetric)
  local c = classes.new(h.d, true)
  c.n, c.k = h.n, h.other
  c.classes, c.count = i8(h.other), i8(h.other)
  c.mean, c.square, c.scatter = f8(h.other, h.d), f8(h.other), symmetric(h.d)
  local left = h.n -- taken off one by one, since a sum of hostile counts may wrap
  for _, count in ipairs(c.count:totable()) do
    if count < 1 or count > left then broken("damaged: counts that do not add up") end
    left = left - count
  end
  if left > 0 then broken("damaged: counts that do not add up") end
  local labels = c.classes:totable()
  for i = 2, #labels do
    if labels[i] <= labels[i - 1] then broken("damaged: labels out of order") end
  end
  if h.other > 0 and core.item(core.amin(c.square)) < 0 then
    broken("damaged: a negative variance in it")
  end
  return c
end

local function read_pair(h, finite, symmetric, f8)
  local pair = two_sets.new(1, 1) -- of no size, until the file has shown that it has one
  pair.n, pair.dx, pair.dy = h.n, h.d, h.other
  pair.mean_x, pair.mean_y = finite(h.d), finite(h.other)
  for _, name in ipairs { "xx", "yy" } do
    local half = symmetric(name == "xx" and h.d or h.other)
    pair[name] = half + half:triu(1):t()
  end
  pair.xy = finite(h.d, h.other)
  -- fourth powers, which may have left the range of float64 where the data have not
  pair.along_x, pair.along_y, pair.squares = f8(h.d, 2), f8(h.other, 2), f8(2, 2)
  return pair
end

local function read_all(from)
  from.crc, from.total = 0, 0
  local h = read_header(from)
  local finite, i8, symmetric, f8 = arrays_of(from, h.big)
  local mean, lo, hi, scatter = finite(h.d), finite(h.d), finite(h.d), symmetric(h.d)
  if core.item(core.any(core.gt(lo, hi))) ~= 0 then broken("damaged: extremes out of order") end
  local by_class = h.kind == "classes" and read_classes(h, finite, i8, symmetric) or nil
  local pair = h.kind == "pair" and read_pair(h, finite, symmetric, f8) or nil
  local crc = from.crc
  from.crc = nil
  if string.unpack("<I4", sure(from:read(4))) ~= crc then
    broken("damaged: its check sum does not fit")
  end
  sure(from:finish())
  local m = moments.new(1)
  m.n, m.d, m.mean, m.scatter, m.lo, m.hi = h.n, h.d, mean, scatter, lo, hi
  m.dtype = h.n > 0 and (h.dtype == "float32" and "float32" or "float64") or nil
  if h.center ~= "default" then m.center = h.center == "true" end
  m.by_class, m.pair = by_class, pair
  return m
end

--- Reads one; or nil and a message without the path.
function state.decode(path)
  local from <close>, message = source.open(path)
  if not from then return nil, message end
  local ok, m = pcall(read_all, from)
  if ok then return m end
  if type(m) == "table" and m.message then return nil, m.message end
  error(m, 0)
end

return state
