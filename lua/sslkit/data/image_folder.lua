-- Pictures in a folder for each class.

local check = require "sslkit.check"
local dataset = require "sslkit.data.dataset"
local image = require "sslkit.image"
local listing = require "sslkit.data.listing"
local resample = require "sslkit.data.resample"
local T = require "sslkit.tensor"

local DEFAULTS = { channels = 3 }
local MORE = { path = true, size = true, name = true }
local DEEPEST = 32 -- folders in folders; more are a link to one above

local function check_options(options)
  local o = check.options(1, options, DEFAULTS, MORE)
  if type(o.path) ~= "string" then check.fail(1, "path expected, got %s", check.kind(o.path)) end
  o.channels = check.integer(1, "channels", o.channels, 1, 4)
  if o.size ~= nil then
    local size = type(o.size) == "table" and o.size or { o.size, o.size }
    if #size ~= 2 then check.fail(1, "size must be a number or {height, width}") end
    o.size = { check.integer(1, "size", size[1], 1), check.integer(1, "size", size[2], 1) }
  end
  return o
end

-- Adds the paths of all pictures below a folder to a list; true, or nil and a message.
local function collect(path, paths, depth)
  local files, folders = listing.of(path)
  if not files then return nil, folders end
  for _, name in ipairs(files) do
    local kind = name:lower():match "%.(%a+)$"
    if kind == "png" or kind == "jpg" or kind == "jpeg" then
      paths[#paths + 1] = path .. "/" .. name
    end
  end
  for _, name in ipairs(depth < DEEPEST and folders or {}) do
    local ok, message = collect(path .. "/" .. name, paths, depth + 1)
    if not ok then return nil, message end
  end
  return true
end

-- A size in which the picture covers another, and no more of it than its shape demands.
local function cover(height, width, size)
  local scale = math.max(size[1] / height, size[2] / width)
  return math.max(size[1], math.floor(height * scale + 0.5)),
    math.max(size[2], math.floor(width * scale + 0.5))
end

-- The matrices of a change of size; pictures of one size need them made only once.
local function maker()
  local known = {}
  return function(n, out)
    local key = n .. ">" .. out
    known[key] = known[key] or resample.resize(n, out, "bilinear")
    return known[key]
  end
end

-- uint8 [C,H,W] made smaller or larger, and its middle.
local function fit(picture, size, resize)
  local _, height, width = picture:shape()
  if height == size[1] and width == size[2] then return picture end
  local tall, wide = cover(height, width, size)
  local x = resample.apply(picture:float(), resize(height, tall), resize(width, wide))
  local top, left = (tall - size[1]) // 2, (wide - size[2]) // 2
  x = x:narrow(2, top + 1, top + size[1]):narrow(3, left + 1, left + size[2])
  return x:clamp(0, 255):round():byte()
end

-- All pictures as one tensor; or nil and a message.
local function read(paths, o)
  local out
  local resize = maker()
  for i, path in ipairs(paths) do
    local picture, message = image.load(path, { channels = o.channels })
    if not picture then return nil, message end
    if o.size then picture = fit(picture, o.size, resize) end
    local _, height, width = picture:shape()
    out = out or T.empty({ #paths, o.channels, height, width }, "uint8")
    local _, _, tall, wide = out:shape()
    if height ~= tall or width ~= wide then
      return nil, ("%s: %dx%d pixels, where %s has %dx%d; size= brings all to one"):format(
        path, height, width, paths[1], tall, wide)
    end
    out[i] = picture
  end
  return out
end

--- A dataset from a folder with a folder for each class, as torchvision's ImageFolder has it: the
-- classes are the folders' names in alphabetical order, the samples all .png, .jpg and .jpeg files
-- in them, at any depth.
-- @param options table: path = folder; size = side of a square, or {height, width}: pictures are
-- resized, smoothly and without a change of shape, until they just cover it, and their middle is
-- taken (all must have one size); channels = 1 grey, 3 RGB, 2 and 4 with alpha (3); name = string
-- (the path)
-- @return dataset: x = uint8 [N,C,H,W], y = int64 [N], classes; and the list of the files. Or nil and
-- a message
-- @raise unknown options
-- @example ssl.data.image_folder{ path = "/nowhere" } --> nil
local function image_folder(options)
  local o = check_options(options)
  local found, classes = listing.of(o.path)
  if not found then return nil, classes end
  if #classes == 0 then return nil, o.path .. ": no folder for a class in it" end
  local paths, labels = {}, {}
  for k, name in ipairs(classes) do
    local before = #paths
    local ok, message = collect(o.path .. "/" .. name, paths, 1)
    if not ok then return nil, message end
    if #paths == before then return nil, ("%s/%s: no picture in it"):format(o.path, name) end
    for i = before + 1, #paths do labels[i] = k end
  end
  local x, message = read(paths, o)
  if not x then return nil, message end
  return dataset.new {
    x = x, y = T.tensor(labels, "int64"), classes = classes, name = o.name or o.path,
  }, paths
end

return image_folder
