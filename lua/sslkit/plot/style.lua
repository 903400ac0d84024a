-- What figures look like: the colours, dashes and shapes of series, sizes, and neutral colours.

local style = {
  SIZE = 13, TICK_SIZE = 12, TITLE_SIZE = 15, -- fonts, in pixels
  GAP = 8,
  LINE_HEIGHT = 17,
  SIGNS = { "*", "+", "o", "x", "#", "@", "%", "&" }, -- of series in ASCII
}

-- M. Okabe and K. Ito's colours, which people with any colour vision tell apart; yellow, weak on
-- white, comes last. Further series repeat them with dashes or other shapes.
local COLORS = {
  "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442",
}
local DASHES = { [0] = nil, "6 4", "2 3" }
local SHAPES = { [0] = "circle", "square", "triangle", "diamond", "cross" }

-- Colours that belong to the paper and not to the data. In a page they are the page's own, so that
-- its dark style is the figure's, too; a black series is drawn in ink.
local NEUTRAL = {
  ink = "#222", grid = "#e4e4e4", frame = "#888", muted = "#555", paper = "#fff",
}
local OF_PAGE = {
  ink = "var(--ink, #222)", grid = "var(--grid, #e4e4e4)", frame = "var(--frame, #888)",
  muted = "var(--muted, #555)", paper = "var(--paper, none)", ["#000000"] = "var(--ink, #222)",
}

--- The colour of a series.
-- @param i its number from 1
-- @return string
function style.color(i) return COLORS[(i - 1) % #COLORS + 1] end

--- The dashes of a series: none for the first ones, then those that tell repeated colours apart.
-- @param i its number from 1
-- @return string of SVG's stroke-dasharray, or nil
function style.dash(i) return DASHES[(i - 1) // #COLORS % 3] end

--- The shape of a series' points: circles for the first ones.
-- @param i its number from 1
-- @return name of a shape of plot/marks.lua
function style.shape(i) return SHAPES[(i - 1) // #COLORS % 5] end

--- The sign of a series in ASCII.
-- @param i its number from 1
-- @return one character
function style.sign(i) return style.SIGNS[(i - 1) % #style.SIGNS + 1] end

--- How colours are written: the names ink, grid, frame, muted, paper become colours, others stay.
-- @param page is the drawing part of a page, whose style decides?
-- @return function(color) -> string
function style.painter(page)
  local own = page and OF_PAGE or NEUTRAL
  return function(color) return own[color] or color end
end

return style
