-- .safetensors files: the length of a header, the header, which is JSON and tells dtype, shape and
-- place of each tensor, and the bytes.
-- @source Hugging Face, "Safetensors: Format".

local cjson = require("cjson").new()
local check = require "sslkit.check"
local core = require "sslkit.core"
local elements = require "sslkit.io.elements"

cjson.decode_max_depth(3) -- the header, a tensor, its shape
cjson.decode_invalid_numbers(false)

local safetensors = {
  reading = { names = false }, -- options, with their defaults
  writing = { metadata = false },
}

local CODES = {
  F64 = "f8", F32 = "f4", F16 = "f2", BF16 = "bf2", I64 = "i8", I32 = "i4", I16 = "i2", I8 = "i1",
  U64 = "u8", U32 = "u4", U16 = "u2", U8 = "u1", BOOL = "b1",
}
local KNOWN = "F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL"
local NAMES = { float32 = "F32", float64 = "F64", int64 = "I64", uint8 = "U8" }
local LONGEST = 100 * 1000 * 1000 -- bytes of header, as the format has it
local METADATA = "__metadata__"
local KEYS = { dtype = true, shape = true, data_offsets = true }

-- {== Reading =============================================================================

-- The names in a JSON text, those within its values included. The decoder lets a name that comes
-- twice pass: then it has fewer.
local function count_names(text)
  local count, at = 0, text:find('"', 1, true)
  while at do
    local stop = at + 1
    while true do
      stop = text:find('["\\]', stop)
      if not stop then return count end
      if text:byte(stop) == 34 then break end
      stop = stop + 2
    end
    if text:find("^%s*:", stop + 1) then count = count + 1 end
    at = text:find('"', stop + 1, true)
  end
  return count
end

local function count_keys(t)
  local count = 0
  for key, value in pairs(t) do
    if type(key) == "string" then count = count + 1 end
    if type(value) == "table" then count = count + count_keys(value) end
  end
  return count
end

-- Whole numbers from 0 on, in a list; a decoded number is a float, exact up to 2^53.
local function whole_numbers(list)
  if type(list) ~= "table" then return nil end
  local out, count = {}, 0
  for _ in pairs(list) do count = count + 1 end
  for i = 1, count do
    local whole = type(list[i]) == "number" and math.tointeger(list[i])
    if not whole or whole < 0 or whole > 1 << 53 then return nil end
    out[i] = whole
  end
  return out
end

-- What the header says of one tensor, checked: {name, code, shape, first, last}; or nil and what is
-- wrong.
local function parse_tensor(name, entry)
  if type(entry) ~= "table" then return nil, "is not described" end
  for key in pairs(entry) do
    if not KEYS[key] then return nil, ("has an unknown key '%s'"):format(key) end
  end
  local code = CODES[entry.dtype]
  if not code then
    return nil, ("has the dtype '%s', which is not supported; known: %s"):format(
      tostring(entry.dtype):sub(1, 40), KNOWN)
  end
  local shape, place = whole_numbers(entry.shape), whole_numbers(entry.data_offsets)
  if not shape then return nil, "has no proper shape" end
  if not place or #place ~= 2 or place[1] > place[2] then
    return nil, "has no proper data_offsets"
  end
  local _, size = core.element(code)
  local room = place[2] - place[1]
  local count = elements.count(shape, room // size)
  if not count or count * size ~= room then
    return nil, ("has %d bytes, which are not those of its shape (%s) of %s"):format(
      room, table.concat(shape, ","), entry.dtype)
  end
  return { name = name, code = code, shape = shape, first = place[1], last = place[2] }
end

-- The tensors must follow each other without a gap, up to the end of the file.
local function check_places(tensors, size)
  table.sort(tensors, function(a, b)
    if a.first ~= b.first then return a.first < b.first end
    if a.last ~= b.last then return a.last < b.last end
    return a.name < b.name
  end)
  local at = 0
  for _, tensor in ipairs(tensors) do
    if tensor.last > size then
      return nil, ("truncated: tensor '%s' ends at byte %d of %d"):format(
        tensor.name, tensor.last, size)
    elseif tensor.first ~= at then
      return nil, ("tensor '%s' begins at byte %d, expected %d"):format(
        tensor.name, tensor.first, at)
    end
    at = tensor.last
  end
  if at < size then return nil, ("%d bytes more than its header says"):format(size - at) end
  return true
end

local function check_metadata(metadata)
  if type(metadata) ~= "table" then return nil, METADATA .. " is no table of strings" end
  for key, value in pairs(metadata) do
    if type(key) ~= "string" or type(value) ~= "string" then
      return nil, METADATA .. " is no table of strings"
    end
  end
  return metadata
end

-- The decoded header, or nil and a message.
local function read_header(from)
  local length, message = from:read(8)
  if not length then return nil, message end
  length = string.unpack("<i8", length)
  if length < 0 or length > LONGEST then
    return nil, ("not a .safetensors file: it claims a header of %s bytes"):format(
      length < 0 and "2^63 or more" or length)
  end
  local text
  text, message = from:read(length)
  if not text then return nil, message end
  if text:sub(1, 1) ~= "{" or not utf8.len(text) then
    return nil, "broken header: no JSON object in UTF-8"
  end
  local ok, header = pcall(cjson.decode, text)
  if not ok then return nil, "broken header: " .. header end
  if count_keys(header) ~= count_names(text) then
    return nil, "broken header: a name comes twice"
  end
  return header
end

--- Reads the tensors.
-- @param from source (io/source.lua) of the whole file
-- @param options names = list of those that are wanted, or false for all
-- @return table from name to tensor, and the metadata, a table of strings, where there are some; or
-- nil and a message
function safetensors.decode(from, options)
  local header, message = read_header(from)
  if not header then return nil, message end
  local metadata = header[METADATA]
  if metadata ~= nil then
    metadata, message = check_metadata(metadata)
    if not metadata then return nil, message end
    header[METADATA] = nil
  end
  local list, names, found = {}, {}, {}
  for name, entry in pairs(header) do
    local tensor
    tensor, message = parse_tensor(name, entry)
    if not tensor then return nil, ("tensor '%s' %s"):format(name, message) end
    list[#list + 1], names[#names + 1], header[name] = tensor, name, tensor
  end
  local ok
  ok, message = check_places(list, from.left)
  if not ok then return nil, message end
  for _, name in ipairs(options.names or names) do
    local about = header[name]
    if not about then
      table.sort(names)
      return nil, ("no tensor '%s'; there are: %s"):format(name, table.concat(names, ", "))
    end
    local part = from:part(from.at + about.first, about.last - about.first)
    local tensor, wrong = elements.read(part, about.code, false, about.shape)
    if not tensor then return nil, ("tensor '%s': %s"):format(name, wrong) end
    found[name] = tensor
  end
  return found, metadata
end

-- ==}

-- {== Writing =============================================================================

local function check_text(argn, what, v)
  if type(v) ~= "string" or not utf8.len(v) then
    check.fail(argn, "%s must be a string of UTF-8, got %s", what, check.kind(v))
  end
  return v
end

local function encode_metadata(metadata)
  if type(metadata) ~= "table" then
    check.fail(3, "metadata must be a table of strings, got %s", check.kind(metadata))
  end
  local parts = {}
  for key, value in pairs(metadata) do
    parts[#parts + 1] = ("%s:%s"):format(cjson.encode(check_text(3, "a name in metadata", key)),
      cjson.encode(check_text(3, ("metadata '%s'"):format(key), value)))
  end
  table.sort(parts)
  return ('"%s":{%s}'):format(METADATA, table.concat(parts, ","))
end

local function sorted_names(value)
  if type(value) ~= "table" then
    check.fail(2, "table from names to tensors expected, got %s", check.kind(value))
  end
  local names = {}
  for name, tensor in pairs(value) do
    names[#names + 1] = check_text(2, "the name of a tensor", name)
    if name == METADATA then check.fail(2, "'%s' cannot be the name of a tensor", METADATA) end
    check.tensor(2, tensor, nil, ("tensor '%s'"):format(name))
  end
  table.sort(names)
  return names
end

--- Tensors as the pieces of a file.
-- @param value table from name to tensor
-- @param options metadata = table of strings
-- @return list of a string and contiguous tensors
function safetensors.encode(value, options)
  local names = sorted_names(value)
  local order, pieces, place, at = {}, { "" }, {}, 0
  -- bytes behind all wider elements, so that every tensor begins at a multiple of its element
  for _, wide in ipairs { 8, 4, 1 } do
    for _, name in ipairs(names) do
      local _, size = core.element(CODES[NAMES[value[name]:dtype()]])
      if size == wide then order[#order + 1] = name end
    end
  end
  for _, name in ipairs(order) do
    local piece = value[name]:contiguous()
    place[name] = ("[%d,%d]"):format(at, at + elements.bytes(piece))
    pieces[#pieces + 1], at = piece, at + elements.bytes(piece)
  end
  local parts = {}
  if options.metadata then parts[1] = encode_metadata(options.metadata) end
  for _, name in ipairs(names) do
    parts[#parts + 1] = ('%s:{"dtype":"%s","shape":[%s],"data_offsets":%s}'):format(
      cjson.encode(name), NAMES[value[name]:dtype()],
      table.concat({ value[name]:shape() }, ","), place[name])
  end
  local header = "{" .. table.concat(parts, ",") .. "}"
  header = header .. (" "):rep(-#header % 8)
  pieces[1] = string.pack("<s8", header)
  return pieces
end

-- ==}

return safetensors
