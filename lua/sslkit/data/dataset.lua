-- A dataset: samples, their labels, and what is known about both, in one plain table with a few
-- methods. Nothing is copied until a subset is asked for.

local check = require "sslkit.check"
local T = require "sslkit.tensor"

--- Samples with their labels.
-- @kind Dataset
-- @luals operator len: integer
-- @field x tensor with one sample for each of its rows, [N,C,H,W] for images
-- @field y int64 tensor [N] of labels 1..K, or nil
-- @field classes list of names, or nil
-- @field name string
-- @field levels number that uint8 samples are divided by
local Dataset = {}
Dataset.__index = Dataset

local dataset = {}

-- How far apart black and white are: what uint8 samples are divided by.
local LEVELS = 255

local function check_labels(y, n, classes)
  check.tensor(1, y, { dtype = "int64", dim = 1 }, "y")
  if #y ~= n then check.fail(1, "x has %d samples, but y has %d", n, #y) end
  if n == 0 then return end
  local low, high = y:min():item(), y:max():item()
  if low < 1 then check.fail(1, "labels must be 1 or more, got %d", low) end
  if classes and high > #classes then
    check.fail(1, "label %d, but there are %d classes", high, #classes)
  end
end

--- A dataset from tensors.
-- @param fields table: x = uint8 or float tensor with one sample for each of its rows, [N,C,H,W]
-- for images; y = int64 [N], labels from 1 (none); classes = list of names (none); name = string
-- ("dataset"); levels = what uint8 samples are divided by (255)
-- @return dataset with these fields, ds:subset(indices), ds:split(fraction, {seed=}), #ds
-- @raise unknown fields, sizes that differ, labels outside 1..#classes
-- @example #ssl.data.dataset{ x = ssl.rand(6, 3) } --> 6
-- @example ssl.data.dataset{ x = ssl.rand(6, 3), name = "noise" } --> noise: 6 samples of 3 float32
function dataset.new(fields)
  local known = { x = true, y = true, classes = true }
  local self = check.options(1, fields, { name = "dataset", levels = LEVELS }, known)
  check.tensor(1, self.x, nil, "x")
  if self.x:dim() == 0 then check.fail(1, "x must have one row a sample, got a 0-dim tensor") end
  if self.classes ~= nil and type(self.classes) ~= "table" then
    check.fail(1, "classes must be a list of names, got %s", check.kind(self.classes))
  end
  check.number(1, "levels", self.levels)
  if self.levels <= 0 then check.fail(1, "levels must be above 0, got %g", self.levels) end
  if self.y ~= nil then check_labels(self.y, #self.x, self.classes) end
  return setmetatable(self, Dataset)
end

local function check_index(self, index)
  if #index == 0 then return end
  local n, low, high = #self, index:min():item(), index:max():item()
  if low < -n or high > n or index:eq(0):any():item() ~= 0 then
    check.fail(2, "sample numbers must be in 1..%d or -%d..-1, got %d..%d", n, n, low, high)
  end
end

-- The same dataset with other rows.
local function take(self, index)
  return setmetatable({
    x = self.x:index(1, index),
    y = self.y and self.y:index(1, index),
    classes = self.classes,
    name = self.name,
    levels = self.levels,
  }, Dataset)
end

--- Some of the samples, in the order given; a sample may be taken more than once.
-- @param indices int64 [n] tensor or list of sample numbers from 1, negative from the end
-- @return dataset with copies of these samples
-- @raise numbers out of range
-- @example ssl.data.digits():subset({1, -1}).y --> [1, 9] (2) int64
function Dataset:subset(indices)
  if type(indices) == "table" then
    for i, at in ipairs(indices) do check.integer(2, ("index %d"):format(i), at) end
    indices = #indices > 0 and T.tensor(indices, "int64") or T.empty({ 0 }, "int64")
  end
  check.tensor(2, indices, { dtype = "int64", dim = 1 }, "indices")
  check_index(self, indices)
  return take(self, indices)
end

--- Two datasets that share no sample: a random part, and the rest.
-- @param fraction share of the first, in 0..1; its size is rounded to whole samples
-- @param options table: seed = whole number (0); equal seeds give equal splits
-- @return dataset, dataset
-- @raise a fraction outside 0..1, unknown options
-- @example #ssl.data.digits():split(0.8, {seed = 1}) --> 1438
function Dataset:split(fraction, options)
  check.number(2, "fraction", fraction, 0, 1)
  options = check.options(3, options, { seed = 0 })
  local seed = check.integer(3, "seed", options.seed)
  local n = #self
  local order = T.randperm(n, { generator = T.generator(seed) })
  local cut = math.floor(n * fraction + 0.5)
  return take(self, order:narrow(1, 1, cut)), take(self, order:narrow(1, cut + 1, n))
end

function Dataset:__len() return #self.x end

function Dataset:__tostring()
  local sizes = { select(2, self.x:shape()) }
  local range = self.x:dtype() == "uint8" and (" 0..%g"):format(self.levels) or ""
  local line = ("%s: %d samples of %s %s%s"):format(
    self.name, #self, #sizes > 0 and table.concat(sizes, "x") or "1", self.x:dtype(), range)
  if not self.classes then return line end
  local names = table.concat(self.classes, ", ", 1, math.min(#self.classes, 10))
  local more = #self.classes > 10 and ", ..." or ""
  return ("%s, %d classes: %s%s"):format(line, #self.classes, names, more)
end

return dataset
