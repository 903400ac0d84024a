-- Sobol's sequence in up to 64 dimensions, scrambled after Owen.

local check = require "sslkit.check"

local sobol = {}

-- Polynomials, as numbers whose bits are their coefficients, and the first direction numbers of
-- dimensions 2 to 64: S. Joe and F. Y. Kuo 2008, "Constructing Sobol sequences with better
-- two-dimensional projections", new-joe-kuo-6.
local TABLE = [[
  3 1; 7 1 3; 11 1 3 1; 13 1 1 1; 19 1 1 3 3; 25 1 3 5 13; 37 1 1 5 5 17; 41 1 1 5 5 5; 47 1 1 7
  11 19; 55 1 1 5 1 1; 59 1 1 1 3 11; 61 1 3 5 5 31; 67 1 3 3 9 7 49; 91 1 1 1 15 21 21; 97 1 3
  1 13 27 49; 103 1 1 1 15 7 5; 109 1 3 1 15 13 25; 115 1 1 5 5 19 61; 131 1 3 7 11 23 15 103;
  137 1 3 7 13 13 15 69; 143 1 1 3 13 7 35 63; 145 1 3 5 9 1 25 53; 157 1 3 1 13 9 35 107; 167 1
  3 1 5 27 61 31; 171 1 1 5 11 19 41 61; 185 1 3 5 3 3 13 69; 191 1 1 7 13 1 19 1; 193 1 3 7 5
  13 19 59; 203 1 1 3 9 25 29 41; 211 1 3 5 13 23 1 55; 213 1 3 7 3 13 59 17; 229 1 3 1 3 5 53
  69; 239 1 1 5 5 23 33 13; 241 1 1 7 7 1 61 123; 247 1 1 7 9 13 61 49; 253 1 3 3 5 3 55 33; 285
  1 3 1 15 31 13 49 245; 299 1 3 5 15 31 59 63 97; 301 1 3 1 11 11 11 77 249; 333 1 3 1 11 27 43
  71 9; 351 1 1 7 15 21 11 81 45; 355 1 3 7 3 25 31 65 79; 357 1 3 1 1 19 11 3 205; 361 1 1 5 9
  19 21 29 157; 369 1 3 7 11 1 33 89 185; 391 1 3 3 3 15 9 79 71; 397 1 3 7 11 15 39 119 27; 425
  1 1 3 1 11 31 97 225; 451 1 1 1 3 23 43 57 177; 463 1 3 7 7 17 17 37 71; 487 1 3 1 5 27 63 123
  213; 501 1 1 3 5 11 43 53 133; 529 1 3 5 5 29 17 47 173 479; 539 1 3 3 11 3 1 109 9 69; 545 1
  1 1 5 17 39 23 5 343; 557 1 3 1 5 25 15 31 103 499; 563 1 1 1 11 11 17 63 105 183; 601 1 1 5
  11 9 29 97 231 363; 607 1 1 5 15 19 45 41 7 383; 617 1 3 7 7 31 19 83 137 221; 623 1 1 1 3 23
  15 111 223 83; 631 1 1 5 13 31 15 55 25 161; 637 1 1 3 13 25 47 39 87 257;
]]

local BITS = 32

-- Direction numbers of a dimension, from the highest bit of the result on.
local function directions(poly, m)
  local degree = #m
  for i = degree + 1, BITS do
    local v = m[i - degree] ~ m[i - degree] << degree
    for k = 1, degree - 1 do
      if poly >> degree - k & 1 == 1 then v = v ~ m[i - k] << k end
    end
    m[i] = v
  end
  for i = 1, BITS do m[i] = m[i] << BITS - i end
  return m
end

local all

local function read()
  all = { {} }
  for i = 1, BITS do all[1][i] = 1 << BITS - i end
  for entry in TABLE:gmatch "[^;]+" do
    local m, poly = {}, nil
    for number in entry:gmatch "%d+" do
      if poly then m[#m + 1] = math.tointeger(number) else poly = math.tointeger(number) end
    end
    if poly then all[#all + 1] = directions(poly, m) end
  end
end

-- splitmix64's finaliser
local function mix(x)
  x = x + 0x9E3779B97F4A7C15
  x = (x ~ x >> 30) * 0xBF58476D1CE4E5B9
  x = (x ~ x >> 27) * 0x94D049BB133111EB
  return x ~ x >> 31
end

-- Each bit is turned or not, by a coin that belongs to the bits above it.
local function scrambled(x, key)
  local out = 0
  for bit = BITS - 1, 0, -1 do
    local above = x >> bit + 1
    local coin = mix(key ~ mix(above << 6 | bit)) & 1
    out = out | ((x >> bit & 1) ~ coin) << bit
  end
  return out
end

--- Point i of the sequence.
-- @param i whole number from 1
-- @param dims number of dimensions, at most 64
-- @param seed whole number of the scrambling, or nil for none
-- @return list of numbers in [0,1)
-- @source Owen 1998, "Scrambling Sobol and Niederreiter-Xing points"
function sobol.point(i, dims, seed)
  if not all then read() end
  check.integer(2, "dimensions of Sobol's sequence", dims, 0, #all)
  local gray, point = (i - 1) ~ (i - 1) >> 1, {}
  for d = 1, dims do
    local x = 0
    for bit = 1, BITS do
      if gray >> bit - 1 & 1 == 1 then x = x ~ all[d][bit] end
    end
    if seed then x = scrambled(x, mix(seed ~ mix(d))) end
    point[d] = x / 2.0 ^ BITS
  end
  return point
end

return sobol
