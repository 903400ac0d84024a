-- Gzip in front of a source, and behind a list of pieces. The inflater gets its input in small
-- blocks and is asked for no more than a reader needs, so that a small file cannot fill the memory.

local gzip = {}

-- Deflate makes at most 1032 bytes of one: a block of input gives 16.5 MB of output at the very
-- most.
local BLOCK = 16384
local RATIO = 1032
local HELD = 4 * RATIO -- what the inflater's own four bytes of input may still become

local MISSING = "a .gz file needs the library lua-zlib; "
  .. "apt-get install lua-zlib, or luarocks install lua-zlib"

local function library()
  local found, zlib = pcall(require, "zlib")
  if found then return zlib end
  return nil, MISSING
end

local Inflater = {}
Inflater.__index = Inflater

--- A source that inflates another one.
-- @param below source of the compressed bytes
-- @return source, or nil and a message
function gzip.open(below)
  local zlib, message = library()
  if not zlib then return nil, message end
  return setmetatable({ below = below, zlib = zlib, ready = "", at = 1 }, Inflater)
end

-- Begins a member: a .gz file is one or several of them, one behind the other.
local function begin(self, head)
  if head:sub(1, 2) ~= "\x1f\x8b" then return nil, "no gzip data" end
  self.stream, self.taken = self.zlib.inflate(), 0
  return true
end

-- The next output, "" at the end of everything, or nil and a message.
local function inflate(self)
  while true do
    local input = self.unread or self.below:upto(BLOCK)
    self.unread = nil
    if input == "" then
      if self.stream then return nil, "truncated gzip data" end
      return ""
    end
    if not self.stream then
      local ok, message = begin(self, input)
      if not ok then return nil, message end
    end
    local ok, output, ended, total = pcall(self.stream, input)
    if not ok then return nil, "damaged gzip data" end
    if ended then
      local rest = input:sub(total - self.taken + 1)
      self.stream = nil
      if rest ~= "" then self.unread = rest end
    else
      self.taken = self.taken + #input
    end
    if output ~= "" then return output end
  end
end

--- Exactly the next n inflated bytes.
-- @param n count
-- @return string, or nil and a message
function Inflater:read(n)
  local have = #self.ready - self.at + 1
  if have < n then
    local pieces = { self.ready:sub(self.at) }
    while have < n do
      local output, message = inflate(self)
      if not output then return nil, message end
      if output == "" then
        return nil, ("truncated: %d bytes expected where only %d are left"):format(n, have)
      end
      pieces[#pieces + 1] = output
      have = have + #output
    end
    self.ready, self.at = table.concat(pieces), 1
  end
  local bytes = self.ready:sub(self.at, self.at + n - 1)
  self.at = self.at + n
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
  if self.at > #self.ready then output, message = inflate(self) end
  if not output then return nil, message end
  if output ~= "" or self.at <= #self.ready then return nil, "more data than its header says" end
  return true
end

--- A list of byte strings and tensors, compressed.
-- @param pieces list of strings and tensors
-- @return list of strings, or nil and a message
function gzip.compress(pieces)
  local zlib, message = library()
  if not zlib then return nil, message end
  local deflate = zlib.deflate(6, 31) -- 31: with gzip's header and check sum
  local out = {}
  for i, piece in ipairs(pieces) do
    local bytes = type(piece) == "string" and piece or piece:tobytes()
    out[i] = deflate(bytes, i == #pieces and "finish" or "none")
  end
  return out
end

return gzip
