-- Checkpoints: all that a run needs to go on as if nothing had happened, in one file that is there
-- whole or not at all: magic, version, the data (codec.lua), and a check sum over all of it.

local check = require "sslkit.check"
local codec = require "sslkit.train.codec"
local core = require "sslkit.core"
local source = require "sslkit.io.source"

local checkpoint = {}

local MAGIC, VERSION = "SSLKITCK", 1
local HEADER = "<c8I4"

--- Writes a checkpoint, fsynced and renamed into its place. What is wrong with the data or the disk
-- is raised; then an old file is as it was.
-- @param path string
-- @param data table of plain data
function checkpoint.write(path, data)
  local pieces = codec.encode(data, "the checkpoint")
  table.insert(pieces, 1, string.pack(HEADER, MAGIC, VERSION))
  local crc = 0
  for _, piece in ipairs(pieces) do crc = core.crc32(crc, piece) end
  pieces[#pieces + 1] = string.pack("<I4", crc)
  local ok, message = core.write_atomic(path, pieces)
  if not ok then check.raise("%s", message) end
end

-- A checkpoint's data, or nil and a message. What is read is summed up on the way.
local function read(from)
  from.crc, from.total = 0, 0
  local head, message = from:read(string.packsize(HEADER))
  if not head then return nil, message end
  local magic, version = string.unpack(HEADER, head)
  if magic ~= MAGIC then return nil, "not a checkpoint: it does not begin with " .. MAGIC end
  if version ~= VERSION then
    return nil, ("format version %d, only %d is supported"):format(version, VERSION)
  end
  local data
  data, message = codec.decode(from)
  if data == nil then return nil, message end
  local sum, tail = from.crc, from:read(4)
  if not tail or string.unpack("<I4", tail) ~= sum or type(data) ~= "table" then
    return nil, "damaged: its check sum does not fit"
  end
  local ok
  ok, message = from:finish()
  if not ok then return nil, message end
  return data
end

--- Reads one.
-- @param path string
-- @return table, or nil and a message that begins with the path
function checkpoint.read(path)
  local from <close>, message = source.open(path)
  local data
  if from then data, message = read(from) end
  if not data then return nil, ("%s: %s"):format(path, message) end
  return data
end

return checkpoint
