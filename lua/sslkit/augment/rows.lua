-- Lists for the engine (src/augment.h): rows of numbers, of which each has a slot that names its
-- random numbers.
--
-- A slot is a hash of the operation's name and of how many of that name stand before it in the view,
-- so that taking one operation out, or putting another in, leaves what the others draw as it was.

local core = require "sslkit.core"

local rows = {}

local ARGS = 14 -- of a row, behind code, slot, p and the count of its rows
rows.WIDTH = 4 + ARGS

--- The slot of a name: FNV-1a, 32 bits.
function rows.slot(name)
  local hash = 0x811c9dc5
  for i = 1, #name do hash = (hash ~ name:byte(i)) * 0x01000193 & 0xffffffff end
  return hash
end

local append

local function append_group(list, group, name)
  local head = { core.augment_codes.group, rows.slot(name), 1, 0 }
  for i = 1, ARGS do head[4 + i] = 0 end
  list[#list + 1] = head
  local first = #list
  for i, row in ipairs(group) do append(list, row, name .. "." .. i) end
  head[4] = #list - first
end

-- {name, numbers..., p = 1} or {"choose", rows, rows, ..., p = 1, follow = false}
function append(list, row, name)
  local out = { core.augment_codes[row[1]], rows.slot(name), row.p or 1, 0 }
  for i = 1, ARGS do out[4 + i] = 0 end
  list[#list + 1] = out
  if row[1] == "choose" then
    local first = #list
    for i = 2, #row do append_group(list, row[i], name .. "/" .. i - 1) end
    out[4], out[5], out[6] = #list - first, #row - 1, row.follow and 1 or 0
  else
    for i = 2, #row do out[3 + i] = row[i] + 0.0 end
  end
end

--- Puts an operation's rows behind those of a list.
-- @param list list of rows
-- @param op_rows what the operation's `rows` gave
-- @param p how often all of them are done
-- @param follow true where a sample's strength multiplies p
-- @param name of the slot
function rows.append(list, op_rows, p, follow, name)
  if #op_rows == 0 then return end
  local single = #op_rows == 1 and not op_rows[1].p and not follow
  if p == 1 and not follow then
    for i, row in ipairs(op_rows) do append(list, row, i == 1 and name or name .. ":" .. i) end
  elseif single then
    local row = { p = p, follow = op_rows[1].follow }
    for i, value in ipairs(op_rows[1]) do row[i] = value end
    append(list, row, name)
  else
    append(list, { "choose", op_rows, p = p, follow = follow }, name)
  end
end

return rows
