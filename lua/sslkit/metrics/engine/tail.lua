-- Logarithms of probabilities far out in the tails of distributions, where the probabilities are 0.

local tail = {}

local EPS = 2.0 ^ -53

local function log1p(x)
  local y = 1 + x
  return y == 1 and x or math.log(y) * x / (y - 1) -- what rounding lost in y, it lost in y - 1 too
end

-- ln(1 - exp(x)), x < 0
local function log_rest(x)
  return x > -0.5 and math.log(-(math.exp(x) - 1)) or log1p(-math.exp(x))
end

-- ln Gamma(x), x > 0: Stirling's series, after steps up to where it has all digits.
local function log_gamma(x)
  local product = 1
  while x < 15 do
    product = product * x
    x = x + 1
  end
  local r = 1 / (x * x)
  local series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / x
  return (x - 0.5) * math.log(x) - x + 0.5 * math.log(2 * math.pi) + series - math.log(product)
end

-- ln of the lower part of the regularised gamma function, by its series: for x < s + 1.
local function lower(s, x)
  local term, sum, k = 1, 1, 0
  repeat
    k = k + 1
    term = term * x / (s + k)
    sum = sum + term
  until term < EPS * sum
  return s * math.log(x) - x - log_gamma(s + 1) + math.log(sum)
end

-- ln of the upper part, by its continued fraction (Lentz's way): for x >= s + 1.
local function upper(s, x)
  local b = x + 1 - s
  local c, d = 1 / 1e-300, 1 / b
  local h, k = d, 0
  repeat
    k = k + 1
    local a = -k * (k - s)
    b = b + 2
    d = 1 / (a * d + b)
    c = b + a / c
    h = h * d * c
  until math.abs(d * c - 1) < 4 * EPS
  return s * math.log(x) - x - log_gamma(s) + math.log(h)
end

--- ln of the probability that a chi-square variable of k degrees of freedom (any number above 0) is
-- at most x.
function tail.log_chi2(k, x)
  if x <= 0 then return -math.huge end
  local s, half = k / 2, x / 2
  if half < s + 1 then return lower(s, half) end
  return log_rest(upper(s, half))
end

--- ln of the probability that a standard normal variable is at most x.
function tail.log_normal(x)
  local half = x * x / 2
  local outside = half < 1.5 and (half == 0 and 0 or log_rest(lower(0.5, half))) or upper(0.5, half)
  local one_side = outside - math.log(2)
  return x > 0 and log_rest(one_side) or one_side
end

return tail
