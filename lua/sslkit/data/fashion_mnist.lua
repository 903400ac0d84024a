-- Fashion-MNIST: 28x28 grey images of clothes.

local idx_pair = require "sslkit.data.idx_pair"

local CLASSES = {
  "t-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
  "ankle boot",
}

--- Fashion-MNIST, from the idx files of Debian's package or of another folder, or from what
-- examples/data/get.lua has cached.
-- @param options table: split = "train" (60000 images) | "test" (10000) ("train"); root = folder of
-- the files, gzipped or not ($SSLKIT_DATA/fashion-mnist, or sslkit/fashion-mnist in the user's cache
-- folder, then Debian's)
-- @return dataset: x = uint8 [N,1,28,28], y = int64 [N] in 1..10; or nil, a message, and
-- "missing" where there is no such file at all
-- @raise unknown options, a split that does not exist
-- @source H. Xiao, K. Rasul, R. Vollgraf 2017, arXiv:1708.07747
-- @example ssl.data.fashion_mnist{ root = "/nowhere" } --> nil
local function fashion_mnist(options)
  local ds, message, why = idx_pair.load(options, {
    name = "fashion-mnist",
    classes = CLASSES,
    folder = "/usr/share/datasets/fashion-mnist",
    advice = "apt-get install dataset-fashion-mnist or lua5.4 examples/data/get.lua fashion_mnist "
      .. "fetches it, or give root=",
  })
  return ds, message, why -- no tail call: an error about the options names this function
end

return fashion_mnist
