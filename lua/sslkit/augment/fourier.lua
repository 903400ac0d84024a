-- Discrete Fourier transforms of small images as matrix products: only the frequencies that are
-- wanted are computed.

local T = require "sslkit.tensor"

local fourier = {}

--- The frequencies of an axis of n values that lie in the middle of its spectrum: that share of them,
-- and at least the mean.
-- @param half true for those from 0 on
-- @return list
function fourier.low(n, share, half)
  local reach = math.floor(share * n / 2)
  local list = {}
  for k = half and 0 or math.max(-reach, -((n - 1) // 2)), math.min(reach, n // 2) do
    list[#list + 1] = k
  end
  return list
end

-- Cosine and sine [#list,n] of the waves of these frequencies.
local function waves(list, n, dtype)
  local angle = T.tensor(list, "float64"):view(#list, 1) * T.arange(0, n - 1, 1, "float64")
  -- whole turns first: the sine of large angles is less exact
  angle = (angle % n) * (2 * math.pi / n)
  return T.cos(angle):to(dtype), T.sin(angle):to(dtype)
end

--- The spectrum of images x [M,h,w] at the frequencies ky x kx.
-- @return real and imaginary part, [M,#ky,#kx]
function fourier.forward(x, ky, kx)
  local m, h, w = x:shape()
  local cx, sx = waves(kx, w, x:dtype())
  local cy, sy = waves(ky, h, x:dtype())
  local flat = x:contiguous():view(m * h, w)
  local a = flat:matmul(cx:t()):view(m, h, #kx)
  local b = flat:matmul(sx:t()):view(m, h, #kx)
  return cy:matmul(a) - sy:matmul(b), -(sy:matmul(a) + cy:matmul(b))
end

--- The images [M,h,w] of which that is the spectrum, and 0 elsewhere. kx holds frequencies from 0 on;
-- those below 0 are their conjugates, as always where images are real.
function fourier.inverse(re, im, ky, kx, h, w)
  local m, dtype = re:size(1), re:dtype()
  local cx, sx = waves(kx, w, dtype)
  local cy, sy = waves(ky, h, dtype)
  local weight = {}
  for i, k in ipairs(kx) do weight[i] = ((k == 0 or 2 * k == w) and 1 or 2) / (h * w) end
  weight = T.tensor(weight, dtype):view(#kx, 1)
  local a = cy:t():matmul(re) - sy:t():matmul(im)
  local b = sy:t():matmul(re) + cy:t():matmul(im)
  local function back(part, wave)
    return part:contiguous():view(m * h, #kx):matmul(wave * weight):view(m, h, w)
  end
  return back(a, cx) - back(b, sx)
end

return fourier
