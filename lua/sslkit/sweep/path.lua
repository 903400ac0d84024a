-- Places in a config: "augment.views[1].jitter.b" is in the table `augment`. Where that is an
-- augmentation policy, the rest is a place in it as ssl.augment.set takes it.

local check = require "sslkit.check"

local path = {}

--- Is a name of a space the path to a place?
-- @param name string
-- @return true or false
-- @example require("sslkit.sweep.path").is "augment.views[1].n" --> true
function path.is(name) return name:find "[.%[]" ~= nil end

--- The parts of a path; argument 1 of the caller is to blame for what is none.
-- @param text string
-- @return list of names and numbers
-- @example table.concat(require("sslkit.sweep.path").read "a.b[2].c", " ") --> a b 2 c
function path.read(text)
  local parts, at = {}, 1
  while at <= #text do
    local dot = #parts > 0 and "%." or ""
    local name, after = text:match("^" .. dot .. "([^.%[%]]+)()", at)
    local number, behind = text:match("^%[(%d+)%]()", at)
    if name then
      parts[#parts + 1], at = name, after
    elseif number and #parts > 0 then
      parts[#parts + 1], at = math.tointeger(tonumber(number)), behind
    elseif text:find("^%[%*%]", at) and parts[#parts] == "views" then
      parts[#parts + 1], at = "*", at + 3
    else
      check.fail(1, "a path such as augment.views[1].jitter.b expected, got '%s'", text)
    end
  end
  return parts
end

local function is_ops(v)
  return type(v) == "table" and type(v[1]) == "table" and (v[1][1] or v[1].op) ~= nil
end

-- Is it an augmentation policy: by name, a list of operations, or a table of views?
local function is_policy(v)
  if type(v) == "string" or is_ops(v) then return true end
  local view = type(v) == "table" and type(v.views) == "table" and v.views[1]
  return is_ops(view) or type(view) == "table" and is_ops(view.ops)
end

-- The part of a path behind its first `count` parts, as text.
local function rest_of(parts, count)
  local out = {}
  for i = count + 1, #parts do
    local p = parts[i]
    local index = math.type(p) == "integer" or p == "*"
    out[#out + 1] = index and ("[%s]"):format(p) or (#out > 0 and "." or "") .. p
  end
  return table.concat(out)
end

-- The message of an error that names a function and argument which are not the caller's.
local function bare(message)
  return tostring(message):match "bad argument #%d+ to '[^']*' %((.*)%)$" or tostring(message)
end

-- Both give the policy or the value; or nil and a message.
local function in_policy(name, ...)
  local ok, result = pcall(require("sslkit.augment")[name], ...)
  if ok then return result end
  return nil, bare(result)
end

-- Why a table has no such place, or nil.
local function misplaced(holder, name, at)
  if type(holder) ~= "table" then
    return ("%s is %s, in which there is no '%s'"):format(name, check.kind(holder), tostring(at))
  elseif at == "*" then
    return ("%s is no policy: [*] stands for its views"):format(name)
  elseif math.type(at) == "integer" and (at < 1 or at > #holder + 1) then
    return ("%s is a list of %d, in which there is no [%d]"):format(name, #holder, at)
  end
end

--- Sets the value at a place. Tables on the way are changed, and made where there are none; policies
-- are replaced.
-- @param config table
-- @param parts list, see path.read
-- @param value plain
-- @return true, or nil and a message
function path.set(config, parts, value)
  local holder = config
  for i, name in ipairs(parts) do
    local wrong = misplaced(holder, tostring(parts[i - 1]), name)
    if wrong then return nil, wrong end
    if i == #parts then break end
    local inner = holder[name]
    if parts[i + 1] == "views" and is_policy(inner) then
      local changed, message = in_policy("set", inner, rest_of(parts, i), value)
      if not changed then return nil, message end
      holder[name] = changed
      return true
    end
    if inner == nil then inner = {} end
    holder[name], holder = inner, inner
  end
  holder[parts[#parts]] = value
  return true
end

--- The value at a place.
-- @param config table
-- @param parts list, see path.read
-- @return value; nil where there is none
function path.get(config, parts)
  local v = config
  for i, name in ipairs(parts) do
    if name == "views" and i > 1 and is_policy(v) then
      local first = rest_of(parts, i - 1):gsub("^views%[%*%]", "views[1]")
      return (in_policy("get", v, first))
    end
    if type(v) ~= "table" then return nil end
    v = v[name]
  end
  return v
end

return path
