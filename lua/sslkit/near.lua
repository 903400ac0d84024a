-- Misspelt names: which of the known ones was meant?

local near = {}

-- Edits (insert, delete, replace, swap of neighbours) that turn a into b, or nil when more than
-- `most` are needed.
local function distance(a, b, most)
  if math.abs(#a - #b) > most then return nil end
  local before, last, row = {}, {}, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    row[0] = i
    local least = i
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      local cost = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        cost = math.min(cost, before[j - 2] + 1)
      end
      row[j], least = cost, math.min(least, cost)
    end
    if least > most then return nil end
    before, last, row = last, row, before
  end
  return last[#b] <= most and last[#b] or nil
end

-- Letters and digits alone: "Batch-Norm" is "batchnorm" with other habits.
local function bare(name) return (name:lower():gsub("[_%-%s]", "")) end

--- The known names that a misspelt one is near to, the nearest first: a third of its letters may be
-- wrong, and what it is the beginning of counts too.
-- @param name string
-- @param names list of strings
-- @return list of names, perhaps empty
function near.all(name, names)
  local wanted, found = bare(tostring(name)):sub(1, 64), {}
  local most = math.max(1, #wanted // 3)
  for _, known in ipairs(names) do
    local candidate = bare(known)
    local edits = distance(wanted, candidate, most)
    local beginning = #wanted >= 3 and candidate:sub(1, #wanted) == wanted
    if not edits and beginning then edits = most + 0.5 end
    if edits and edits < math.max(#wanted, #candidate) then
      found[#found + 1] = { name = known, edits = edits }
    end
  end
  table.sort(found, function(a, b)
    if a.edits ~= b.edits then return a.edits < b.edits end
    return a.name < b.name
  end)
  for i, entry in ipairs(found) do found[i] = entry.name end
  return found
end

--- The nearest one.
-- @return name, or nil when none is near
function near.best(name, names) return near.all(name, names)[1] end

--- What an error message says about it.
-- @return "; did you mean 'x'?", or ""
function near.hint(name, names)
  local best = near.best(name, names)
  return best and ("; did you mean '%s'?"):format(best) or ""
end

return near
