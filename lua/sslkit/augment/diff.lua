-- What two policies differ in.

local describe = require "sslkit.augment.describe"
local named = require "sslkit.augment.named"
local text = require "sslkit.augment.value"

local diff = {}

-- Everything that a policy says, by place: "views[1].jitter.b" -> 0.4.
local function places(p)
  local out, order = {}, {}
  local function add(place, value)
    out[place] = value
    order[#order + 1] = place
  end
  add("dialect", p.dialect)
  for i, view in ipairs(p.views) do
    add(("views[%d].n"):format(i), tostring(view.n))
    local count, names = {}, {}
    for j, o in ipairs(view.ops) do
      count[o.op], names[j] = (count[o.op] or 0) + 1, o.op
      local number = count[o.op] > 1 and ("[%d]"):format(count[o.op]) or ""
      for _, name in ipairs(describe.options(o)) do
        add(("views[%d].%s%s.%s"):format(i, o.op, number, name), text.value(o[name]))
      end
    end
    add(("views[%d] order"):format(i), table.concat(names, " "))
  end
  return out, order
end

--- What two policies differ in: one line a place, "-" where only one of them has it.
-- @param p, q policies in any form
-- @return list of {place=, from=, to=}; tostring shows it as lines
-- @raise what is no policy
-- @example ssl.augment.diff({ {"hflip", p = 0.3} }, { {"hflip"} }) --> views[1].hflip.p: 0.3 -> 0.5
-- @example #ssl.augment.diff("none", "none") --> 0
function diff.diff(p, q)
  local a, in_a = places(named.canonical(1, p))
  local b, in_b = places(named.canonical(2, q))
  local out = {}
  for _, place in ipairs(in_a) do
    if a[place] ~= b[place] then
      out[#out + 1] = { place = place, from = a[place], to = b[place] or "-" }
    end
  end
  for _, place in ipairs(in_b) do
    if a[place] == nil then out[#out + 1] = { place = place, from = "-", to = b[place] } end
  end
  return setmetatable(out, { __tostring = function(self)
    if #self == 0 then return "no difference" end
    local lines = {}
    for i, d in ipairs(self) do lines[i] = ("%s: %s -> %s"):format(d.place, d.from, d.to) end
    return table.concat(lines, "\n")
  end })
end

return diff
