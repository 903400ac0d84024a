-- Pictures: tensors [channels, height, width] from PNG and JPEG files and to PNG files, and many of
-- them side by side in one. The two formats are in a C module of their own, which is loaded on
-- first use, since it needs libpng and libjpeg.

local core = require "sslkit.core"
local check = require "sslkit.check"

local T = core.methods

local image = {}

local NO_CODEC = "this sslkit has no libpng and libjpeg; install both (apt-get install libpng-dev "
  .. "libjpeg-dev) and build sslkit again (%s)"
local MIB = 1 << 20
local WHOLE = 2.0 ^ 53 -- above, a float may stand for another number

local function load_codec()
  local found, codec = pcall(require, "sslkit.image.core")
  if not found then check.raise(NO_CODEC, codec:match "^[^\n]*") end
  return codec
end

-- {== Reading ==============================================================================

-- True where so many bytes may still be had; or nil and a message.
local function has_room(bytes, what)
  local limit = core.memory_limit()
  local used = collectgarbage "count" * 1024
  if limit <= 0 or used + bytes <= limit then return true end
  collectgarbage()
  used = collectgarbage "count" * 1024
  if used + bytes <= limit then return true end
  return nil, ("%s needs %.1f MiB; %.1f MiB are in use of a limit of %.1f MiB"):format(
    what, bytes / MIB, used / MIB, limit / MIB)
end

local function read_options(options)
  local channels = check.options(2, options, {}, { channels = true }).channels
  return channels and check.integer(2, "channels", channels, 1, 4)
end

local function decode(codec, bytes, wanted)
  local file <close>, channels, height, width, needed = codec.open(bytes)
  if not file then return nil, channels end
  if wanted == channels then wanted = nil end
  if wanted then needed = needed + wanted * height * width end
  local ok, message = has_room(needed, ("an image of %dx%d pixels"):format(width, height))
  if not ok then return nil, message end
  local t
  t, message = codec.read(file)
  if t and wanted then t = codec.convert(t, wanted) end
  return t, message
end

--- Reads a picture from the bytes of a PNG or JPEG file.
-- @param bytes string
-- @param options table, as of `load`
-- @return uint8 [channels, height, width]; or nil and a message
-- @raise bytes that are no string
-- @example ssl.image.decode(ssl.image.encode(ssl.ones(2, 3, "uint8"))):sum():item() --> 6
-- @example select(2, ssl.image.decode "GIF89a") --> neither PNG nor JPEG
function image.decode(bytes, options)
  if type(bytes) ~= "string" then
    check.fail(1, "string of bytes expected, got %s", check.kind(bytes))
  end
  return decode(load_codec(), bytes, read_options(options))
end

local function check_path(path)
  if type(path) ~= "string" then check.fail(1, "path expected, got %s", check.kind(path)) end
  if path:find("\0", 1, true) then check.fail(1, "a path cannot hold a zero byte") end
end

-- The bytes of a file; or nil and a message, with the path in front.
local function read_file(path)
  local size, message = core.file_size(path)
  if not size then return nil, message end
  local ok, why = has_room(2 * size, "reading the file")
  if not ok then return nil, path .. ": " .. why end
  local file
  file, message = io.open(path, "rb")
  if not file then return nil, message end
  local bytes
  bytes, message = file:read "a"
  file:close()
  if not bytes then return nil, path .. ": " .. message end
  return bytes
end

--- Reads a picture from a PNG or JPEG file; which of them it is, its content tells. Channels are as
-- in the file: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. Palettes become RGB, a transparent
-- colour becomes alpha, CMYK becomes RGB; every depth becomes 8 bits. What a camera says of the
-- orientation is not followed.
-- @param path string
-- @param options table: channels = 1..4 (as in the file). Grey from RGB is its luma (Rec. 601);
-- alpha that is not wanted is dropped, and where it lacks it is 255
-- @return uint8 [channels, height, width]; or nil and a message when the file is missing, damaged or
-- no picture, or when the memory limit leaves no room for it
-- @raise a path that is no string
-- @example ssl.image.load "nowhere.png" --> nil
-- @example select(2, ssl.image.load "nowhere.png") --> nowhere.png: No such file or directory
function image.load(path, options)
  check_path(path)
  local wanted = read_options(options)
  local bytes, message = read_file(path)
  if not bytes then return nil, message end
  local t
  t, message = decode(load_codec(), bytes, wanted)
  if not t then return nil, path .. ": " .. message end
  return t
end

-- ==}

-- {== Side by side =========================================================================

local GRID = { columns = 8, padding = 2, value = 0 }

local function check_not_empty(argn, t)
  if core.numel(t) == 0 then check.fail(argn, "an image without pixels: %s", core.describe(t)) end
end

-- t [N,C,H,W], the options' argument number, and columns, padding, value in a table.
local function grid(t, argn, o)
  local columns = check.integer(argn, "columns", o.columns, 1)
  local padding = check.integer(argn, "padding", o.padding, 0, 1 << 20)
  local value = check.element(argn, o.value, core.dtype(t))
  local n, channels, height, width = core.shape(t)
  columns = math.min(columns, n)
  local rows = (n - 1) // columns + 1
  local down, across = height + padding, width + padding
  local tall, wide = 1.0 * rows * down + padding, 1.0 * columns * across + padding
  if tall > WHOLE or wide > WHOLE then
    check.fail(1, "%s makes a grid of %g x %g pixels", core.describe(t), tall, wide)
  end
  local out = core.fill_(core.new({ channels, tall // 1 | 0, wide // 1 | 0 }, core.dtype(t)), value)
  for i = 0, n - 1 do
    local y, x = i // columns * down + padding, i % columns * across + padding
    local place = core.narrow(core.narrow(out, 2, y + 1, y + height), 3, x + 1, x + width)
    core.copy_(place, core.select(t, 1, i + 1))
  end
  return out
end

--- Puts pictures of one size side by side, row by row, with a margin around each.
-- @param t [N, C, H, W], any dtype
-- @param options table: columns = pictures in a row (8); padding = pixels between pictures and at
-- the borders (2); value = what the padding is filled with (0)
-- @return [C, rows (H + padding) + padding, columns (W + padding) + padding] of t's dtype
-- @raise a t of another shape or without pixels, or on the tape: the grid has no gradient
-- @example select("#", ssl.image.grid(ssl.ones(5, 1, 4, 4), {columns = 3}):shape()) --> 3
-- @example ssl.image.grid(ssl.ones(5, 1, 4, 4), {columns = 3, padding = 1}):size(2) --> 11
function image.grid(t, options)
  check.tensor(1, t, { dim = 4 })
  check_not_empty(1, t)
  if core.recording() and core.node(t) then
    check.fail(1, "%s is on the tape, and a grid has no gradient: use its :detach()",
      core.describe(t))
  end
  return (grid(t, 2, check.options(2, options, GRID)))
end

-- ==}

-- {== Writing ==============================================================================

local SAVE = { columns = GRID.columns, padding = GRID.padding }

local function check_range(argn, range, dtype)
  if range == nil then return 0, 1 end
  if dtype == "uint8" then check.fail(argn, "range is for floats; uint8 is 0..255") end
  if type(range) ~= "table" then
    check.fail(argn, "range must be a table {low, high}, got %s", check.kind(range))
  end
  local low = check.number(argn, "the low end of range", range[1])
  local high = check.number(argn, "the high end of range", range[2])
  if low >= high then check.fail(argn, "range must be rising, got {%g, %g}", low, high) end
  return low, high
end

-- The tensor (argument argn, its options behind it) as a PNG file: a tensor of bytes with room to
-- spare, and how many of them count; or nil and a message.
local function encode(argn, t, options)
  check.tensor(argn, t)
  local o = check.options(argn + 1, options, SAVE, { range = true, value = true })
  local dtype, dims = core.dtype(t), core.dim(t)
  if dtype == "int64" then
    check.fail(argn, "uint8 or float tensor expected, got %s", core.describe(t))
  end
  local low, high = check_range(argn + 1, o.range, dtype)
  if dims < 2 or dims > 4 then
    check.fail(argn, "[C,H,W], [H,W] or [N,C,H,W] expected, got %s", core.describe(t))
  end
  check_not_empty(argn, t)
  t = core.detach(t)
  if dims == 4 then
    o.value = o.value or low
    t = grid(t, argn + 1, o)
  elseif dims == 2 then
    t = core.unsqueeze(t, 1)
  end
  if core.size(t, 1) > 4 then
    check.fail(argn, "1 to 4 channels expected, got %s", core.describe(t))
  end
  return load_codec().encode(t, low, high)
end

--- A picture as the bytes of a PNG file.
-- @param t tensor as of `save`
-- @param options table, as of `save`
-- @return string
-- @raise as `save`
-- @example ssl.image.encode(ssl.rand(3, 8, 8)):sub(2, 4) --> PNG
function image.encode(t, options)
  local bytes, n = encode(1, t, options)
  if not bytes then check.fail(1, "%s", n) end
  return (T.tobytes(core.narrow(bytes, 1, 1, n)))
end

--- Writes a picture to a PNG file, whole or not at all.
-- @param path string that ends in .png
-- @param t [C, H, W] or [H, W], C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; or
-- [N, C, H, W], which becomes a `grid`. uint8; or float, where 0..1 is black to white, what lies
-- outside becomes the nearer of them, and NaN black
-- @param options table: range = {low, high} of floats, black and white ({0, 1}); and for many
-- pictures those of `grid`, with value (black)
-- @return true; or nil and a message when the file cannot be written, and then an old one is
-- unchanged
-- @raise a path that is no string, a tensor of another shape or dtype, or without pixels
-- @example ssl.image.save("/nowhere/x.png", ssl.rand(3, 8, 8)) --> nil
-- @example select(2, ssl.image.save("x.gif", ssl.rand(3, 8, 8))) --> x.gif: unknown extension; known: .png
function image.save(path, t, options)
  check_path(path)
  check.tensor(2, t)
  if not path:lower():find "%.png$" then
    return nil, path .. ": unknown extension; known: .png"
  end
  local bytes, n = encode(2, t, options)
  if not bytes then return nil, path .. ": " .. n end
  return core.write_atomic(path, { core.narrow(bytes, 1, 1, n) })
end

-- ==}

return image
