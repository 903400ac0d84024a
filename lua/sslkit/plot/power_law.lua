-- The power law lambda_j ~ j^-alpha through the eigenvalues of a spectrum.

local power_law = {}

local FIRST, LAST = 11, 100  -- ranks of the window
local SHARE = 0.9            -- of the effective rank that the window reaches
local TAIL = 1e-10           -- of the largest eigenvalue: smaller ones are rounding
local LEAST = 5              -- ranks, or else the window is the whole

-- The window of ranks that the data allow.
local function window_of(values, window)
  local rank = 0
  while values[rank + 1] and values[rank + 1] > TAIL * values[1] do rank = rank + 1 end
  if window then return window[1], math.min(window[2], rank) end
  local first, last = FIRST, math.min(LAST, math.floor(SHARE * rank))
  if last - first + 1 < LEAST then return 1, rank end
  return first, last
end

--- Weighted least squares of ln lambda_j on -ln j, with intercept and weights 1/j.
-- @param values eigenvalues, descending
-- @param window {first rank, last rank}; nil for 11 to 100, at most 0.9 of those above 1e-10 of the
-- largest, or all of these where that leaves less than 5
-- @return {alpha=, first=, last=, at = function(rank) -> eigenvalue}, or nil for less than 2 values
-- @source Agrawal et al., alpha-ReQ, NeurIPS 2022; Stringer et al., Nature 2019
function power_law.fit(values, window)
  local first, last = window_of(values, window)
  if last - first + 1 < 2 then return nil end
  local total, mean_x, mean_y = 0, 0, 0
  for j = first, last do
    local w = 1 / j
    total, mean_x = total + w, mean_x - w * math.log(j)
    mean_y = mean_y + w * math.log(values[j])
  end
  mean_x, mean_y = mean_x / total, mean_y / total
  local above, below = 0, 0
  for j = first, last do
    local dx = -math.log(j) - mean_x
    above = above + dx * (math.log(values[j]) - mean_y) / j
    below = below + dx * dx / j
  end
  local alpha = above / below
  return {
    alpha = alpha, first = first, last = last,
    at = function(rank) return math.exp(mean_y + alpha * (-math.log(rank) - mean_x)) end,
  }
end

return power_law
