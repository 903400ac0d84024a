-- Loaded by busted before the specs (.busted): the assertions of our own, and the same start and
-- end for every file: seed and threads as given, and afterwards the memory back.

assert(_VERSION == "Lua 5.4", "sslkit needs Lua 5.4, this is " .. _VERSION)
warn "@on" -- an error in a finaliser shows

local busted = require "busted"
local lfs = require "lfs"
local luassert = require "luassert"
local say = require "say"
local ssl = require "sslkit"

local slack = 2048 -- KiB that a file may leave behind: what busted keeps, interned strings, caches

-- Modules load on first use. All of them are loaded here, so that no file is charged for one; a
-- module that does not load fails in spec/floors_spec.lua.
local function preload(folder, prefix)
  for entry in lfs.dir(folder) do
    local path, name = folder .. "/" .. entry, entry:match "^(.+)%.lua$"
    if name then
      pcall(require, name == "init" and prefix or prefix .. "." .. name)
    elseif not entry:find "^%." and lfs.attributes(path, "mode") == "directory" then
      preload(path, prefix .. "." .. entry)
    end
  end
end

preload(package.searchpath("sslkit.check", package.path):match "^(.*)/", "sslkit")
require("sslkit.help").names() -- the docstrings, which are kept once they are read

-- assertion(name, f): f returns nil when all is well and otherwise what is wrong, then what the
-- assertion returns.
local function assertion(name, f)
  say:set("assertion." .. name, "%s")
  luassert:register("assertion", name, function(_, arguments)
    local wrong, result = f(table.unpack(arguments, 1, arguments.n))
    arguments[1], arguments.n, arguments.nofmt = wrong, 1, { true }
    return not wrong, { result }
  end, "assertion." .. name)
end

local function plain(v)
  return type(v) == "userdata" and (v:dim() == 0 and v:item() or v:totable()) or v
end

local function close(a, b, tol)
  return a == b or a ~= a and b ~= b or math.abs(a - b) <= tol
end

-- Where and how two nested tables of numbers differ first; nil when they do not.
local function difference(expected, actual, tol, at)
  if type(expected) ~= "table" or type(actual) ~= "table" then
    if type(expected) ~= type(actual) then
      return ("%s: a %s expected, got a %s"):format(at, type(expected), type(actual))
    elseif not close(expected, actual, tol) then
      return ("%s: %.9g expected, got %.9g (off by %.3g, tolerance %g)"):format(
        at, expected, actual, math.abs(actual - expected), tol)
    end
    return nil
  end
  if #expected ~= #actual then
    return ("%s: %d elements expected, got %d"):format(at, #expected, #actual)
  end
  for i = 1, #expected do
    local wrong = difference(expected[i], actual[i], tol, ("%s[%d]"):format(at, i))
    if wrong then return wrong end
  end
end

-- assert.tensor_near(expected, tensor, tol): expected is a tensor, a nested table or a number; NaN
-- equals NaN.
assertion("tensor_near", function(expected, tensor, tol)
  return difference(plain(expected), plain(tensor), tol or 1e-6, "tensor"), tensor
end)

-- assert.raises(text, f, ...): f(...) raises a message that holds the text, or each of a list of
-- texts. Returns the message.
assertion("raises", function(texts, f, ...)
  local ok, message = pcall(f, ...)
  if ok then return "an error was expected, and none was raised" end
  message = tostring(message)
  for _, text in ipairs(type(texts) == "table" and texts or { texts }) do
    if not message:find(text, 1, true) then
      return ("an error with '%s' was expected, got: %s"):format(text, message)
    end
  end
  return nil, message
end)

local function live()
  ssl.release_workspace()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

-- busted keeps the tests of a finished file, and with them everything that they refer to.
local function release(element)
  for _, child in ipairs(busted.children(element)) do
    release(child)
    child.run, child.env = nil, nil
  end
end

local threads = ssl.get_threads()
local baseline

busted.subscribe({ "file", "start" }, function()
  ssl.seed(1)
  ssl.set_threads(threads)
  baseline = live()
  return nil, true
end)

busted.subscribe({ "file", "end" }, function(file)
  release(file)
  local left = live() - baseline
  if left > slack then
    local message = ("%.1f MiB more are live than before this file"):format(left / 1024)
    busted.publish({ "error", "file" }, file, busted.parent(file), message, {})
  end
  return nil, true
end)
