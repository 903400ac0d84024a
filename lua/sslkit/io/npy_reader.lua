-- Rows of a .npy file on demand: each is read where it stands, with a file that is larger than the
-- memory left on the disk. Nothing is mapped, so a file that somebody shortens is a message.

local check = require "sslkit.check"
local core = require "sslkit.core"
local T = require "sslkit.tensor"
local elements = require "sslkit.io.elements"
local npy = require "sslkit.io.npy"
local source = require "sslkit.io.source"

--- An open .npy file whose rows are read when they are wanted.
-- @kind Reader
local Reader = {}
Reader.__index = Reader
Reader.__name = "npy reader"

local reader = {}

--- Opens a .npy file to read its rows (the slices of its first dimension) when they are wanted.
-- @param path string
-- @return reader; or nil and a message when the file is missing, truncated, no .npy file or without
-- rows (0-dim). It closes itself when it is collected, or at the end of a block as a `<close>`
-- variable
-- @raise a path that is no string
-- @example select(2, ssl.io.npy.open("nowhere.npy")) --> nowhere.npy: No such file or directory
function reader.open(path)
  if type(path) ~= "string" then check.fail(1, "path expected, got %s", check.kind(path)) end
  if path:find("\0", 1, true) then check.fail(1, "a path cannot hold a zero byte") end
  local from, message = source.open(path)
  if not from then return nil, path .. ": " .. message end
  local header
  header, message = npy.header(from)
  local count
  if header then
    local dtype, size = core.element(header.code)
    header.dtype, header.size = dtype, size
    count = elements.count(header.shape, from.left // size)
    if #header.shape == 0 then
      header, message = nil, "a single number, which has no rows"
    elseif #header.shape > 8 then
      header, message = nil, ("%d dimensions, at most 8 are supported"):format(#header.shape)
    elseif not count then
      header, message = nil, "truncated: it ends before what its header promises"
    elseif count * size < from.left then
      header, message = nil, ("%d bytes more than its header says"):format(from.left - count * size)
    end
  end
  if not header then
    from.file:close()
    return nil, path .. ": " .. message
  end
  local inner = 1 -- elements a row
  for d = 2, #header.shape do inner = inner * header.shape[d] end
  return setmetatable({
    _path = path, _file = from.file, _start = from.at, _header = header, _inner = inner,
  }, Reader)
end

--- Is it one?
function reader.is(v) return getmetatable(v) == Reader end

local function check_open(self)
  if getmetatable(self) ~= Reader then
    check.fail(1, "npy reader expected, got %s", check.kind(self))
  end
  if not self._file then check.fail(1, "%s is closed", self._path) end
end

-- The shape of `count` rows.
local function shape_of(self, count)
  local shape = table.move(self._header.shape, 1, #self._header.shape, 1, {})
  shape[1] = count
  return shape
end

-- Where rows first .. first + count - 1 are read into: the result, and of a file in Fortran's order
-- what it is made from, whose last dimension runs along the rows.
local function room(self, count)
  local header = self._header
  local out, message = elements.try(T.empty, shape_of(self, count), header.dtype)
  if not out or not header.fortran then return out, message end
  local stored
  stored, message = elements.try(T.empty, { self._inner, count }, header.dtype)
  if not stored then return nil, message end
  return out, stored
end

-- Fills out, the rows from `first` on; true, or nil and a message.
local function fill(self, first, out, stored)
  local header = self._header
  if out:numel() == 0 then return true end
  local size, n = header.size, header.shape[1]
  if not header.fortran then
    local position = self._start + (first - 1) * self._inner * size
    return core.read_elements(self._file, position, out, header.code, header.big)
  end
  local ok, message = core.read_elements(self._file, self._start + (first - 1) * size, stored,
    header.code, header.big, n * size)
  if not ok then return nil, message end
  local backwards, dims = {}, {}
  for d = 1, #header.shape do
    backwards[d], dims[d] = out:size(-d), #header.shape + 1 - d
  end
  out:copy_(stored:view(backwards):permute(dims))
  return true
end

--- The sizes of the whole array.
-- @param self reader
-- @return n1, n2, ...
-- @example local p = os.tmpname(); os.remove(p); p = p .. ".npy"; ssl.save(p, ssl.ones(5, 2)); local r = ssl.io.npy.open(p); os.remove(p); return r:shape() --> 5
function Reader:shape()
  check_open(self)
  return table.unpack(self._header.shape)
end

--- The dtype of what is read: as `ssl.load` gives it.
-- @param self reader
-- @return string
-- @example local p = os.tmpname(); os.remove(p); p = p .. ".npy"; ssl.save(p, ssl.ones(5, 2)); local r = ssl.io.npy.open(p); os.remove(p); return r:dtype() --> float32
function Reader:dtype()
  check_open(self)
  return self._header.dtype
end

function Reader:__len()
  check_open(self)
  return self._header.shape[1]
end

--- Some rows, as a tensor of their own.
-- @param self reader
-- @param first number of the first row (1); negative from the end
-- @param last number of the last one, included (-1)
-- @return tensor [last - first + 1, ...]; or nil and a message, when the file has become shorter,
-- say, or the memory limit is reached
-- @raise rows that are not there
-- @example local p = os.tmpname(); os.remove(p); p = p .. ".npy"; ssl.save(p, ssl.arange(1, 6):view(3, 2)); local r = ssl.io.npy.open(p); os.remove(p); return r:rows(2, -1):totable()[1][2] --> 4.0
function Reader:rows(first, last)
  check_open(self)
  local n = self._header.shape[1]
  local function row(argn, what, v, default)
    v = check.integer(argn, what, v == nil and default or v)
    return v < 0 and v + n + 1 or v
  end
  local from, to = row(2, "first", first, 1), row(3, "last", last, -1)
  if from < 1 or to > n or to < from - 1 then
    check.fail(2, "rows %d..%d of a file with %d", first or 1, last or -1, n)
  end
  local out, stored = room(self, to - from + 1)
  local ok, message = out, stored
  if out then ok, message = fill(self, from, out, stored) end
  if not ok then return nil, self._path .. ": " .. message end
  return out
end

--- All rows, n at a time: `for block, first in r:blocks(1000) do`. Every block is the same memory,
-- which the next one overwrites: what is to be kept must be copied with `:clone()`.
-- @param self reader
-- @param n number of rows a block, 1 or more; the last block may have fewer
-- @return iterator over a tensor [<= n, ...] and the number of its first row. It raises when the
-- file can no longer be read
-- @raise n below 1
-- @example local p = os.tmpname(); os.remove(p); p = p .. ".npy"; ssl.save(p, ssl.ones(5, 2)); for b in assert(ssl.io.npy.open(p)):blocks(5) do os.remove(p); return b:sum():item() end --> 10.0
function Reader:blocks(n)
  check_open(self)
  n = check.integer(2, "n", n, 1)
  local total, at = self._header.shape[1], 1
  n = math.min(n, total)
  local buffer, buffer_stored
  return function()
    if at > total then return nil end
    local count, first = math.min(n, total - at + 1), at
    local out, stored = buffer, buffer_stored
    if not self._file then error(("blocks: %s is closed"):format(self._path), 2) end
    if not buffer then
      buffer, buffer_stored = room(self, count)
      out, stored = buffer, buffer_stored
    elseif count < n then
      out = buffer:narrow(1, 1, count)
      stored = stored and elements.flat(stored):narrow(1, 1, self._inner * count)
        :view(self._inner, count)
    end
    local ok, message = out, stored
    if out then ok, message = fill(self, first, out, stored) end
    if not ok then error(("blocks: %s: %s"):format(self._path, message), 2) end
    at = at + count
    return out, first
  end
end

--- Closes the file; a second time does nothing.
-- @param self reader
-- @example local p = os.tmpname(); os.remove(p); p = p .. ".npy"; ssl.save(p, ssl.ones(5, 2)); local r = ssl.io.npy.open(p); os.remove(p); r:close(); return pcall(r.shape, r) --> false
function Reader:close()
  if self._file then self._file:close() end
  self._file = nil
end

Reader.__close = Reader.close

function Reader:__tostring()
  local shape = table.concat(self._header.shape, ",")
  return ("npy reader (%s) %s of %s"):format(shape, self._header.dtype, self._path)
end

return reader
