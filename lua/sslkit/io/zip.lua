-- ZIP files, as far as .npz needs them: stored and deflated members, also beyond 4 GB. What the
-- directory at the end says is checked before anything is read by it.
-- @source PKWARE, "APPNOTE.TXT: .ZIP File Format Specification", version 6.3.10.

local core = require "sslkit.core"
local deflate = require "sslkit.io.deflate"
local elements = require "sslkit.io.elements"
local inflate = require "sslkit.io.inflate"

local zip = {}

local STORED, DEFLATED = 0, 8
local FULL16, FULL32 = 0xffff, 0xffffffff -- what stands where a number is too large
local END, END64, LOCATOR64 = "PK\5\6", "PK\6\6", "PK\6\7"
local CENTRAL, LOCAL = "PK\1\2", "PK\3\4"
local LONGEST_COMMENT = 65535
local ZIP64 = 1 -- the tag of the extra field that has the large numbers
local VERSION, VERSION64 = 20, 45 -- needed to extract, times ten
local UTF8 = 1 << 11 -- the flag of a name in UTF-8
local DATE = 1 << 5 | 1 -- 1980-01-01, the first: the same data give the same file

-- {== Reading =============================================================================

-- `n` bytes of the file at a position, or nil and a message.
local function bytes_at(from, at, n)
  if at < 0 or n < 0 or at > from.left - n then return nil, "broken zip directory" end
  return from:part(at, n):read(n)
end

-- Where the last record begins, which only a comment may follow, and the record; or nil and a
-- message.
local function find_end(from)
  local n = math.min(from.left, 22 + LONGEST_COMMENT)
  local tail, message = bytes_at(from, from.left - n, n)
  if not tail then return nil, message end
  local found
  for at in tail:gmatch "()PK\5\6" do
    if at + 21 <= n and at + 21 + string.unpack("<I2", tail, at + 20) == n then found = at end
  end
  if not found then return nil, "no zip file, or a truncated one: it has no directory" end
  return from.left - n + found - 1, tail:sub(found, found + 21)
end

-- Where the directory begins and ends and the number of its entries, or nil and a message.
local function find_directory(from)
  local at, record = find_end(from)
  if not at then return nil, record end
  local disk, first, here, count, size, start = string.unpack("<I2I2I2I2I4I4", record, #END + 1)
  local locator = at >= 20 and bytes_at(from, at - 20, 20)
  if locator and locator:sub(1, 4) == LOCATOR64 then
    at = string.unpack("<i8", locator, 9)
    local big, message = bytes_at(from, at, 56)
    if not big then return nil, message end
    if big:sub(1, 4) ~= END64 then return nil, "broken zip directory" end
    disk, first, here, count, size, start = string.unpack("<I4I4i8i8i8i8", big, 17)
  end
  if disk ~= 0 or first ~= 0 or here ~= count then return nil, "a part of a split zip file" end
  if size < 0 or start < 0 or start ~= at - size then return nil, "broken zip directory" end
  return start, at, count
end

-- Numbers of 32 bits that are full stand in the extra field with 64, in this order; or nil and a
-- message.
local function large_numbers(extra, ...)
  local numbers, at = { ... }, 1
  local field
  while at + 3 <= #extra do
    local tag, size = string.unpack("<I2I2", extra, at)
    if at + 3 + size > #extra then break end
    if tag == ZIP64 then field = extra:sub(at + 4, at + 3 + size) end
    at = at + 4 + size
  end
  at = 1
  for i, number in ipairs(numbers) do
    if number == FULL32 and field and at + 7 <= #field then
      numbers[i] = string.unpack("<i8", field, at)
      at = at + 8
      if numbers[i] < 0 then return nil, "broken zip directory" end
    end
  end
  return table.unpack(numbers)
end

-- The entry of the directory that begins at a position, and the position behind it.
local function parse_entry(directory, at)
  if directory:sub(at, at + 3) ~= CENTRAL or at + 45 > #directory then
    return nil, "broken zip directory"
  end
  local flags, method, _, crc, packed, size, n, extra, comment, disk, _, start =
    string.unpack("<I2I2I4I4I4I4I2I2I2I2I6I4", directory, at + 8)
  local behind = at + 46 + n + extra + comment
  if behind - 1 > #directory then return nil, "broken zip directory" end
  local member = { name = directory:sub(at + 46, at + 45 + n), method = method, crc = crc }
  extra = directory:sub(at + 46 + n, at + 45 + n + extra)
  size, packed, start = large_numbers(extra, size, packed, start)
  if not size then return nil, packed end
  member.size, member.packed, member.start = size, packed, start
  local function wrong(reason) return nil, ("member '%s' %s"):format(member.name, reason) end
  if flags & 1 ~= 0 then return wrong "is encrypted" end
  if disk ~= 0 then return wrong "is in another file" end
  if method ~= STORED and method ~= DEFLATED then
    return wrong(("is compressed by method %d; stored and deflated ones are supported"):format(
      method))
  end
  if method == STORED and size ~= packed then return wrong "is stored with two different sizes" end
  return member, behind
end

-- Gives each member the position where the next one, or the directory, begins. Members that share
-- bytes would let a small file claim any amount.
local function separate(members, stop)
  local sorted = table.move(members, 1, #members, 1, {})
  table.sort(sorted, function(a, b) return a.start > b.start end)
  for _, member in ipairs(sorted) do
    if member.start > stop or stop - member.start - 30 - #member.name < member.packed then
      return nil, ("member '%s' does not fit where it should be"):format(member.name)
    end
    member.stop, stop = stop, member.start
  end
  return members
end

--- The members of a zip file.
-- @param from source of the whole file
-- @return list of {name, size, packed (bytes in the file), ...} for zip.open; or nil and a message
function zip.members(from)
  local start, stop, count = find_directory(from)
  if not start then return nil, stop end
  local directory, message = bytes_at(from, start, stop - start)
  if not directory then return nil, message end
  local members, names, at = {}, {}, 1
  while at <= #directory do
    local member
    member, message = parse_entry(directory, at)
    if not member then return nil, message end
    if names[member.name] then return nil, ("two members are named '%s'"):format(member.name) end
    names[member.name] = true
    members[#members + 1], at = member, message
  end
  if #members ~= count then return nil, "broken zip directory" end
  return separate(members, start)
end

--- What a member holds.
-- @param from source of the whole file
-- @param member one of zip.members
-- @return source, for zip.finish when all has been read; or nil and a message
function zip.open(from, member)
  local head, message = bytes_at(from, member.start, 30)
  if not head then return nil, message end
  local _, method = string.unpack("<I2I2", head, 7)
  local n, extra = string.unpack("<I2I2", head, 27)
  local name
  name, message = bytes_at(from, member.start + 30, n)
  if not name then return nil, message end
  local data = member.start + 30 + n + extra
  if head:sub(1, 4) ~= LOCAL or method ~= member.method or name ~= member.name
    or data > member.stop - member.packed then
    return nil, "its own header contradicts the zip directory"
  end
  local inner = from:part(data, member.packed)
  if method == DEFLATED then inner, message = inflate.raw(inner) end
  if not inner then return nil, message end
  inner.crc, inner.total = 0, 0
  return inner
end

--- Has a member been read to its end, and is it what was put in?
-- @param inner source that zip.open gave
-- @param member of zip.members
-- @return true, or nil and a message
function zip.finish(inner, member)
  local ok, message = inner:finish()
  if not ok then return nil, message end
  if inner.total ~= member.size then return nil, "its size contradicts the zip directory" end
  if inner.crc ~= member.crc then return nil, "its check sum is wrong" end
  return true
end

-- ==}

-- {== Writing =============================================================================

-- A number of 32 bits, or the mark that it stands in the extra field, to whose list it is added.
local function short(number, large)
  if number < FULL32 then return number end
  large[#large + 1] = string.pack("<i8", number)
  return FULL32
end

local function extra_field(large)
  if #large == 0 then return "" end
  return string.pack("<I2s2", ZIP64, table.concat(large))
end

-- What both of a member's headers say after their signature and, of the directory's, the maker.
local function common(member, size, packed, large)
  local flags = member.name:find "[\x80-\xff]" and utf8.len(member.name) and UTF8 or 0
  return string.pack("<I2I2I2I2I2I4I4I4I2", #large > 0 and VERSION64 or VERSION, flags,
    member.method, 0, DATE, member.crc, packed, size, #member.name)
end

--- What stands before a member's data.
-- @param member table: name, method, crc, size, packed
-- @return string
function zip.local_header(member)
  local large = {}
  local size, packed = short(member.size, large), short(member.packed, large)
  if #large == 1 then -- here the two stand together
    large = { string.pack("<i8i8", member.size, member.packed) }
    size, packed = FULL32, FULL32
  end
  local extra = extra_field(large)
  return LOCAL .. common(member, size, packed, large) .. string.pack("<I2", #extra)
    .. member.name .. extra
end

--- What stands behind the last member.
-- @param members list of tables as for zip.local_header, with start, the position of its header
-- @param at the position of the directory
-- @return string
function zip.directory(members, at)
  local out = {}
  for i, member in ipairs(members) do
    local large = {}
    local size, packed = short(member.size, large), short(member.packed, large)
    local start = short(member.start, large)
    local extra = extra_field(large)
    out[i] = CENTRAL .. string.pack("<I2", VERSION64) .. common(member, size, packed, large)
      .. string.pack("<I2I2I2I2I4I4", #extra, 0, 0, 0, 0, start) .. member.name .. extra
  end
  local directory = table.concat(out)
  local count, size, start = #members, #directory, at
  if count >= FULL16 or size >= FULL32 or start >= FULL32 then
    local behind = at + size
    directory = directory
      .. END64 .. string.pack("<i8I2I2I4I4i8i8i8i8", 44, VERSION64, VERSION64, 0, 0, count, count,
        size, start)
      .. LOCATOR64 .. string.pack("<I4i8I4", 0, behind, 1)
    count, size, start = math.min(count, FULL16), math.min(size, FULL32), math.min(start, FULL32)
  end
  return directory .. END .. string.pack("<I2I2I2I2I4I4I2", 0, 0, count, count, size, start, 0)
end

--- A zip file of some members.
-- @param members list of {name, pieces = list of strings and contiguous tensors}
-- @param compress true to deflate them
-- @return list of strings and contiguous tensors, or nil and a message
function zip.encode(members, compress)
  local out, at = {}, 0
  local function put(piece)
    out[#out + 1] = piece
    at = at + elements.bytes(piece)
  end
  for _, member in ipairs(members) do
    local pieces = member.pieces
    member.method, member.crc, member.size, member.packed = STORED, 0, 0, 0
    for _, piece in ipairs(pieces) do
      member.crc = core.crc32(member.crc, piece)
      member.size = member.size + elements.bytes(piece)
    end
    if compress then
      local compressed, message = deflate.raw(pieces)
      if not compressed then return nil, message end
      member.method, pieces = DEFLATED, compressed
    end
    for _, piece in ipairs(pieces) do member.packed = member.packed + elements.bytes(piece) end
    member.start = at
    put(zip.local_header(member))
    for _, piece in ipairs(pieces) do put(piece) end
  end
  put(zip.directory(members, at))
  return out
end

-- ==}

return zip
