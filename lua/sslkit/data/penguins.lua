-- Palmer penguins: a small table of measurements, with three species to tell apart.

local check = require "sslkit.check"
local csv = require "sslkit.data.csv"
local tabular = require "sslkit.data.tabular"

--- Penguins of the Palmer archipelago: their species, from island, bill, flipper, mass and sex. The
-- 333 whose row is complete.
-- @param options table: root = folder of penguins.csv ($SSLKIT_DATA/penguins, or sslkit/penguins in
-- the user's cache folder)
-- @return dataset: x = float32 [333,9], y = int64 [333] in 1..3, classes "Adelie", "Chinstrap",
-- "Gentoo"; and the list of the columns' names. Or nil, a message, and "missing" where there is no
-- such file
-- @raise unknown options
-- @source K. B. Gorman, T. D. Williams, W. R. Fraser 2014, "Ecological sexual dimorphism and
-- environmental variability within a community of Antarctic penguins"
-- @example ssl.data.penguins{ root = "/nowhere" } --> nil
local function penguins(options)
  local path, message, why = tabular.find(check.options(1, options, {}, { root = true }).root,
    "penguins")
  if not path then return nil, message, why end
  local ds, columns = csv { path = path, target = "species", missing = "drop", name = "penguins" }
  return ds, columns
end

return penguins
