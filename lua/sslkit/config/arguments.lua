-- The arguments of a script that has a config: key=value, and a few options.

local near = require "sslkit.near"

local arguments = {}

-- What stands behind an option, for messages; nothing behind one that is false.
local TAKES = {
  config = "a file", set = "key=value", out = "a folder", seed = "a whole number",
  threads = "a number in 1..64", ["dry-run"] = false, help = false,
}
local EXPECTED = "expected key=value, --config FILE, --set KEY=VALUE, --out FOLDER, --seed N, "
  .. "--threads N, --dry-run or --help"

local OPTIONS = {}
for name in pairs(TAKES) do OPTIONS[#OPTIONS + 1] = "--" .. name end

local whole = { seed = { math.mininteger, math.maxinteger }, threads = { 1, 64 } }

local take = {}

function take.config(found, value) table.insert(found.files, value) end

function take.set(found, value)
  local path, text = value:match "^%s*([%a_][%w_.]*)%s*=(.*)$"
  if not path then return ("%s given; key=value expected"):format(value) end
  table.insert(found.settings, { path = path, text = text })
end

function take.out(found, value)
  if value == "" then return "--out needs a folder" end
  found.out = value
end

for name, range in pairs(whole) do
  take[name] = function(found, value)
    local n = math.tointeger(tonumber(value))
    if not n or n < range[1] or n > range[2] then
      return ("--%s %s; %s expected"):format(name, value, TAKES[name])
    end
    found[name] = n
  end
end

take["dry-run"] = function(found) found.dry_run = true end
function take.help(found) found.help = true end

--- What a list of arguments says.
-- @param list of strings
-- @return table: settings = list of {path=, text=}, files = list of paths, out, seed, threads,
-- dry_run, help; or nil and a message
function arguments.parse(list)
  local found = { settings = {}, files = {} }
  local i = 1
  while i <= #list do
    local word = tostring(list[i])
    local name, value = word:match "^%-%-([%a-]+)=(.*)$"
    name = name or word:match "^%-%-([%a-]+)$" or word == "-h" and "help"
    local wrong
    if name and TAKES[name] == nil or not name and not word:find "^[%a_][%w_.]*=" then
      local hint = near.hint(word:match "^%-[^=]*" or "", OPTIONS)
      return nil, ("unknown argument '%s'%s %s"):format(word, hint == "" and ";" or hint, EXPECTED)
    elseif not name then
      wrong = take.set(found, word)
    elseif not TAKES[name] then
      wrong = value and ("--%s takes no value"):format(name) or take[name](found)
    else
      if not value then
        i = i + 1
        value = list[i]
      end
      if value then wrong = take[name](found, tostring(value))
      else wrong = ("--%s needs %s"):format(name, TAKES[name]) end
    end
    if wrong then return nil, wrong end
    i = i + 1
  end
  return found
end

return arguments
