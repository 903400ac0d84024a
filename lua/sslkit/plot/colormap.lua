-- Colour maps: from a share of 0..1 to a colour. They are made here, in OKLab (B. Ottosson's space of
-- 2020, in which equal distances look about equal): anchors given by lightness, chroma and hue are
-- joined by straight lines and walked at an even pace. Lightness only rises, or rises towards the
-- middle, so that people with any colour vision, and grey printers, see the same order.

local check = require "sslkit.check"

local colormap = {}

local STEPS = 255
local DARK, LIGHT = 0.45, 0.66 -- what stands out from white and from black
local MISSING = "#9a9a9a"

-- Anchors: OKLab's lightness 0..1, chroma, hue in degrees.
local MAPS = {
  sequential = {
    { 0.22, 0.09, 290 }, { 0.34, 0.12, 272 }, { 0.46, 0.11, 245 }, { 0.58, 0.10, 205 },
    { 0.70, 0.12, 168 }, { 0.82, 0.14, 130 }, { 0.94, 0.13, 104 },
  },
  diverging = {
    { 0.36, 0.13, 262 }, { 0.50, 0.14, 252 }, { 0.66, 0.11, 245 }, { 0.82, 0.06, 238 },
    { 0.965, 0.003, 100 },
    { 0.82, 0.08, 50 }, { 0.66, 0.14, 40 }, { 0.50, 0.16, 32 }, { 0.36, 0.13, 26 },
  },
}

local function to_lab(anchor)
  local hue = math.rad(anchor[3])
  return { anchor[1], anchor[2] * math.cos(hue), anchor[2] * math.sin(hue) }
end

-- A channel of linear light as a byte of sRGB; what is out of range becomes the nearest.
local function byte_of(v)
  v = math.max(0, math.min(v, 1))
  v = v <= 0.0031308 and 12.92 * v or 1.055 * v ^ (1 / 2.4) - 0.055
  return math.floor(255 * v + 0.5)
end

local function light_of(byte)
  local v = byte / 255
  return v <= 0.04045 and v / 12.92 or ((v + 0.055) / 1.055) ^ 2.4
end

-- OKLab as linear sRGB.
local function light(lab)
  local L, a, b = lab[1], lab[2], lab[3]
  local l = (L + 0.3963377774 * a + 0.2158037573 * b) ^ 3
  local m = (L - 0.1055613458 * a - 0.0638541728 * b) ^ 3
  local s = (L - 0.0894841775 * a - 1.2914855480 * b) ^ 3
  return 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s
end

local function hex(lab)
  local r, g, b = light(lab)
  return ("#%02x%02x%02x"):format(byte_of(r), byte_of(g), byte_of(b))
end

--- A colour in OKLab.
-- @param color "#rrggbb"
-- @return lightness 0..1, green to red, blue to yellow
-- @example select(1, require("sslkit.plot.colormap").oklab "#ffffff") > 0.999 --> true
function colormap.oklab(color)
  local r, g, b = color:match "^#(%x%x)(%x%x)(%x%x)$"
  r, g, b = light_of(tonumber(r, 16)), light_of(tonumber(g, 16)), light_of(tonumber(b, 16))
  local l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ^ (1 / 3)
  local m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ^ (1 / 3)
  local s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ^ (1 / 3)
  return 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
end

--- Black or white: what is read better on a ground.
-- @param color "#rrggbb" of the ground
-- @return "#000000" or "#ffffff"
-- @example require("sslkit.plot.colormap").ink "#ffffcc" --> #000000
function colormap.ink(color)
  return colormap.oklab(color) > 0.62 and "#000000" or "#ffffff"
end

--- A colour with so much lightness taken or given that lines in it show on white and on black.
-- @param color "#rrggbb"
-- @return "#rrggbb"
-- @example require("sslkit.plot.colormap").legible "#808080" --> #808080
function colormap.legible(color)
  local lightness, a, b = colormap.oklab(color)
  if lightness >= DARK and lightness <= LIGHT then return color end
  return hex { math.max(DARK, math.min(lightness, LIGHT)), a, b }
end

local function distance(p, q)
  return ((p[1] - q[1]) ^ 2 + (p[2] - q[2]) ^ 2 + (p[3] - q[3]) ^ 2) ^ 0.5
end

-- STEPS + 1 colours at even distances along the line through the anchors.
local function walk(anchors)
  local points, at = {}, { 0 }
  for i, anchor in ipairs(anchors) do
    points[i] = to_lab(anchor)
    if i > 1 then at[i] = at[i - 1] + distance(points[i - 1], points[i]) end
  end
  local colors, i = {}, 1
  for k = 0, STEPS do
    local s = at[#at] * k / STEPS
    while i < #points - 1 and s > at[i + 1] do i = i + 1 end
    local t, p, q = (s - at[i]) / (at[i + 1] - at[i]), points[i], points[i + 1]
    colors[k] = hex { p[1] + t * (q[1] - p[1]), p[2] + t * (q[2] - p[2]), p[3] + t * (q[3] - p[3]) }
  end
  return colors
end

local made = {}

--- A colour map: "sequential" from dark blue over green to light yellow; "diverging" from blue over
-- white, in the middle, to red.
-- @param name "sequential" or "diverging"
-- @return function(share) -> "#rrggbb"; shares beyond 0..1 are the ends, NaN is grey
-- @raise another name
-- @example #require("sslkit.plot.colormap").of "sequential"(0.5) --> 7
function colormap.of(name)
  if MAPS[name] == nil then check.one_of(1, "colormap", name, colormap.names) end
  local colors = made[name] or walk(MAPS[name])
  made[name] = colors
  return function(share)
    if share ~= share then return MISSING end
    return colors[math.floor(math.max(0, math.min(share, 1)) * STEPS + 0.5)]
  end
end

colormap.names = { "sequential", "diverging" }

return colormap
