-- SHA-256 (FIPS 180-4), for names that are made of what they name.

-- The first 32 bits of the fractional parts of a root of the first n primes.
local function fractions(n, power)
  local list, candidate = {}, 1
  while #list < n do
    candidate = candidate + 1
    local prime = true
    for d = 2, math.floor(math.sqrt(candidate)) do prime = prime and candidate % d ~= 0 end
    if prime then list[#list + 1] = math.floor(candidate ^ power % 1 * 2 ^ 32) end
  end
  return list
end

local INITIAL, ROUNDS = fractions(8, 1 / 2), fractions(64, 1 / 3)
local MASK = 0xffffffff

-- Sums of three rotations to the right, or of two and a shift.
local function rotations(x, a, b, c)
  local twice = x | x << 32 -- so that a rotation is a shift
  return (twice >> a ~ twice >> b ~ twice >> c) & MASK
end
local function shifted(x, a, b, c)
  local twice = x | x << 32
  return (twice >> a ~ twice >> b ~ x >> c) & MASK
end

local function compress(state, w)
  for t = 17, 64 do
    w[t] = w[t - 16] + shifted(w[t - 15], 7, 18, 3) + w[t - 7] + shifted(w[t - 2], 17, 19, 10)
      & MASK
  end
  local a, b, c, d, e, f, g, h = table.unpack(state)
  for t = 1, 64 do
    local one = h + rotations(e, 6, 11, 25) + (e & f ~ ~e & g) + ROUNDS[t] + w[t]
    local two = rotations(a, 2, 13, 22) + (a & b ~ a & c ~ b & c)
    a, b, c, d, e, f, g, h = one + two & MASK, a, b, c, d + one & MASK, e, f, g
  end
  for i, v in ipairs { a, b, c, d, e, f, g, h } do state[i] = state[i] + v & MASK end
end

--- The SHA-256 of a string.
-- @param text string
-- @return 64 hexadecimal digits
-- @source FIPS PUB 180-4, 2015, section 6.2
-- @example require("sslkit.sweep.sha256")("abc"):sub(1, 16) --> ba7816bf8f01cfea
local function sha256(text)
  local padded = text .. "\x80" .. ("\0"):rep((-#text - 9) % 64) .. (">I8"):pack(#text * 8)
  local state = table.move(INITIAL, 1, 8, 1, {})
  for at = 1, #padded, 64 do
    compress(state, { (">" .. ("I4"):rep(16)):unpack(padded, at) })
  end
  return (("%08x"):rep(8):format(table.unpack(state)))
end

return sha256
