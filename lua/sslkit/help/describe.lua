-- The page of one function: how it is called, its arguments, what comes back, examples.

local core = require "sslkit.core"
local index = require "sslkit.help.index"
local layout = require "sslkit.help.layout"
local options = require "sslkit.help.options"
local sheet = require "sslkit.help.sheet"
local signature = require "sslkit.help.signature"

local INDENT = sheet.INDENT

-- name(a, b, c), broken between arguments.
local function put_call(self, name, arguments)
  local marked = {}
  for i, argument in ipairs(arguments) do -- a table of options breaks between them
    marked[i] = argument .. (i < #arguments and "," or "")
  end
  local hang = (" "):rep(math.min(#name + 1, self.width // 2))
  local body = layout.fill(name .. "(" .. table.concat(marked, " ") .. ")", self.width, "", hang)
  self:put(self:paint(name, "bold") .. body:sub(#name + 1))
end

-- The options below the parameter that takes them.
local function put_options(self, items, form)
  local rows = {}
  for i, item in ipairs(items) do
    local text = item.text
    if form == "braces" and text ~= "" then text = "= " .. text end
    rows[i] = { item.name, text }
  end
  self:definitions(rows, INDENT:rep(3))
end

local function put_params(self, doc, items)
  local rows, column = {}, 0
  for place, param in ipairs(doc.params) do
    if param.name ~= "self" then
      rows[#rows + 1] = { param, place }
      column = math.max(column, #param.name)
    end
  end
  if #rows == 0 then return end
  self:head "Arguments"
  for _, row in ipairs(rows) do
    local param, place = row[1], row[2]
    local found = place == #doc.params and options.parse(param.text) or {}
    local opens = found.form and (found.before == "" or found.form == "table")
    local table_of = param.name == "options" and "table of options:" or "table:"
    local text = opens and table_of or param.text
    local pad = (" "):rep(column + 2 - #param.name)
    local hang = INDENT .. (" "):rep(column + 2)
    self:put(INDENT .. param.name .. pad .. layout.fill(text, self.width, hang):sub(#hang + 1))
    if place == #doc.params and (opens or found.refers and found.refers[1]) then
      put_options(self, items, found.form)
      local said = found.after == "" or found.after:find "^those of `?[%w_.]+`?$" -- shown already
      if opens and not said then self:fill(found.after, hang) end
    end
  end
end

-- Code as it is typed at the prompt, where a local would be gone with its line: a statement a line.
local function put_example(self, example)
  local statement = ""
  for part in (example.code .. "; "):gmatch "(.-); " do
    statement = statement .. part
    if load(statement) or load("return " .. statement) then
      statement = statement:gsub("^return ", ""):gsub("^local ([%w_, ]+=)", "%1")
      self:put(INDENT .. self:paint("> ", "dim") .. statement)
      statement = ""
    else -- not whole yet
      statement = statement .. "; "
    end
  end
  self:fill(example.want, INDENT)
end

-- Neighbours: what stands in the same file, then in the same module, at most eight.
local function neighbours(entry)
  local list, seen = {}, { [entry] = true }
  local function take(all, fits)
    for _, other in ipairs(all or {}) do
      if #list < 8 and not seen[other] and other.what ~= "module" and fits(other) then
        seen[other] = true
        list[#list + 1] = other.path
      end
    end
  end
  local parent = entry.method and index.get().of[core.methods] or entry.parent
  local path = entry.doc and entry.doc.path
  local members = parent and parent.members
  local twin = entry.name:match "^(.*)_$" or entry.name .. "_"
  take(members, function(other) return other.name == twin end)
  local function fits(other)
    return not other.name:find "_$" and other.doc ~= nil and other.doc.path == path
  end
  local near, at = {}, 0
  for _, other in ipairs(members or {}) do
    if other.doc and other.doc.path == path then near[#near + 1] = other end
  end
  table.sort(near, function(a, b) return a.doc.line < b.doc.line end)
  for i, other in ipairs(near) do at = other == entry and i or at end
  for distance = 1, #near do
    take({ near[at - distance] }, fits)
    take({ near[at + distance] }, fits)
  end
  if parent and parent.what == "module" and parent.path ~= "ssl" then
    take(members, function(other) return not other.name:find "_$" end)
  end
  return list
end

--- Adds what there is to know of a function or method to a page.
-- @param self sheet
-- @param entry of the index
-- @param others entries that have its name too (none)
return function(self, entry, others)
  local items = index.options(entry)
  for _, call in ipairs(signature.calls(entry, items)) do put_call(self, call[1], call[2]) end
  local doc = entry.doc
  if not doc then
    self:put "It has no docstring."
    return
  end
  self:put ""
  self:fill(doc.text, INDENT)
  put_params(self, doc, items)
  self:section("Returns", doc.returns)
  self:section("Raises", doc.raises)
  self:section("Source", doc.source)
  if #doc.examples > 0 then
    self:head(#doc.examples > 1 and "Examples" or "Example")
    for _, example in ipairs(doc.examples) do put_example(self, example) end
  end
  local see = neighbours(entry)
  for _, other in ipairs(others or {}) do table.insert(see, 1, other.path) end
  self:section("See also", table.concat(see, ", "))
end
