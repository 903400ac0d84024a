-- Corrupted copies of a dataset, to measure what a representation makes of images that are worse than
-- those it was trained on.

local check = require "sslkit.check"
local core = require "sslkit.core"
local dataset = require "sslkit.data.dataset"
local near = require "sslkit.near"
local T = require "sslkit.tensor"

local corruptions = {}

local PIXELS = 1 << 20 -- worked on at a time

-- name -> { severities = parameters of 1..5, make(parameter, about) -> function(x, draws) -> x,
-- channels = the number it needs }. About the images: height, width, levels. x is float32
-- [n,C,H,W] in 0..1; draws(k) gives float64 [n,k] in [0,1), of which each row depends on the seed and
-- on the sample alone. What leaves 0..1 is cut afterwards.
local kinds, names = {}, {}
for _, family in ipairs { "noise", "blur", "light", "warp" } do
  for name, kind in pairs(require("sslkit.data.corrupt." .. family)) do
    kinds[name], names[#names + 1] = kind, name
  end
end
table.sort(names)

--- The kinds of corruption that `corrupt` knows.
-- @return list of names
-- @example ssl.data.corruptions()[1] --> brightness
function corruptions.list() return table.move(names, 1, #names, 1, {}) end

local function check_images(ds)
  if type(ds) ~= "table" or not core.is_tensor(ds.x) then
    check.fail(1, "dataset expected, got %s", check.kind(ds))
  end
  local x = ds.x
  if x:dtype() ~= "uint8" or x:dim() ~= 4 or x:numel() == 0 and #x > 0 then
    check.fail(1, "a dataset of uint8 images [N,C,H,W] expected, got %s", check.kind(x))
  end
  local levels = math.tointeger(ds.levels)
  if not levels or levels > 255 or #x > 0 and x:max():item() > levels then
    check.fail(1, "images of whole levels up to 255 expected, got %g", ds.levels)
  end
  return x, levels
end

local function find(name, channels)
  local kind = kinds[name]
  if not kind then
    check.fail(2, "kind must be one of %s, got %s%s", table.concat(names, ", "), check.kind(name),
      type(name) == "string" and near.hint(name, names) or "")
  end
  if kind.channels and kind.channels ~= channels then
    check.fail(1, "%s needs images of %d channels, got %d", name, kind.channels, channels)
  end
  return kind
end

-- What the samples first..last draw: each call takes numbers of its own.
local function draws_of(seed, name, first, last)
  local index, slot = T.arange(first, last, 1, "int64"), core.crc32(0, "corrupt " .. name)
  return function(k)
    slot = (slot + 1) & 0xffffffff
    return core.augment_draws({ seed, 0, 0 }, slot, index, k)
  end
end

--- The same images, corrupted as in CIFAR-10-C, with the parameters that were published for 32x32
-- pixels. What is drawn depends on the seed, the kind and the number of the sample alone: severities
-- differ in nothing else, and neither order nor threads matter.
-- @param ds dataset of uint8 images [N,C,H,W]
-- @param kind "brightness" | "contrast" | "defocus_blur" | "elastic_transform" | "fog" |
-- "gaussian_blur" | "gaussian_noise" | "impulse_noise" | "motion_blur" | "pixelate" | "saturate" |
-- "shot_noise" | "speckle_noise" | "zoom_blur"
-- @param severity 1..5
-- @param options table: seed = whole number (0)
-- @return dataset with new images and the same labels; values are rounded, where the original's are
-- cut
-- @raise an unknown kind, other images, "saturate" of images that are not of 3 channels
-- @source D. Hendrycks, T. Dietterich 2019, "Benchmarking neural network robustness to common
-- corruptions and perturbations"
-- @example ssl.data.corrupt(ssl.data.digits(), "contrast", 3).name --> digits, contrast 3
-- @example #ssl.data.corrupt(ssl.data.digits():subset{1, 2}, "gaussian_noise", 5) --> 2
function corruptions.corrupt(ds, kind, severity, options)
  local x, levels = check_images(ds)
  local n, channels, height, width = x:shape()
  local found = find(kind, channels)
  severity = check.integer(3, "severity", severity, 1, 5)
  local seed = check.integer(4, "seed", check.options(4, options, { seed = 0 }).seed)
  local out = T.empty({ n, channels, height, width }, "uint8")
  local about = { height = height, width = width, levels = levels }
  local apply = n > 0 and found.make(found.severities[severity], about)
  local block = math.max(1, PIXELS // (channels * height * width))
  for first = 1, n, block do
    local last = math.min(first + block - 1, n)
    local images = x:narrow(1, first, last):float() / levels
    local worse = apply(images, draws_of(seed, kind, first, last)):clamp(0, 1)
    out:narrow(1, first, last):copy_((worse * levels):round():byte())
  end
  return dataset.new {
    x = out, y = ds.y, classes = ds.classes, levels = levels,
    name = ("%s, %s %d"):format(ds.name, kind, severity),
  }
end

return corruptions
