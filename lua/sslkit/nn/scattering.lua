-- The scattering transform: moduli of wavelet transforms, averaged. Wavelets, padding and the order
-- of the outputs are those of Kymatio. All linear parts are products with fixed matrices: a discrete
-- Fourier transform too, and at these sizes no fast one is needed.

local core = require "sslkit.core"
local check = require "sslkit.check"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

-- {== Filters, float64 ======================================================================

local PI = math.pi

-- The n frequencies of a discrete Fourier transform, in [-pi, pi).
local function frequencies(n)
  local w = T.arange(0, n - 1, 1, "float64")
  return T.where(T.ge(w, n / 2), w - n, w) * (2 * PI / n)
end

-- The spectrum on the n x n grid of a Gabor function: a Gaussian of deviation sigma along the
-- direction theta and sigma / slant across it, which turns at the frequency xi. Sampling makes
-- copies of a spectrum, 2 pi apart; all that are above 1e-14 are added.
local function gabor(n, sigma, theta, xi, slant)
  local w, sum = frequencies(n), T.zeros({ n, n }, "float64")
  local reach = math.ceil((8 / math.min(sigma, sigma / slant) + PI + xi) / (2 * PI))
  local cos, sin = math.cos(theta), math.sin(theta)
  for down = -reach, reach do
    local u = T.unsqueeze(w + 2 * PI * down, 2)
    for right = -reach, reach do
      local v = w + 2 * PI * right
      local along = (u * cos + v * sin - xi) * sigma
      local across = (v * cos - u * sin) * (sigma / slant)
      core.add_(sum, T.exp((along * along + across * across) * -0.5))
    end
  end
  return sum
end

-- A Gabor function less the multiple of its Gaussian that makes its sum 0.
local function morlet(n, sigma, theta, xi, slant)
  local wave, bump = gabor(n, sigma, theta, xi, slant), gabor(n, sigma, theta, 0, slant)
  return wave - bump * (wave[{ 1, 1 }] / bump[{ 1, 1 }])
end

-- Dimension dim of a spectrum of n frequencies cut down to the `size` lowest.
local function lowest(t, dim, size)
  local n = core.size(t, dim)
  return T.cat({ T.narrow(t, dim, 1, size // 2),
    T.narrow(t, dim, n - size + size // 2 + 1, n) }, dim)
end

-- Cosines and sines of all products of the frequencies and positions.
local function circles(w, x)
  local angle = T.outer(w, x)
  return T.cos(angle), T.sin(angle)
end

-- [2n,n]: the real and, below, the imaginary part of the discrete Fourier transform.
local function transform(n)
  local cos, sin = circles(frequencies(n), T.arange(0, n - 1, 1, "float64"))
  return T.cat({ cos, -sin }, 1)
end

-- The inverse transform of n frequencies at every step-th position, of m in all: what multiplies
-- the real part above the imaginary one from the left [2m,2n], and rows from the right [n,2m].
local function inverse(n, step)
  local cos, sin = circles(frequencies(n), T.arange(0, n - 1, step, "float64"))
  local right = T.cat({ cos, sin }, 2) / n
  local c, s = T.t(cos) / n, T.t(sin) / n
  return { left = T.cat({ T.cat({ c, -s }, 2), T.cat({ s, c }, 2) }, 1), right = right }
end

-- The low-pass filter as a matrix: n samples to every step-th, without the first and the last.
-- spectrum: of the filter, at the n frequencies.
local function low_pass(spectrum, step)
  local n = core.numel(spectrum)
  local outputs = T.arange(step, n - 2 * step, step, "float64")
  local shifts = T.unsqueeze(outputs, 2) - T.arange(0, n - 1, 1, "float64")
  local waves = T.cos(T.unsqueeze(shifts, 3) * frequencies(n))
  return T.matmul(waves, spectrum) / n
end

-- [n,image]: mirrors an image's rows at their ends, as many in front as behind or one less.
local function mirror(image, n)
  local pad = T.zeros({ n, image }, "float64")
  for i = 0, n - 1 do
    local at = math.abs(i - (n - image) // 2)
    if at >= image then at = 2 * image - 2 - at end
    pad[{ i + 1, at + 1 }] = 1
  end
  return pad
end

-- Everything that forward multiplies with.
local function filters(J, L, image)
  local scale = 1 << J
  local n = image // scale * scale + 2 * scale
  local deviation, pad = 0.8 * 2 ^ (J - 1), mirror(image, n)
  -- A round Gaussian is a product of two: one matrix acts along rows and along columns.
  local bump = gabor(n, deviation, 0, 0, 1)
  bump = bump[1] / bump[{ 1, 1 }] ^ 0.5
  local bank = { transform = {}, psi = {}, low = {} }
  for j = 0, J - 1 do
    bank.transform[j] = transform(n >> j)
    bank.low[j] = low_pass(lowest(bump, 1, n >> j), scale >> j)
  end
  bank.first, bank.mean = T.matmul(bank.transform[0], pad), T.matmul(bank.low[0], pad)
  -- Signals at level i have every 2^i-th sample. Filter j takes them from each level that it is used
  -- at to level j.
  for j = 0, J - 1 do
    local all = {}
    for k = 1, L do
      local theta = (math.max(L // 2, 1) - k) * PI / L
      all[k] = morlet(n, 0.8 * 2 ^ j, theta, 0.75 * PI / 2 ^ j, 4 / L)
    end
    local psi = T.stack(all, 1)
    for i = 0, j do
      local cut = lowest(lowest(psi, 2, n >> i), 3, n >> i)
      local from = inverse(n >> i, 1 << j - i)
      from.psi = T.cat({ cut, cut }, 2) -- for the real and the imaginary part
      bank.psi[i] = bank.psi[i] or {}
      bank.psi[i][j] = from
    end
  end
  return bank
end

-- The same in another dtype.
local function converted(v, dtype)
  if core.is_tensor(v) then return core.to(v, dtype) end
  local new = {}
  for key, value in pairs(v) do new[key] = converted(value, dtype) end
  return new
end

-- ==}

-- {== The transform =========================================================================

-- Blocks of a matrix of complex products: (real or imaginary rows) x (... columns).
local function parts(t)
  local n, m = core.size(t, -2) // 2, core.size(t, -1) // 2
  local upper, lower = T.narrow(t, -2, 1, n), T.narrow(t, -2, n + 1, 2 * n)
  local function left(x) return T.narrow(x, -1, 1, m) end
  local function right(x) return T.narrow(x, -1, m + 1, 2 * m) end
  return left(upper) - right(lower), left(lower) + right(upper)
end

-- x [.., n,n] -> its spectrum [.., 2m,m], the real part above the imaginary one.
local function spectrum(x, matrix)
  return T.cat({ parts(T.matmul(matrix, T.matmul(x, T.t(matrix)))) }, -2)
end

-- Under the root, so that it has a slope, 0, where both parts are 0.
local TINY = 1e-30

-- hat [B,2n,n] and L filters -> moduli [B,L,m,m]
local function wavelets(hat, from)
  local product = T.unsqueeze(hat, 2) * from.psi
  local re, im = parts(T.matmul(from.left, T.matmul(product, from.right)))
  return T.sqrt(re * re + im * im + TINY)
end

local function smooth(x, low) return T.matmul(low, T.matmul(x, T.t(low))) end

-- x [B,image,image] -> [B, 1 + J L + L^2 J (J - 1) / 2, h, h]
local function scatter(x, bank, J, L)
  local mean, first, second = T.unsqueeze(smooth(x, bank.mean), 2), {}, {}
  local h = core.size(mean, -1)
  local hat = spectrum(x, bank.first)
  for j = 0, J - 1 do
    local u = wavelets(hat, bank.psi[0][j])
    first[j + 1] = smooth(u, bank.low[j])
    local below, paths = nil, {}
    for k = j + 1, J - 1 do
      below = below or spectrum(T.flatten(u, 1, 2), bank.transform[j])
      local s = smooth(wavelets(below, bank.psi[j][k]), bank.low[k])
      paths[#paths + 1] = T.reshape(s, { -1, L, L, h, h })
    end
    if below then second[#second + 1] = T.flatten(T.cat(paths, 3), 2, 3) end
  end
  return T.cat({ mean, T.cat(first, 2), table.unpack(second) }, 2)
end

-- ==}

local Scattering = {}

function Scattering:init(options)
  options = check.options(1, options, { J = 2, L = 8, image = 32, channels = 1 })
  self.J = check.integer(1, "J", options.J, 1, 3)
  self.L = check.integer(1, "L", options.L, 1, 64)
  self.image = check.integer(1, "image", options.image, (1 << self.J) + 1)
  self.channels = check.integer(1, "channels", options.channels, 1)
  self.banks = { float64 = filters(self.J, self.L, self.image) } -- by dtype; no part of the state
end

function Scattering:forward(x)
  check.tensor(1, x, { dtype = "float", dim = 4 }, "images [N,C,H,W]")
  local N, C, H, W = core.shape(x)
  local J, L = self.J, self.L
  if C ~= self.channels or H ~= self.image or W ~= self.image then
    check.fail(1, "images (N,%d,%d,%d) expected, got %s", self.channels, self.image, self.image,
      core.describe(x))
  end
  local dtype = core.dtype(x)
  local bank = self.banks[dtype] or converted(self.banks.float64, dtype)
  self.banks[dtype] = bank
  local planes = T.reshape(x, { N * C, H, W })
  -- A few planes at a time, so that what lies between stays in the cache.
  local block = math.max(1, (1 << 20) // (L * L * core.numel(bank.transform[0])))
  local out = {}
  for first = 1, math.max(N * C, 1), block do
    local last = math.min(first + block - 1, N * C)
    out[#out + 1] = scatter(T.narrow(planes, 1, first, last), bank, J, L)
  end
  local all = #out > 1 and T.cat(out, 1) or out[1]
  local _, paths, h = core.shape(all)
  return T.reshape(all, { N, C * paths, h, h })
end

function Scattering:extra()
  return ("J=%d, L=%d, image=%d, channels=%d"):format(self.J, self.L, self.image, self.channels)
end

--- The scattering transform of order 2: averages of images, of moduli of their Morlet wavelet
-- transforms, and of moduli of wavelet transforms of these; nothing is learned. It hardly changes
-- when an image moves by less than 2^J pixels. Borders are mirrored.
-- @param options {J=2 (1 to 3: averages are over 2^J pixels), L=8 (angles), image=32 (height and
-- width, more than 2^J), channels=1}
-- @return module: [N, C, image, image] -> [N, C (1 + J L + L^2 J (J - 1) / 2), h, h] with h = image
-- divided by 2^J, rounded down; for each channel the average, then order 1 by (scale, angle), then
-- order 2 by (scale 1, angle 1, scale 2, angle 2)
-- @source Bruna and Mallat 2013, "Invariant scattering convolution networks"; filters, padding and
-- order of the outputs: Andreux et al. 2020, "Kymatio: scattering transforms in Python"
-- @example ssl.nn.Scattering{J = 1, L = 2, image = 4}(ssl.ones(1, 1, 4, 4)):size(2) --> 3
M.Scattering = module.kind("Scattering", Scattering)

return M
