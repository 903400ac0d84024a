-- The values of a config while its sources are laid over the defaults, one after the other.

local check = require "sslkit.check"
local kinds = require "sslkit.config.kinds"
local problem = require "sslkit.config.problem"

local values = {}
values.__index = values

local function copy(v)
  if type(v) ~= "table" then return v end
  local out = {}
  for key, inner in pairs(v) do out[key] = copy(inner) end
  return out
end

--- The defaults, and nothing over them.
-- @param schema of them
-- @param defaults table
-- @return values: config = table, sources = table from path to where its value comes from
function values.new(schema, defaults)
  return setmetatable({ schema = schema, config = copy(defaults), sources = {} }, values)
end

local function put(self, path, value, source)
  local at = self.config
  local outer, name = path:match "^(.*)%.(.-)$"
  for group in (outer or ""):gmatch "[^.]+" do
    if type(at[group]) ~= "table" then at[group] = {} end
    at = at[group]
  end
  at[name or path] = value
  self.sources[path] = source
end

-- A value inside of a free table, whose source is the table's.
local function put_free(self, path, value, source)
  local free = self.schema:free(path)
  if not free then problem.raise("%s: %s", source, self.schema:unknown(path)) end
  put(self, path, value, source)
  self.sources[path], self.sources[free] = nil, source
end

local function wrong(self, path, source, given, shown)
  local schema = self.schema
  local note = ""
  local whole = schema.kinds[path] == "integer" or schema.elements[path] == "integer"
  if whole and type(given) == "number" and schema.defaults[path] then
    note = "; a default with a point takes fractions"
  end
  problem.raise("%s: %s %s; got %s%s", source, path, schema:demand(path), shown, note)
end

local function quoted(text) return #text > 60 and "a long text" or "'" .. text .. "'" end

--- Sets a key to what a word means.
-- @param path string
-- @param text the word
-- @param source where it comes from, for messages
function values:set_text(path, text, source)
  local schema = self.schema
  local kind = schema.kinds[path]
  if kind == "group" then
    local value = kinds.of_json(text)
    if type(value) ~= "table" then
      problem.raise("%s: %s is a group; a key in it expected (%s.KEY=VALUE), or a JSON object",
        source, path, path)
    end
    self:set(path, value, source)
  elseif not kind then
    local value = kinds.parse("any", nil, text)
    if value == nil and schema:free(path) then
      problem.raise("%s: %s must be a plain value; got %s", source, path, quoted(text))
    end
    put_free(self, path, value, source)
  elseif schema.optional[path] and (text == "null" or text == "nil") then
    put(self, path, nil, source)
  else
    local value = kinds.parse(kind, schema.elements[path], text)
    if value == nil then wrong(self, path, source, tonumber(text), quoted(text)) end
    put(self, path, value, source)
  end
end

--- Sets a key, or the keys of a group, to a value of a file.
-- @param path string
-- @param value plain value
-- @param source where it comes from, for messages
function values:set(path, value, source)
  local schema = self.schema
  local kind = schema.kinds[path]
  if kind == "group" then
    if type(value) ~= "table" then
      problem.raise("%s: %s is a group; a table expected, got %s", source, path, check.kind(value))
    end
    self:set_all(value, source, path .. ".")
  elseif not kind then
    local accepted = kinds.accept("any", nil, value)
    if accepted == nil and schema:free(path) then
      problem.raise("%s: %s must be a plain value; got %s", source, path, check.kind(value))
    end
    put_free(self, path, accepted, source)
  elseif value == kinds.null and schema.optional[path] then
    put(self, path, nil, source)
  else
    local accepted = kinds.accept(kind, schema.elements[path], value)
    if accepted == nil then
      local shown = value == kinds.null and "null" or check.kind(value)
      wrong(self, path, source, value, shown)
    end
    put(self, path, accepted, source)
  end
end

--- Sets what a table holds.
-- @param table from key to value
-- @param source where it comes from, for messages
-- @param prefix of its keys' paths ("")
function values:set_all(table, source, prefix)
  for name, value in pairs(table) do
    if type(name) ~= "string" then
      problem.raise("%s: names expected%s, got the key %s", source,
        prefix and " in " .. prefix:gsub("%.$", "") or "", check.kind(name))
    end
    self:set((prefix or "") .. name, value, source)
  end
end

return values
