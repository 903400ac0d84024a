-- The triangular factor of data that comes in blocks: slower than moments, and exact to the last
-- digits where those are not, since nothing is ever squared. Parts may be made apart and merged.
--
-- The factor is that of rows [1, z - shift]. Without its first row and column it is the factor of the
-- centred data; and a change of the shift is a change of its first row alone, so that parts with
-- different shifts merge.

local core = require "sslkit.core"
local check = require "sslkit.check"
local rows = require "sslkit.metrics.engine.rows"
local T = require "sslkit.tensor"

local tsqr = {}

local Tsqr = { __name = "sslkit.Tsqr" }
Tsqr.__index = Tsqr

local FIRST = 1024 -- rows whose mean becomes the shift

function Tsqr:__tostring()
  return ("triangular factor of %d rows of width %d"):format(self.n, self.d)
end

--- An empty factor of width d; the shift is the mean of the first rows unless given (float64 [d]).
function tsqr.new(d, shift)
  d = check.integer(1, "width", d, 1)
  return setmetatable({ n = 0, d = d, shift = shift, r = T.zeros({ d + 1, d + 1 }, "float64") },
    Tsqr)
end

--- Is it one?
function tsqr.is(v) return getmetatable(v) == Tsqr end

--- Adds the rows of z [N,d].
function Tsqr:add(z)
  return self:add_finite(rows.of_width(2, z, self.d))
end

--- Adds rows that are known to be right.
function Tsqr:add_finite(z)
  if not self.shift then
    self.shift = core.narrow(z, 1, 1, math.min(FIRST, core.len(z))):double():mean(1)
  end
  core.tsqr_add(self.r, self.shift, z)
  self.n = self.n + core.len(z)
  if self.dtype ~= "float32" then self.dtype = core.dtype(z) end
  return self
end

-- The factor as it would be with another shift: z - new = (z - old) + (old - new) 1.
local function shifted(self, shift)
  local r = self.r:clone()
  r[1]:narrow(1, 2, -1):add_((self.shift - shift) * r[{ 1, 1 }])
  return r
end

--- Adds what another one has seen.
function Tsqr:merge(other)
  if not tsqr.is(other) or other.d ~= self.d then
    check.fail(2, "triangular factor of width %d expected, got %s", self.d, tostring(other))
  end
  if other.n == 0 then return self end
  self.shift = self.shift or other.shift
  core.tsqr_merge(self.r, shifted(other, self.shift))
  self.n = self.n + other.n
  if self.dtype ~= "float32" then self.dtype = other.dtype end
  return self
end

--- A matrix with the singular values and right singular vectors of the centred data, or of the data as
-- they are.
function Tsqr:factor(center)
  if center then return self.r[{ { 2, -1 }, { 2, -1 } }]:contiguous() end
  return shifted(self, T.zeros_like(self.shift))[{ {}, { 2, -1 } }]:contiguous()
end

--- Singular values [d], descending, of the centred data or of the data as they are.
function Tsqr:values(center)
  return core.svdvals(self:factor(center))
end

return tsqr
