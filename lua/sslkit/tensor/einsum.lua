-- Sums of products named by letters, made of transposes, reshapes and batched matrix products.

local core = require "sslkit.core"
local check = require "sslkit.check"
require "sslkit.linalg.product"

local T = core.methods

-- {== Reading the letters ==================================================

-- "ab...c" as a list of letters; the dots stand as "...".
local function letters(text)
  local list, seen, at = {}, false, 1
  while at <= #text do
    local dots, letter = text:match("^%.%.%.", at), text:match("^%a", at)
    if dots and seen then check.fail(1, "'...' stands twice in '%s'", text) end
    if not dots and not letter then
      check.fail(1, "letters and '...' expected in '%s', got '%s'", text, text:sub(at, at))
    end
    seen = seen or dots
    list[#list + 1] = dots or letter
    at = at + (dots and 3 or 1)
  end
  return list
end

local function split(spec)
  if type(spec) ~= "string" then
    check.fail(1, "letters expected, such as 'ij,jk->ik', got %s", check.kind(spec))
  end
  if #spec > 1000 then check.fail(1, "letters of 1000 characters at most, got %d", #spec) end
  local text = spec:gsub("%s+", "")
  local left, right = text:match "^(.-)%->(.*)$"
  local inputs = {}
  for part in ((left or text) .. ","):gmatch "([^,]*)," do inputs[#inputs + 1] = letters(part) end
  return inputs, right and letters(right)
end

-- The dimensions that the dots stand for are named by their number from the end.
local function named(list, t, argn)
  local n, labels, own = core.dim(t), {}, #list
  for _, label in ipairs(list) do
    if label == "..." then own = own - 1 end
  end
  local more = n - own
  if more < 0 or more > 0 and own == #list then
    check.fail(argn, "'%s' names %d dimensions of %s", table.concat(list), own, core.describe(t))
  end
  for _, label in ipairs(list) do
    if label == "..." then
      for d = more, 1, -1 do labels[#labels + 1] = d end
    else
      labels[#labels + 1] = label
    end
  end
  return labels, own < #list and more or 0
end

-- By NumPy's rule: the dots' dimensions, then the letters that stand once, sorted.
local function implied(inputs)
  local count, once = {}, {}
  for _, labels in ipairs(inputs) do
    for _, label in ipairs(labels) do count[label] = (count[label] or 0) + 1 end
  end
  for label, n in pairs(count) do
    if n == 1 and label ~= "..." then once[#once + 1] = label end
  end
  table.sort(once)
  table.insert(once, 1, "...")
  return once
end

local function output(list, most)
  local labels, seen, dots = {}, {}, false
  for _, label in ipairs(list) do
    if label == "..." then
      dots = true
      for d = most, 1, -1 do labels[#labels + 1] = d end
    elseif seen[label] then
      check.fail(1, "letter '%s' stands twice in the result", label)
    else
      seen[label] = true
      labels[#labels + 1] = label
    end
  end
  if most > 0 and not dots then
    check.fail(1, "'...' stands for %d dimensions that the result leaves out", most)
  end
  return labels
end

-- ==}

-- {== Operands =============================================================

-- An operand is a tensor and the labels of its dimensions, {t=, labels=, argn=}.

local function position(labels, label)
  for d, other in ipairs(labels) do
    if other == label then return d end
  end
end

-- Dimensions of one label become their diagonal.
local function diagonal(x)
  for d = 1, #x.labels do
    local label = x.labels[d]
    for e = d + 1, #x.labels do
      if x.labels[e] == label then
        local m, n = core.size(x.t, d), core.size(x.t, e)
        if m ~= n then
          check.fail(x.argn, "letter '%s' has sizes %d and %d in %s", label, m, n,
            core.describe(x.t))
        end
        x.t = T.diagonal(x.t, 0, d, e)
        table.remove(x.labels, e)
        table.remove(x.labels, d)
        x.labels[#x.labels + 1] = label
        return diagonal(x)
      end
    end
  end
  return x
end

-- The size of every label; a size of 1 fits any other.
local function sizes_of(operands)
  local sizes = {}
  for _, x in ipairs(operands) do
    for d, label in ipairs(x.labels) do
      local n, known = core.size(x.t, d), sizes[label]
      if known and known ~= n and known ~= 1 and n ~= 1 then
        check.fail(x.argn, type(label) == "string" and "letter '%s' has size %d here and %d before"
          or "dimension -%d of '...' has size %d here and %d before", label, n, known)
      end
      if not known or known == 1 then sizes[label] = n end
    end
  end
  return sizes
end

-- What is repeated along a label that another operand has in full does without that label.
local function squeeze(x, sizes)
  for d = #x.labels, 1, -1 do
    if core.size(x.t, d) == 1 and sizes[x.labels[d]] ~= 1 then
      x.t = T.squeeze(x.t, d)
      table.remove(x.labels, d)
    end
  end
end

-- Labels that nothing else asks for are summed away.
local function sum_out(x, wanted)
  local dims, kept = {}, {}
  for d, label in ipairs(x.labels) do
    if wanted[label] then kept[#kept + 1] = label else dims[#dims + 1] = d end
  end
  if #dims > 0 then x.t, x.labels = T.sum(x.t, dims), kept end
end

-- ==}

-- {== Products =============================================================

local function joined(...)
  local all = {}
  for _, labels in ipairs { ... } do table.move(labels, 1, #labels, #all + 1, all) end
  return all
end

-- The tensor with its dimensions in the order of groups of labels, each group merged into one.
local function grouped(x, groups, sizes)
  local order, shape = {}, {}
  for i, group in ipairs(groups) do
    shape[i] = 1
    for _, label in ipairs(group) do
      order[#order + 1] = position(x.labels, label)
      shape[i] = shape[i] * sizes[label]
    end
  end
  return T.reshape(T.permute(x.t, order), shape)
end

-- The labels of a pair: those of both that stay, those of both that are summed over, those of one.
local function sorted_labels(a, b, wanted)
  local kept, summed, own_a, own_b = {}, {}, {}, {}
  local first, second = a, b
  if core.numel(b.t) > core.numel(a.t) then first, second = b, a end -- the larger is not copied
  for _, label in ipairs(first.labels) do
    if position(second.labels, label) then
      local list = wanted[label] and kept or summed
      list[#list + 1] = label
    end
  end
  for _, label in ipairs(a.labels) do
    if not position(b.labels, label) then own_a[#own_a + 1] = label end
  end
  for _, label in ipairs(b.labels) do
    if not position(a.labels, label) then own_b[#own_b + 1] = label end
  end
  return kept, summed, own_a, own_b
end

-- Elementwise, broadcasting, and then summed: what has no sum needs no more, and integers have no
-- other product.
local function spread(a, b, labels, summed, sizes)
  local function aligned(x)
    local groups = {}
    for i, label in ipairs(labels) do groups[i] = { position(x.labels, label) and label } end
    return grouped(x, groups, sizes)
  end
  local out, dims = T.mul(aligned(a), aligned(b)), {}
  for i = 1, #summed do dims[i] = #labels - #summed + i end
  return #dims > 0 and T.sum(out, dims) or out
end

-- Of labels that `wanted` has not, both operands have the rest: they are summed over.
local function contracted(a, b, wanted, sizes)
  local kept, summed, own_a, own_b = sorted_labels(a, b, wanted)
  local labels = joined(kept, own_a, own_b)
  local out
  if #summed == 0 or core.dtype(a.t) == "int64" then
    out = spread(a, b, joined(labels, summed), summed, sizes)
  else
    local left, right, shape = { own_a, summed }, { summed, own_b }, {}
    if #kept > 0 then left, right = { kept, own_a, summed }, { kept, summed, own_b } end
    for d, label in ipairs(labels) do shape[d] = sizes[label] end
    out = T.reshape(T.matmul(grouped(a, left, sizes), grouped(b, right, sizes)), shape)
  end
  return { t = out, labels = labels }
end

-- ==}

local function set(...)
  local wanted = {}
  for _, label in ipairs(joined(...)) do wanted[label] = true end
  return wanted
end

local function check_operands(n, given)
  if given.n ~= n then
    check.fail(1, "the letters are of %d operands, and %d are given", n, given.n)
  end
  for i = 1, n do
    local t = check.tensor(i + 1, given[i])
    local dtype = core.dtype(t)
    if dtype == "uint8" then
      check.fail(i + 1, "float or int64 tensor expected, got %s", core.describe(t))
    elseif dtype ~= core.dtype(given[1]) then
      check.fail(i + 1, "dtypes differ: %s and %s", core.describe(given[1]), core.describe(t))
    end
  end
end

--- Sums of products by Einstein's rule: a letter names a dimension, those of one name go together,
-- and those that the result has not are summed over. Operands meet from left to right, as matrix
-- products where they can. The result of one operand may be a view of it.
-- @param spec letters of each operand, with commas between, and `->` and those of the result; without
-- these, as in NumPy, the letters that stand once, sorted. `...` stands for further dimensions,
-- which broadcast; a letter twice in one operand is a diagonal; spaces do not count
-- @param ... float or int64 tensors of one dtype
-- @return tensor
-- @raise where sizes differ (1 fits any), and where the result names a letter that no operand has
-- @example ssl.einsum("ij,jk->ik", ssl.ones(2, 3), ssl.ones(3, 4)):sum():item() --> 24.0
-- @example ssl.einsum("ii", ssl.eye(3)):item() --> 3.0
function T.einsum(spec, ...)
  local inputs, result = split(spec)
  local given, operands, most = table.pack(...), {}, 0
  check_operands(#inputs, given)
  for i, list in ipairs(inputs) do
    local labels, more = named(list, given[i], i + 1)
    operands[i], most = { t = given[i], labels = labels, argn = i + 1 }, math.max(most, more)
  end
  local last = output(result or implied(inputs), most)
  for _, x in ipairs(operands) do diagonal(x) end
  local sizes = sizes_of(operands)
  for _, label in ipairs(last) do
    if not sizes[label] then
      check.fail(1, "no operand has the letter '%s' of the result", label)
    end
  end
  for _, x in ipairs(operands) do squeeze(x, sizes) end
  local x = operands[1]
  for i = 2, #operands do
    local y, later = operands[i], { last }
    for j = i + 1, #operands do later[#later + 1] = operands[j].labels end
    local wanted = set(table.unpack(later))
    sum_out(x, set(y.labels, table.unpack(later)))
    sum_out(y, set(x.labels, table.unpack(later)))
    x = contracted(x, y, wanted, sizes)
  end
  sum_out(x, set(last))
  local order = {}
  for i, label in ipairs(last) do order[i] = position(x.labels, label) end
  return (T.permute(x.t, order))
end

return T
