-- What is in a folder, in order.

local check = require "sslkit.check"

local listing = {}

local NO_LFS = "folders need LuaFileSystem; install it (apt-get install lua-filesystem, or "
  .. "luarocks install luafilesystem) (%s)"

local function library()
  local found, lfs = pcall(require, "lfs")
  if not found then check.raise(NO_LFS, lfs:match "^[^\n]*") end
  return lfs
end

--- The names in a folder, without those that begin with a dot.
-- @param path string
-- @return list of the files' names and list of the folders', each in the order of their bytes; or nil
-- and a message
function listing.of(path)
  local lfs = library()
  local mode, message = lfs.attributes(path, "mode")
  if not mode then return nil, ("%s: %s"):format(path, message:match "[^:]*$":match "%S.*") end
  if mode ~= "directory" then return nil, path .. ": no folder" end
  local files, folders = {}, {}
  local ok, next_name, state = pcall(lfs.dir, path)
  if not ok then return nil, path .. ": cannot be read" end
  for name in next_name, state do
    local what = not name:find "^%." and lfs.attributes(path .. "/" .. name, "mode")
    local list = what == "file" and files or what == "directory" and folders
    if list then list[#list + 1] = name end
  end
  table.sort(files)
  table.sort(folders)
  return files, folders
end

return listing
