-- Diamonds: a larger table of numbers and texts.

local check = require "sslkit.check"
local csv = require "sslkit.data.csv"
local tabular = require "sslkit.data.tabular"

--- 53940 diamonds: how well they are cut, from weight, colour, clarity, price and sizes.
-- @param options table: root = folder of diamonds.csv ($SSLKIT_DATA/diamonds, or sslkit/diamonds in
-- the user's cache folder)
-- @return dataset: x = float32 [53940,22], y = int64 [53940] in 1..5, classes "Fair", "Good",
-- "Ideal", "Premium", "Very Good"; and the list of the columns' names. Or nil, a message, and
-- "missing" where there is no such file
-- @raise unknown options
-- @source H. Wickham 2016, "ggplot2: elegant graphics for data analysis", data set diamonds
-- @example ssl.data.diamonds{ root = "/nowhere" } --> nil
local function diamonds(options)
  local path, message, why = tabular.find(check.options(1, options, {}, { root = true }).root,
    "diamonds")
  if not path then return nil, message, why end
  local ds, columns = csv { path = path, target = "cut", name = "diamonds" }
  return ds, columns
end

return diamonds
