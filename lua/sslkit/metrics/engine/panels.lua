-- Sums over pairs of rows, a panel of pairs at a time: the memory for all of them at once is never
-- needed, and what is summed is summed in one fixed order.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local panels = {}

local HIGH, WIDE = 512, 2048 -- rows and columns of a panel
local FEW = 1 << 20          -- pairs that are simply sorted for their median
local DRAWN = 4096           -- pairs that tell where a median lies
local SPREAD = 0.04          -- and how closely: five standard deviations of their ranks

--- Calls f(i0, i1, j0, j1, diagonal) for panels that cover the pairs of 1..n with 1..m; without m, the
-- pairs i < j of 1..n. A panel with `diagonal` begins on it: its pairs are those above (panels.upper).
function panels.each(n, m, f)
  for i0 = 1, n, HIGH do
    local i1 = math.min(n, i0 + HIGH - 1)
    for j0 = m and 1 or i0, m or n, WIDE do
      f(i0, i1, j0, math.min(m or n, j0 + WIDE - 1), not m and j0 == i0)
    end
  end
end

--- A panel with zeros in place of what is no pair i < j.
function panels.upper(panel, diagonal) return diagonal and core.triu(panel, 1) or panel end

local function slice(z, first, last) return core.narrow(z, 1, first, last) end

-- {== What is in a panel ====================================================================

-- Each of these gives a function of (i0, i1, j0, j1): a new float64 tensor, of rows i0..i1 of x with
-- rows j0..j1 of y, both float64.

--- Distances.
function panels.distance(x, y)
  return function(i0, i1, j0, j1) return core.cdist(slice(x, i0, i1), slice(y, j0, j1), 2) end
end

--- Inner products.
function panels.linear(x, y)
  return function(i0, i1, j0, j1)
    return core.matmul(slice(x, i0, i1), core.transpose(slice(y, j0, j1), 1, 2))
  end
end

--- exp(-distance^2 / (2 sigma^2)), the mean of that over a list of sigmas; less one unless it is to be
-- plain, so that a wide kernel keeps its digits. What is centred, and differences of means, do not see
-- the 1.
function panels.gaussian(x, y, sigmas, plain)
  local distance = panels.distance(x, y)
  return function(...)
    local d, sum = distance(...), nil
    for i, sigma in ipairs(sigmas) do
      local last = i == #sigmas
      local k = d:mul(1 / (sigma * math.sqrt(2))):square_():neg_()
      k = plain and k:exp_() or k:expm1_()
      sum = sum and sum:add_(k) or k
      if last and i > 1 then sum:div_(i) end
    end
    return sum
  end
end

--- (x.y * gamma + 1)^degree.
function panels.polynomial(x, y, gamma, degree)
  local linear = panels.linear(x, y)
  return function(...)
    local base = linear(...):mul_(gamma):add_(1)
    local power = base:clone()
    for _ = 2, degree do power:mul_(base) end
    return power
  end
end

-- ==}

-- {== Sums and the median ===================================================================

--- The sum of a panel function over all pairs of n and m rows, or over i < j of n.
function panels.sum(n, m, of)
  local sum = 0
  panels.each(n, m, function(i0, i1, j0, j1, diagonal)
    sum = sum + panels.upper(of(i0, i1, j0, j1), diagonal):sum():item()
  end)
  return sum
end

--- All pairs i < j of n rows in one vector: panel by panel, and within one by rows.
function panels.vector(n, of)
  local out, at = T.empty({ n * (n - 1) // 2 }, "float64"), 0
  local mask
  panels.each(n, nil, function(i0, i1, j0, j1, diagonal)
    local panel = of(i0, i1, j0, j1)
    if diagonal then
      mask = core.triu(T.ones({ core.size(panel, 1), core.size(panel, 2) }, "uint8"), 1)
      panel = core.masked_select(panel, mask)
    end
    local count = core.numel(panel)
    if count > 0 then core.narrow(out, 1, at + 1, at + count):copy_(panel:reshape(count)) end
    at = at + count
  end)
  return out
end

-- Two distances that the median lies between, most likely, from pairs that are drawn.
local function between(x, spread)
  local g, n = T.generator(1), core.len(x)
  local i = T.randint(1, n, { DRAWN }, { generator = g })
  local j = (i + T.randint(0, n - 2, { DRAWN }, { generator = g })) % n + 1 -- another than i
  local drawn = core.sorted(core.norm2(x[i] - x[j], 2), -1, false)
  local first = math.floor(DRAWN * (0.5 - spread))
  if first < 1 then return -1, math.huge end
  local function at(rank) return core.item(core.select(drawn, 1, rank)) end
  return at(first), at(DRAWN - first + 1)
end

local function count(mask) return math.tointeger(core.item(core.sum(mask))) end

-- Of the distances i < j: how many are below lo, equal to it, between both (these as a list of
-- tensors), and equal to hi.
local function look(x, lo, hi)
  local distance, n = panels.distance(x, x), core.len(x)
  local below, low, high, inside = 0, 0, 0, {}
  panels.each(n, nil, function(i0, i1, j0, j1, diagonal)
    local d = distance(i0, i1, j0, j1)
    if diagonal then -- what is no pair is put beyond all others
      d:masked_fill_(core.tril(T.ones({ core.size(d, 1), core.size(d, 2) }, "uint8")), math.huge)
    end
    below, low, high = below + count(d:lt(lo)), low + count(d:eq(lo)), high + count(d:eq(hi))
    inside[#inside + 1] = core.masked_select(d, d:gt(lo) & d:lt(hi))
  end)
  return below, low, core.sorted(T.cat(inside), -1, false), high
end

--- The median of the distances of all pairs i < j of rows of x, float64 [n,d].
function panels.median(x)
  local n = core.len(x)
  local pairs_ = n * (n - 1) // 2
  local spread = pairs_ <= FEW and 1 or SPREAD
  while true do
    local lo, hi = -1, math.huge
    if spread < 0.5 then lo, hi = between(x, spread) end
    local below, low, inside, high = look(x, lo, hi)
    local sum = 0
    for _, rank in ipairs { (pairs_ + 1) // 2, pairs_ // 2 + 1 } do
      local at = rank - below - low
      local known = #inside
      if rank <= below or at > known + high then sum = nil break end
      sum = sum + (at <= 0 and lo or at <= known and core.item(core.select(inside, 1, at)) or hi)
    end
    if sum then return sum / 2 end
    spread = 4 * spread
  end
end

-- ==}

return panels
