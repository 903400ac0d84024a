-- MNIST: 28x28 grey images of handwritten digits.

local idx_pair = require "sslkit.data.idx_pair"

local CLASSES = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" }

--- MNIST, from its four idx files or from what examples/data/get.lua has cached.
-- @param options table: split = "train" (60000 images) | "test" (10000) ("train"); root = folder of
-- the files, gzipped or not ($SSLKIT_DATA/mnist, or sslkit/mnist in the user's cache folder)
-- @return dataset: x = uint8 [N,1,28,28], y = int64 [N] (digit + 1); or nil, a message, and
-- "missing" where there is no such file at all
-- @raise unknown options, a split that does not exist
-- @source Y. LeCun, L. Bottou, Y. Bengio, P. Haffner 1998, "Gradient-based learning applied to
-- document recognition"
-- @example ssl.data.mnist{ root = "/nowhere" } --> nil
local function mnist(options)
  local ds, message, why = idx_pair.load(options, {
    name = "mnist",
    classes = CLASSES,
    advice = "lua5.4 examples/data/get.lua mnist fetches it, or give root=",
  })
  return ds, message, why -- no tail call: an error about the options names this function
end

return mnist
