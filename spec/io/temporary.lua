-- A folder of its own for each test: `local temp = temporary()`, temp.path "x.npy" is a path in it,
-- temp.write("x", bytes) makes a file there and gives its path, temp.names() lists what is there,
-- temp.remove() takes all away.

local lfs = require "lfs"

return function()
  local folder = os.tmpname()
  os.remove(folder)
  -- In memory where that is possible: a save waits for the disk, perhaps a tenth of a second.
  if lfs.attributes("/dev/shm", "mode") == "directory" then
    folder = folder:gsub("^.*/", "/dev/shm/")
  end
  assert(lfs.mkdir(folder))
  local temp = {}

  function temp.path(name) return folder .. "/" .. name end

  function temp.write(name, ...)
    local file = assert(io.open(temp.path(name), "wb"))
    file:write(...)
    file:close()
    return temp.path(name)
  end

  function temp.read(name)
    local file = assert(io.open(temp.path(name), "rb"))
    local bytes = file:read "a"
    file:close()
    return bytes
  end

  function temp.names()
    local names = {}
    for name in lfs.dir(folder) do
      if name ~= "." and name ~= ".." then names[#names + 1] = name end
    end
    table.sort(names)
    return names
  end

  function temp.remove()
    for _, name in ipairs(temp.names()) do
      if not os.remove(temp.path(name)) then lfs.rmdir(temp.path(name)) end
    end
    lfs.rmdir(folder)
  end

  return temp
end
