-- Order: sort, argsort, topk, searchsorted. Equal elements keep their order, whatever the
-- direction; NaN are equal to each other and stand last, -0.0 equals 0.0.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local T = core.methods

-- A dimension (the last by default); a 0-dim tensor is sorted as a vector of one.
local function arrange(argn, t, dim)
  check.tensor(1, t)
  if core.dim(t) > 0 then return t, dim == nil and -1 or check.dim(argn, dim, core.dim(t)) end
  if dim ~= nil then check.dim(argn, dim, 1) end
  return T.reshape(t, 1), 1
end

local function restore(x, t)
  return core.dim(t) == 0 and core.numel(x) == 1 and T.reshape(x, {}) or x
end

local function switch(argn, what, v, default)
  if v == nil then return default end
  if type(v) ~= "boolean" then
    check.fail(argn, "%s must be true or false, got %s", what, check.kind(v))
  end
  return v
end

-- The first k (all without k), recorded under a name that has a rule.
local function ordered(name, t, x, dim, descending, k)
  local values, indices = core.sort(x, dim, descending, k)
  if hook.record then hook.record(name, values, x, dim, indices) end
  return restore(values, t), restore(indices, t)
end

--- The elements in ascending order along a dimension, and where each stood. Stable: equal elements
-- keep their order, descending too; NaN stand last in both directions.
-- @param t tensor
-- @param dim dimension (the last)
-- @param descending boolean (false): true for the largest first
-- @return values; int64 positions, 1-based
-- @example select(2, ssl.tensor{3, 1, 2}:sort())[1] --> 2
-- @example ssl.tensor{3, 1, 2}:sort(1, true)[1] --> 3.0
function T.sort(t, dim, descending)
  local x, axis = arrange(2, t, dim)
  local values, indices = ordered("sort", t, x, axis, switch(3, "descending", descending, false))
  return values, indices
end

--- Where the elements stand that `sort` gives: ascending, stable, NaN last in both directions.
-- @param t tensor
-- @param dim dimension (the last)
-- @param descending boolean (false): true for the largest first
-- @return int64 positions, 1-based
-- @example ssl.tensor{3, 1, 2}:argsort()[1] --> 2
function T.argsort(t, dim, descending)
  local x, axis = arrange(2, t, dim)
  return (restore(core.argsort(x, axis, switch(3, "descending", descending, false)), t))
end

--- The k largest or smallest elements along a dimension, the best first; of equal ones those that
-- come first. NaN is never taken before a number, neither as the largest (as PyTorch does) nor as
-- the smallest.
-- @param t tensor
-- @param k how many
-- @param dim dimension (the last)
-- @param largest boolean (true): false for the smallest
-- @return values; int64 positions, 1-based
-- @example ssl.tensor{3, 0/0, 1, 2}:topk(2)[2] --> 2.0
-- @example select(2, ssl.tensor{3, 1, 1}:topk(2, 1, false))[1] --> 2
function T.topk(t, k, dim, largest)
  local x, axis = arrange(3, t, dim)
  largest = switch(4, "largest", largest, true)
  k = check.integer(2, "k", k, 0, core.size(x, axis))
  local values, indices = ordered("topk", t, x, axis, largest, k)
  return values, indices
end

--- Where values could be put into sorted ones, counted from 1: before all equal elements, that is 1
-- + the number of smaller ones; or, with right, behind them, 1 + the number that are not larger. n
-- + 1 is behind all n. NaN counts as the largest.
-- @param sorted ascending tensor [n], or with the leading dimensions of values
-- @param values tensor of the same dtype, or a number
-- @param options {right=false}
-- @return int64 tensor of values' shape
-- @example ssl.searchsorted(ssl.tensor{1, 3, 3, 5}, ssl.tensor{0, 3, 9})[2] --> 2
-- @example ssl.searchsorted(ssl.tensor{1, 3, 3, 5}, 3, {right = true}):item() --> 4
function T.searchsorted(sorted, values, options)
  check.tensor(1, sorted)
  local right = check.options(3, options, { right = false }).right
  switch(3, "right", right)
  if type(values) == "number" then
    local dtype = core.dtype(sorted)
    values = T.full({}, check.element(2, values, dtype), dtype)
  end
  return (core.searchsorted(sorted, values, right))
end

return T
