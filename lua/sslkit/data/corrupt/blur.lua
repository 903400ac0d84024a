-- Corruptions by blur.

local resample = require "sslkit.data.resample"
local T = require "sslkit.tensor"

local FAINT = 1e-5 -- shares of a pixel that are not worth a pass

local blur = {}

blur.gaussian_blur = {
  severities = { 0.4, 0.6, 0.7, 0.8, 1 },
  make = function(sigma, about)
    local down = resample.gaussian(about.height, sigma, 4, "nearest")
    local across = resample.gaussian(about.width, sigma, 4, "nearest")
    return function(x) return resample.apply(x, down, across) end
  end,
}

-- A disk with a Gaussian of 3x3 pixels over it: weights[dy][dx], and how far they reach.
local function disk(radius, sigma)
  local reach, count, weights = math.floor(radius) + 1, 0, {}
  local beside = math.exp(-1 / (2 * sigma * sigma))
  local soft = { [-1] = beside, [0] = 1, [1] = beside }
  for dy = -reach, reach do
    weights[dy] = {}
    for dx = -reach, reach do weights[dy][dx] = 0 end
  end
  for y = 1 - reach, reach - 1 do
    for x = 1 - reach, reach - 1 do
      if x * x + y * y <= radius * radius then
        count = count + 1
        for dy = -1, 1 do
          for dx = -1, 1 do
            weights[y + dy][x + dx] = weights[y + dy][x + dx] + soft[dy] * soft[dx]
          end
        end
      end
    end
  end
  local sum = count * (1 + 2 * beside) ^ 2
  for dy = -reach, reach do
    for dx = -reach, reach do weights[dy][dx] = weights[dy][dx] / sum end
  end
  return weights, reach
end

blur.defocus_blur = {
  severities = { { 0.3, 0.4 }, { 0.4, 0.5 }, { 0.5, 0.6 }, { 1, 0.2 }, { 1.5, 0.1 } },
  make = function(c, about)
    local weights, reach = disk(c[1], c[2])
    local function around(n) -- the pixels of a side and `reach` more at both ends
      return resample.fold(T.arange(-reach, n - 1 + reach, 1, "int64"), n, "mirror") + 1
    end
    local rows, columns = around(about.height), around(about.width)
    return function(x)
      local padded, sum = x:index(3, rows):index(4, columns), T.zeros_like(x)
      for dy = -reach, reach do
        for dx = -reach, reach do
          local row, column = reach + dy, reach + dx
          local part = padded:narrow(3, row + 1, row + about.height)
          sum:add_(part:narrow(4, column + 1, column + about.width) * weights[dy][dx])
        end
      end
      return sum
    end
  end,
}

-- Half of a Gaussian along a line whose direction is drawn, as ImageMagick's MotionBlurImage has it.
blur.motion_blur = {
  severities = { { 6, 1 }, { 6, 1.5 }, { 6, 2 }, { 8, 2 }, { 9, 2.5 } },
  make = function(c, about)
    local weights, sum = {}, 0
    for i = 0, 2 * c[1] do
      weights[i] = math.exp(-i * i / (2 * c[2] * c[2]))
      sum = sum + weights[i]
    end
    local height, width = about.height, about.width
    local down = T.arange(0, height - 1, 1, "int64"):view(1, height, 1)
    local across = T.arange(0, width - 1, 1, "int64"):view(1, 1, width)
    return function(x, draws)
      local n, channels = x:shape()
      local angle = (draws(1):view(n, 1, 1) - 0.5) * (math.pi / 2)
      local flat, out = x:view(n, channels, -1), T.zeros(n, channels, height * width)
      for i = 0, 2 * c[1] do
        local weight = weights[i] / sum
        if weight < FAINT then break end
        local row = down + (angle:sin() * i - 0.5):ceil():long()
        local column = across + (angle:cos() * i - 0.5):ceil():long()
        local place = resample.fold(row, height, "nearest") * width
          + resample.fold(column, width, "nearest") + 1
        out:add_(flat:gather(3, place:view(n, 1, -1):expand(n, channels, height * width)) * weight)
      end
      return out:view(x:shape())
    end
  end,
}

local function round_half_even(v)
  local up = math.floor(v + 0.5)
  return up - v == 0.5 and up % 2 == 1 and up - 1 or up
end

-- The middle of a side of n pixels, larger by a factor: a matrix [n,n].
local function zoom(n, factor)
  local inner = math.ceil(n / factor)
  local first, size = (n - inner) // 2, round_half_even(inner * factor)
  local trim = (size - n) // 2
  local all = T.zeros(n, n)
  all[{ {}, { first + 1, first + inner } }] =
    resample.stretch(inner, size):narrow(1, trim + 1, trim + n)
  return all
end

blur.zoom_blur = {
  severities = { 1.06, 1.11, 1.16, 1.21, 1.26 },
  make = function(last, about)
    local steps = math.ceil((last - 1) / 0.01)
    local down, across = {}, {}
    for i = 1, steps do
      local factor = 1 + (i - 1) * 0.01
      down[i], across[i] = zoom(about.height, factor), zoom(about.width, factor)
    end
    return function(x)
      local sum = x:clone()
      for i = 1, steps do sum:add_(resample.apply(x, down[i], across[i])) end
      return sum / (steps + 1)
    end
  end,
}

return blur
