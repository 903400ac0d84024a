-- The settings of configs by their paths, for tables and figures: what is nested becomes "loss.lambda",
-- an operation of a policy "augment.views[1].jitter.b".

local settings = {}

-- What a place in a list is called: an operation by its name, with a number from the second on.
local function place_of(list, at)
  local op = type(list[at]) == "table" and list[at].op
  if type(op) ~= "string" then return ("[%d]"):format(at) end
  local count = 1
  for i = 1, at - 1 do
    if type(list[i]) == "table" and list[i].op == op then count = count + 1 end
  end
  return count == 1 and op or ("%s[%d]"):format(op, count)
end

-- A view's `ops` go without saying, as in the paths of policies.
local function is_silent(key, v) return key == "ops" and type(v) == "table" and #v > 0 end

local function flatten(t, prefix, out, in_list)
  for key, v in pairs(t) do
    local path
    if math.type(key) == "integer" then
      local place = place_of(t, key)
      path = place:sub(1, 1) == "[" and prefix .. place or prefix .. "." .. place
    else
      path = prefix == "" and tostring(key) or prefix .. "." .. tostring(key)
    end
    if type(v) ~= "table" then
      if key ~= "op" or not in_list then out[path] = v end
    else
      flatten(v, is_silent(key, v) and prefix or path, out, math.type(key) == "integer")
    end
  end
  return out
end

--- The numbers, strings and booleans of a config, or of any nested table, by their paths.
-- @param config table
-- @return table
-- @example require("sslkit.sweep.settings").flat({ loss = { lambda = 2 } })["loss.lambda"] --> 2
function settings.flat(config) return flatten(config, "", {}) end

--- The paths of what differs between configs.
-- @param flats list of tables as of settings.flat
-- @return list of strings, sorted
-- @example require("sslkit.sweep.settings").varying({ { a = 1, b = 2 }, { a = 1, b = 3 } })[1] --> b
function settings.varying(flats)
  local first, counts, differs = {}, {}, {}
  for _, flat in ipairs(flats) do
    for path, v in pairs(flat) do
      if first[path] == nil then first[path] = v end
      counts[path] = (counts[path] or 0) + 1
      if first[path] ~= v then differs[path] = true end
    end
  end
  local list = {}
  for path, count in pairs(counts) do
    if differs[path] or count < #flats then list[#list + 1] = path end
  end
  table.sort(list)
  return list
end

--- A setting or value as text; nil for nil.
function settings.show(v)
  if v ~= v then return "nan" end -- not -nan
  if math.type(v) == "float" then return ("%.4g"):format(v) end
  return v ~= nil and tostring(v) or nil
end

return settings
