-- golden(name, text): text is that of spec/plot/golden/NAME.txt, to the byte. With GOLDEN=write in
-- the environment the file is made anew: look at it before it is committed.

local assert = require "luassert"

local FOLDER = debug.getinfo(1, "S").source:match "^@(.*/)" .. "golden/"

return function(name, text)
  local path = FOLDER .. name .. ".txt"
  if os.getenv "GOLDEN" == "write" then
    local file = assert(io.open(path, "wb"))
    file:write(text, "\n")
    file:close()
  end
  local file = assert(io.open(path, "rb"))
  local wanted = file:read("a"):gsub("\n$", "")
  file:close()
  if text ~= wanted then
    error(("%s.txt shows\n%s\n\nbut this was drawn\n%s\n"):format(name, wanted, text), 2)
  end
end
