-- Runs one operation of a policy by itself, from its definition to the engine.

local core = require "sslkit.core"
local ssl = require "sslkit"

local driver = {}

local SLOT = 5

-- The options with their defaults; raises what the definition finds wrong with them.
function driver.options(op, given)
  local o = { p = 1 }
  for _, option in ipairs(op.options) do o[option[1]] = option[2] end
  for name, value in pairs(given) do o[name] = value end
  if op.check then op.check(o, function(message, ...) error(message:format(...), 0) end) end
  return o
end

-- The engine's list, and the room that it needs.
function driver.list(op, given, c, h, w)
  local o, list = driver.options(op, given), {}
  for i, r in ipairs(op.rows(o, c, h, w)) do
    list[i] = { core.augment_codes[r[1]], SLOT, o.p, 0, table.unpack(r, 2) }
    for k = #list[i] + 1, 18 do list[i][k] = 0 end
  end
  return ssl.tensor(list, "float64"), op.room and op.room(o, c, h, w) or c * h * w
end

-- Views of x [N,C,H,W]; samples are numbered from `first` (1).
function driver.view(op, given, x, first)
  local n, c, h, w = x:shape()
  local list, room = driver.list(op, given, c, h, w)
  local rows = ssl.arange(1, n, 1, "int64")
  return core.augment(x, rows, rows + ((first or 1) - 1), list, { c, h, w }, room, { 1, 2, 3 }, 255)
end

-- n views of one image [C,H,W].
function driver.views(op, given, image, n)
  local c, h, w = image:shape()
  local list, room = driver.list(op, given, c, h, w)
  return core.augment(image:reshape(1, c, h, w), ssl.ones(n):to "int64",
    ssl.arange(1, n, 1, "int64"), list, { c, h, w }, room, { 1, 2, 3 }, 255)
end

-- The fixture's cases of these operations against f(case, what is expected, what came out, tol):
-- bytes are exact where the operation works on bytes, and 1e-5 stands between floats.
function driver.each_case(ops, cases, images, f)
  for k, case in ipairs(cases) do
    local op = ops[case[1]]
    if op then
      local image = images[case.image]
      local x = ssl.tensor(image.x, "uint8"):reshape(1, table.unpack(image.shape))
      local y = ssl.tensor(case.y, "float32"):reshape(x:shape())
      if case.bytes then y = y / 255 end
      f(("case %d, %s of %s"):format(k, case[1], case.image), y, driver.view(op, case.options, x))
    end
  end
end

return driver
