-- Datasets of the MNIST form: four idx files in a folder, images and labels, for training and for
-- test.

local check = require "sslkit.check"
local core = require "sslkit.core"
local dataset = require "sslkit.data.dataset"
local files = require "sslkit.io"

local idx_pair = {}

local PREFIX = { train = "train", test = "t10k" }
-- The names in use: the original one, and that of an unpacker that kept the dot; each perhaps
-- gzipped.
local NAMES = { "%s-%s-idx%d-ubyte", "%s-%s.idx%d-ubyte" }

-- The path of the first file that is there.
local function find(folders, prefix, what, ndim)
  for _, folder in ipairs(folders) do
    for _, name in ipairs(NAMES) do
      local path = folder .. "/" .. name:format(prefix, what, ndim)
      if core.file_size(path) then return path end
      if core.file_size(path .. ".gz") then return path .. ".gz" end
    end
  end
end

local function read(folders, prefix, what, ndim, advice)
  local path = find(folders, prefix, what, ndim)
  if not path then
    return nil, ("no %s in %s; %s"):format(
      NAMES[1]:format(prefix, what, ndim), table.concat(folders, " or "), advice), "missing"
  end
  local tensor, message = files.load(path)
  if not tensor then return nil, message end
  if tensor:dtype() ~= "uint8" or tensor:dim() ~= ndim then
    return nil, ("%s: uint8 with %d dimensions expected, got %s"):format(
      path, ndim, check.kind(tensor))
  end
  return tensor, path
end

--- Reads images and labels.
-- @param options the caller's table: split = "train" | "test" ("train"), root = folder (the
-- defaults)
-- @param about table: name, classes, folders = where to look without a root, advice = how to get
-- the files
-- @return dataset; or nil, a message, and "missing" where there is no such file at all
-- @raise unknown options, a split that does not exist
function idx_pair.load(options, about)
  options = check.options(1, options, { split = "train" }, { root = true })
  check.one_of(1, "split", options.split, { "train", "test" })
  if options.root ~= nil and type(options.root) ~= "string" then
    check.fail(1, "root must be a folder, got %s", check.kind(options.root))
  end
  local folders = options.root and { options.root } or about.folders
  local prefix = PREFIX[options.split]
  local images, message, why = read(folders, prefix, "images", 3, about.advice)
  if not images then return nil, message, why end
  local labels, path
  labels, path, why = read(folders, prefix, "labels", 1, about.advice)
  if not labels then return nil, path, why end
  if #labels ~= #images then
    return nil, ("%s: %d labels for %d images"):format(path, #labels, #images)
  end
  if #labels > 0 and labels:max():item() >= #about.classes then
    return nil, ("%s: label %d, expected 0..%d"):format(
      path, labels:max():item(), #about.classes - 1)
  end
  local n, height, width = images:shape()
  return dataset.new {
    x = images:view(n, 1, height, width),
    y = labels:to "int64" + 1,
    classes = about.classes,
    name = about.name .. " " .. options.split,
  }
end

--- Where to look for a dataset when no root is given.
-- @param name folder inside the data folder
-- @return $SSLKIT_DATA/name, or ./name where that variable is not set
function idx_pair.folder(name)
  local root = os.getenv "SSLKIT_DATA"
  return (root and root ~= "" and root or ".") .. "/" .. name
end

return idx_pair
