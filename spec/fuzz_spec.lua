-- Every public function of the tensor floor, called with odd arguments under a low memory limit: it
-- works, or it raises an error that names it. Never may it crash, hang, or fail inside our own code
-- ("attempt to ...").
--
--   SSLKIT_FUZZ_CALLS=1000000   how many calls (100000)
--   SSLKIT_FUZZ_SEED=123        the same calls again
--   SSLKIT_FUZZ_TRACE=file      each call is written there before it is made: the last one crashed

local ssl = require "sslkit"
local tensor = require "sslkit.tensor"
local check = require "sslkit.check"
local arguments = require "spec.fuzz.arguments"

local CALLS = tonumber(os.getenv "SSLKIT_FUZZ_CALLS") or 100000
local SEED = tonumber(os.getenv "SSLKIT_FUZZ_SEED") or os.time()
local TRACE = os.getenv "SSLKIT_FUZZ_TRACE"
local ROOM = 64 << 20 -- bytes above what is in use at the start
local SLOW = 5 -- seconds that no single call may take, however slow the machine

-- {== What is called =======================================================================

-- What belongs to the tape or changes the run itself is called elsewhere.
local apart = {
  backward = true, grad = true, hvp = true, no_grad = true, requires_grad = true,
  set_memory_limit = true, set_threads = true, set_printoptions = true,
}

local calls = {} -- {name, function}
for name, f in pairs(tensor) do
  if type(f) == "function" and not name:find "^_" and not apart[name] then
    calls[#calls + 1] = { name, f }
  end
end
for name, f in pairs(ssl.linalg) do calls[#calls + 1] = { name, f } end
table.sort(calls, function(a, b) return a[1] < b[1] end)

-- Operators and methods have no name that the message could be asked for; arguments that fit them
-- are found under what stands first here.
local function nameless(like, f) calls[#calls + 1] = { false, f, like } end
for _, operator in ipairs { "+", "-", "*", "/", "//", "%", "^" } do
  nameless("add", assert(load("local a, b = ... return a " .. operator .. " b")))
end
nameless("bit_and", function(a, b) return a & b end)
nameless("bit_or", function(a, b) return a | b end)
nameless("abs", function(a) return -a end)
nameless("abs", function(a) return ~a end)
nameless("abs", function(a) return #a end)
for _ = 1, 6 do -- indexing has many forms
  nameless("[]", function(a, k) return a[k] end)
  nameless("[]=", function(a, k, v) a[k] = v end)
end
nameless("abs", function(a) return tensor.rows(a)() end)
for _, method in pairs(getmetatable(ssl.generator(0)).__index) do
  if type(method) == "function" then
    nameless("state", function(g, ...) return (method(g, ...)) end)
  end
end

-- ==}

-- {== What may come of it ==================================================================

local function text(v)
  if type(v) == "table" and not getmetatable(v) then
    local parts = {}
    for k, x in pairs(v) do
      if #parts == 6 then parts[7] = "..." break end
      local shown = type(x) == "table" and "{...}" or check.kind(x)
      parts[#parts + 1] = (math.type(k) and "" or k .. " = ") .. shown
    end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  return check.kind(v)
end

local function call_text(name, args)
  local parts = {}
  for i = 1, args.n do parts[i] = text(args[i]) end
  return ("%s(%s)"):format(name or "(operator)", table.concat(parts, ", "))
end

-- What is wrong with the message of `name`, or nil.
local function complaint(name, message)
  if type(message) ~= "string" then return "the error is no string" end
  if message:find "boom$" or message:find "not enough memory" then return nil end
  if message:find "object length is not an integer" then return nil end
  -- an operator on something that is no tensor is the user's own "attempt to"
  if name and message:find "attempt to" then return "an unchecked argument" end
  if message:find("'?'", 1, true) then return "the function has no name" end
  if not name then return nil end
  local quoted = ("'%s'"):format(name)
  if message:find("bad argument #%d+ to " .. quoted) or message:find("calling " .. quoted, 1, true)
    or message:find(name .. ": ", 1, true) then return nil end
  return "the message does not name the function"
end

-- Reads what came back, so that a view of wrong memory shows itself under the sanitizers.
local function read(...)
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    if ssl.is_tensor(v) and v:numel() < 1e5 then
      assert(#v:tobytes() == v:numel() * #ssl.zeros(1, v:dtype()):tobytes())
      assert(type(tostring(v)) == "string")
    end
  end
end

-- ==}

describe("every function of the tensor floor", function()
  local limit, threads

  setup(function()
    threads = ssl.get_threads()
    ssl.set_threads(3)
    collectgarbage()
    limit = ssl.set_memory_limit(collectgarbage "count" * 1024 + ROOM)
  end)

  teardown(function()
    ssl.set_memory_limit(limit)
    ssl.set_threads(threads)
  end)

  it("works or raises an error that names it", function()
    print(("fuzz: %d calls, SSLKIT_FUZZ_SEED=%d"):format(CALLS, SEED))
    local trace = TRACE and assert(io.open(TRACE, "w"))
    math.randomseed(SEED)
    ssl.seed(SEED)
    local wrong, idle = {}, {}
    for _, call in ipairs(calls) do idle[call[1] or call[3]] = true end
    for i = 1, CALLS do
      local name, f, like = table.unpack(calls[math.random(#calls)])
      local args = arguments.make(name or like)
      if trace then
        trace:seek "set"
        trace:write(i, " ", call_text(name, args), "\n", (" "):rep(200), "\n")
        trace:flush()
      end
      local start = os.clock()
      local results = table.pack(pcall(f, table.unpack(args, 1, args.n)))
      local seconds = os.clock() - start

      local what
      if results[1] then
        idle[name or like] = nil
        local ok, message = pcall(read, table.unpack(results, 2, results.n))
        what = not ok and message
      else
        what = complaint(name, results[2])
        what = what and what .. ": " .. tostring(results[2])
      end
      if seconds > SLOW then what = ("%.1f s"):format(seconds) end
      if what then
        wrong[#wrong + 1] = ("call %d: %s: %s"):format(i, call_text(name, args), what)
        if #wrong == 20 then break end
      end
    end
    if trace then trace:close() end
    assert.equal("", table.concat(wrong, "\n"))
    if CALLS >= 20000 then assert.same({}, idle) end -- each has worked once: not all was odd
    assert.is_true(ssl.ones(2, 2):matmul(ssl.ones(2, 2)):sum():item() == 8)
  end)
end)
