-- Mean squared error.

local core = require "sslkit.core"
local check = require "sslkit.check"
local reduce = require "sslkit.losses.reduction"
local T = require "sslkit.tensor"

local M = {}

--- (a - b)^2, over all elements.
-- @param a float tensor
-- @param b tensor of a's shape and dtype
-- @param options {reduction="mean" | "sum" | "none"}
-- @return 0-dim tensor, or a's shape with reduction="none"
-- @raise where a mean or sum is not finite, naming the element
-- @example ssl.losses.mse(ssl.tensor{1, 2}, ssl.tensor{1, 4}):item() --> 2.0
function M.mse(a, b, options)
  check.tensor(1, a, { dtype = "float" })
  check.tensor(2, b, { dtype = core.dtype(a) })
  if not core.same_shape(a, b) then
    check.fail(2, "shapes differ: %s and %s", core.describe(a), core.describe(b))
  end
  options = check.options(3, options, { reduction = "mean" })
  return (reduce(3, T.square(a - b), options.reduction))
end

return M
