-- The data of several layers, or figures, as one table.

local data_table = {}

--- Several tables below each other: a column for each name that any of them has.
-- @param parts list of {names, rows}
-- @return names, rows; a cell that is missing is nil
function data_table.join(parts)
  local names, place = {}, {}
  for _, part in ipairs(parts) do
    for _, name in ipairs(part[1]) do
      if not place[name] then
        names[#names + 1] = name
        place[name] = #names
      end
    end
  end
  local rows = {}
  for _, part in ipairs(parts) do
    for _, row in ipairs(part[2]) do
      local out = {}
      for i, name in ipairs(part[1]) do out[place[name]] = row[i] end
      rows[#rows + 1] = out
    end
  end
  return names, rows
end

return data_table
