-- Docstrings: every public function has one that tells all about it, with examples that give what
-- they say. What a docstring looks like stands at the head of lua/sslkit/help/docstring.lua.
--
-- An example, `CODE --> TEXT`: tostring of CODE's first value is TEXT, up to spaces and line breaks;
-- numbers agree to 6 significant digits; `...` at the end of TEXT stands for any rest.

local lfs = require "lfs"
local check = require "sslkit.check"
local docstring = require "sslkit.help.docstring"
local index = require "sslkit.help.index"
local ssl = require "sslkit"

local root = package.searchpath("sslkit.check", package.path):match "^(.*)/"

-- {== Collecting ===========================================================================

-- The docstrings of all files, public or not.
local function collect(folder, all)
  for entry in lfs.dir(folder) do
    local path = folder .. "/" .. entry
    if entry:find "%.lua$" then
      for _, doc in ipairs((assert(docstring.read(path)))) do all[#all + 1] = doc end
    elseif not entry:find "^%." and lfs.attributes(path, "mode") == "directory" then
      collect(path, all)
    end
  end
  return all
end

-- The public functions and methods: entries of the index.
local function each_public(f)
  for _, entry in ipairs(assert(index.get()).entries) do
    local what = entry.what
    if what == "function" or what == "method" or what == "module" and entry.doc then f(entry) end
  end
end

-- What they know depends on the format of the file.
local BY_FORMAT = { ["ssl.load"] = true, ["ssl.save"] = true, ["ssl.augment.feature"] = true }

local function sorted(list)
  table.sort(list)
  return table.concat(list, "\n")
end

-- ==}

-- {== Comparing ============================================================================

local NUMBER = "[%-+]?%d+%.?%d*[eE]?[%-+]?%d*"

-- The text with a mark for each number, and the numbers.
local function numbers(text)
  local list = {}
  local rest = text:match("^%s*(.-)%s*$"):gsub("%s+", " "):gsub(NUMBER, function(s)
    local n = tonumber(s)
    if not n then return nil end
    list[#list + 1] = n
    return math.type(n) == "float" and "<float>" or "<integer>"
  end)
  return rest, list
end

local function same_text(want, got)
  local open = want:match "^(.-)%s*%.%.%.$"
  if open then
    open = open:gsub("%s+", " ")
    return got:gsub("%s+", " "):sub(1, #open) == open
  end
  local a, x = numbers(want)
  local b, y = numbers(got)
  if a ~= b then return false end
  for i = 1, #x do
    local scale = math.max(math.abs(x[i]), math.abs(y[i]))
    if math.abs(x[i] - y[i]) > 5.1e-6 * scale then return false end
  end
  return true
end

-- ==}

-- {== Running ==============================================================================

local function compiled(code)
  local env = setmetatable({ ssl = ssl }, { __index = _G })
  local f = load("return " .. code, "=example", "t", env)
  if f then return f end
  return load(code, "=example", "t", env)
end

-- What is wrong with an example, or nil.
local function problem(example)
  if not example.code then return "no `-->`" end
  local f, message = compiled(example.code)
  if not f then return message end
  ssl.seed(1) -- what an example gives must not depend on those before it
  local ok, value = pcall(f)
  if not ok then return tostring(value) end
  if not same_text(example.want, tostring(value)) then
    return ("'%s' expected, got '%s'"):format(example.want, tostring(value))
  end
end

local function run_examples(doc)
  for _, example in ipairs(doc.examples) do
    ssl.seed(1)
    pcall((compiled(example.code)))
  end
end

-- Does the function that a docstring is above return something, as far as its examples show?
local function returns_something(doc)
  local found = false
  debug.sethook(function()
    local info = debug.getinfo(2, "Sr")
    if info.linedefined == doc.line and info.source == "@" .. doc.path and info.ntransfer > 0 then
      found = true
    end
  end, "r")
  run_examples(doc)
  debug.sethook()
  return found
end

-- The names of options that functions ask check.options for while examples run: by docstring, a
-- set. A call belongs to the innermost public function, if it is about that one's last argument.
local function options_asked()
  local asked, by_place = {}, {}
  each_public(function(entry)
    local doc = entry.doc
    if doc and doc.arguments then by_place["@" .. doc.path .. ":" .. doc.line] = doc end
  end)
  local original = check.options
  function check.options(argn, given, defaults, more)
    for level = 2, 12 do
      local info = debug.getinfo(level, "Su")
      if not info then break end
      local doc = by_place[info.source .. ":" .. info.linedefined]
      if doc then
        local _, last = debug.getlocal(level, info.nparams)
        if last == given and not asked[doc] then
          asked[doc] = {}
          for name in pairs(defaults) do asked[doc][name] = true end
          for name in pairs(more or {}) do asked[doc][name] = true end
        end
        break
      end
    end
    return (original(argn, given, defaults, more))
  end
  each_public(function(entry) if entry.doc then run_examples(entry.doc) end end)
  check.options = original
  return asked
end

-- ==}

describe("docstrings", function()
  it("stand at everything public, and tell what it does, with an example", function()
    local missing = {}
    each_public(function(entry)
      local doc = entry.doc
      if not doc then
        missing[#missing + 1] = entry.path .. " has no docstring"
      elseif #doc.examples == 0 then
        missing[#missing + 1] = entry.path .. " has no example"
      elseif #doc.summary < 4 then
        missing[#missing + 1] = entry.path .. " has no summary"
      end
    end)
    assert.equal("", sorted(missing))
  end)

  it("stand at all methods of a kind of object that has some", function()
    local all, public, wrong = assert(index.get()).all, {}, {}
    for _, doc in ipairs(all.docs) do
      local kind = doc.owner and doc.owner:find "^%u%l" and #doc.examples > 0
      if kind then public[doc.path] = doc.owner end
    end
    for path, kind in pairs(public) do
      local number = 0
      for line in io.lines(path) do
        number = number + 1
        local name = line:match("^function " .. kind .. "[.:](%a[%w_]*)")
        local doc = all.at[path .. ":" .. number]
        if name and not (doc and #doc.examples > 0) then
          wrong[#wrong + 1] = ("%s:%d: %s:%s has no docstring with an example"):format(
            path, number, kind, name)
        end
      end
    end
    assert.equal("", sorted(wrong))
  end)

  it("stand at all kinds of objects", function()
    local wrong = {}
    for _, entry in ipairs(assert(index.get()).entries) do
      if entry.what == "kind" and entry.summary == "" then
        wrong[#wrong + 1] = ("%s: %s has no docstring with @kind"):format(
          entry.value:match "[^:]*", entry.path)
      end
    end
    assert.equal("", sorted(wrong))
  end)

  it("name the parameters that there are, in their order", function()
    local wrong = {}
    each_public(function(entry)
      local doc = entry.doc
      if not (doc and doc.arguments) then return end
      local want, got = {}, {}
      for i, name in ipairs(doc.arguments) do
        local is_self = name == "self" or i == 1 and name == "_" -- what __call begins with
        if not is_self then want[#want + 1] = name end
      end
      for _, param in ipairs(doc.params) do
        if param.name ~= "self" then got[#got + 1] = param.name end
        if param.name ~= "self" and param.text == "" then
          wrong[#wrong + 1] = ("%s:%d: %s says nothing of %s"):format(
            doc.path, doc.line, entry.path, param.name)
        end
      end
      want, got = table.concat(want, ", "), table.concat(got, ", ")
      if want ~= got and want ~= "..." then
        wrong[#wrong + 1] = ("%s:%d: %s(%s) documents (%s)"):format(
          doc.path, doc.line, entry.path, want, got)
      end
    end)
    assert.equal("", sorted(wrong))
  end)

  it("say what comes back, where something does", function()
    local wrong = {}
    each_public(function(entry)
      local doc = entry.doc
      if doc and not doc.returns and returns_something(doc) then
        wrong[#wrong + 1] = ("%s:%d: %s has no @return"):format(doc.path, doc.line, entry.path)
      end
    end)
    assert.equal("", sorted(wrong))
  end)

  it("name the options that there are", function()
    local wrong, count = {}, 0
    local asked = options_asked()
    each_public(function(entry)
      local doc = entry.doc
      local known = doc and asked[doc]
      local last = doc and doc.params[#doc.params]
      if not known or last.name == "state" then return end -- a state is plain data
      count = count + 1
      local written = {}
      for _, item in ipairs(index.options(entry)) do
        written[item.name] = true
        if not known[item.name] and not BY_FORMAT[entry.path] then
          wrong[#wrong + 1] = ("%s:%d: %s has no option %s"):format(
            doc.path, doc.line, entry.path, item.name)
        end
      end
      for name in pairs(known) do
        if not written[name] then
          wrong[#wrong + 1] = ("%s:%d: %s keeps quiet about the option %s"):format(
            doc.path, doc.line, entry.path, name)
        end
      end
    end)
    assert.equal("", sorted(wrong))
    assert.is_true(count > 40, count .. " functions with options were seen")
  end)

  it("have examples that give what they say", function()
    local wrong = {}
    for _, doc in ipairs(collect(root, {})) do
      for _, example in ipairs(doc.examples) do
        local message = problem(example)
        if message then
          local at = ("%s:%d"):format(doc.path, example.line)
          wrong[#wrong + 1] = ("%s: %s: %s"):format(
            at, example.code or "@example", message:match "^[^\n]*")
        end
      end
    end
    assert.equal("", sorted(wrong))
  end)

  it("are compared by numbers, spaces and an open end", function()
    assert.is_true(same_text("tensor [1.0, 0.333333]", "tensor\n  [1.0, 0.33333334]"))
    assert.is_true(same_text("a 3...", "a 3.25"))
    assert.is_true(same_text("a, b", " a,\n b\r\n"))
    assert.is_true(same_text("1e-05", "1.0000001e-05"))
    assert.is_false(same_text("3", "3.0"))
    assert.is_false(same_text("0.333", "0.33333334"))
    assert.is_false(same_text("[1, 2]", "[1, 3]"))
    assert.is_false(same_text("b...", "a"))
  end)
end)
