-- What a metric gives back: its number, or with {full=true} one flat table of the number and all that
-- is known about it, which prints as a small page.

local core = require "sslkit.core"

local result = {}

local Result = { __name = "sslkit.Metric" }

local function text(v)
  if v ~= v then return "nan" end -- not -nan
  if math.type(v) == "float" then return ("%.6g"):format(v) end
  if core.is_tensor(v) then return core.describe(v) end
  return tostring(v)
end

-- The name and the value on top, then the reasons and warnings, then the rest by name.
local function line_order(a, b)
  local first = { undefined = 1, warn = 2 }
  local x, y = first[a] or 3, first[b] or 3
  if x ~= y then return x < y end
  return a < b
end

function Result:__tostring()
  local names, width = {}, 0
  for name, v in pairs(self) do
    if name ~= "value" and name ~= "metric" and type(v) ~= "table" then
      names[#names + 1] = name
      width = math.max(width, #name)
    end
  end
  table.sort(names, line_order)
  local lines = { self.value == nil and self.metric or self.metric .. " " .. text(self.value) }
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("  %s%s  %s"):format(name, (" "):rep(width - #name), text(self[name]))
  end
  return table.concat(lines, "\n")
end

--- A table that prints well; `info.value` is the number, where there is one.
function result.page(metric, info)
  info.metric = metric
  return setmetatable(info, Result)
end

--- The number, or the page with it.
function result.of(metric, full, value, info)
  if not full then return value end
  info.value = value
  return result.page(metric, info)
end

return result
