-- Operations that mix the samples of a batch. What mixup, cutmix and fmix have drawn is an object
-- {lambda = list of one number or N, permutation = int64 [N], mask = uint8, or nil}, made by `draw`
-- and used by `mix`, so that ssl.augment.mixup and ssl.augment.mixed can tell it to the caller.

local fourier = require "sslkit.augment.fourier"
local mixing = require "sslkit.augment.mixing"
local normal = require "sslkit.augment.normal"
local range = require "sslkit.augment.range"
local T = require "sslkit.tensor"

local ops = {}

local function mix(x, drawn)
  local other = T.index(x, 1, drawn.permutation)
  if drawn.mask then return T.where(drawn.mask, other, x) end
  local keep = mixing.beside(drawn.lambda, x, x:dtype())
  return x * keep + other * (1 - keep)
end

local function define(name, op)
  op.scope, op.mix = "batch", mix
  op.check = op.check or mixing.check
  function op.apply(x, o, draws) return #x == 0 and x or mix(x, op.draw(x, o, draws)) end
  ops[name] = op
end

-- {== Mixup and CutMix ==================================================================

define("mixup", {
  doc = "lambda of each sample and 1 - lambda of another; lambda of Beta(alpha, alpha)",
  options = { { "alpha", 1 }, { "per", "batch" }, { "p", 1 } },
  draw = function(x, o, draws)
    local lambda = {}
    for i, numbers in ipairs(mixing.numbers(o, draws, 0)) do
      lambda[i] = mixing.beta(o.alpha, numbers)
    end
    return { lambda = lambda, permutation = mixing.permutation(draws, #x) }
  end,
})

-- The box that another image shows in: rows y1 .. y2 - 1, columns x1 .. x2 - 1, from 0. It has the
-- share 1 - lambda of the area where it lies inside the image; its centre is anywhere.
local function box(lambda, h, w, u, v)
  local side = math.sqrt(1 - lambda)
  local half_h, half_w = math.floor(h * side) // 2, math.floor(w * side) // 2
  local y, x = math.floor(u * h), math.floor(v * w)
  return math.max(y - half_h, 0), math.min(y + half_h, h),
    math.max(x - half_w, 0), math.min(x + half_w, w)
end

-- 1 where first <= place < last along an axis of x, [n,1,size,1] or [n,1,1,size].
local function between(first, last, size, dim)
  local shape, own = { #first, 1, 1, 1 }, { 1, 1, 1, 1 }
  own[dim] = size
  local place = T.arange(0, size - 1, 1, "float32"):view(own)
  return place:ge(T.tensor(first, "float32"):view(shape))
    & place:lt(T.tensor(last, "float32"):view(shape))
end

define("cutmix", {
  doc = "a box of another image, of the share 1 - lambda of the area; lambda of Beta(alpha, alpha)",
  options = { { "alpha", 1 }, { "per", "batch" }, { "p", 1 } },
  image = true,
  draw = function(x, o, draws)
    local _, _, h, w = x:shape()
    local lambda, y1, y2, x1, x2 = {}, {}, {}, {}, {}
    for i, u in ipairs(mixing.numbers(o, draws, 2)) do
      local k = mixing.DRAWS
      y1[i], y2[i], x1[i], x2[i] = box(mixing.beta(o.alpha, u), h, w, u[k + 1], u[k + 2])
      lambda[i] = 1 - (y2[i] - y1[i]) * (x2[i] - x1[i]) / math.max(h * w, 1)
    end
    local mask = between(y1, y2, h, 3) & between(x1, x2, w, 4)
    return { lambda = lambda, permutation = mixing.permutation(draws, #x), mask = mask }
  end,
})

-- ==}

-- {== By Fourier transforms =============================================================

-- Harris et al. 2020: noise whose amplitudes fall with the power `decay` of the frequency; where it is
-- low, another image shows.
define("fmix", {
  doc = "blots of another image, of the share 1 - lambda of the area; one mask for the batch",
  options = { { "alpha", 1 }, { "decay", 3 }, { "p", 1 } },
  image = true,
  check = function(o, fail)
    mixing.check({ alpha = o.alpha, per = "batch" }, fail)
    range.check(fail, "decay", o.decay, 0, 10)
    if type(o.decay) == "table" then fail("decay must be a number, got %s", range.show(o.decay)) end
  end,
  draw = function(x, o, draws)
    local _, _, h, w = x:shape()
    local area = h * w
    local lambda = mixing.beta(o.alpha, draws.batch(mixing.DRAWS):totable())
    local keep = math.floor(lambda * area + 0.5)
    local ky, kx = fourier.low(h, 1), fourier.low(w, 1, true)
    local fy, fx = T.tensor(ky, "float64") / h, T.tensor(kx, "float64") / w
    local away = T.sqrt(T.square(fy):view(#ky, 1) + T.square(fx))
    local size = T.maximum(away, 1 / math.max(h, w)) ^ -o.decay
    local parts = normal(draws.batch(4 * #ky * #kx):view(2, -1), "float64"):view(2, #ky, #kx) * size
    local re, im = parts:narrow(1, 1, 1), parts:narrow(1, 2, 2)
    local order = T.argsort(fourier.inverse(re, im, ky, kx, h, w):view(area))
    local mask = T.zeros({ area }, "uint8")
    if keep < area then mask[order:narrow(1, 1, area - keep)] = 1 end
    return { lambda = { keep / math.max(area, 1) }, permutation = mixing.permutation(draws, #x),
      mask = mask:view(1, 1, h, w) }
  end,
})

-- The spectrum with the amplitudes of another; where there is none to turn, as if of phase 0.
local function with_amplitude(re, im, own, wanted)
  local none = own:eq(0)
  local by = T.where(none, 0, wanted / own)
  return T.where(none, wanted, re * by), im * by
end

-- Scalbert et al. 2024. The difference that the low frequencies make is added: the high ones stay as
-- they are, and need not be computed.
ops.style = {
  doc = "the low frequencies, `ratio` of the spectrum's area, get the amplitudes of one image of "
    .. "the batch, or of another one for each (kind independent)",
  options = { { "kind", "batch" }, { "ratio", { 0.02, 0.2 } }, { "clip", true }, { "p", 1 } },
  image = true,
  scope = "batch",
  check = function(o, fail)
    if o.kind ~= "batch" and o.kind ~= "independent" then
      fail("kind must be one of batch, independent, got %s", range.show(o.kind))
    end
    range.check(fail, "ratio", o.ratio, 0, 1)
    if type(o.clip) ~= "boolean" then
      fail("clip must be true or false, got %s", range.show(o.clip))
    end
  end,
  apply = function(x, o, draws)
    local n, c, h, w = x:shape()
    if n == 0 then return x end
    local u, lo, hi = draws.batch(2), range.ends(o.ratio)
    local side = math.sqrt(lo + (hi - lo) * u[1])
    local ky, kx = fourier.low(h, side), fourier.low(w, side, true)
    local re, im = fourier.forward(x:contiguous():view(n * c, h, w), ky, kx)
    local own = T.sqrt(T.square(re) + T.square(im)):view(n, c, #ky, #kx)
    local wanted
    if o.kind == "batch" then
      local one = math.floor(u[2] * n) + 1
      wanted = own:narrow(1, one, one):expand(n, c, #ky, #kx)
    else
      wanted = own:index(1, mixing.permutation(draws, n))
    end
    local spectra = { n * c, #ky, #kx }
    own, wanted = own:view(spectra), wanted:contiguous():view(spectra)
    local re2, im2 = with_amplitude(re, im, own, wanted)
    local change = fourier.inverse(re2 - re, im2 - im, ky, kx, h, w):view(n, c, h, w)
    local y = x + change
    return o.clip and y:clamp_(0, 1) or y
  end,
}

-- ==}

return ops
