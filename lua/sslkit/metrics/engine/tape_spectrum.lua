-- Functions of the singular values of rows, on the tape. They are symmetric in them, so that they are
-- smooth where values coincide; values that are nothing but rounding count as constants, 0.

local core = require "sslkit.core"
local decompose = require "sslkit.linalg.decompose"
local tape = require "sslkit.metrics.engine.tape"
local T = require "sslkit.tensor"

local spectrum = {}

local EPS = 2.0 ^ -52

-- The smaller of the two Gram matrices: both have the same eigenvalues, but for zeros.
local function gram(z)
  local turned = T.transpose(z, 1, 2)
  if core.size(z, 1) < core.size(z, 2) then return T.matmul(z, turned) end
  return T.matmul(turned, z)
end

-- Singular values, or with power 2 their squares, and which of them are 0 but for rounding. The squares
-- come from the Gram matrix, which costs less: what it makes of small ones moves no entropy.
local function values_of(z, power)
  local values = power == 1 and decompose.svdvals(z) or decompose.eigvalsh(gram(z))
  local flat = core.detach(values)
  local floor = math.max(16, math.sqrt(math.max(core.shape(z)))) * EPS * core.item(core.amax(flat))
  return values, core.le(flat, floor)
end

-- The entropy of the shares p, `none` of which are 0, with one of the places of an epsilon.
local function entropy(p, none, eps, mode)
  if mode == "none" then
    return -T.sum(p * T.log(T.where(none, 1, p)))
  elseif mode == "log" then
    return -T.sum(p * T.log(p + eps))
  end
  local q = p + eps
  if mode == "renorm" then q = q / (1 + core.len(p) * eps) end
  return -T.sum(q * T.log(q))
end

-- z as the metrics read it: nil, and the constant that is the answer, where there is nothing to read.
local function input(z, options)
  local kept = tape.rows(1, z, options.nan)
  if not kept then return nil, tape.constant(z, 0 / 0) end
  if not options.center then return kept end
  if core.size(kept, 1) == 1 then return nil, tape.constant(kept, 0 / 0) end
  return tape.centred(kept)
end

local function is_zero(z)
  return core.item(core.any(core.detach(z))) == 0
end

--- exp of the entropy of the shares of the singular values ("singular") or of their squares
-- ("variance"). Options: center, spectrum, eps, eps_mode, nan.
function spectrum.entropy_rank(z, options)
  local rows, answer = input(z, options)
  if not rows then return answer end
  local eps, mode = options.eps or 0, options.eps_mode or "none"
  if is_zero(rows) then
    local count = math.min(core.shape(rows))
    return tape.constant(rows, mode == "add" and math.exp(-count * eps * math.log(eps)) or 0)
  end
  local values, none = values_of(rows, options.spectrum == "variance" and 2 or 1)
  values = T.where(none, 0, values)
  return T.exp(entropy(values / T.sum(values), none, eps, mode))
end

--- The participation ratio, (tr G)^2 / |G|_F^2. Options: center, nan.
function spectrum.participation_ratio(z, options)
  local rows, answer = input(z, options)
  if not rows then return answer end
  if is_zero(rows) then return tape.constant(rows, 0) end
  local g = gram(rows)
  return T.square(T.sum(T.square(rows))) / T.sum(T.square(g))
end

return spectrum
