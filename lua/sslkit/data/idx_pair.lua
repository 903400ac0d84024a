-- Datasets of the MNIST form: images and labels for training and for test, as four idx files in a
-- folder, or as the .npy files of data/cache.lua.

local cache = require "sslkit.data.cache"

local idx_pair = {}

local PREFIX = { train = "train", test = "t10k" }
-- The names in use: the original one, and that of an unpacker that kept the dot; each perhaps
-- gzipped.
local NAMES = { "%s-%s-idx%d-ubyte", "%s-%s.idx%d-ubyte" }

local function read(folders, split, what, ndim, advice)
  local names = { split .. (what == "images" and "-x.npy" or "-y.npy") }
  for _, name in ipairs(NAMES) do
    name = name:format(PREFIX[split], what, ndim)
    table.move({ name, name .. ".gz" }, 1, 2, #names + 1, names)
  end
  local path = cache.find(folders, table.unpack(names))
  if not path then return cache.missing(names[2], folders, advice) end
  local tensor, message = cache.read(path, path:find "%.npy$" and what == "images" and 4 or ndim)
  return tensor, message or path
end

--- Reads images and labels.
-- @param options the caller's table: split = "train" | "test" ("train"), root = folder (the
-- defaults)
-- @param about table: name, classes, folder = where else to look without a root, advice = how to get
-- the files
-- @return dataset; or nil, a message, and "missing" where there is no such file at all
-- @raise unknown options, a split that does not exist
function idx_pair.load(options, about)
  local split, folders = cache.options(options, about.name, about.folder)
  local images, message, why = read(folders, split, "images", 3, about.advice)
  if not images then return nil, message, why end
  local labels, path
  labels, path, why = read(folders, split, "labels", 1, about.advice)
  if not labels then return nil, path, why end
  if images:dim() == 3 then images = images:unsqueeze(2) end
  return cache.join(images, labels, path, {
    name = about.name .. " " .. split, classes = about.classes,
  })
end

return idx_pair
