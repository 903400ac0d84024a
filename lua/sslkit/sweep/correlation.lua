-- Rank correlations of short lists.

local correlation = {}

-- Ranks, the mean of their places for equal values.
local function ranks(list)
  local order, out = {}, {}
  for i in ipairs(list) do order[i] = i end
  table.sort(order, function(a, b) return list[a] < list[b] end)
  local at = 1
  while at <= #order do
    local last = at
    while last < #order and list[order[last + 1]] == list[order[at]] do last = last + 1 end
    for k = at, last do out[order[k]] = (at + last) / 2 end
    at = last + 1
  end
  return out
end

-- The correlation of ranks, whose mean is known exactly.
local function of_ranks(a, b)
  local mean, ab, aa, bb = (#a + 1) / 2, 0, 0, 0
  for i = 1, #a do
    local x, y = a[i] - mean, b[i] - mean
    ab, aa, bb = ab + x * y, aa + x * x, bb + y * y
  end
  return ab / (aa * bb) ^ 0.5
end

--- Spearman's rank correlation of two lists of finite numbers; NaN where one is constant.
-- @example require("sslkit.sweep.correlation").spearman({ 1, 2, 3 }, { 1, 4, 9 }) --> 1.0
function correlation.spearman(a, b) return of_ranks(ranks(a), ranks(b)) end

-- How many pairs of places have equal values in a sorted run, summed over the runs.
local function tied(order, same)
  local pairs_of, run = 0, 1
  for i = 2, #order + 1 do
    if i <= #order and same(order[i - 1], order[i]) then
      run = run + 1
    else
      pairs_of, run = pairs_of + run * (run - 1) // 2, 1
    end
  end
  return pairs_of
end

-- Sorts a list by merging; gives how many pairs were in the wrong order.
local function swaps(list)
  local n, count, from, to = #list, 0, list, {}
  local width = 1
  while width < n do
    for low = 1, n, 2 * width do
      local i, middle, high = low, math.min(low + width, n + 1), math.min(low + 2 * width, n + 1)
      local j = middle
      for k = low, high - 1 do
        if i < middle and (j >= high or from[i] <= from[j]) then
          to[k], i = from[i], i + 1
        else
          to[k], j, count = from[j], j + 1, count + middle - i
        end
      end
    end
    from, to, width = to, from, 2 * width
  end
  return count, from
end

--- Kendall's tau-b of two lists of finite numbers; NaN where one is constant.
-- @source Knight 1966, "A computer method for calculating Kendall's tau with ungrouped data"
-- @example require("sslkit.sweep.correlation").kendall({ 1, 2, 3 }, { 9, 4, 1 }) --> -1.0
function correlation.kendall(a, b)
  local n, order, other = #a, {}, {}
  for i = 1, n do order[i] = i end
  table.sort(order, function(i, j)
    if a[i] ~= a[j] then return a[i] < a[j] end
    if b[i] ~= b[j] then return b[i] < b[j] end
    return i < j
  end)
  for k, i in ipairs(order) do other[k] = b[i] end
  local all = n * (n - 1) // 2
  local ties_a = tied(order, function(i, j) return a[i] == a[j] end)
  local ties_ab = tied(order, function(i, j) return a[i] == a[j] and b[i] == b[j] end)
  local turned, sorted = swaps(other)
  local ties_b = tied(sorted, function(x, y) return x == y end)
  local agree = all - ties_a - ties_b + ties_ab - 2 * turned
  return agree / ((all - ties_a) * (all - ties_b)) ^ 0.5
end

return correlation
