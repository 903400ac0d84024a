-- Arrays that other programs wrote: samples and labels in two .npy files, or one file for each class.

local check = require "sslkit.check"
local core = require "sslkit.core"
local dataset = require "sslkit.data.dataset"
local files = require "sslkit.io"
local listing = require "sslkit.data.listing"
local T = require "sslkit.tensor"

local MOST = 1 << 20 -- classes; more are numbers that count something else
local MORE = {
  path = true, split = true, first = true, classes = true, levels = true, name = true,
}

local function check_options(options)
  local o = check.options(1, options, {}, MORE)
  if type(o.path) ~= "string" then check.fail(1, "path expected, got %s", check.kind(o.path)) end
  if o.split ~= nil and type(o.split) ~= "string" then
    check.fail(1, "split must be a name, got %s", check.kind(o.split))
  end
  if o.first ~= nil then check.integer(1, "first", o.first) end
  return o
end

local function load(path)
  local tensor, message = files.load(path)
  if not tensor then return nil, message end
  if tensor:dim() == 0 then return nil, path .. ": a single number, which has no rows" end
  return tensor
end

-- Labels 1..K out of those of a file, and what the classes are called; or nil and a message.
local function number(labels, n, path, o)
  local dtype = labels:dtype()
  if labels:dim() ~= 1 or dtype ~= "int64" and dtype ~= "uint8" then
    return nil, ("%s: labels, a row of whole numbers, expected, got %s"):format(
      path, check.kind(labels))
  end
  if #labels ~= n then return nil, ("%s: %d labels for %d samples"):format(path, #labels, n) end
  if n == 0 then return labels:to "int64", o.classes end
  local low, high = labels:min():item(), labels:max():item()
  local first = o.first or math.min(low, 1)
  local count = o.classes and #o.classes or high - first + 1
  if low < first or low < 0 and not o.first then
    return nil, ("%s: label %d, expected %d or more; first= tells another beginning"):format(
      path, low, o.first or 0)
  elseif high - first + 1 > count then
    return nil, ("%s: label %d, but there are %d classes from %d on"):format(
      path, high, count, first)
  elseif count > MOST then
    return nil, ("%s: label %d stands for no class"):format(path, high)
  end
  local classes = o.classes
  if not classes then
    classes = {}
    for k = 1, count do classes[k] = tostring(first + k - 1) end
  end
  return labels:to "int64" - (first - 1), classes
end

local function read_pair(path, prefix, o)
  local x, message = load(path .. "/" .. prefix .. "x.npy")
  if not x then return nil, message end
  local labels_path = path .. "/" .. prefix .. "y.npy"
  if not core.file_size(labels_path) then return x end
  local labels
  labels, message = load(labels_path)
  if not labels then return nil, message end
  local y, classes = number(labels, #x, labels_path, o)
  if not y then return nil, classes end
  return x, y, classes
end

local function sizes(t) return table.concat({ t:dtype(), select(2, t:shape()) }, " ") end

-- A file for each class.
local function read_classes(path, names)
  local parts, labels, classes = {}, {}, {}
  for k, name in ipairs(names) do
    local part, message = load(path .. "/" .. name)
    if not part then return nil, message end
    if k > 1 and sizes(part) ~= sizes(parts[1]) then
      return nil, ("%s/%s: %s does not go with %s of %s"):format(
        path, name, check.kind(part), check.kind(parts[1]), names[1])
    end
    parts[k], labels[k] = part, T.full({ #part }, k, "int64")
    classes[k] = name:gsub("%.[nN][pP][yY]$", "")
  end
  return T.cat(parts), T.cat(labels), classes
end

--- A dataset from a folder of .npy files: samples in x.npy and, where there is one, labels in y.npy;
-- or, without x.npy, a file for each class, called like it, in alphabetical order. The labels of
-- y.npy are whole numbers, from 0 as NumPy's users have them or from 1; here they begin at 1, and
-- the classes are called by the numbers in the file.
-- @param options table: path = folder; split = name that stands before the files', as in train-x.npy
-- and train-y.npy (none); first = the label of the first class (0 where a label is 0, otherwise 1:
-- say it where a part of the data may lack the first class); classes = list of names (the numbers);
-- levels = what uint8 samples are divided by (255); name = string (the path)
-- @return dataset; or nil and a message
-- @raise unknown options
-- @example ssl.data.npy_folder{ path = "/nowhere" } --> nil
local function npy_folder(options)
  local o = check_options(options)
  local prefix = o.split and o.split .. "-" or ""
  local x, y, classes
  if core.file_size(o.path .. "/" .. prefix .. "x.npy") then
    x, y, classes = read_pair(o.path, prefix, o)
  else
    local found, message = listing.of(o.path)
    if not found then return nil, message end
    local names = {}
    for _, name in ipairs(found) do
      if name:lower():find "%.npy$" then names[#names + 1] = name end
    end
    if #names == 0 or o.split then
      return nil, ("%s: no %sx.npy%s"):format(o.path, prefix,
        o.split and "" or " and no .npy file for a class")
    end
    x, y, classes = read_classes(o.path, names)
  end
  if not x then return nil, y end
  return dataset.new {
    x = x, y = y, classes = classes, levels = o.levels, name = o.name or o.path,
  }
end

return npy_folder
