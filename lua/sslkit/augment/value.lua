-- Options as text.

local text = {}

--- An option's value nearly as it would be written in Lua: words stand without quotes.
function text.value(v)
  if type(v) == "number" then
    return math.tointeger(v) and ("%d"):format(v) or ("%.6g"):format(v)
  elseif type(v) ~= "table" then
    return type(v) == "string" and tonumber(v) and '"' .. v .. '"' or tostring(v)
  end
  local parts = {}
  for _, each in ipairs(v) do parts[#parts + 1] = text.value(each) end
  if #parts == 0 then
    local names = {}
    for name in pairs(v) do names[#names + 1] = name end
    table.sort(names)
    for i, name in ipairs(names) do parts[i] = name .. "=" .. text.value(v[name]) end
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

return text
