-- Originals and their views, side by side.

local check = require "sslkit.check"
local compile = require("sslkit.augment.compile").compile
local core = require "sslkit.core"
local image_grid = require "sslkit.plot.image_grid"
local named = require "sslkit.augment.named"
local T = require "sslkit.tensor"

local show = {}

local VIEWS = 7   -- where a policy has one recipe, which gives as many as one likes
local MOST = 64   -- pictures in a row, and rows
local WIDE = 64   -- pixels of a picture, so that titles have room: at least, or at most one and a half

-- The policy without what would turn its pictures into something else.
local function visible(policy)
  for _, view in ipairs(policy.views) do
    local kept = {}
    for _, o in ipairs(view.ops) do
      if o.op ~= "normalize" then kept[#kept + 1] = o end
    end
    view.ops = #kept > 0 and kept or { "identity" }
  end
  return policy
end

-- Pictures [N,C,h,w] in the middle of white ones.
local function framed(x, c, h, w)
  local n, own_c, own_h, own_w = x:shape()
  if own_c < c then x = x:expand(n, c, own_h, own_w) end
  if own_h == h and own_w == w then return x end
  local out = T.ones({ n, c, h, w })
  local top, left = (h - own_h) // 2, (w - own_w) // 2
  out:narrow(3, top + 1, top + own_h):narrow(4, left + 1, left + own_w):copy_(x)
  return out
end

local function side_by_side(columns)
  local c, h, w = 1, 1, 1
  for _, x in ipairs(columns) do
    local _, own_c, own_h, own_w = x:shape()
    c, h, w = math.max(c, own_c), math.max(h, own_h), math.max(w, own_w)
  end
  local all = {}
  for i, x in ipairs(columns) do all[i] = framed(x, c, h, w) end
  local n = #columns[1]
  return T.stack(all, 2):reshape(n * #columns, c, h, w)
end

-- What each pixel becomes.
local function scale_of(width)
  if width < WIDE then return math.ceil(WIDE / width) end
  return math.min(1, 1.5 * WIDE / width)
end

--- See ssl.augment.show.
function show.draw(policy, images, options)
  local p = compile(visible(named.canonical(1, policy)))
  check.tensor(2, images, { dim = 4 }, "images")
  if #images == 0 or #images > MOST then
    check.fail(2, "1 to %d images expected, got %s", MOST, core.describe(images))
  end
  local o = check.options(3, options, { seed = 0, epoch = 1, levels = 255, title = p.policy.name },
    { views = true, path = true, index = true })
  local usual = #p.recipes == 1 and math.max(p.views, VIEWS) or p.views
  local most = #p.recipes == 1 and MOST - 1 or p.views
  local count = check.integer(3, "views", o.views or math.min(usual, most), 1, most)
  if o.path ~= nil and type(o.path) ~= "string" then
    check.fail(3, "path must be a string, got %s", check.kind(o.path))
  end
  local key = { seed = o.seed, epoch = o.epoch, levels = o.levels, index = o.index }
  local columns = { compile { "identity" }(images, key) }
  local titles = { "image" }
  for view = 1, count do
    key.view = view
    columns[view + 1], titles[view + 1] = p(images, key), "view " .. view
  end
  local all = side_by_side(columns)
  local figure = image_grid(all, { columns = count + 1, titles = titles, title = o.title,
    scale = scale_of(all:size(4)) })
  if o.path then
    local ok, message = figure:save(o.path)
    if not ok then return nil, message end
  end
  return figure
end

return show
