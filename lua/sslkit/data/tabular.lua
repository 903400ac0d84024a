-- Real tables and series: .csv files in a dataset's own folder, as examples/data/get.lua puts them
-- there.

local cache = require "sslkit.data.cache"
local check = require "sslkit.check"

local tabular = {}

--- Where a table lies.
-- @param folder what the caller gave as root, or nil
-- @param name the dataset's: of its folder, and of its .csv file
-- @return path; or nil, a message, and "missing"
-- @raise a root that is no string
function tabular.find(folder, name)
  if folder ~= nil and type(folder) ~= "string" then
    check.fail(1, "root must be a folder, got %s", check.kind(folder))
  end
  local folders = { folder or cache.home() .. "/" .. name }
  local path = cache.find(folders, name .. ".csv", name .. ".csv.gz")
  if path then return path end
  return cache.missing(name .. ".csv", folders,
    ("lua5.4 examples/data/get.lua %s fetches it"):format(name))
end

return tabular
