-- Files: tensors read and written. The extension chooses the format, a .gz behind it adds gzip.

local check = require "sslkit.check"
local core = require "sslkit.core"
local csv = require "sslkit.io.csv"
local deflate = require "sslkit.io.deflate"
local idx = require "sslkit.io.idx"
local inflate = require "sslkit.io.inflate"
local npy = require "sslkit.io.npy"
local npz = require "sslkit.io.npz"
local reader = require "sslkit.io.npy_reader"
local safetensors = require "sslkit.io.safetensors"
local source = require "sslkit.io.source"

local files = { npy = { open = reader.open } }

-- In this order; MNIST's own names end in "-ubyte". A bare .gz holds an idx file. What is `named`
-- holds several tensors under names, and needs the whole file to be read: it cannot be gzipped.
local FORMATS = {
  { ".npy", npy }, { ".csv", csv }, { ".idx", idx }, { ".ubyte", idx }, { "-ubyte", idx },
  { ".gz", idx }, { ".npz", npz, named = true }, { ".safetensors", safetensors, named = true },
}
local KNOWN = ".npy .npz .safetensors .csv .idx .ubyte .npy.gz .csv.gz .idx.gz .ubyte.gz .gz"
local NONE = {} -- options of formats that have none

local function check_path(argn, path)
  if type(path) ~= "string" then check.fail(argn, "path expected, got %s", check.kind(path)) end
  if path:find("\0", 1, true) then check.fail(argn, "a path cannot hold a zero byte") end
end

local function check_names(argn, names)
  if type(names) ~= "table" then
    check.fail(argn, "names must be a list, got %s", check.kind(names))
  end
  for _, name in ipairs(names) do
    if type(name) ~= "string" then
      check.fail(argn, "a name must be a string, got %s", check.kind(name))
    end
  end
end

-- The entry of FORMATS for a path, and whether gzip is around it; or nil and a message.
local function format_of(path)
  local name = path:lower()
  local zipped = name:find "%.gz$" ~= nil
  local inner = name:gsub("%.gz$", "")
  for _, format in ipairs(FORMATS) do
    local suffix = format[1]
    local found = inner:sub(-#suffix) == suffix
      or zipped and suffix == ".gz" and not inner:find "%.%a+$"
    if found and not (zipped and format.named) then return format, zipped end
  end
  return nil, "unknown extension; known: " .. KNOWN
end

local function explain(path, message) return nil, path .. ": " .. message end

--- Reads a tensor, or a table of tensors, from a file.
-- @param path string: .npy, .npz, .safetensors, .csv, .idx, .ubyte; .npy, .csv, .idx and .ubyte also
-- with .gz behind it; a bare .gz is an idx file
-- @param options table: names = list of the tensors to be read, of .npz and .safetensors (all); sep =
-- one of `, ; | :` and the tab, of .csv (told from the first line); header = is that line one of
-- names, of .csv ("auto": it is when one of its cells is no number)
-- @return tensor with the file's shape, of .npz and .safetensors a table from name to tensor; then
-- the metadata of a .safetensors file, a table of strings, or the list of column names of a .csv
-- file, where it has one. Or nil and a message when the file is missing, truncated or not what its
-- name says. A .csv file gives float64 [rows,columns]; empty cells are NaN. Labels are not shifted
-- @raise a path that is no string, unknown options
-- @example ssl.load("nowhere.npy") --> nil
-- @example select(2, ssl.load("nowhere.npy")) --> nowhere.npy: No such file or directory
function files.load(path, options)
  check_path(1, path)
  local format, zipped = format_of(path)
  if not format then return explain(path, zipped) end
  local module = format[2]
  options = check.options(2, options, module.reading or NONE)
  if options.names then check_names(2, options.names) end
  local from <close>, message = source.open(path)
  if not from then return explain(path, message) end
  local stream = from
  if zipped then
    stream, message = inflate.gzip(from)
    if not stream then return explain(path, message) end
  end
  local value, more = module.decode(stream, options)
  if not value then return explain(path, more) end
  local complete = true
  if not format.named then complete, message = stream:finish() end
  if not complete then return explain(path, message) end
  return value, more
end

--- Writes a tensor, or a table of tensors, to a file, whole or not at all: a reader, or a crash,
-- meets the old file or the new one.
-- @param path string, as for `load`
-- @param value tensor of any shape and dtype (idx: whole numbers must fit 32 bits; .csv: 1 or 2
-- dimensions); for .npz and .safetensors a table from name to tensor, or a model, which stands for its
-- state(), for .npz also a list, whose names are NumPy's: arr_0, arr_1, ...
-- @param options table: compress = boolean, of .npz (false); metadata = table of strings, of
-- .safetensors (none); sep = string, of .csv (","); header = list of column names, of .csv (none)
-- @return true; or nil and a message when the file cannot be written, and then an old one is
-- unchanged
-- @raise a path that is no string, values that the format has no place for, unknown options
-- @example ssl.save("/nowhere/x.npy", ssl.ones(2)) --> nil
function files.save(path, value, options)
  check_path(1, path)
  local format, zipped = format_of(path)
  if not format then
    if type(value) ~= "table" then check.tensor(2, value) end
    return explain(path, zipped)
  end
  local module = format[2]
  if not format.named then check.tensor(2, value) end
  if type(value) == "table" and type(value.state) == "function" then value = value:state() end
  options = check.options(3, options, module.writing or NONE)
  local pieces, message = module.encode(value, options)
  if pieces and zipped then pieces, message = deflate.gzip(pieces) end
  if not pieces then return explain(path, message) end
  return core.write_atomic(path, pieces)
end

return files
