-- What all probes share: rows and labels as they come in, and the result that goes out. Labels are
-- any int64 values, compared by equality; inside, the classes of the training rows are 1..K.

local core = require "sslkit.core"
local check = require "sslkit.check"
local T = require "sslkit.tensor"

local task = {}

local function matrix(argn, z, what)
  check.tensor(argn, z, { dtype = "float", dim = 2 }, what)
  if core.size(z, 1) == 0 or core.size(z, 2) == 0 then
    check.fail(argn, "at least one row and one column expected, got %s", core.describe(z))
  end
  z = core.contiguous(core.detach(z))
  local bad = core.nonfinite_row(z)
  if bad then
    check.fail(argn, "row %d of %s holds a NaN or an infinity", bad, core.describe(z))
  end
  return z
end

local function labels(argn, y, z)
  check.tensor(argn, y, { dtype = "int64", dim = 1 }, "labels")
  if core.len(y) ~= core.len(z) then
    check.fail(argn, "one label a row expected, got %s for %s", core.describe(y), core.describe(z))
  end
  return core.contiguous(core.detach(y))
end

-- The classes in ascending order, and for each its number.
local function classes_of(y)
  local number, classes = {}, {}
  for _, label in ipairs(y:totable()) do
    if not number[label] then
      number[label] = true
      classes[#classes + 1] = label
    end
  end
  table.sort(classes)
  for i, label in ipairs(classes) do number[label] = i end
  return classes, number
end

local function numbered(y, number)
  local list = y:totable()
  for i, label in ipairs(list) do list[i] = number[label] or 0 end
  return T.tensor(list, "int64")
end

--- The checked arguments of a probe: x and y (class numbers) of the training rows, classes [K], and of
-- the test rows test_x and test_y (0 for a class that was never trained on). Without test rows, where
-- that is allowed, the training rows are tested.
function task.new(train_z, train_y, test_z, test_y, without_test)
  local self = { x = matrix(1, train_z, "training rows") }
  local y = labels(2, train_y, self.x)
  local classes, number = classes_of(y)
  self.classes = T.tensor(classes, "int64")
  self.y = numbered(y, number)
  self.n, self.d, self.k = core.len(self.x), core.size(self.x, 2), #classes
  if test_z == nil and without_test then
    if test_y ~= nil then check.fail(4, "labels of test rows, but no test rows") end
    self.test_y = self.y
    return self
  end
  self.test_x = matrix(3, test_z, "test rows")
  if core.size(self.test_x, 2) ~= self.d or core.dtype(self.test_x) ~= core.dtype(self.x) then
    check.fail(3, "tensor (m,%d) %s like the training rows expected, got %s", self.d,
      core.dtype(self.x), core.describe(self.test_x))
  end
  self.test_y = numbered(labels(4, test_y, self.test_x), number)
  return self
end

--- Rows of ones and zeros: one-hot float64 [n,K] of class numbers.
function task.one_hot(y, k)
  return T.zeros({ core.len(y), k }, "float64"):scatter_(2, y:unsqueeze(2), 1)
end

local Result = { __name = "sslkit.Probe" }

function Result:__tostring()
  return ("accuracy %.4f on %d (%s)"):format(self.accuracy, self.n, self.summary)
end

-- The share of hits in each class; NaN for one without a test row.
local function per_class(hits, y, k)
  local seen = core.gt(y, 0) -- a class that was never trained on counts in the total alone
  local known, right = core.masked_select(y, seen), core.masked_select(hits, seen)
  local one = T.ones({ core.len(known) }, "float64")
  local count = T.zeros({ k }, "float64"):index_add_(1, known, one)
  local sum = T.zeros({ k }, "float64"):index_add_(1, known, right:double())
  return sum / count
end

--- The result: winner [m] (class numbers) and scores [m,K] of the test rows, the probe's settings, a
-- few words for tostring, and what else it has to say.
function task.result(self, winner, scores, settings, summary, more)
  local hits = core.eq(winner, self.test_y)
  local result = more or {}
  result.n = core.len(winner)
  result.accuracy = core.item(core.sum(hits)) / result.n
  result.per_class = per_class(hits, self.test_y, self.k)
  result.predictions = self.classes:index(1, winner)
  result.scores, result.classes = scores, self.classes
  result.settings, result.summary = settings, summary
  return setmetatable(result, Result)
end

return task
