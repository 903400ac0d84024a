-- What a trial's function has returned, as numbers: the value that the sweep is about, and others
-- beside it.

local core = require "sslkit.core"

local outcome = {}

-- A float, since that is what a file gives back.
local function number_of(v)
  if core.is_tensor(v) and core.numel(v) == 1 then v = core.item(v) end
  return type(v) == "number" and v + 0.0 or nil
end

-- The numbers in a table; those in tables within it are called "outer.inner".
local function gather(t, prefix, values)
  for key, v in pairs(t) do
    local name, number = prefix .. tostring(key), number_of(v)
    if number then
      values[name] = number
    elseif type(v) == "table" and getmetatable(v) == nil then
      gather(v, name .. ".", values)
    end
  end
  return values
end

local function kind_of(v)
  return core.is_tensor(v) and "a tensor " .. core.describe(v) or type(v)
end

-- Measures embeddings by metrics of the library; nil and a message for a name that is none.
local function measure(embeddings, names, values)
  local metrics = require "sslkit.metrics"
  for _, name in ipairs(names) do
    if values[name] == nil then
      local f = metrics[name]
      if not f then return nil, ("ssl.metrics has no '%s'"):format(name) end
      local ok, found = pcall(f, embeddings)
      if not ok then
        return nil, ("ssl.metrics.%s does not measure what run has returned: %s"):format(name,
          tostring(found))
      end
      local value = number_of(found)
      if not value then return nil, ("ssl.metrics.%s gives no number"):format(name) end
      values[name] = value
    end
  end
  return true
end

--- The numbers in what a trial's function has returned: a number; embeddings, which are measured by
-- the objective; or a table of numbers, in which `embeddings` may be, too.
-- @param result what came back
-- @param objective name of the value that the sweep is about
-- @param metrics list of names of further metrics to measure embeddings by
-- @return value, values by name; or nil and a message
function outcome.read(result, objective, metrics)
  local value = number_of(result)
  if value then return value, { [objective] = value } end
  local embeddings, values = result, {}
  if type(result) == "table" then
    embeddings, values = result.embeddings, gather(result, "", values)
  end
  if core.is_tensor(embeddings) then
    local names = table.move(metrics, 1, #metrics, 1, {})
    if values.value == nil then names[#names + 1] = objective end
    local ok, message = measure(embeddings, names, values)
    if not ok then return nil, message end
  elseif type(result) ~= "table" then
    return nil, ("run must return a number, embeddings or a table of numbers, got %s"):format(
      kind_of(result))
  end
  value = values[objective] or values.value
  if value then return value, values end
  return nil, ("run has returned no '%s', which is the objective"):format(objective)
end

return outcome
