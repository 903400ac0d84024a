-- Names of files, for completion.

--- The files whose names begin as a path does; folders with a / behind them. Hidden ones only where
-- the name begins with a dot.
-- @param path string, perhaps empty, perhaps with ~ for the user's home
-- @param from the byte of the line where the path begins
-- @return list of names, and the byte where its last part begins; empty without luafilesystem
return function(path, from)
  local folder, fragment = path:match "^(.*/)([^/]*)$"
  if not folder then folder, fragment = "", path end
  local start = from + #folder
  local there, lfs = pcall(require, "lfs")
  if not there then return {}, start end
  local place = folder == "" and "." or folder
  if place:find "^~/" then place = (os.getenv "HOME" or "~") .. place:sub(2) end
  local names = {}
  local ok, each, state = pcall(lfs.dir, place)
  if not ok then return {}, start end
  for name in each, state do
    local hidden = name:find "^%." and not fragment:find "^%."
    if name:sub(1, #fragment) == fragment and not hidden and name ~= "." and name ~= ".."
      and not name:find "[%c\"'\\]" then
      local mode = lfs.attributes((place:gsub("/?$", "/")) .. name, "mode")
      names[#names + 1] = name .. (mode == "directory" and "/" or "")
    end
  end
  table.sort(names)
  return names, start
end
