-- What the specs of images share: the fixtures (spec/fixtures/make_image.py, which writes PNG without
-- libpng), as a list of {name=, bytes=, pixels=, is_jpeg=} that knows each by its name, too.

local assert = require "luassert"
local ssl = require "sslkit"
local zlib = require "zlib"

local files = {}

local function from_hex(s)
  return (s:gsub("%x%x", function(x) return string.char(tonumber(x, 16)) end))
end

for i, f in ipairs(require "spec.fixtures.image") do
  files[i] = {
    name = f.name, bytes = from_hex(f.file), is_jpeg = f.name:find "^jpeg" ~= nil,
    pixels = ssl.frombytes(from_hex(f.pixels), "uint8", f.shape),
  }
  files[f.name] = files[i]
end

-- nil and a message that holds the text.
function files.fails(text, t, message)
  assert.is_nil(t)
  assert.equal("string", type(message))
  assert.truthy(message:find(text, 1, true), message)
end

-- The bytes with those from position `at` on replaced by new ones.
function files.patched(bytes, at, new)
  return bytes:sub(1, at - 1) .. new .. bytes:sub(at + #new)
end

-- f(...) under a memory limit of so many bytes above what is in use: what pcall gives.
function files.limited(bytes, f, ...)
  collectgarbage()
  local old = ssl.set_memory_limit(collectgarbage "count" * 1024 + bytes)
  local results = table.pack(pcall(f, ...))
  ssl.set_memory_limit(old)
  return table.unpack(results, 1, results.n)
end

function files.crc(bytes) return zlib.crc32()(bytes) end

return files
