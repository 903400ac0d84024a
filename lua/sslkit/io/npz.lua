-- NumPy's .npz files: a zip file with a .npy file for each array.
-- @source NumPy's manual, numpy.savez.

local check = require "sslkit.check"
local npy = require "sslkit.io.npy"
local zip = require "sslkit.io.zip"

local npz = {
  reading = { names = false }, -- options, with their defaults
  writing = { compress = false },
}

local LONGEST_NAME = 65535 - #".npy"

local function read_member(from, member)
  local inner, message = zip.open(from, member)
  if not inner then return nil, message end
  local tensor
  tensor, message = npy.decode(inner)
  if not tensor then return nil, message end
  local ok
  ok, message = zip.finish(inner, member)
  if not ok then return nil, message end
  return tensor
end

--- Reads the arrays.
-- @param from source (io/source.lua) of the whole file
-- @param options names = list of those that are wanted, or false for all
-- @return table from name to tensor, or nil and a message
function npz.decode(from, options)
  local members, message = zip.members(from)
  if not members then return nil, message end
  local by_name, names, found = {}, {}, {}
  for _, member in ipairs(members) do
    local name = member.name:gsub("%.npy$", "")
    if by_name[name] then return nil, ("two arrays are named '%s'"):format(name) end
    if not (name:find "/$" and member.size == 0) then -- a folder
      names[#names + 1], by_name[name] = name, member
    end
  end
  for _, name in ipairs(options.names or names) do
    local member = by_name[name]
    if not member then
      table.sort(names)
      return nil, ("no array '%s'; there are: %s"):format(name, table.concat(names, ", "))
    end
    local tensor, wrong = read_member(from, member)
    if not tensor then return nil, ("member '%s': %s"):format(member.name, wrong) end
    found[name] = tensor
  end
  return found
end

-- The arrays' names, sorted, and name -> tensor. Those of a list are called as NumPy calls them.
local function name_all(value)
  if type(value) ~= "table" then value = { check.tensor(2, value, nil, "table of tensors") } end
  local names, tensors = {}, {}
  for key, tensor in pairs(value) do
    local name = key
    if math.type(key) == "integer" and key >= 1 and key <= #value then
      name = "arr_" .. key - 1
    elseif type(key) ~= "string" then
      check.fail(2, "names or a list expected, got the key %s", check.kind(key))
    end
    if #name > LONGEST_NAME or name:find "%z" then
      check.fail(2, "a name has at most %d bytes, and no zero byte", LONGEST_NAME)
    end
    if tensors[name] then check.fail(2, "two tensors are named '%s'", name) end
    check.tensor(2, tensor, nil, ("tensor '%s'"):format(name))
    names[#names + 1], tensors[name] = name, tensor
  end
  table.sort(names)
  return names, tensors
end

--- Tensors as the pieces of a file.
-- @param value table from name to tensor, a list of tensors (arr_0, arr_1, ...), or one tensor
-- (arr_0)
-- @param options compress = deflate them
-- @return list of strings and contiguous tensors, or nil and a message
function npz.encode(value, options)
  local names, tensors = name_all(value)
  local members = {}
  for i, name in ipairs(names) do
    members[i] = { name = name .. ".npy", pieces = npy.encode(tensors[name]) }
  end
  return zip.encode(members, options.compress)
end

return npz
