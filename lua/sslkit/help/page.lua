-- The pages of help, as text.

local check = require "sslkit.check"
local describe = require "sslkit.help.describe"
local index = require "sslkit.help.index"
local sheet = require "sslkit.help.sheet"
local signature = require "sslkit.help.signature"

local page = {}

local INDENT = sheet.INDENT

--- The page of a function or method.
-- @param entry of the index
-- @param settings table: width, color
-- @param others entries of the same name
-- @return string
function page.of_function(entry, settings, others)
  local self = sheet.new(settings)
  describe(self, entry, others)
  return self:text()
end

-- {== Modules and kinds ====================================================================

-- Entries with their summaries, one a line; name(entry) is what stands in front.
local function put_summaries(self, entries, name)
  local rows = {}
  for i, entry in ipairs(entries) do rows[i] = { name(entry), entry.summary } end
  self:list(rows)
end

-- The members of a kind with many of them: names only, by the file that they are from.
local function put_groups(self, members)
  local all = index.get().all
  local groups, order = {}, {}
  for _, member in ipairs(members) do
    local unit = member.doc and member.doc.unit or ""
    if not groups[unit] then
      groups[unit] = {}
      order[#order + 1] = unit
    end
    table.insert(groups[unit], member)
  end
  table.sort(order)
  for _, unit in ipairs(order) do
    local names, known = {}, {}
    for _, member in ipairs(groups[unit]) do known[member.name] = true end
    for _, member in ipairs(groups[unit]) do
      local base = member.name:match "^(.*)_$"
      if not (base and known[base]) then
        names[#names + 1] = member.name .. (known[member.name .. "_"] and "(_)" or "")
      end
    end
    self:head(index.title(all.heads[unit]))
    self:fill(table.concat(names, "  "), INDENT)
  end
end

--- The page of a module.
-- @param entry of the index
-- @param settings table: width, color
-- @return string
function page.of_module(entry, settings)
  local self = sheet.new(settings)
  if entry.doc then
    describe(self, entry)
  else
    self:fill(("%s: %s"):format(entry.path, entry.summary), "", INDENT)
  end
  self:put ""
  local functions, modules = {}, {}
  for _, member in ipairs(entry.members) do
    table.insert(member.what == "module" and modules or functions, member)
  end
  put_summaries(self, functions, function(member) return member.name end)
  if modules[1] then self:put "" end
  put_summaries(self, modules, function(member) return member.path end)
  self:put ""
  if entry.members[1] then
    local name = entry.members[1].path:gsub("^ssl%.", "")
    self:fill(("ssl.help \"%s\" tells more about one of them."):format(name))
  end
  return self:text()
end

--- The page of a kind of objects, or of one of them.
-- @param entry of the index
-- @param settings table: width, color
-- @param object what it is about, as text (nil: the kind)
-- @return string
function page.of_kind(entry, settings, object)
  local self = sheet.new(settings)
  if object then
    self:put(object)
    self:put ""
  end
  local summary = entry.doc and entry.doc.text or entry.summary
  local lead = entry.path .. (summary ~= "" and ": " .. summary or "")
  self:fill(lead, "", INDENT)
  local makers = {}
  for i, maker in ipairs(entry.makers) do makers[i] = maker.path end
  if makers[1] and #makers < 24 then
    self:fill("From " .. table.concat(makers, ", ") .. ".", INDENT)
  end
  if #entry.members > 60 then
    put_groups(self, entry.members)
    self:put ""
    self:fill("name(_): there is a twin that works in place. What makes tensors (zeros, randn, "
      .. "...) is listed by ssl.help(). ssl.help \"Tensor:sum\" tells more about a method.")
    return self:text()
  end
  if entry.doc and entry.doc.fields[1] then
    self:put ""
    local rows = {}
    for i, field in ipairs(entry.doc.fields) do rows[i] = { "." .. field.name, field.text } end
    self:definitions(rows, INDENT)
  end
  self:put ""
  put_summaries(self, entry.members, function(member)
    local doc = member.doc
    local arguments = signature.arguments(doc, index.options(member), doc.colon and 0 or 1)
    return ":" .. member.name .. "(" .. table.concat(arguments, ", ") .. ")"
  end)
  self:put ""
  self:put(("ssl.help \"%s\" tells more about one of them."):format(entry.members[1].path))
  return self:text()
end

-- ==}

-- {== The rest =============================================================================

--- The first page: what there is, and how to go on.
-- @param settings table: width, color
-- @return string
function page.overview(settings)
  local self = sheet.new(settings)
  local all = index.get()
  local root = all.of[all.root]
  self:put(("%s: %s"):format(all.root._VERSION, all.root._DESCRIPTION))
  self:head "Modules"
  local modules, kinds, plain = {}, {}, {}
  for _, member in ipairs(root.members) do
    if member.what == "module" then
      modules[#modules + 1] = member
    elseif not member.method then
      plain[#plain + 1] = member.name
    end
  end
  for _, entry in ipairs(all.entries) do
    if entry.what == "kind" then kinds[#kinds + 1] = entry end
  end
  put_summaries(self, modules, function(member) return member.path end)
  self:head "Objects"
  put_summaries(self, kinds, function(member) return member.path end)
  self:head "Functions of ssl itself, beside those of tensors"
  self:fill(table.concat(plain, "  "), INDENT)
  self:head "How to go on"
  self:definitions({
    { "ssl.help \"metrics\"", "a module: its functions, one line each" },
    { "ssl.help \"rankme\"", "a function; ssl.help \"Tensor:sum\", a method" },
    { "ssl.help(x)", "whatever x is: a function, a module, a tensor, a network, a figure" },
    { "ssl.help \"entropy\"", "a word: what has to do with it" },
  }, INDENT)
  return self:text()
end

-- What a field holds, in a few words.
local function short(value)
  if type(value) == "string" then return ("%q"):format(value:sub(1, 40)):gsub("\\\n", " ") end
  return check.kind(value)
end

--- The page of a result: its fields.
-- @param result table
-- @param settings table: width, color
-- @param line what it is
-- @return string
function page.of_table(result, settings, line)
  local self = sheet.new(settings)
  local rows = {}
  for name, value in next, result do
    if type(name) == "string" then rows[#rows + 1] = { "." .. name, short(value) } end
  end
  table.sort(rows, function(a, b) return a[1] < b[1] end)
  self:fill(line)
  if #result > 0 then
    self:put ""
    self:put(("%s[1..%d]  %s"):format(INDENT, #result, short(result[1])))
  end
  if rows[1] then
    self:put ""
    self:definitions(rows, INDENT)
  end
  return self:text()
end

--- Entries that could be meant.
-- @param lead sentence
-- @param entries list
-- @param settings table: width, color
-- @return string
function page.list(lead, entries, settings)
  local self = sheet.new(settings)
  self:fill(lead)
  put_summaries(self, entries, function(entry) return entry.path end)
  return self:text()
end

-- ==}

return page
