-- Pictures side by side.

local check = require "sslkit.check"
local core = require "sslkit.core"
local figure = require "sslkit.plot.figure"
local pictures = require "sslkit.plot.pictures"

local EDGE, TITLE = 16, 40     -- pixels around the pictures, as figures without axes have them
local LEAST, LARGEST = 160, 10000 -- pixels of a figure
local COLUMNS = 8
local GROWN = 8                -- pixels of a picture become so large at most, unless asked for
local MORE = {
  labels = true, titles = true, columns = true, scale = true, range = true, title = true,
}

-- [N,C,H,W] of 1 to 4 channels and some pixels.
local function read_images(images)
  check.tensor(1, images, nil, "images")
  local dtype, dim = core.dtype(images), images:dim()
  if dim ~= 3 and dim ~= 4 or dtype == "int64" then
    check.fail(1, "images as float or uint8 tensor [N,C,H,W] or [N,H,W] expected, got %s",
      check.kind(images))
  end
  local t = images:detach()
  if dim == 3 then t = t:unsqueeze(2) end
  if t:numel() == 0 then check.fail(1, "images without pixels: %s", core.describe(images)) end
  if t:size(2) > 4 then
    check.fail(1, "1 to 4 channels expected, got %s%s", core.describe(images),
      dim == 4 and t:size(4) <= 4 and "; :movedim(4, 2) puts the last dimension there" or "")
  end
  return t
end

-- The values as bytes.
local function to_bytes(t, range)
  local whole = core.dtype(t) == "uint8"
  if range == nil then
    if whole then return t end
    range = { 0, 1 }
  elseif type(range) ~= "table" or #range ~= 2 then
    check.fail(2, "range must be a table {low, high}, got %s", check.kind(range))
  end
  local low = check.number(2, "the low end of range", range[1])
  local high = check.number(2, "the high end of range", range[2])
  if low >= high then check.fail(2, "range must be rising, got {%g, %g}", low, high) end
  t = t:to "float64"
  return ((t - low) * (255 / (high - low))):nan_to_num(0, 255, 0):clamp(0, 255):round():to "uint8"
end

-- A list of as many words, or nil.
local function words(what, v, n, of)
  if v == nil then return nil end
  local list = core.is_tensor(v) and v:dim() == 1 and v:totable() or v
  if type(list) ~= "table" or #list ~= n then
    check.fail(2, "%s must be a list of %d names, one for each %s, got %s", what, n, of,
      type(list) == "table" and #list or check.kind(v))
  end
  local out = {}
  for i, word in ipairs(list) do out[i] = tostring(word):gsub("%s", " ") end
  return out
end

-- The pixels that a pixel of a picture becomes, so that a row has the figure's width.
local function fitting_scale(self, width)
  local room = width - 2 * EDGE - (self.columns - 1) * self.pad
  local scale = math.min(room / (self.columns * self.wide), GROWN)
  return scale > 1 and math.floor(scale) or math.max(scale, 0.01)
end

local function check_size(width, height)
  if width > LARGEST or height > LARGEST then
    check.fail(1, "these images make a figure of %.0f x %.0f pixels, and %d are the most: take "
      .. "fewer, or a smaller scale", width, height, LARGEST)
  end
end

--- Pictures side by side, row by row.
-- @param images float (0 black to 1 white) or uint8 tensor [N,C,H,W] or [N,H,W]; C = 1 grey, 2 grey
-- and alpha, 3 RGB, 4 RGB and alpha. What lies outside the range becomes its nearer end, NaN black
-- @param options table: columns = pictures in a row (8; more where there are more than 64);
-- labels = list of N words, or tensor: below each picture (none); titles = list of words above the
-- columns (none); pad = pixels between pictures (4); scale = pixels for each of a picture's (what
-- fills the width, at most 8); range = {low, high}, the values of black and white ({0, 1} of floats,
-- {0, 255} of uint8); title = words (none); width = pixels of the figure (640)
-- @return figure; its PNGs in the SVG need libpng (see ssl.image), drawings of characters do not
-- @raise tensors of another shape or dtype, or without pixels; unknown options
-- @example ssl.plot.image_grid(ssl.rand(3, 1, 8, 8), {title = "noise"}) --> noise...
-- @example local d = ssl.data.digits(); return #ssl.plot.image_grid(d.x[{ {1, 8} }], {labels = d.y[{ {1, 8} }], range = {0, 16}}):svg() > 1000 --> true
-- @example ssl.plot.image_grid(ssl.zeros(4, 8, 8, "uint8"), {columns = 2, scale = 2, pad = 0}).width --> 160
local function image_grid(images, options)
  local t = read_images(images)
  local o = check.options(2, options, { pad = 4, width = 640 }, MORE)
  local n = t:size(1)
  local self = pictures.new { given = t, bytes = to_bytes(t, o.range) }
  self.count, self.channels, self.tall, self.wide = t:shape()
  local usual = math.max(COLUMNS, math.ceil(n ^ 0.5))
  self.columns = math.min(n, check.integer(2, "columns", o.columns or usual, 1))
  self.pad = check.number(2, "pad", o.pad, 0, 1000)
  check.number(2, "width", o.width, LEAST, LARGEST)
  if o.scale ~= nil then check.number(2, "scale", o.scale, 0.01, 1000) end
  self.labels = words("labels", o.labels, n, "image")
  self.titles = words("titles", o.titles, self.columns, "column")
  self.scale = o.scale or fitting_scale(self, o.width)
  local width, height = self:size()
  width = math.max(LEAST, width + 2 * EDGE)
  height = math.max(120, height + EDGE + (o.title ~= nil and TITLE or EDGE))
  check_size(width, height)
  return (figure.free(self, { title = o.title, width = width, height = height }, 2))
end

return image_grid
