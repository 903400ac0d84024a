-- Files of tensors: the extension chooses the format, a .gz behind it adds gzip.

local check = require "sslkit.check"
local core = require "sslkit.core"
local gzip = require "sslkit.io.gzip"
local idx = require "sslkit.io.idx"
local npy = require "sslkit.io.npy"
local source = require "sslkit.io.source"

local files = {}

-- In this order; MNIST's own names end in "-ubyte". A bare .gz holds an idx file.
local FORMATS = {
  { ".npy", npy }, { ".idx", idx }, { ".ubyte", idx }, { "-ubyte", idx }, { ".gz", idx },
}
local KNOWN = ".npy .idx .ubyte .npy.gz .idx.gz .ubyte.gz .gz"

local function check_path(argn, path)
  if type(path) ~= "string" then check.fail(argn, "path expected, got %s", check.kind(path)) end
  if path:find("\0", 1, true) then check.fail(argn, "a path cannot hold a zero byte") end
end

-- The format of a path, and whether gzip is around it; or nil and a message.
local function format_of(path)
  local name = path:lower()
  local zipped = name:find "%.gz$" ~= nil
  local inner = name:gsub("%.gz$", "")
  for _, format in ipairs(FORMATS) do
    local suffix = format[1]
    if inner:sub(-#suffix) == suffix or zipped and suffix == ".gz" and not inner:find "%.%a+$" then
      return format[2], zipped
    end
  end
  return nil, "unknown extension; known: " .. KNOWN
end

local function explain(path, message) return nil, path .. ": " .. message end

--- Reads a tensor from a file.
-- @param path string: .npy, .idx, .ubyte, each also with .gz behind it; a bare .gz is an idx file
-- @return tensor with the file's shape; or nil and a message when the file is missing, truncated or
-- not what its name says. Labels are not shifted
-- @raise a path that is no string
-- @example ssl.load("nowhere.npy") --> nil
-- @example select(2, ssl.load("nowhere.npy")) --> nowhere.npy: No such file or directory
function files.load(path)
  check_path(1, path)
  local format, zipped = format_of(path)
  if not format then return explain(path, zipped) end
  local from <close>, message = source.open(path)
  if not from then return explain(path, message) end
  local reader = from
  if zipped then
    reader, message = gzip.open(from)
    if not reader then return explain(path, message) end
  end
  local tensor
  tensor, message = format.decode(reader)
  local complete = tensor
  if tensor then complete, message = reader:finish() end
  if not complete then return explain(path, message) end
  return tensor
end

--- Writes a tensor to a file, whole or not at all: a reader, or a crash, meets the old file or the
-- new one.
-- @param path string: .npy, .idx, .ubyte, each also with .gz behind it; a bare .gz is an idx file
-- @param tensor any shape and dtype (idx: whole numbers must fit 32 bits)
-- @return true; or nil and a message when the file cannot be written, and then an old one is
-- unchanged
-- @raise a path that is no string, a value that is no tensor
-- @example ssl.save("/nowhere/x.npy", ssl.ones(2)) --> nil
function files.save(path, tensor)
  check_path(1, path)
  check.tensor(2, tensor)
  local format, zipped = format_of(path)
  if not format then return explain(path, zipped) end
  local pieces, message = format.encode(tensor)
  if pieces and zipped then pieces, message = gzip.compress(pieces) end
  if not pieces then return explain(path, message) end
  return core.write_atomic(path, pieces)
end

return files
