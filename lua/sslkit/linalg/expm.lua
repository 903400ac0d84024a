-- The exponential of matrices: scaled down, approximated by a quotient of polynomials, squared up.

local core = require "sslkit.core"
local check = require "sslkit.check"
local solve = require "sslkit.linalg.solve"

local T = core.methods

local M = {}

-- Coefficients of the numerators of Pade approximants of exp, lowest power first. Denominators have
-- the same, but with the signs of odd powers turned.
local PADE = {
  [3] = { 120, 60, 12, 1 },
  [5] = { 30240, 15120, 3360, 420, 30, 1 },
  [7] = { 17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1 },
  [9] = { 17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1 },
  [13] = { 64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800,
    129060195264000, 10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380,
    182, 1 },
}

-- {degree, the largest 1-norm for which the approximant is right to the last digits}
local REACH = {
  float32 = { { 3, 0.4258730016922831 }, { 5, 1.880152677804762 }, { 7, 3.925724783138660 } },
  float64 = { { 3, 0.01495585217958292 }, { 5, 0.2539398330063230 }, { 7, 0.9504178996162932 },
    { 9, 2.097847961257068 }, { 13, 5.371920351148152 } },
}

-- The sum of every second coefficient, from c[first] on, times the even powers of a matrix.
-- powers[i] is power 2 i; what lies beyond the last of three is got by a product with it.
local function polynomial(c, first, powers, eye)
  local out, high = eye * c[first], nil
  for i, power in ipairs(powers) do
    local beyond = c[first + 2 * (i + 3)]
    out = out + power * c[first + 2 * i]
    if beyond then high = high and high + power * beyond or power * beyond end
  end
  return high and out + T.matmul(powers[3], high) or out
end

local function approximant(a, degree)
  local c, powers = PADE[degree], { T.matmul(a, a) }
  local eye = T.eye(core.size(a, -1), core.dtype(a))
  for i = 2, math.min(3, degree // 2) do powers[i] = T.matmul(powers[i - 1], powers[1]) end
  local even, odd = polynomial(c, 1, powers, eye), T.matmul(a, polynomial(c, 2, powers, eye))
  return solve.solve(even - odd, even + odd)
end

-- The 1-norm of each matrix, in C order.
local function norms(a)
  local sums = core.sum(core.abs(core.to(core.detach(a), "float64")), -2)
  local list = core.totable(core.reshape(core.amax(sums, -1), { -1 }))
  for i, v in ipairs(list) do
    if v - v ~= 0 then
      check.fail(1, "matrix %d of %s holds a NaN or an infinity, or its 1-norm overflows", i,
        core.describe(a))
    end
  end
  return list
end

-- One number for each matrix, to be broadcast with them.
local function of_each(a, list, dtype)
  local shape = { core.shape(a) }
  shape[#shape - 1], shape[#shape] = 1, 1
  return core.reshape(core.from(list, dtype), shape)
end

--- The exponential of square matrices, by scaling and squaring.
-- @param a float tensor [...,n,n]
-- @return tensor [...,n,n]
-- @raise on NaN or Inf
-- @source Higham 2005
-- @example ssl.linalg.expm(ssl.tensor{{0, 2}, {0, 0}}):at(1, 2) --> 2.0
function M.expm(a)
  check.tensor(1, a, { dtype = "float" })
  if core.dim(a) < 2 or core.size(a, -1) ~= core.size(a, -2) then
    check.fail(1, "square matrices expected, got %s", core.describe(a))
  end
  if core.numel(a) == 0 then return (T.clone(a)) end
  local sizes, reach, degree = norms(a), REACH[core.dtype(a)], nil
  local most, farthest = math.max(table.unpack(sizes)), reach[#reach][2]
  for i = #reach, 1, -1 do
    if most <= reach[i][2] or not degree then degree = reach[i][1] end
  end
  if most <= farthest then return (approximant(a, degree)) end

  local halvings, scale, top = {}, {}, 0
  for i, size in ipairs(sizes) do
    local n = size <= farthest and 0 or math.ceil(math.log(size / farthest, 2))
    halvings[i], scale[i], top = n, 2.0 ^ -n, math.max(top, n)
  end
  local out = approximant(a * of_each(a, scale, core.dtype(a)), degree)
  for step = 1, top do
    local mask, all = {}, true
    for i, n in ipairs(halvings) do
      mask[i] = n >= step and 1 or 0
      all = all and n >= step
    end
    local square = T.matmul(out, out)
    out = all and square or T.where(of_each(a, mask, "uint8"), square, out)
  end
  return out
end

return M
