-- Plain data as bytes and back, to the bit: nil, booleans, numbers, strings, tensors, and tables of
-- these. First comes a text that holds all but the elements of the tensors, little-endian; then those
-- elements, tensor by tensor, as the machine has them, which the text's first byte tells.

local check = require "sslkit.check"
local core = require "sslkit.core"
local elements = require "sslkit.io.elements"

local codec = {}

local NATIVE = string.pack("=I2", 1) == "\1\0" and "<" or ">"
local CODES = { float32 = "f4", float64 = "f8", int64 = "i8", uint8 = "u1" }
local DTYPES = { "float32", "float64", "int64", "uint8" }
local NUMBERS = {} -- of dtypes
for i, name in ipairs(DTYPES) do NUMBERS[name] = i end
local DEEPEST = 64 -- tables in tables

local function is_key(v)
  local kind = type(v)
  return kind == "string" or kind == "boolean" or kind == "number" and v == v
end

-- {== Writing =============================================================================

-- Keys by type and value, so that equal tables give equal bytes.
local function sorted_keys(t, where)
  local keys = {}
  for key in pairs(t) do
    if not is_key(key) then
      check.raise("%s has the key %s; plain data have strings, numbers and booleans", where,
        check.kind(key))
    end
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then return type(a) < type(b) end
    if type(a) == "boolean" then return a and not b end
    return a < b
  end)
  return keys
end

-- Adds a value to the parts of the text, and its tensors to their list.
local function write(parts, tensors, v, where, depth)
  local kind = math.type(v) or type(v)
  local function put(format, ...) parts[#parts + 1] = string.pack(format, ...) end
  if v == nil then put("c1", "n")
  elseif kind == "boolean" then put("c1", v and "T" or "F")
  elseif kind == "integer" then put("<c1i8", "i", v)
  elseif kind == "float" then put("<c1d", "d", v)
  elseif kind == "string" then put("<c1s8", "s", v)
  elseif core.is_tensor(v) then
    put("<c1BB", "t", NUMBERS[core.dtype(v)], core.dim(v))
    for _, n in ipairs { core.shape(v) } do put("<i8", n) end
    tensors[#tensors + 1] = core.contiguous(core.detach(v))
  elseif kind ~= "table" or getmetatable(v) then
    check.raise("%s is %s, which is no plain data%s", where, check.kind(v),
      kind == "table" and type(v.state) == "function" and "; its state() may be" or "")
  elseif depth > DEEPEST then
    check.raise("%s holds too many tables in tables", where)
  else
    local keys = sorted_keys(v, where)
    put("<c1i8", "{", #keys)
    for _, key in ipairs(keys) do
      write(parts, tensors, key, where, depth)
      write(parts, tensors, v[key], ("%s.%s"):format(where, key), depth + 1)
    end
  end
end

--- A value as the pieces of a file.
-- @param value plain data
-- @param what its name in messages
-- @return list of a string and contiguous tensors
function codec.encode(value, what)
  local parts, pieces = { NATIVE }, { "" }
  write(parts, pieces, value, what, 1)
  pieces[1] = string.pack("<s8", table.concat(parts))
  return pieces
end

-- ==}

-- {== Reading =============================================================================

local function broken(why) error({ message = why }, 0) end

-- A result, or the end of the reading with the message that came in its place.
local function sure(value, message)
  if value == nil then broken(message) end
  return value
end

local Reader = {}
Reader.__index = Reader

-- The next number, or characters, of the text.
function Reader:take(format)
  local first = self.at
  self.at = first + string.packsize(format)
  if self.at > #self.text + 1 then broken "damaged: its text is too short" end
  return (string.unpack(format, self.text, first))
end

function Reader:string()
  local length = self:take "<i8"
  if length < 0 or length > #self.text - self.at + 1 then broken "damaged: no proper string" end
  self.at = self.at + length
  return self.text:sub(self.at - length, self.at - 1)
end

function Reader:tensor()
  local dtype, dims, shape = DTYPES[self:take "B"], self:take "B", {}
  for d = 1, dims do
    shape[d] = self:take "<i8"
    if shape[d] < 0 then broken "damaged: no proper shape" end
  end
  if not dtype then broken "damaged: no proper dtype" end
  return sure(elements.read(self.from, CODES[dtype], self.big, shape))
end

function Reader:table(depth)
  if depth > DEEPEST then broken "damaged: too many tables in tables" end
  local t = {}
  for _ = 1, self:take "<i8" do
    local key = self:value(depth + 1)
    if not is_key(key) then broken "damaged: no proper key" end
    t[key] = self:value(depth + 1)
  end
  return t
end

function Reader:value(depth)
  local tag = self:take "c1"
  if tag == "n" then return nil
  elseif tag == "T" or tag == "F" then return tag == "T"
  elseif tag == "i" then return self:take "<i8"
  elseif tag == "d" then return self:take "<d"
  elseif tag == "s" then return self:string()
  elseif tag == "t" then return self:tensor()
  elseif tag == "{" then return self:table(depth)
  end
  broken "damaged: no value"
end

local function read(from)
  local length = string.unpack("<i8", (sure(from:read(8))))
  if length < 0 then broken "damaged: no proper text" end
  local text = sure(from:read(length))
  local order = text:sub(1, 1)
  if order ~= "<" and order ~= ">" then broken "damaged: no order of bytes" end
  local reader = setmetatable({ text = text, at = 2, from = from, big = order == ">" }, Reader)
  local value = reader:value(1)
  if reader.at <= #text then broken "damaged: its text is too long" end
  return value
end

--- Reads a value.
-- @param from source (io/source.lua) that stands at its beginning
-- @return value, or nil and a message
function codec.decode(from)
  local ok, value = pcall(read, from)
  if ok then return value end
  if type(value) == "table" and value.message then return nil, value.message end
  error(value, 0)
end

-- ==}

return codec
