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

local function pearson(a, b)
  local n, ma, mb = #a, 0, 0
  for i = 1, n do ma, mb = ma + a[i] / n, mb + b[i] / n end
  local ab, aa, bb = 0, 0, 0
  for i = 1, n do
    local x, y = a[i] - ma, b[i] - mb
    ab, aa, bb = ab + x * y, aa + x * x, bb + y * y
  end
  return ab / (aa * bb) ^ 0.5
end

--- Spearman's rank correlation of two lists of finite numbers; NaN where one is constant.
-- @example require("sslkit.sweep.correlation").spearman({ 1, 2, 3 }, { 1, 4, 9 }) --> 1.0
function correlation.spearman(a, b) return pearson(ranks(a), ranks(b)) end

--- Kendall's tau-b of two lists of finite numbers; NaN where one is constant.
-- @example require("sslkit.sweep.correlation").kendall({ 1, 2, 3 }, { 9, 4, 1 }) --> -1.0
function correlation.kendall(a, b)
  local agree, ta, tb, pairs_of = 0, 0, 0, #a * (#a - 1) / 2
  for i = 1, #a do
    for j = i + 1, #a do
      local x, y = a[i] - a[j], b[i] - b[j]
      if x == 0 then ta = ta + 1 end
      if y == 0 then tb = tb + 1 end
      if x * y ~= 0 then agree = agree + (x * y > 0 and 1 or -1) end
    end
  end
  return agree / ((pairs_of - ta) * (pairs_of - tb)) ^ 0.5
end

return correlation
