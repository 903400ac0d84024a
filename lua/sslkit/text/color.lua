-- Colours of a terminal: may they be used, how many are there, and the escapes for them.

local core = require "sslkit.core"

local color = {}

local SIMPLE = {
  bold = "1", dim = "2", red = "31", green = "32", yellow = "33", blue = "34", magenta = "35",
  cyan = "36",
}

local function given(name)
  local value = os.getenv(name)
  return value ~= nil and value ~= "" and value or nil
end

--- May a stream be coloured? A terminal may, unless NO_COLOR is set or TERM is dumb; FORCE_COLOR and
-- CLICOLOR_FORCE overrule both: anywhere, or, as "0", nowhere.
-- @param stream file (stdout)
-- @return true or false
-- @example require("sslkit.text.color").on(io.tmpfile()) --> false
function color.on(stream)
  for _, name in ipairs { "FORCE_COLOR", "CLICOLOR_FORCE" } do
    local force = given(name)
    if force then return force ~= "0" end
  end
  stream = stream or io.stdout
  return io.type(stream) == "file" and core.isatty(stream) and not given "NO_COLOR"
    and os.getenv "TERM" ~= "dumb"
end

--- The bits of a colour that the terminal shows, as COLORTERM tells: 24, or 8 for the 256 that all
-- have.
-- @return 24 or 8
-- @example local d = require("sslkit.text.color").depth(); return d == 24 or d == 8 --> true
function color.depth()
  local value = os.getenv "COLORTERM"
  return (value == "truecolor" or value == "24bit") and 24 or 8
end

-- The nearest of the 216 colours of the cube, whose levels are 0, 95, 135, ... 255, or of the 24
-- greys.
local function of_256(r, g, b)
  local function level(v) return v < 48 and 0 or v < 115 and 1 or (v - 35) // 40 end
  local function value(l) return l == 0 and 0 or 55 + 40 * l end
  local function off(x, y, z) return (x - r) ^ 2 + (y - g) ^ 2 + (z - b) ^ 2 end
  local i, j, k = level(r), level(g), level(b)
  local grey = math.max(0, math.min(23, ((r + g + b) // 3 - 3) // 10))
  local shade = 8 + 10 * grey
  if off(shade, shade, shade) < off(value(i), value(j), value(k)) then return 232 + grey end
  return 16 + 36 * i + 6 * j + k
end

local function code(style, background)
  if SIMPLE[style] then
    return background and SIMPLE[style]:gsub("^3", "4") or SIMPLE[style]
  end
  local r, g, b = style:match "^#(%x%x)(%x%x)(%x%x)$"
  r, g, b = tonumber(r, 16), tonumber(g, 16), tonumber(b, 16)
  local kind = background and 48 or 38
  if color.depth() == 24 then return ("%d;2;%d;%d;%d"):format(kind, r, g, b) end
  return ("%d;5;%d"):format(kind, of_256(r, g, b))
end

--- A text in a style. Whether it may be coloured is the caller's to ask.
-- @param s string
-- @param style "bold", "dim", "red", "green", "yellow", "blue", "magenta", "cyan" or "#rrggbb"; nil for none
-- @param background the same of the ground behind the text (none)
-- @return string that ends with the terminal's usual style
-- @example #require("sslkit.text.color").paint("x", "red") --> 10
function color.paint(s, style, background)
  local codes = {}
  if style then codes[1] = code(style, false) end
  if background then codes[#codes + 1] = code(background, true) end
  if #codes == 0 then return s end
  return "\x1b[" .. table.concat(codes, ";") .. "m" .. s .. "\x1b[0m"
end

return color
