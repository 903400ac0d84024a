-- The arrays that a command is given: embeddings as rows, and labels, whatever wrote the file.

local core = require "sslkit.core"

local arrays = {}

local ADVICE = "; text labels become numbers by np.unique(y, return_inverse=True)[1]"

local function read(path, name)
  return require("sslkit.io").load(path, name and { names = { name } })
end

local function describe(t)
  return ("(%s) %s"):format(table.concat(table.pack(core.shape(t)), ","), core.dtype(t))
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

--- The options of a command that takes embeddings.
-- @param command of argparse
function arrays.options(command)
  command:option "--nan"
    :argname "<what>"
    :choices { "error", "skip" }
    :default "error"
    :description "What to do with rows that hold NaN or Inf: error or skip."
  command:flag "--flatten"
    :description "Make rows of items that have several dimensions, as images."
end

--- FILE.npz:NAME names one array of a file.
-- @param path string
-- @return path of the file, and the name or nil
function arrays.split(path)
  local file, name = path:match "^(.+%.[%a]+):([^/]+)$"
  local named = file and (file:lower():find "%.npz$" or file:lower():find "%.safetensors$")
  if named and not exists(path) then return file, name end
  return path
end

-- The one tensor of a table of them. dims: that many dimensions are likely wanted.
local function only(out, found, path, dims)
  local names, likely = {}, nil
  for name in pairs(found) do names[#names + 1] = name end
  if #names == 1 then return found[names[1]] end
  if #names == 0 then out:fail("%s: there is no array in it", path) end
  table.sort(names)
  local parts = {}
  for i, name in ipairs(names) do
    parts[i] = name .. " " .. describe(found[name])
    if core.dim(found[name]) == dims then likely = likely or name end
  end
  out:fail("%s holds several arrays: %s; choose one: %s:%s", path, table.concat(parts, ", "), path,
    likely or names[1])
end

--- The array of a file.
-- @param out ui
-- @param path string
-- @param key name of the array in a file of several, or nil
-- @return tensor; a failure ends the command
function arrays.load(out, path, key)
  local file, name = arrays.split(path)
  name = name or key
  local named = file:lower():find "%.npz$" or file:lower():find "%.safetensors$"
  if name and not named then
    out:fail("%s: only .npz and .safetensors files hold arrays with names", file)
  end
  local found, message = read(file, name)
  if not found then out:fail("%s", message) end
  if core.is_tensor(found) then return found end
  return name and found[name] or only(out, found, file, 2)
end

--- Embeddings: one row each, float.
-- @param out ui
-- @param path of the file
-- @param options key = name of the array; flatten = make rows of whatever each item is
-- @return tensor [N,D], float32 or float64
function arrays.rows(out, path, options)
  local z = arrays.load(out, path, options.key)
  local dims = core.dim(z)
  if dims > 2 and options.flatten then
    z = z:flatten(2)
  elseif dims > 2 then
    out:fail("%s is %s: a report needs one row of features for each item; --flatten makes rows of "
      .. "%d, or save their mean (z.mean(axis=1) for tokens [N,T,D])", path, describe(z),
      core.numel(z) // math.max(1, (core.shape(z))))
  elseif dims < 2 then
    out:fail("%s is %s: a report needs rows of features, [N,D]; one feature is z[:, None]", path,
      describe(z))
  end
  local n, d = core.shape(z)
  if n == 0 or d == 0 then out:fail("%s is %s: there is nothing in it", path, describe(z)) end
  local dtype = core.dtype(z)
  if dtype ~= "float32" and dtype ~= "float64" then
    local float = dtype == "uint8" and "float32" or "float64"
    out:note("%s is %s, converted to %s", path, dtype, float)
    z = z:to(float)
  end
  return z
end

-- The first row, from 1, whose label is no whole number; or nil.
local function first_fraction(y)
  local whole = y:eq(y:floor()) & y:abs():le(2 ^ 53) -- nor NaN, nor an infinity
  if whole:all():item() ~= 0 then return nil end
  local wrong = (~whole):nonzero()
  return wrong[{ 1, 1 }]
end

--- Labels: whole numbers of any value, one a row.
-- @param out ui
-- @param path of the file
-- @param n rows expected
-- @param of the path of those rows
-- @return int64 [n]
function arrays.labels(out, path, n, of)
  local file, name = arrays.split(path)
  local found, message = read(file, name)
  if not found then
    local text = message:find "not a number" or message:find "dtype" or message:find "descr"
    out:fail("%s%s", message, text and ADVICE or "")
  end
  local y = core.is_tensor(found) and found or name and found[name] or only(out, found, file, 1)
  if core.dim(y) == 2 and select(2, core.shape(y)) == 1 then y = y:flatten() end
  if core.dim(y) == 2 and core.shape(y) == 1 then y = y:flatten() end
  if core.dim(y) ~= 1 then
    out:fail("%s is %s: one label a row expected, [N]", path, describe(y))
  end
  if core.numel(y) ~= n then
    out:fail("%s: %d labels for the %d rows of %s", path, core.numel(y), n, of)
  end
  if core.dtype(y) == "float32" or core.dtype(y) == "float64" then
    local row = first_fraction(y)
    if row then
      local label = y[row]
      label = label ~= label and "nan" or tostring(label)
      out:fail("%s: row %d is %s; labels are whole numbers", path, row, label)
    end
  end
  return y:to "int64"
end

-- The last parts of a path, and whether these are all.
local function short_name(path, count, extension)
  local file, key = arrays.split(path)
  local parts = {}
  for part in file:gmatch "[^/]+" do parts[#parts + 1] = part end
  local name = table.concat(parts, "/", math.max(1, #parts - count + 1))
  if not extension then name = name:gsub("%.%a%w*$", "") end
  return name .. (key and ":" .. key or ""), count >= #parts
end

-- Names of that many parts; whether they differ, and whether more parts would help.
local function try_names(paths, count, extension)
  local names, seen, differ, more = {}, {}, true, false
  for i, path in ipairs(paths) do
    local whole
    names[i], whole = short_name(path, count, extension)
    differ, more = differ and not seen[names[i]], more or not whole
    seen[names[i]] = true
  end
  return names, differ, more
end

--- Names for paths that tell them apart: of a/z.npy and b/z.npy, "a/z" and "b/z".
-- @param paths list
-- @return list of names
function arrays.names(paths)
  local names, differ
  for _, extension in ipairs { false, true } do
    local count, more = 0, true
    while more and not differ do
      count = count + 1
      names, differ, more = try_names(paths, count, extension)
    end
  end
  local used = {}
  for i, name in ipairs(names) do -- the same file twice
    used[name] = (used[name] or 0) + 1
    if used[name] > 1 then names[i] = ("%s (%d)"):format(name, used[name]) end
  end
  return names
end

return arrays
