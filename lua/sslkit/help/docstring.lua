-- Docstrings as data. A docstring is the block of comment lines from `---` down to the line that
-- defines a function, or the table of methods of a kind of object:
--
--   --- What it does, in one sentence. More.
--   -- @param name what it is; a default stands in parentheses
--   -- @param options {name=default, ...}, or table: name = what it is (default); ...
--   -- @return what comes back
--   -- @raise when
--   -- @source the paper
--   -- @example CODE --> TEXT (tostring of the first value of CODE; `...` at the end: any rest)
--   -- @kind Name, word (above a table of methods: what such objects, and in other docstrings words
--   -- of them, are called)
--   -- @field name what it is (of such objects)
--   -- @luals a line for the stubs alone: how such objects are called, say
--
-- Lines that begin without a tag go on with the tag above them.

local docstring = {}

-- {== Definitions ==========================================================================

-- What a line of code defines: {owner = "T", "Loader" or nil, name =, colon = does one stand between
-- them, arguments = list of names, of a function}; nil where it defines nothing that has a name.
local function definition(line)
  local owner, sign, name = line:match "^%s*function%s+([%w_.]-)([.:])([%w_]+)%s*%("
  if not name then name = line:match "^%s*local%s+function%s+([%w_]+)" end
  if name then
    local found = { owner = owner, name = name, colon = sign == ":", arguments = {} }
    for argument in (line:match "%b()" or ""):gmatch "[%w_.]+" do
      table.insert(found.arguments, argument)
    end
    return found
  end
  owner, name = line:match "^%s*([%w_]+)%.([%w_]+)%s*=[^=]"
  name = name or line:match "^%s*local%s+([%w_]+)%s*=[^=]" or line:match "^%s*([%w_]+)%s*=[^=]"
    or line:match "^%s*%[\"([%w_]+)\"%]%s*="
  return name and { owner = owner, name = name, colon = false } or nil
end

-- ==}

-- {== Blocks ===============================================================================

local function trimmed(s) return s:match "^%s*(.*%S)" or "" end

-- "a, b what they are" documents two of them.
local function add_named(to, text)
  local first, rest = text:match "^([%w_.]+)%s*(.*)$"
  if not first then return end
  local list = { first }
  while true do
    local name, after = rest:match "^,%s*([%w_]+)%s*(.*)$"
    if not name then break end
    list[#list + 1], rest = name, after
  end
  for _, name in ipairs(list) do to[#to + 1] = { name = name, text = rest } end
end

local take = {
  param = function(doc, text) add_named(doc.params, text) end,
  field = function(doc, text) add_named(doc.fields, text) end,
  luals = function(doc, text) table.insert(doc.luals, text) end,
  ["return"] = function(doc, text) doc.returns = text end,
  raise = function(doc, text) doc.raises = text end,
  source = function(doc, text) doc.source = text end,
  kind = function(doc, text)
    doc.kind, doc.words = text:match "^[%w_]+", {}
    for word in text:gmatch "[%w_]+" do table.insert(doc.words, word:lower()) end
  end,
  example = function(doc, text, line)
    local code, want = text:match "^(.-)%s+%-%->%s*(.*)$"
    table.insert(doc.examples, { line = line, code = code, want = want })
  end,
}

-- The comment lines of a block as a docstring; `first` is the number of its first line.
local function parse(lines, first)
  local doc = { params = {}, fields = {}, luals = {}, examples = {} }
  local tag, text, at = nil, {}, first
  local function finish()
    local whole = trimmed(table.concat(text, " "))
    if tag == nil then
      doc.text = whole
    elseif take[tag] then
      take[tag](doc, whole, at)
    end
  end
  for i, line in ipairs(lines) do
    local body = line:match "^%s*%-%-%-?%s?(.*)$"
    local new, rest = body:match "^%s*@(%a+)%s*(.*)$"
    if new then
      finish()
      tag, text, at = new, { rest }, first + i - 1
    else
      text[#text + 1] = trimmed(body)
    end
  end
  finish()
  doc.summary = docstring.sentence(doc.text)
  return doc
end

--- The first sentence of a text.
-- @param text string
-- @return string
function docstring.sentence(text)
  local from = 1
  while true do
    local stop = text:find("[.?]%s+[%u`%[]", from)
    if not stop then return text end
    local sentence = text:sub(1, stop)
    if not sentence:find "%f[%w]al%.$" and not sentence:find "%f[%w]eq%.$" then return sentence end
    from = stop + 1
  end
end

-- ==}

-- {== Files ================================================================================

-- A counter of lines that moves on through a text: line_of(position) for growing positions.
local function counter(text)
  local at, line = 1, 1
  return function(position)
    while true do
      local stop = text:find("\n", at, true)
      if not stop or stop >= position then return line end
      at, line = stop + 1, line + 1
    end
  end
end

-- The comment that a text begins with.
local function head_of(text)
  local lines = {}
  for line in text:gmatch "[^\n]*" do
    local comment = line:match "^%-%- (.*)$"
    if not comment then break end
    lines[#lines + 1] = trimmed(comment)
  end
  return table.concat(lines, " ")
end

-- The names of modules that a text requires by themselves.
local function required_of(text)
  local list = {}
  for name in text:gmatch "%f[%w]require[%s(]*[\"']([%w_.]+)" do list[#list + 1] = name end
  return list
end

-- The block of comment lines that begins at a position, and the line of code behind it.
local function block_at(text, position)
  local lines, at = {}, position
  while true do
    local stop = text:find("\n", at, true) or #text + 1
    local line = text:sub(at, stop - 1)
    if not line:find "^%s*%-%-" then return lines, line end
    lines[#lines + 1], at = line, stop + 1
  end
end

--- The docstrings of a file.
-- @param path string
-- @return list of {path=, line= (of the definition), owner=, name=, colon=, arguments=, text=,
-- summary=, params= {name=, text=}, fields= the same, returns=, raises=, source=, kind=, words=, luals=,
-- examples= {line=, code=, want=}}, the comment at the head of the file, and a list of the modules that
-- it requires; or nil and a message
function docstring.read(path)
  local file, message = io.open(path)
  if not file then return nil, message end
  local text = file:read "a" or ""
  file:close()
  local docs, line_of, from = {}, counter(text), 1
  while true do
    local mark = text:find("--- ", from, true)
    if not mark then break end
    local start = mark
    while text:find("^[ \t]", start - 1) do start = start - 1 end
    from = mark + 4
    if start == 1 or text:sub(start - 1, start - 1) == "\n" then
      local lines, code = block_at(text, start)
      local first = line_of(start)
      local doc = parse(lines, first)
      doc.path, doc.line = path, first + #lines
      for key, value in pairs(definition(code) or {}) do doc[key] = value end
      docs[#docs + 1] = doc
      for _, line in ipairs(lines) do start = start + #line + 1 end
      from = start
    end
  end
  return docs, head_of(text), required_of(text)
end

-- ==}

return docstring
