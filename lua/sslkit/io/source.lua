-- Where the bytes of a file come from. A source gives them in order and knows how many more there
-- can be, so that a header's claims are checked before memory is asked for. io/gzip.lua has the
-- other kind.

local core = require "sslkit.core"

local source = {}

local File = {}
File.__index = File

--- Opens a regular file for reading.
-- @param path string
-- @return source, or nil and a message without the path
function source.open(path)
  local size, message = core.file_size(path) -- first: opening a pipe would wait for its writer
  local file
  if size then file, message = io.open(path, "rb") end
  if not file then return nil, (message:gsub("^.*: ", "")) end
  return setmetatable({ file = file, left = size }, File)
end

--- Exactly the next n bytes.
-- @param n count
-- @return string, or nil and a message when fewer are left
function File:read(n)
  if n == 0 then return "" end
  local bytes = self.file:read(n) or ""
  self.left = self.left - #bytes
  if #bytes < n then
    return nil, ("truncated: %d bytes expected where only %d are left"):format(n, #bytes)
  end
  return bytes
end

--- As many of the next n bytes as there are.
-- @param n count, 1 or more
-- @return string, "" at the end
function File:upto(n)
  local bytes = self.file:read(n) or ""
  self.left = self.left - #bytes
  return bytes
end

--- No more than this many bytes can follow.
-- @return count
function File:most() return self.left end

--- Has everything been read?
-- @return true, or nil and a message that tells what is left
function File:finish()
  if self.left == 0 then return true end
  return nil, ("%d bytes more than its header says"):format(self.left)
end

function File:__close() self.file:close() end

return source
