-- The principal axes of training rows, in which linear probes become diagonal.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local axes = {}

-- Column means and the sums of squares and products about them (the upper triangle).
local function moments_of(x)
  local n, d = core.shape(x)
  local function vector() return T.zeros({ d }, "float64") end
  local m = { n = n, mean = vector(), scatter = T.zeros({ d, d }, "float64") }
  core.moments_add(0, m.mean, m.scatter, vector(), vector(), x)
  return m
end

-- A column whose deviation is rounding noise is constant, and stays as it is.
local function scale_of(m)
  local std = (m.scatter:diagonal() / m.n):sqrt()
  local noise = m.mean:abs():mul_(10 * 2.0 ^ -52)
  return T.where(core.gt(std, noise:add_(1e-300)), std, 1)
end

-- Eigenvectors of a symmetric matrix for eigenvalues above a share of the largest.
local function leading(a, share)
  local values, vectors = core.eigh(a)
  local n, first = core.len(values), 1
  while first <= n and values[first] <= share * values[n] do first = first + 1 end
  if first > n then return nil end
  return values:narrow(1, first, n), vectors:narrow(2, first, n)
end

--- Centres rows x [n,d], scales their columns to unit deviation on request, and finds the axes: a table
-- of mean [d], scale [d], square [r] (squared singular values), axis [d,r] and rows [n,r] (what the
-- rows are along the axes); all float64. Directions below sqrt(share) of the largest singular value
-- are left out; r may be 0, and then axis and rows are nil.
function axes.of(x, standardize, share)
  local n, d = core.shape(x)
  local m = moments_of(x)
  local self = { mean = m.mean, n = n, d = d, r = 0 }
  self.scale = standardize and scale_of(m) or T.ones({ d }, "float64")
  if n >= d then
    local gram = m.scatter:t() / (self.scale:unsqueeze(2) * self.scale:unsqueeze(1))
    self.square, self.axis = leading(gram, share)
    if self.axis then self.rows = axes.project(self, x) end
  else
    local z = axes.scaled(self, x)
    local vectors
    self.square, vectors = leading(core.matmul(z, z:t()), share)
    if self.square then
      local values = self.square:sqrt()
      self.rows = vectors * values
      self.axis = core.matmul(z:t(), vectors):div_(values)
    end
  end
  if self.square then self.r = core.len(self.square) end
  return self
end

--- Rows as float64, centred and scaled like the training rows.
function axes.scaled(self, x) return (x:double() - self.mean):div_(self.scale) end

--- Rows along the axes: [m,r].
function axes.project(self, x) return core.matmul(axes.scaled(self, x), self.axis) end

return axes
