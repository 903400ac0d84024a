-- Sources that inflate another one. The inflater gets its input in small blocks and is asked for no
-- more than a reader needs, so that a small file cannot fill the memory.

local core = require "sslkit.core"

local inflate = {}

-- Deflate makes at most 1032 bytes of one: a block of input gives 16.5 MB of output at the very
-- most.
local BLOCK = 16384
local RATIO = 1032
local HELD = 4 * RATIO -- what the inflater's own four bytes of input may still become

local MISSING = "compressed files need the library lua-zlib; "
  .. "apt-get install lua-zlib, or luarocks install lua-zlib"

--- The library behind all this, loaded on first use.
-- @return module, or nil and a message
function inflate.library()
  local found, zlib = pcall(require, "zlib")
  if found then return zlib end
  return nil, MISSING
end

local Inflater = {}
Inflater.__index = Inflater

-- A .gz file is one or several members, one behind the other.
local function begin_gzip(self, head)
  if head:sub(1, 2) ~= "\x1f\x8b" then return nil, "no gzip data" end
  return self.zlib.inflate()
end

-- Deflated data of a zip file are one piece.
local function begin_raw(self)
  if self.begun then return nil, "bytes behind the compressed data" end
  self.begun = true
  return self.zlib.inflate(-15) -- without a header
end

local function new(below, begin)
  local zlib, message = inflate.library()
  if not zlib then return nil, message end
  return setmetatable({ below = below, zlib = zlib, begin = begin, ready = "", at = 1 }, Inflater)
end

--- What is in a .gz file.
-- @param below source of the compressed bytes
-- @return source, or nil and a message
function inflate.gzip(below) return new(below, begin_gzip) end

--- What is in a deflated member of a zip file.
-- @param below source of the compressed bytes
-- @return source, or nil and a message
function inflate.raw(below) return new(below, begin_raw) end

-- The next output, "" at the end of everything, or nil and a message.
local function next_output(self)
  while true do
    local input, message = self.unread, nil
    if not input then input, message = self.below:upto(BLOCK) end
    self.unread = nil
    if not input then return nil, message end
    if input == "" then
      if self.stream then return nil, "truncated compressed data" end
      return ""
    end
    if not self.stream then
      self.stream, message = self:begin(input)
      if not self.stream then return nil, message end
      self.taken = 0
    end
    local ok, output, ended, total = pcall(self.stream, input)
    if not ok then return nil, "damaged compressed data" end
    if ended then
      local rest = input:sub(total - self.taken + 1)
      self.stream = nil
      if rest ~= "" then self.unread = rest end
    else
      self.taken = self.taken + #input
    end
    if output ~= "" then
      if self.crc then
        self.crc, self.total = core.crc32(self.crc, output), self.total + #output
      end
      return output
    end
  end
end

-- Output that has not been given yet, at least n bytes of it where there are so many; or nil and a
-- message.
local function gather(self, n)
  local have = #self.ready - self.at + 1
  if have >= n then return have end
  local pieces = { self.ready:sub(self.at) }
  while have < n do
    local output, message = next_output(self)
    if not output then return nil, message end
    if output == "" then break end
    pieces[#pieces + 1] = output
    have = have + #output
  end
  self.ready, self.at = table.concat(pieces), 1
  return have
end

--- Exactly the next n inflated bytes.
-- @param n count
-- @return string, or nil and a message
function Inflater:read(n)
  local have, message = gather(self, n)
  if not have then return nil, message end
  if have < n then
    return nil, ("truncated: %d bytes expected where only %d are left"):format(n, have)
  end
  return self:upto(n)
end

--- As many of the next n inflated bytes as there are.
-- @param n count
-- @return string, "" at the end; or nil and a message
function Inflater:upto(n)
  local have, message = gather(self, n)
  if not have then return nil, message end
  local bytes = self.ready:sub(self.at, self.at + n - 1)
  self.at = self.at + #bytes
  return bytes
end

--- No more than this many bytes can follow, by what is left of the compressed ones.
-- @return count
function Inflater:most()
  local compressed = self.below:most() + (self.unread and #self.unread or 0)
  return #self.ready - self.at + 1 + RATIO * compressed + (self.stream and HELD or 0)
end

--- Has everything been read, and was gzip's check sum right?
-- @return true, or nil and a message
function Inflater:finish()
  local output, message = "", nil
  if self.at > #self.ready then output, message = next_output(self) end
  if not output then return nil, message end
  if output ~= "" or self.at <= #self.ready then return nil, "more data than its header says" end
  return true
end

return inflate
