-- CKA on the tape. The bandwidth of a Gaussian kernel is a constant there.

local core = require "sslkit.core"
local engine = require "sslkit.metrics.engine.cka"
local hsic = require "sslkit.metrics.engine.hsic"
local rows = require "sslkit.metrics.engine.rows"
local tape = require "sslkit.metrics.engine.tape"
local T = require "sslkit.tensor"

local function turned(x) return T.transpose(x, 1, 2) end
local function inner(a, b) return T.sum(a * b) end

-- Of centred rows a and b: the criterion, from products of columns or of rows, and for the unbiased
-- one from the squared lengths of rows.
local function linear(a, b, debiased)
  local n = core.len(a)
  local biased
  if hsic.by_rows(n, core.size(a, 2), core.size(b, 2)) then
    biased = inner(T.matmul(a, turned(a)), T.matmul(b, turned(b)))
  else
    biased = T.sum(T.square(T.matmul(turned(a), b)))
  end
  if not debiased then return biased end
  local p, q = T.sum(T.square(a), 2), T.sum(T.square(b), 2)
  return biased - inner(p, q) * (n / (n - 2)) + T.sum(p) * T.sum(q) / ((n - 1) * (n - 2))
end

-- Of kernel matrices.
local function of_kernels(k, l, debiased)
  local n = core.len(k)
  if not debiased then
    local function centred(m) return m - T.mean(m, 1, true) - T.mean(m, 2, true) + T.mean(m) end
    return inner(centred(k), centred(l))
  end
  local off = 1 - T.eye(n, "float64")
  k, l = k * off, l * off
  local p, q = T.sum(k, 2), T.sum(l, 2)
  return inner(k, l) + T.sum(p) * T.sum(q) / ((n - 1) * (n - 2)) - inner(p, q) * (2 / (n - 2))
end

-- The Gaussian kernel; a wide one less one, which no criterion sees, and which would cost it its
-- digits. Nil for a median distance of 0.
local function gaussian(z, options)
  local kernel, sigma = engine.gaussian(core.detach(z), options)
  if not kernel then return nil end
  z = tape.centred(z) / sigma -- a common offset would cost the distances their digits
  local square = T.sum(T.square(z), 2, true)
  local distance = square + turned(square) - T.matmul(z, turned(z)) * 2
  local close = core.item(core.mean(core.detach(distance))) < 1
  return close and T.expm1(distance * -0.5) or T.exp(distance * -0.5)
end

--- The alignment of rows x and y, arguments 1 and 2; options as cka has checked them.
return function(x, y, options)
  local function undefined() return tape.constant(x, 0 / 0) + tape.constant(y, 0) end
  local a, b = tape.pair(x, y, options.nan)
  local n = a and core.len(a) or 0
  if n < (options.debiased and 4 or 2) then return undefined() end
  local criterion = linear
  if options.kernel == "linear" then
    a, b = tape.centred(tape.in_range(a)), tape.centred(tape.in_range(b))
  else
    local sampled = rows.sample({ a, b }, options.max_rows, options.seed)
    a, b = gaussian(sampled[1], options), gaussian(sampled[2], options)
    if not (a and b) then return undefined() end
    criterion = of_kernels
  end
  local aa, bb = criterion(a, a, options.debiased), criterion(b, b, options.debiased)
  if not (core.item(aa) > 0 and core.item(bb) > 0) then return undefined() end
  return criterion(a, b, options.debiased) / T.sqrt(aa) / T.sqrt(bb)
end
