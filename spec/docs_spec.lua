-- Docstrings: every public function has one, with an example, and every example gives what it says.
--
-- A docstring is the block of comment lines from `---` down to the line that defines the function.
-- In it, `-- @example CODE --> TEXT`: tostring of CODE's first value is TEXT, up to spaces and line
-- breaks; numbers agree to 6 significant digits; `...` at the end of TEXT stands for any rest.

local lfs = require "lfs"
local ssl = require "sslkit"
local tensor = require "sslkit.tensor"

local root = package.searchpath("sslkit.check", package.path):match "^(.*)/"

-- {== Collecting ===========================================================================

-- The name that a line gives to something public, or nil: function M.name(, function M:name(,
-- M.name = , name = , ["name"] = .
local function public_name(line)
  return line:match "^%s*function%s+[%w_.]*[.:]([%w_]+)%s*%("
    or line:match "^%s*[%w_.]-([%w_]+)%s*=[^=]"
    or line:match "^%s*%[\"([%w_]+)\"%]%s*="
end

-- Adds the docstrings of a file: {path=, line= (of the definition), name=, examples={{line=, code=,
-- want=}}}; and to `names` what its lines define, by "path:line".
local function read_docstrings(path, all, names)
  local block, number = nil, 0
  for line in io.lines(path) do
    number = number + 1
    names[path .. ":" .. number] = public_name(line)
    if line:find "^%s*%-%-%-%s" then block = { path = path, examples = {} } end
    if block and line:find "^%s*%-%-" then
      local code, want = line:match "@example%s+(.-)%s+%-%->%s*(.-)%s*$"
      if code then
        table.insert(block.examples, { line = number, code = code, want = want })
      elseif line:find "@example" then
        table.insert(block.examples, { line = number })
      end
    elseif block then
      block.line, block.name = number, public_name(line)
      all[#all + 1] = block
      block = nil
    end
  end
end

local function collect(folder, all, names)
  for entry in lfs.dir(folder) do
    local path = folder .. "/" .. entry
    if entry:find "%.lua$" then
      read_docstrings(path, all, names)
    elseif not entry:find "^%." and lfs.attributes(path, "mode") == "directory" then
      collect(path, all, names)
    end
  end
  return all
end

-- ==}

-- {== Comparing ============================================================================

local NUMBER = "[%-+]?%d+%.?%d*[eE]?[%-+]?%d*"

-- The text with a mark for each number, and the numbers.
local function numbers(text)
  local list = {}
  local rest = text:gsub("%s+", " "):gsub(NUMBER, function(s)
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

-- What is wrong with an example, or nil.
local function problem(example)
  if not example.code then return "no `-->`" end
  local env = setmetatable({ ssl = ssl }, { __index = _G })
  local f = load("return " .. example.code, "=example", "t", env)
  local message
  if not f then f, message = load(example.code, "=example", "t", env) end
  if not f then return message end
  ssl.seed(1) -- what an example gives must not depend on those before it
  local ok, value = pcall(f)
  if not ok then return tostring(value) end
  if not same_text(example.want, tostring(value)) then
    return ("'%s' expected, got '%s'"):format(example.want, tostring(value))
  end
end

-- ==}

local names = {}
local all = collect(root, {}, names)
local by_line, by_name = {}, {}
for _, doc in ipairs(all) do
  by_line[doc.path .. ":" .. doc.line] = doc
  local other = doc.name and by_name[doc.name]
  if doc.name and not (other and #other.examples > 0) then by_name[doc.name] = doc end
end

-- A function that is defined under its own name has its docstring there; one from C, or made by
-- another function, where the name is given to it.
local function docstring(f, name)
  local info = debug.getinfo(f, "S")
  local at = info.source:sub(2) .. ":" .. info.linedefined
  if names[at] == name then return by_line[at] end
  return by_line[at] or by_name[name]
end

-- The function that a value is, or is called as, or nil.
local function callable(v)
  if type(v) == "table" then v = (getmetatable(v) or {}).__call end
  return type(v) == "function" and v or nil
end

-- Calls f(path, name, function) for every function in the tables below t.
local function each_public(t, path, seen, f)
  if seen[t] then return end
  seen[t] = true
  for name, v in pairs(t) do
    if type(name) == "string" and not name:find "^_" then
      if callable(v) and not seen[v] then f(path .. "." .. name, name, callable(v)) end
      if type(v) == "table" then
        each_public(v, path .. "." .. name, seen, f)
      else
        seen[v] = true
      end
    end
  end
end

describe("docstrings", function()
  it("stand at every public function, with an example", function()
    local missing, seen = {}, {}
    for entry in lfs.dir(root) do -- modules load on first use: use them all
      local name = entry:gsub("%.lua$", "")
      if not name:find "^%." and name ~= "init" then
        local ok, message = pcall(function() return ssl[name] end)
        if not ok then missing[#missing + 1] = message:match "^[^\n]*" end
      end
    end
    local function check(path, name, f)
      local doc = docstring(f, name)
      if not doc then
        missing[#missing + 1] = path .. " has no docstring"
      elseif #doc.examples == 0 then
        missing[#missing + 1] = path .. " has no example"
      end
    end
    each_public(ssl, "ssl", seen, check)
    each_public(tensor, "tensor", seen, check)
    table.sort(missing)
    assert.equal("", table.concat(missing, "\n"))
  end)

  it("have examples that give what they say", function()
    local wrong = {}
    for _, doc in ipairs(all) do
      for _, example in ipairs(doc.examples) do
        local message = problem(example)
        if message then
          local at = ("%s:%d"):format(doc.path, example.line)
          wrong[#wrong + 1] = ("%s: %s: %s"):format(
            at, example.code or "@example", message:match "^[^\n]*")
        end
      end
    end
    assert.equal("", table.concat(wrong, "\n"))
  end)

  it("are compared by numbers, spaces and an open end", function()
    assert.is_true(same_text("tensor [1.0, 0.333333]", "tensor\n  [1.0, 0.33333334]"))
    assert.is_true(same_text("a 3...", "a 3.25"))
    assert.is_true(same_text("1e-05", "1.0000001e-05"))
    assert.is_false(same_text("3", "3.0"))
    assert.is_false(same_text("0.333", "0.33333334"))
    assert.is_false(same_text("[1, 2]", "[1, 3]"))
    assert.is_false(same_text("b...", "a"))
  end)
end)
