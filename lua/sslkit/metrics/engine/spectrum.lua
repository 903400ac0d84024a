-- Singular values, by the fastest route that is exact enough for what will be read from them.
--
-- The eigenvalues of a float64 Gram matrix cost a fraction of a singular value decomposition and are
-- off by a few units in the last place of the largest one. A bound on what that means for the
-- entropy, worked out from the values themselves, is the certificate; where it does not hold (rank
-- deficient data, steep spectra, a huge common offset) the large values are taken off before a second
-- Gram matrix is made, which has a certificate likewise; else the values come from the triangular
-- factor of the data, or from the data directly.

local core = require "sslkit.core"
local check = require "sslkit.check"
local deflation = require "sslkit.metrics.engine.deflation"
local moments = require "sslkit.metrics.engine.moments"
local rows = require "sslkit.metrics.engine.rows"
local stream = require "sslkit.metrics.engine.stream"
local tsqr = require "sslkit.metrics.engine.tsqr"

local spectrum = {}

local Spectrum = { __name = "sslkit.Spectrum" }

local EPS = 2.0 ^ -52
local SMALL = 5e7   -- N D min(N,D) from which a Gram matrix pays
local WIDE = 512    -- columns from which two Gram matrices cost less than a triangular factor
local TAIL = 1e-9   -- the smallest eigenvalue, relative to the largest, that a Gram matrix resolves
local DIGITS = 1e-6 -- that is: to so many digits
local TOLERANCE = 1e-6

function Spectrum:__tostring()
  local shown = {}
  for i = 1, math.min(#self, 6) do shown[i] = ("%.6g"):format(self[i]) end
  if #self > 6 then shown[6] = "... " .. ("%.6g"):format(self[#self]) end
  return ("%d singular values of %d x %d, %s: %s"):format(#self, self.n, self.d,
    self.center and "centred" or "not centred", table.concat(shown, " "))
end

--- Is it one?
function spectrum.is(v) return getmetatable(v) == Spectrum end

-- What rounding alone may do to the entropy of so many exact values.
local function rounding(count) return 16 * EPS * count end

-- A bound on the error of ln RankMe when the square of every value is off by at most `e`, and every
-- value by `slack` besides.
local function entropy_bound(values, e, slack)
  local total, entropy, bound = 0, 0, 0
  for _, s in ipairs(values) do total = total + s end
  if total == 0 then return 0 end
  for _, s in ipairs(values) do
    if s > 0 then entropy = entropy - s / total * math.log(s / total) end
  end
  local root = math.sqrt(e)
  for _, s in ipairs(values) do
    local ds = (s * s <= e and root or math.min(e / (2 * s), root)) + slack
    bound = bound + ds / total
      * (math.abs(math.log(math.max(s, ds) / total)) + entropy + 1)
  end
  return bound + rounding(#values)
end

-- Eigenvalues, ascending -> {values= (singular, descending), bound=, least= (the least square that has
-- its digits)}.
local function from_eigenvalues(w)
  local list, values = w:totable(), {}
  for i = #list, 1, -1 do values[#values + 1] = math.sqrt(math.max(list[i], 0)) end
  local largest = math.max(list[#list] or 0, 0)
  local e = math.max(8, math.sqrt(#list) / 3) * EPS * largest
  return { values = values, bound = entropy_bound(values, e, 0), least = TAIL * largest }
end

-- Does what was found answer the question? "variance": readers of sums of eigenvalues; "entropy":
-- RankMe; "tail": whoever looks at the smallest values; "all"; or a function of the values, the
-- numbers of rows and columns, and the least square that has its digits.
local function answers(self, need, tolerance, found)
  if need == "variance" then return true end
  if type(need) == "function" then return need(found.values, self.n, self.d, found.least) end
  local last = found.values[#found.values] or 0
  local tail = #found.values == 0 or last * last >= found.least
  if need == "tail" then return tail end
  return found.bound <= tolerance and (need == "entropy" or tail)
end

local function take(self, found, route)
  self.bound, self.route = found.bound, route
  return found.values
end

local function exact(self, values)
  self.bound = rounding(core.len(values))
  return values:totable()
end

-- As from_eigenvalues, of rows that each(f) gives in blocks and their moments; nil where they are not of
-- that kind.
local function from_deflation(self, each, m)
  if m.d < WIDE then return nil end
  local values, e, slack = deflation.values(each, m, self.center)
  return values and { values = values, bound = entropy_bound(values, e, slack),
    least = math.max(e / DIGITS, (2 * slack / DIGITS) ^ 2) }
end

-- Rows that each(f) gives in blocks, more than columns, and their moments.
local function from_blocks(self, each, m, need, tolerance)
  if moments.in_range(m) then
    local found = from_eigenvalues(m:eigenvalues(self.center))
    if answers(self, need, tolerance, found) then return take(self, found, "gram") end
    found = from_deflation(self, each, m)
    if found and answers(self, need, tolerance, found) then
      return take(self, found, "deflated gram")
    end
  end
  local r = tsqr.new(m.d, m.mean)
  each(function(block) r:add_finite(block) end)
  self.route = "tsqr"
  return exact(self, r:values(self.center))
end

local function from_rows(self, z, need, tolerance, known)
  local n, d = core.shape(z)
  if n * d * math.min(n, d) > SMALL then
    if n >= d then
      local function each(f) stream.pieces(z, f) end
      local m = known and known() or moments.new(d):add_finite(z)
      return from_blocks(self, each, m, need, tolerance)
    end
    local found = from_eigenvalues(core.gram_spectrum(z, self.center))
    if answers(self, need, tolerance, found) then return take(self, found, "gram of rows") end
  end
  self.route = "direct"
  return exact(self, core.direct_spectrum(z, self.center))
end

-- Rows of an opened file, which is read once, or again where a Gram matrix does not answer.
local function from_file(argn, self, file, policy, need, tolerance)
  if #file < self.d then
    local z, skipped = rows.finite(argn, stream.all(argn, file), policy)
    if not z then return nil, skipped end
    local unit
    self.n, self.skipped, self.dtype = core.len(z), skipped, core.dtype(z)
    z, unit = rows.in_range(z)
    return from_rows(self, z, need, tolerance), nil, unit
  end
  local m, skipped = stream.moments(argn, file, policy)
  if not m then return nil, skipped end
  self.n, self.skipped, self.dtype = m.n, skipped, m.dtype
  local function each(f) stream.each(argn, file, policy, f) end
  return from_blocks(self, each, m, need, tolerance)
end

local function check_given(argn, s, options)
  if options.center ~= nil and s.center ~= options.center then
    check.fail(argn, "a spectrum with center=%s expected, got one with center=%s",
      tostring(options.center), tostring(s.center))
  end
  return s
end

-- Moments and triangular factors answer by the route that they are.
local function from_state(argn, self, x, need, tolerance)
  if x.n == 0 then check.fail(argn, "%s: no rows yet", tostring(x)) end
  self.n, self.d, self.dtype = x.n, x.d, x.dtype
  if tsqr.is(x) then
    self.route = "tsqr"
    return exact(self, x:values(self.center))
  end
  local fits, largest = moments.in_range(x)
  if not fits then
    check.fail(argn, "%s: elements up to %.3g, whose squares leave the range of float64",
      tostring(x), largest)
  end
  local found = from_eigenvalues(x:eigenvalues(self.center))
  self.certified = answers(self, need, tolerance, found)
  return take(self, found, "gram")
end

--- The spectrum of rows (a tensor [N,D] or an opened file), moments, a triangular factor, or the
-- spectrum itself.
-- options: center, nan, tolerance (of ln RankMe), need (what will be read: "variance", "entropy",
-- "tail", the default "all", or a function), moments (a function that gives those of a tensor's rows).
-- With nan="propagate" and a NaN: nil and the reason.
function spectrum.of(argn, x, options)
  if spectrum.is(x) then return check_given(argn, x, options) end
  local need, unit = options.need or "all", 1
  local tolerance = check.number(argn + 1, "tolerance", options.tolerance or TOLERANCE, 0)
  local self = { center = options.center or false, certified = true, skipped = 0 }
  local values
  if moments.is(x) or tsqr.is(x) then
    values = from_state(argn, self, x, need, tolerance)
  elseif stream.is(x) then
    local reason, power
    self.d = stream.width(argn, x)
    values, reason, power = from_file(argn, self, x, options.nan, need, tolerance)
    if not values then return nil, reason end
    unit = power or 1
  else
    local z, skipped = rows.finite(argn, x, options.nan)
    if not z then return nil, skipped end
    self.n, self.d, self.dtype = core.size(z, 1), core.size(z, 2), core.dtype(z)
    self.skipped = skipped
    z, unit = rows.in_range(z)
    values = from_rows(self, z, need, tolerance, unit == 1 and options.moments)
  end
  for i = 1, math.min(self.n, self.d) do self[i] = (values[i] or 0) * unit end
  return setmetatable(self, Spectrum)
end

return spectrum
