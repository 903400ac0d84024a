-- The confusion matrix: what is taken for what.

local core = require "sslkit.core"
local check = require "sslkit.check"
local labels = require "sslkit.metrics.engine.labels"
local predicted = require "sslkit.metrics.engine.predicted"
local T = require "sslkit.tensor"

local Confusion = { __name = "sslkit.Confusion" }

local MOST = 16 -- classes whose whole table is shown
local WORST = 10

local function right(s, width) return (" "):rep(width - #s) .. s end

-- The whole table, with the truth down and predictions across.
local function table_lines(lines, names, counts)
  local width, first = 1, #"truth"
  for i, name in ipairs(names) do
    first = math.max(first, #name)
    width = math.max(width, #name)
    for _, count in ipairs(counts[i]) do width = math.max(width, #tostring(count)) end
  end
  local head = {}
  for i, name in ipairs(names) do head[i] = right(name, width) end
  lines[#lines + 1] = right("truth", first) .. "  " .. table.concat(head, " ") .. "  (predicted)"
  for i, row in ipairs(counts) do
    local cells = {}
    for j, count in ipairs(row) do
      cells[j] = right(count == 0 and "." or tostring(count), width)
    end
    lines[#lines + 1] = right(names[i], first) .. "  " .. table.concat(cells, " ")
  end
end

-- Of many classes the most frequent confusions.
local function worst_lines(lines, names, counts)
  local list = {}
  for i, row in ipairs(counts) do
    for j, count in ipairs(row) do
      if i ~= j and count > 0 then list[#list + 1] = { i = i, j = j, count = count } end
    end
  end
  table.sort(list, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    if a.i ~= b.i then return a.i < b.i end
    return a.j < b.j
  end)
  for rank = 1, math.min(WORST, #list) do
    local e = list[rank]
    lines[#lines + 1] = ("  %s taken for %s  %d"):format(names[e.i], names[e.j], e.count)
  end
  if #list > WORST then lines[#lines + 1] = ("  and %d more"):format(#list - WORST) end
end

function Confusion:__tostring()
  local names, counts = {}, self.counts:totable()
  for i, label in ipairs(self.classes:totable()) do
    names[i] = tostring(self.names and self.names[label] or label)
  end
  local title = "confusion of %d, %d classes: accuracy %.4f"
  local lines = { title:format(self.n, #names, self.accuracy) }
  local show = #names <= MOST and table_lines or worst_lines
  show(lines, names, counts)
  return table.concat(lines, "\n")
end

-- Predictions and labels as numbers of classes, and these: the columns of logits, or what occurs.
local function numbered(p)
  if p.classes then
    return core.argmax(p.logits, 2), p.at, p.classes
  end
  local classes, id = labels.numbered(T.cat { p.guess, p.y })
  return id:narrow(1, 1, p.n), id:narrow(1, p.n + 1, -1), classes
end

--- The confusion matrix: how often each class (a row) is taken for each (a column).
-- @param predictions int64 [N]; or logits, a float tensor [N,K], of which the largest is the prediction
-- @param y int64 [N], the labels; for logits, numbers of columns
-- @param options {classes= int64 [K] (the labels of the columns of logits, 1..K if not given),
-- names= {[label] = string} (how classes are printed), nan="error" or "skip" (of logits)}
-- @return table {counts= int64 [K,K], classes= int64 [K] (all that occur, ascending; of logits all
-- columns), recall= and precision= (float64 [K], NaN for a class that never occurs or is never
-- predicted), accuracy=, n=, names=}; it prints as a table, of many classes the most frequent confusions
-- @raise labels that are not int64 or not one a row; for logits: a label without a column, and NaN or
-- Inf, naming the row
-- @example ssl.metrics.confusion(ssl.tensor({3, 3, 8}, "int64"), ssl.tensor({3, 8, 8}, "int64")).counts:at(2, 1) --> 1
-- @example ssl.metrics.confusion(ssl.tensor({3, 3, 8}, "int64"), ssl.tensor({3, 8, 8}, "int64")) --> confusion of 3, 2 classes: accuracy 0.6667 ...
local function confusion(predictions, y, options)
  options = check.options(3, options, { nan = "error" }, { classes = true, names = true })
  if options.names ~= nil and type(options.names) ~= "table" then
    check.fail(3, "names must be a table {[label] = string}, got %s", check.kind(options.names))
  end
  check.one_of(3, "nan", options.nan, { "error", "skip" })
  local p = predicted.of(predictions, y, options.nan, options.classes)
  local guess, truth, classes = numbered(p)
  local k = core.len(classes)
  local counts = core.bincount((truth - 1) * k + guess, k * k):view(k, k)
  local hits = counts:diagonal():double()
  return setmetatable({
    counts = counts, classes = classes, names = options.names, n = p.n,
    n_skipped = p.skipped > 0 and p.skipped or nil,
    accuracy = core.item(core.sum(hits)) / p.n,
    recall = hits / core.sum(counts, 2):double(),
    precision = hits / core.sum(counts, 1):double(),
  }, Confusion)
end

return confusion
