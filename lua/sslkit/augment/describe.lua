-- Policies and operations in words: one line an operation.

local registry = require "sslkit.augment.registry"
local text = require "sslkit.augment.value"

local describe = {}

--- The names of an operation's options: in the order of its definition, others behind them.
function describe.options(o)
  local op, names, seen = registry.find(o.op), {}, { op = true }
  for _, option in ipairs(op and op.options or {}) do
    names[#names + 1], seen[option[1]] = option[1], true
  end
  local more = {}
  for name in pairs(o) do
    if not seen[name] then more[#more + 1] = name end
  end
  table.sort(more)
  for _, name in ipairs(more) do names[#names + 1] = name end
  return names
end

--- One operation: its name and its options.
-- @param width of the column of names
function describe.op(o, width)
  local parts = {}
  for _, name in ipairs(describe.options(o)) do
    if o[name] ~= nil then parts[#parts + 1] = name .. "=" .. text.value(o[name]) end
  end
  return (o.op .. (" "):rep((width or 0) - #o.op) .. "  " .. table.concat(parts, " "))
end

--- A canonical policy.
function describe.policy(p)
  local width, count = 0, 0
  for _, view in ipairs(p.views) do
    count = count + view.n
    for _, o in ipairs(view.ops) do width = math.max(width, #o.op) end
  end
  local lines = { ("%s (dialect %s, %d view%s)"):format(p.name, p.dialect, count,
    count == 1 and "" or "s") }
  local first = 1
  for _, view in ipairs(p.views) do
    local last = first + view.n - 1
    if count > 1 then
      lines[#lines + 1] = first == last and ("view %d"):format(first)
        or ("views %d to %d"):format(first, last)
    end
    for _, o in ipairs(view.ops) do lines[#lines + 1] = "  " .. describe.op(o, width) end
    first = last + 1
  end
  return table.concat(lines, "\n")
end

return describe
