-- Where the bytes of a file come from. A source gives them in order and knows how many more there
-- can be, so that a header's claims are checked before memory is asked for. io/inflate.lua has the
-- other kind. A source that is given `crc` and `total`, 0 at first, sums up and counts what it gives.

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
  if file then size, message = core.file_size(file) end
  if not file or not size then return nil, (message:gsub("^.*: ", "")) end
  return setmetatable({ file = file, at = 0, left = size }, File)
end

--- A part of a source's file as a source of its own.
-- @param at where it begins, 0 for the file's first byte
-- @param size bytes
-- @return source
function File:part(at, size)
  return setmetatable({ file = self.file, at = at, left = size }, File)
end

-- n bytes have been read; crc is their sum with those before.
local function moved(self, n, crc)
  self.at, self.left = self.at + n, self.left - n
  if self.crc then self.crc, self.total = crc, self.total + n end
end

--- Exactly the next n bytes.
-- @param n count
-- @return string, or nil and a message when fewer are left
function File:read(n)
  if n > self.left then
    return nil, ("truncated: %d bytes expected where only %d are left"):format(n, self.left)
  end
  local bytes, message = self:upto(n)
  if not bytes then return nil, message end
  if #bytes < n then return nil, "truncated: it is shorter than it was when it was opened" end
  return bytes
end

--- As many of the next n bytes as there are.
-- @param n count
-- @return string, "" at the end; or nil and a message
function File:upto(n)
  local bytes, message = core.read_at(self.file, self.at, math.min(n, self.left))
  if not bytes then return nil, message end
  moved(self, #bytes, self.crc and core.crc32(self.crc, bytes))
  return bytes
end

--- Fills a contiguous tensor.
-- @param tensor of the dtype that core.element gives for the code
-- @param code name of the element
-- @param big true when the most significant byte comes first
-- @return true, or nil and a message
function File:fill(tensor, code, big)
  local _, size = core.element(code)
  local crc, message = core.read_elements(self.file, self.at, tensor, code, big, nil, self.crc)
  if not crc then return nil, message end
  moved(self, tensor:numel() * size, crc)
  return true
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
