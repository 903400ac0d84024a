-- RankMe: how many directions a representation uses, as the exponential of the entropy of its
-- singular values.

local check = require "sslkit.check"
local entropy = require "sslkit.metrics.engine.entropy"
local read = require "sslkit.metrics.engine.reader"
local tape = require "sslkit.metrics.engine.tape"
local tape_spectrum = require "sslkit.metrics.engine.tape_spectrum"

local PAPER = 1e-7
local EPS = 2.0 ^ -52
local MODES = { "none", "add", "log", "renorm" }
local KNOWN = { full = true, nan = true, tensor = true, tolerance = true }

local function check_modes(o)
  check.one_of(2, "eps_mode", o.eps_mode, MODES)
  check.one_of(2, "spectrum", o.spectrum, { "singular", "variance" })
end

-- The entropy with one of the places where implementations put an epsilon.
local function entropy_of(values, power, eps, mode)
  if mode == "none" then return entropy.shannon(values, power) end
  local largest, total, sum = values[1], entropy.total(values, power), 0
  for _, v in ipairs(values) do
    local p = largest > 0 and (v / largest) ^ power / total or 0
    local inside = p + eps
    if mode ~= "log" then p = inside end
    if mode == "renorm" then
      p = inside / (1 + #values * eps)
      inside = p
    end
    if p > 0 then sum = sum - p * math.log(inside) end
  end
  return sum
end

local function value_of(s, options)
  local power = options.spectrum == "variance" and 2 or 1
  local eps, mode, zeros = options.eps, options.eps_mode, 0
  local largest = s[1]
  for _, v in ipairs(s) do
    if v <= math.max(s.n, s.d) * EPS * largest then zeros = zeros + 1 end
  end
  local h = entropy_of(s, power, eps, mode)
  local value = largest == 0 and mode ~= "add" and 0 or math.exp(h)
  return value, {
    entropy = h, eps = eps, eps_mode = mode, spectrum = options.spectrum,
    paper = math.exp(entropy_of(s, 1, PAPER, "add")), fraction = value / #s,
    variance = largest == 0 and 0 or math.exp(entropy.shannon(s, 2)),
    sigma_max = largest, n_zero = zeros,
    warn = s.n < 4 * s.d and ("N = %d is less than 4 D = %d: the value is limited by the sample, "
      .. "compare only at equal N"):format(s.n, 4 * s.d) or nil,
  }
end

--- RankMe, the effective number of directions of a representation: exp of the entropy of the singular
-- values' shares, between 1 and min(N,D); 0 for a zero matrix. Exact to 1e-6 and better: a float64
-- Gram matrix where a certificate proves that it suffices, a triangular factor of the data elsewhere.
-- @param z float tensor [N,D], an accumulator, a spectrum, or an opened .npy file
-- @param options {center=false, spectrum="singular" or "variance", eps=0, eps_mode="none", "add" (the
-- paper's, with eps=1e-7), "log" or "renorm", tolerance=1e-6 (of the certificate), nan="error", "skip"
-- or "propagate", full=false, tensor=false (true: a loss, from a float tensor)}
-- @return number; with full a table {value=, paper=, entropy=, fraction=, variance=, sigma_max=,
-- n_zero=, bound=, certified=, route=, n=, d=, warn=, ...}; with tensor a 0-dim float64 tensor on the tape
-- @raise on NaN or Inf, naming the row
-- @source Garrido, Balestriero, Najman, LeCun 2023, "RankMe", ICML; Roy, Vetterli 2007, EUSIPCO
-- @example ssl.metrics.rankme(ssl.eye(4)) --> 4.0
-- @example ssl.metrics.rankme(ssl.tensor{{3, 0}, {0, 1}}, {eps=1e-7}) --> 1.754765
-- @example ssl.metrics.rankme(ssl.ones(4, 3), {full=true}).route --> direct
-- @example local z = ssl.randn(8, 3):requires_grad(); (-ssl.metrics.rankme(z, {tensor=true})):backward(); return z:grad():dim() --> 2
local function rankme(z, options)
  local eps = type(options) == "table" and options.eps
  local mode = type(options) == "table" and options.eps_mode
  if eps then check.number(2, "eps", eps, 0) end
  local defaults = {
    center = false, spectrum = "singular", eps_mode = eps and eps > 0 and "add" or "none",
    eps = mode and mode ~= "none" and PAPER or 0,
  }
  if tape.wanted(2, options) then
    local o = check.options(2, options, defaults, KNOWN)
    check_modes(o)
    return (tape_spectrum.entropy_rank(z, o))
  end
  local answer = read("rankme", z, options, defaults, "entropy", function(s, o)
    check_modes(o)
    return value_of(s, o)
  end, { "tensor" })
  return answer
end

return rankme
