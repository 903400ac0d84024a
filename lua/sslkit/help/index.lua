-- What there is to be known: every public function, module and kind of object with its docstring,
-- found by walking the tables that users reach, and read from the sources once.

local core = require "sslkit.core"
local docstring = require "sslkit.help.docstring"
local options = require "sslkit.help.options"
local sources = require "sslkit.help.sources"
local types = require "sslkit.help.types"

local index = {}

-- {== Walking ==============================================================================

-- What is called when the value is.
local function callable(v)
  if type(v) == "function" then return v end
  local meta = type(v) == "table" and getmetatable(v)
  return type(meta) == "table" and type(meta.__call) == "function" and meta.__call or nil
end

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do
    if type(name) == "string" and not name:find "^_" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- The unit that returned a table.
local function unit_of(value)
  for unit, loaded in pairs(package.loaded) do
    if loaded == value and type(unit) == "string" and unit:find "^sslkit" then return unit end
  end
end

-- The first sentence of the comment at the head of a module's file, without its name in front.
local function module_summary(head)
  if not head then return "" end
  local first = docstring.sentence(head):gsub("([^.])%.$", "%1")
  local after = first:match "^%u[%w ]*: (.+)$"
  return after or first:sub(1, 1):lower() .. first:sub(2)
end

local function new_entry(self, entry)
  self.entries[#self.entries + 1] = entry
  self.of[entry.value] = self.of[entry.value] or entry
  return entry
end

local function add_function(self, value, path, name, parent)
  local known = self.of[value]
  if known then -- under another name, perhaps; looked up by that of the first
    table.insert(known.also, path)
    table.insert(parent.members, {
      what = "function", path = path, name = name, value = value, doc = known.doc, also = {},
      summary = known.summary, parent = parent,
    })
    return
  end
  local doc = sources.doc_of(self.all, callable(value), name, parent.unit, parent.unit == "sslkit")
    or sources.doc_of(self.all, callable(value), name, parent.unit)
  local entry = new_entry(self, {
    what = "function", path = path, name = name, value = value, doc = doc, also = {},
    summary = doc and doc.summary or "", parent = parent,
  })
  table.insert(parent.members, entry)
  return entry
end

local function add_module(self, value, path, name, parent)
  if self.of[value] then return end
  local unit = unit_of(value)
  local entry = new_entry(self, {
    what = "module", path = path, name = name, value = value, members = {}, also = {},
    unit = unit or parent and parent.unit, parent = parent,
    summary = module_summary(self.all.heads[unit]),
  })
  if parent then table.insert(parent.members, entry) end
  local call = callable(value)
  if call then entry.doc = sources.doc_of(self.all, call, name, entry.unit) end
  return entry
end

-- Level by level, so that what has two names goes by the shorter one.
local function walk(self, root)
  local queue = { add_module(self, root, "ssl", "ssl") }
  while queue[1] do
    local parent = table.remove(queue, 1)
    for _, name in ipairs(sorted_names(parent.value)) do
      local value = rawget(parent.value, name)
      local path = parent.path .. "." .. name
      if type(value) == "table" then
        queue[#queue + 1] = add_module(self, value, path, name, parent)
      elseif type(value) == "function" then
        add_function(self, value, path, name, parent)
      end
    end
  end
end

-- ==}

-- {== Kinds of objects =====================================================================

-- Is the first argument of a function a tensor, so that it is a method of tensors too?
local function takes_tensor(doc)
  local first = doc and doc.params[1]
  return first ~= nil and first.name ~= "..." and types.of(first.text) == "sslkit.Tensor"
end

local function tensor_kind(self)
  local kind = new_entry(self, {
    what = "kind", path = "Tensor", name = "Tensor", value = core.methods, members = {}, also = {},
    summary = "arrays of numbers: float32, float64, int64 and uint8",
  })
  for _, name in ipairs(sorted_names(core.methods)) do
    local value = core.methods[name]
    local entry = self.of[value]
    if not entry then
      local doc = sources.doc_of(self.all, value, name, nil, true)
      local twin = rawget(self.root, name)
      local known = twin and self.of[twin]
      if known and known.doc == doc then -- a function that loads the tape on its first use
        self.of[value], entry = known, known
      else
        entry = new_entry(self, {
          what = "method", path = "Tensor:" .. name, name = name, value = value, doc = doc,
          also = {}, summary = doc and doc.summary or "", parent = kind,
        })
      end
    end
    entry.method = takes_tensor(entry.doc)
    if entry.method then table.insert(kind.members, entry) end
  end
end

-- Words such as "dataset" and "loader" in docstrings, and the functions that give such objects.
local function find_makers(self)
  local words, of_class = {}, {}
  for _, entry in ipairs(self.entries) do
    if entry.what == "kind" then
      entry.makers, of_class["sslkit." .. entry.name] = {}, entry
      words[entry.name:lower()] = "sslkit." .. entry.name
      for _, word in ipairs(entry.doc and entry.doc.words or {}) do
        words[word] = "sslkit." .. entry.name
      end
    end
  end
  types.know(words)
  for _, entry in ipairs(self.entries) do
    local returns = entry.doc and entry.what ~= "method" and not entry.method and entry.doc.returns
    local kind = returns and of_class[types.of(returns)]
    if kind then table.insert(kind.makers, entry) end
  end
end

-- Methods with an example are for users: function Loader:state(), in the order of their definition.
local function other_kinds(self)
  local kinds, abouts = {}, {}
  for _, doc in ipairs(self.all.docs) do
    if doc.kind then abouts[doc.path .. ":" .. (doc.name or "")] = doc end
  end
  for _, doc in ipairs(self.all.docs) do
    if doc.owner and doc.owner:find "^%u%l" and #doc.examples > 0 then
      local key = doc.path .. ":" .. doc.owner
      local about = abouts[key]
      local name = about and about.kind or doc.owner
      if not kinds[key] then
        kinds[key] = new_entry(self, {
          what = "kind", path = name, name = name, value = key, members = {}, also = {},
          doc = about, summary = about and about.summary or "",
        })
      end
      table.insert(kinds[key].members, new_entry(self, {
        what = "method", path = name .. ":" .. doc.name, name = doc.name, value = doc,
        doc = doc, also = {}, summary = doc.summary, parent = kinds[key], method = true,
      }))
      self.of_place[doc.path .. ":" .. doc.line] = self.entries[#self.entries]
    end
  end
end

-- ==}

local built

-- Loads what a module loads on first use, and its parts what they do.
local function load_parts(module)
  local meta = getmetatable(module)
  for _, names in ipairs(type(meta) == "table" and meta.lazy or {}) do
    for name in pairs(names) do
      local ok, part = pcall(function() return module[name] end)
      if ok and type(part) == "table" then load_parts(part) end
    end
  end
end

--- Everything, read on the first call.
-- @return table: entries = list of {what = "function" | "module" | "kind" | "method", path, name,
-- value, doc, summary, also = other paths, parent, members}; of = entry by value; root = the entry
-- of ssl. Or nil and a message when the sources cannot be read
function index.get()
  if built then return built end
  local root = require "sslkit"
  load_parts(root)
  local all = sources.read()
  if #all.docs == 0 then
    return nil, "help reads the docstrings in sslkit's Lua files, which are not where they were "
      .. "loaded from"
  end
  local self = { all = all, entries = {}, of = {}, of_place = {}, root = root }
  walk(self, root)
  tensor_kind(self)
  other_kinds(self)
  find_makers(self)
  for _, entry in ipairs(self.entries) do -- a module that is no file
    local first = entry.what == "module" and entry.summary == "" and entry.members[1]
    if first then entry.summary = first.summary end
  end
  built = self
  return built
end

--- The entry of a function, module or method.
-- @param value anything
-- @return entry or nil
function index.of(value)
  local self = index.get()
  if not self or value == nil then return nil end
  if self.of[value] then return self.of[value] end
  return type(value) == "function" and self.of_place[sources.place(value) or ""] or nil
end

-- The function that another's docstring speaks of: one of the same module, if there is one.
local function entry_named(self, name, from)
  local best
  for _, entry in ipairs(self.entries) do
    if entry.what == "function" and entry.name == name or entry.path == "ssl." .. name then
      if entry.parent == from.parent then return entry end
      best = best or entry
    end
  end
  return best
end

--- The options that a function takes, those that it takes over from others included.
-- @param entry of the index
-- @return list of {name=, text=, default=}
function index.options(entry, visiting)
  local doc = entry.doc
  local last = doc and doc.params[#doc.params]
  if not last then return {} end
  visiting = visiting or {}
  visiting[entry] = true
  local found = options.parse(last.text)
  local items, seen = {}, {}
  local function add(list)
    for _, item in ipairs(list) do
      if not seen[item.name] then
        seen[item.name] = true
        items[#items + 1] = item
      end
    end
  end
  add(found.items)
  for _, name in ipairs(found.refers) do
    local other = entry_named(index.get(), name, entry)
    if other and not visiting[other] then add(index.options(other, visiting)) end
  end
  return items
end

--- The head comment of a file as a title.
-- @param head string or nil
-- @return string
function index.title(head)
  local first = docstring.sentence(head or ""):gsub("%.$", "")
  return first:match "^(.-)[:;] " or first
end

-- Where an object of ours has its methods: a table, or a function of ours; nil for other objects.
local function methods_of(self, object)
  local meta = getmetatable(object)
  local methods = type(meta) == "table" and meta.__index
  if type(methods) == "table" then return methods end
  if type(methods) ~= "function" then return nil end
  local path = (sources.place(methods) or ""):gsub(":%d+$", "")
  return self.all.files[path] and methods or nil
end

--- The kind of an object: that whose methods it has.
-- @param object table or userdata
-- @return entry or nil
function index.kind_of(object)
  local self = index.get()
  if not self then return nil end
  if core.is_tensor(object) then return self.of[core.methods] end
  local methods = methods_of(self, object)
  for _, entry in ipairs(methods and self.entries or {}) do
    if entry.what == "method" and entry.value == entry.doc then
      local f
      if type(methods) == "table" then f = rawget(methods, entry.name) end
      if type(methods) == "function" then f = object[entry.name] end
      if type(f) == "function" and self.of_place[sources.place(f) or ""] == entry then
        return entry.parent
      end
    end
  end
end

return index
