-- Places in a policy: "views[1].jitter.b" is option b of the first jitter of the first recipe of
-- views, "views[2].jitter[2].sigma[1]" the lower end of the second one's range.

local check = require "sslkit.check"
local named = require "sslkit.augment.named"
local near = require "sslkit.near"
local registry = require "sslkit.augment.registry"

local path = {}

-- "views[1].jitter.sigma[2]" as {"views", 1, "jitter", "sigma", 2}.
local function read(text)
  if type(text) ~= "string" then check.fail(2, "path expected, got %s", check.kind(text)) end
  local parts, at = {}, 1
  while at <= #text do
    local dot = #parts > 0 and "%." or ""
    local name, after = text:match("^" .. dot .. "([%a_][%w_]*)()", at)
    local number, behind = text:match("^%[(%d+)%]()", at)
    local star, past = text:match("^%[(%*)%]()", at)
    if name then parts[#parts + 1], at = name, after
    elseif number and #parts > 0 then parts[#parts + 1], at = math.tointeger(number), behind
    elseif star and #parts == 1 then parts[#parts + 1], at = "*", past
    else
      check.fail(2, "a path such as views[1].jitter.b expected, got '%s'", text)
    end
  end
  return parts
end

-- The operation that parts[3] on name, and how many parts that are.
local function find_op(view, parts, text)
  local name, which = parts[3], parts[4]
  if name == "ops" then
    local o = view.ops[math.type(which) == "integer" and which or 0]
    if not o then
      check.fail(2, "'%s': operations are numbered 1..%d", text, #view.ops)
    end
    return o, 4
  end
  local op = registry.find(name)
  local wanted, count = op and op.name or name, 0
  local number = math.type(which) == "integer" and which or 1
  local there = {}
  for _, o in ipairs(view.ops) do
    there[#there + 1] = o.op
    if o.op == wanted then
      count = count + 1
      if count == number then return o, number == which and 4 or 3 end
    end
  end
  if count > 0 then check.fail(2, "'%s': only %d %s in this view", text, count, wanted) end
  check.fail(2, "'%s': no %s in this view%s; it has %s", text, tostring(name),
    near.hint(tostring(name), there), table.concat(there, ", "))
end

-- The table and the key that a path names, in a canonical policy.
local function find(policy, parts, text)
  if parts[1] == "name" and #parts == 1 then return policy, "name" end
  local view = parts[1] == "views" and policy.views[parts[2] or 0]
  if not view then
    check.fail(2, "'%s': a path begins with views[1]..views[%d]", text, #policy.views)
  end
  if parts[3] == "n" and #parts == 3 then return view, "n" end
  if not parts[3] then check.fail(2, "'%s': an operation or n expected behind the view", text) end
  local o, used = find_op(view, parts, text)
  if #parts == used then return nil, o end
  local holder, key = o, parts[used + 1]
  local op = registry.find(o.op)
  key = op.aliases and op.aliases[key] or key
  if o[key] == nil then
    local all = {}
    for name in pairs(o) do all[#all + 1] = name end
    table.sort(all)
    check.fail(2, "'%s': %s has no option '%s'%s", text, o.op, tostring(key),
      near.hint(tostring(key), all))
  end
  for i = used + 2, #parts do
    holder, key = holder[key], parts[i]
    if type(holder) ~= "table" or holder[key] == nil then
      check.fail(2, "'%s': there is no [%s]", text, tostring(key))
    end
  end
  return holder, key
end

--- The value at a place of a policy.
-- @param policy in any form
-- @param place path: "views[1].jitter.b", of the first jitter; "views[1].jitter[2].b", of the second;
-- "views[1].ops[3].p", of the third operation; "views[1].n"
-- @return number, string, boolean or table
-- @raise places that there are not
-- @example ssl.augment.get({ {"hflip", p = 0.3} }, "views[1].hflip.p") --> 0.3
function path.get(policy, place)
  local holder, key = find(named.canonical(1, policy), read(place), place)
  if holder == nil then return key end
  return holder[key]
end

--- A policy that differs in one place.
-- @param policy in any form; it stays as it is
-- @param place path, as for ssl.augment.get; "views[*].jitter.b" is in all views that have the
-- operation
-- @param value plain
-- @return policy, canonical
-- @raise places that there are not, values that the operation does not take
-- @example ssl.augment.set({ {"hflip", p = 0.3} }, "views[1].hflip.p", 1).views[1].ops[1].p --> 1
function path.set(policy, place, value)
  local out, parts = named.canonical(1, policy), read(place)
  local function change(view)
    parts[2] = view
    local holder, key = find(out, parts, place)
    if holder == nil then check.fail(2, "'%s': an option expected behind %s", place, key.op) end
    holder[key] = value
  end
  if parts[2] ~= "*" then
    change(parts[2])
    return (named.canonical(3, out))
  end
  local wanted, found = (registry.find(parts[3]) or {}).name, false
  for i, view in ipairs(out.views) do
    local there = false
    for _, o in ipairs(view.ops) do there = there or o.op == wanted end
    if there then change(i) end
    found = found or there
  end
  if not found then check.fail(2, "'%s': no view has a %s", place, tostring(parts[3])) end
  return (named.canonical(3, out))
end

return path
