-- What all that is done to finished representations has in common: it is fitted to some rows, applied
-- to any, and is plain data in between. Work is in float64, and what comes out has the rows' dtype.

local core = require "sslkit.core"
local check = require "sslkit.check"
local T = require "sslkit.tensor"

local transform = {}

--- Something done to representations: fitted to rows, then applied to these or others.
-- @kind Transform
-- @field kind string: "center", "l2", "standardize", "whiten", "postman_pat" or "pca"
-- @field options table: as it was made
-- @field n integer or nil: the rows that it has been fitted to
-- @field d integer or nil: their width
-- @field mean float64 tensor [d] or nil: taken off the rows
-- @field scale float64 tensor [d] or nil: columns are multiplied by it
-- @field matrix float64 tensor [d,k] or nil: rows are multiplied by it
-- @field values float64 tensor [r] or nil: eigenvalues of the covariance, descending
local Transform = { __name = "sslkit.Transform" }
Transform.__index = Transform

local STATE = { "n", "d", "mean", "scale", "matrix", "values" }
local fits = {} -- by kind: what fits one, false where nothing has to be learned

function Transform:__tostring()
  local words = {}
  for name, value in pairs(self.options) do words[#words + 1] = name .. "=" .. tostring(value) end
  table.sort(words)
  local text = ("%s{%s}"):format(self.kind, table.concat(words, ", "))
  if not self.n then return text .. (fits[self.kind] and ", not fitted" or "") end
  local width = self.matrix and core.size(self.matrix, 2) or self.d
  return ("%s, fitted to %d rows: %d -> %d"):format(text, self.n, self.d, width)
end

--- Makes one. fit(argn, z, options, policy) gives the fields that it learns.
function transform.new(kind, options, fit)
  fits[kind] = fit or false
  return setmetatable({ kind = kind, options = options }, Transform)
end

--- Learns from rows what it has to.
-- @param z float tensor [N,D], an accumulator, or an opened .npy file
-- @param options {nan="error" or "skip"}
-- @return the transform itself
-- @raise on NaN or Inf, naming the row, and on rows that it cannot be fitted to
-- @example local t = ssl.postprocess.center():fit(ssl.ones(3, 2)); return t --> center{}, fitted to 3 rows: 2 -> 2
function Transform:fit(z, options)
  options = check.options(3, options, { nan = "error" })
  check.one_of(3, "nan", options.nan, { "error", "skip" })
  local fit = fits[self.kind]
  if fit then
    local learned = fit(2, z, self.options, options.nan)
    for _, name in ipairs(STATE) do self[name] = learned[name] end
  end
  return self
end

local function linear(self, z)
  if core.size(z, 2) ~= self.d then
    check.fail(2, "rows of width %d expected, got %s", self.d, core.describe(z))
  end
  local out = z:double()
  if self.mean then out = out - self.mean end
  if self.scale then out = out * self.scale end
  if self.matrix then out = out:matmul(self.matrix) end
  return out
end

-- Lengths are taken in units of a power of two, so that squares stay in range. The root of a row of
-- zeros has no gradient: rows that are shorter than eps are told apart before it.
local function unit_rows(z, eps)
  local out = z:double()
  local largest = core.detach(out):abs():amax(2, true)
  local power = core.pow(2.0, core.floor(core.log2(core.where(largest:gt(0), largest, 1))))
  local square = (out / power):square():sum(2, true)
  local long = core.gt(core.sqrt(core.detach(square)) * power, eps)
  local length = T.where(long, square, 1):sqrt() * power
  return out / T.where(long, length, eps > 0 and eps or 1)
end

--- Rows as they become. Gradients pass through it.
-- @param z float tensor [N,D]
-- @return tensor [N,k] of z's dtype
-- @raise before it has been fitted, and on rows of another width
-- @example ssl.postprocess.l2():apply(ssl.tensor{{3, 4}, {0, 0}}):totable()[1][2] --> 0.8
function Transform:apply(z)
  check.tensor(2, z, { dtype = "float", dim = 2 })
  if not fits[self.kind] then
    return (unit_rows(z, self.options.eps):to(z:dtype()))
  end
  if not self.n then check.fail(1, "%s has not been fitted", self.kind) end
  return (linear(self, z):to(z:dtype()))
end

--- All that it knows, as plain data: numbers, strings, tensors.
-- @return table {kind=, options=, n=, d=, mean=, scale=, matrix=, values=} of those that it has
-- @example ssl.postprocess.center():fit(ssl.ones(3, 2)):state().mean --> [1., 1.] (2) float64
function Transform:state()
  local out = { kind = self.kind, options = {} }
  for name, value in pairs(self.options) do out.options[name] = value end
  for _, name in ipairs(STATE) do
    local value = self[name]
    out[name] = core.is_tensor(value) and value:clone() or value
  end
  return out
end

--- Becomes what another one of the same kind was.
-- @param state table that state() gave
-- @return the transform itself
-- @raise a table of another kind
-- @example local a = ssl.postprocess.center():fit(ssl.ones(3, 2)); return ssl.postprocess.center():load_state(a:state()).n --> 3
function Transform:load_state(state)
  if type(state) ~= "table" or state.kind ~= self.kind then
    local got = type(state) == "table" and ("one of kind '%s'"):format(tostring(state.kind))
    check.fail(2, "state of kind '%s' expected, got %s", self.kind, got or check.kind(state))
  end
  self.options = {}
  for name, value in pairs(state.options or {}) do self.options[name] = value end
  for _, name in ipairs(STATE) do
    local value = state[name]
    self[name] = core.is_tensor(value) and value:clone() or value
  end
  return self
end

return transform
