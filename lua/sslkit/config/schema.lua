-- What the defaults of a config say: which keys there are, and of what kind each is. A key inside a
-- group is named by its path, "model.width".

local check = require "sslkit.check"
local kinds = require "sslkit.config.kinds"
local near = require "sslkit.near"

local schema = {}
schema.__index = schema

local DEEPEST = 20 -- groups in groups; more are a cycle
local LISTED = 30 -- so many known keys stand in a message

local function check_key(key, path)
  if type(key) ~= "string" then
    check.fail(1, "%s has the key %s; names expected", path == "" and "the table" or path,
      check.kind(key))
  end
  if not key:find "^[%a_][%w_]*$" or not load("local " .. key) then
    check.fail(1, "the key '%s' is no name", key)
  end
end

local function add_group(self, defaults, prefix, depth)
  if depth > DEEPEST then check.fail(1, "groups are nested more than %d deep", DEEPEST) end
  for key, value in pairs(defaults) do
    check_key(key, prefix:gsub("%.$", ""))
    local path = prefix .. key
    local kind, element = kinds.of(value)
    if not kind then
      check.fail(1, "%s is a %s; numbers, strings, booleans, and tables of either a list or names "
        .. "expected", path, check.kind(value))
    end
    self.kinds[path], self.elements[path], self.defaults[path] = kind, element, value
    if kind == "group" then
      add_group(self, value, path .. ".", depth + 1)
    else
      self.leaves[#self.leaves + 1] = path
    end
  end
end

local function add_optional(self, optional)
  for path, kind in pairs(optional) do
    if type(path) ~= "string" then
      check.fail(2, "optional must name keys, got the key %s", check.kind(path))
    end
    check.one_of(2, "the kind of " .. path, kind, kinds.names)
    local group = path:match "^(.*)%."
    if self.kinds[path] or group and self.kinds[group] ~= "group" then
      check.fail(2, self.kinds[path] and "the optional key %s has a default"
        or "the optional key %s is in no group of the defaults", path)
    end
    self.kinds[path], self.optional[path] = kind, true
    self.leaves[#self.leaves + 1] = path
  end
end

--- What defaults say.
-- @param defaults table of values and groups
-- @param optional table from path to kind: keys without a default
-- @return schema: kinds, elements and defaults by path; leaves = sorted paths that are no groups
-- @raise what a config cannot hold
function schema.new(defaults, optional)
  if type(defaults) ~= "table" then
    check.fail(1, "table of defaults expected, got %s", check.kind(defaults))
  end
  local self = setmetatable({
    kinds = {}, elements = {}, defaults = {}, optional = {}, leaves = {},
  }, schema)
  add_group(self, defaults, "", 1)
  add_optional(self, optional or {})
  table.sort(self.leaves)
  return self
end

--- The path of the free table that a path leads into, where there is one.
-- @param path string
-- @return path or nil
function schema:free(path)
  local outer = path:match "^(.*)%."
  while outer do
    if self.kinds[outer] == "table" or self.kinds[outer] == "any" then return outer end
    outer = outer:match "^(.*)%."
  end
end

--- What to say of a path that is not there: the one that was meant, perhaps, and those that are.
-- @param path string
-- @return string
function schema:unknown(path)
  local hint = near.hint(path, self.leaves)
  if hint == "" then -- width for model.width
    for _, known in ipairs(self.leaves) do
      if known:sub(-#path - 1) == "." .. path then hint = ("; did you mean '%s'?"):format(known) end
    end
  end
  local known = table.concat(self.leaves, ", ", 1, math.min(LISTED, #self.leaves))
  if #self.leaves > LISTED then known = known .. ", ..." end
  if known == "" then known = "none" end
  return ("unknown key '%s'%s known: %s"):format(path, hint == "" and ";" or hint, known)
end

--- What a path's value must be, with the default that tells it.
-- @param path a known one, no group
-- @return string, "must be a number, as its default 0.1 is"
function schema:demand(path)
  local kind, element = self.kinds[path], self.elements[path]
  local demand = "must be " .. kinds.describe(kind, element)
  local default = self.defaults[path]
  if type(default) == "number" then return ("%s, as its default %s is"):format(demand, default) end
  return demand
end

return schema
