-- Where the files of a dataset lie, and the form in which examples/data/get.lua keeps them: for each
-- split a `<split>-x.npy` with the samples and a `<split>-y.npy` with labels from 0.

local check = require "sslkit.check"
local core = require "sslkit.core"
local dataset = require "sslkit.data.dataset"
local files = require "sslkit.io"

local cache = {}

-- The value of an environment variable; nil for an empty one.
local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- The folder that holds the folders of the datasets.
-- @return $SSLKIT_DATA, $XDG_CACHE_HOME/sslkit, or ~/.cache/sslkit
function cache.home()
  local own, shared = variable "SSLKIT_DATA", variable "XDG_CACHE_HOME"
  if own then return own end
  return (shared or (variable "HOME" or ".") .. "/.cache") .. "/sslkit"
end

--- Reads the options of a dataset that lies in files.
-- @param options the caller's table: split = "train" | "test" ("train"), root = folder
-- @param name the dataset's folder
-- @param ... folders to look into after that
-- @return split, list of folders: the root alone where there is one
-- @raise unknown options, a split that does not exist
function cache.options(options, name, ...)
  options = check.options(1, options, { split = "train" }, { root = true })
  check.one_of(1, "split", options.split, { "train", "test" })
  if options.root ~= nil and type(options.root) ~= "string" then
    check.fail(1, "root must be a folder, got %s", check.kind(options.root))
  end
  if options.root then return options.split, { options.root } end
  return options.split, { cache.home() .. "/" .. name, ... }
end

--- The first of some files that is there.
-- @param folders list
-- @param ... names of files, the preferred one first
-- @return path, or nil
function cache.find(folders, ...)
  for _, folder in ipairs(folders) do
    for _, name in ipairs { ... } do
      local path = folder .. "/" .. name
      if core.file_size(path) then return path end
    end
  end
end

--- What every reader says where no file is there at all.
-- @return nil, a message, and "missing"
function cache.missing(what, folders, advice)
  return nil, ("no %s in %s; %s"):format(what, table.concat(folders, " or "), advice), "missing"
end

--- Reads a file of uint8 with a given number of dimensions.
-- @return tensor; or nil and a message
function cache.read(path, ndim)
  local tensor, message = files.load(path)
  if not tensor then return nil, message end
  if not core.is_tensor(tensor) or tensor:dtype() ~= "uint8" or tensor:dim() ~= ndim then
    return nil, ("%s: uint8 with %d dimensions expected, got %s"):format(
      path, ndim, check.kind(tensor))
  end
  return tensor
end

--- A dataset of images and the labels that belong to them.
-- @param images uint8 [N,C,H,W]
-- @param labels uint8 [N], from 0
-- @param path the file of the labels, for messages
-- @param about table: name, classes
-- @return dataset; or nil and a message
function cache.join(images, labels, path, about)
  if #labels ~= #images then
    return nil, ("%s: %d labels for %d images"):format(path, #labels, #images)
  end
  local most = #labels > 0 and labels:max():item() or 0
  if most >= #about.classes then
    return nil, ("%s: label %d, expected 0..%d"):format(path, most, #about.classes - 1)
  end
  return dataset.new {
    x = images, y = labels:to "int64" + 1, classes = about.classes, name = about.name,
  }
end

return cache
