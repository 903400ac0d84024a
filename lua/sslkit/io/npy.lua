-- NumPy's .npy files: a line of text that tells dtype, order and shape, then the bytes.
-- @source NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays", versions 1.0 to
-- 3.0.

local core = require "sslkit.core"
local elements = require "sslkit.io.elements"

local npy = {}

local MAGIC = "\x93NUMPY"
local NATIVE = string.pack("=I2", 1) == "\1\0" and "<" or ">"
local CODES = {
  float32 = NATIVE .. "f4", float64 = NATIVE .. "f8", int64 = NATIVE .. "i8", uint8 = "|u1",
}
local KNOWN = "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1" -- NumPy's, of those that core.element knows
local LONGEST = 1 << 20 -- bytes of header text; NumPy's own are some hundred

-- "3, 4" or "3," or "" -> {3, 4}; nil when it is no Python tuple of sizes below 2^63.
local function parse_shape(inside)
  local shape = {}
  if not inside:find "%S" then return shape end
  if not inside:find "," then return nil end
  for part, comma in inside:gmatch "([^,]*)(,?)" do
    local digits = part:match "^%s*(%d+)L?%s*$" -- the L is Python 2's
    local size = digits and math.tointeger(tonumber(digits))
    if size then
      shape[#shape + 1] = size
    elseif digits or comma == "," or part:find "%S" then
      return nil
    end
  end
  return shape
end

-- How the value of each key looks in the header's text: a function of the text and a position that
-- returns the value and the position behind it.
local VALUES = {
  descr = function(header, at)
    if header:find("^%[", at) then return "structured", #header + 1 end
    local _, value, behind = header:match("^(['\"])([^'\"]*)%1()", at)
    return value, behind
  end,
  fortran_order = function(header, at)
    local word, behind = header:match("^(%a+)()", at)
    if word == "True" or word == "False" then return word, behind end
  end,
  shape = function(header, at)
    local inside, behind = header:match("^%(([^()]*)%)()", at)
    return inside and parse_shape(inside), behind
  end,
}

-- The header's Python dictionary, of exactly three keys, by patterns: nothing in it is ever run.
local function parse_header(header)
  local found = {}
  local at = header:match "^%s*{%s*()"
  while at do
    local _, key, behind = header:match("^(['\"])([%a_]+)%1%s*:%s*()", at)
    if not key then break end
    if not VALUES[key] or found[key] ~= nil then
      return nil, ("broken header: unexpected key '%s'"):format(key)
    end
    local text = header:sub(behind, behind + 39):gsub("[^ -~]", "?")
    found[key], behind = VALUES[key](header, behind)
    if found[key] == nil then
      return nil, ("broken header: bad value of '%s' in: %s"):format(key, text)
    end
    if found.descr == "structured" then return nil, "structured dtypes are not supported" end
    at = header:match("^%s*,%s*()", behind) or header:match("^%s*()}", behind)
  end
  if not at or not header:find("^}%s*$", at) then return nil, "broken header: not a dictionary" end
  for key in pairs(VALUES) do
    if found[key] == nil then return nil, ("broken header: no '%s'"):format(key) end
  end
  return found
end

-- The text of the header, or nil and a message.
local function read_text(from)
  local start, message = from:read(8)
  if not start then return nil, message end
  if start:sub(1, 6) ~= MAGIC then
    return nil, "not a .npy file: it does not begin with \\x93NUMPY"
  end
  local major = start:byte(7)
  if major < 1 or major > 3 then
    return nil, ("format version %d.%d, only 1 to 3 are supported"):format(start:byte(7, 8))
  end
  local format = major == 1 and "<I2" or "<I4"
  local length
  length, message = from:read(string.packsize(format))
  if not length then return nil, message end
  length = string.unpack(format, length)
  if length > LONGEST then return nil, ("broken header: it claims %d bytes"):format(length) end
  return from:read(length)
end

--- Reads what stands before the numbers.
-- @param from source (io/source.lua) that stands at the beginning of the file
-- @return table of shape (a list), code and big (see elements.read) and fortran (the first index
-- runs fastest); or nil and a message
function npy.header(from)
  local text, message = read_text(from)
  if not text then return nil, message end
  local header
  header, message = parse_header(text)
  if not header then return nil, message end
  local order, code = header.descr:match "^([<>|=])(%w+)$"
  if not order or not (" " .. KNOWN .. " "):find(" " .. code .. " ", 1, true) then
    return nil, ("dtype '%s' is not supported; known: %s"):format(header.descr, KNOWN)
  end
  return {
    shape = header.shape, code = code,
    big = (order == "<" and "<" or order == ">" and ">" or NATIVE) == ">",
    fortran = header.fortran_order == "True" and #header.shape > 1,
  }
end

--- Reads one array.
-- @param from source that stands at the beginning of the file
-- @return contiguous tensor (whole numbers of 1 to 8 bytes become int64, bytes without a sign and
-- bool uint8, half precision float32), or nil and a message
function npy.decode(from)
  local header, message = npy.header(from)
  if not header then return nil, message end
  local stored, dims, n = {}, {}, #header.shape
  for i, size in ipairs(header.shape) do
    stored[header.fortran and n + 1 - i or i], dims[i] = size, n + 1 - i
  end
  local tensor
  tensor, message = elements.read(from, header.code, header.big, stored)
  if not tensor then return nil, message end
  if not header.fortran then return tensor end
  return elements.try(core.contiguous, tensor:permute(dims))
end

--- A tensor as the pieces of a version 1.0 file whose data begin at a multiple of 64 bytes.
-- @param tensor any shape and dtype
-- @return list of a string and a contiguous tensor
function npy.encode(tensor)
  local sizes = { tensor:shape() }
  local shape = table.concat(sizes, ", ") .. (#sizes == 1 and "," or "")
  local header = ("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }"):format(
    CODES[tensor:dtype()], shape)
  local prefix = #MAGIC + 4
  header = header .. (" "):rep(-(prefix + #header + 1) % 64) .. "\n"
  return { MAGIC .. "\1\0" .. string.pack("<s2", header), tensor:contiguous() }
end

return npy
