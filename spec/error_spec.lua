-- What an error says: the function as the user called it, the argument, and the user's line.

local ssl = require "sslkit"
local check = require "sslkit.check"
local core = require "sslkit.core"

local here = debug.getinfo(1, "S").short_src

-- The message of f, which must stand on the line `line` of this file.
local function message_at(line, f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  local at = ("%s:%d: "):format(here, line)
  assert.equal(at, message:sub(1, #at))
  return message:sub(#at + 1)
end

local function this_line() return debug.getinfo(2, "l").currentline end

local t = ssl.ones(2, 3)

describe("an error", function()
  it("stands at the user's line, however deep it arose", function()
    local line = this_line()
    local calls = {
      function() ssl.zeros(-1) end, -- line + 2, and so on
      function() ssl.randn(2, "int64") end,
      function() ssl.matmul(t, t) end,
      function() ssl.stack { t, 1 } end,
      function() ssl.std(t, 3) end,
      function() ssl.allclose(t, ssl.ones(4)) end,
      function() t:softmax(3) end,
      function() t:norm(2, 3) end,
      function() t:flatten(2, 1) end,
      function() ssl.generator(1):split() end,
      function() ssl.linalg.eigh(t) end,
      function() ssl.set_threads(0) end,
    }
    for i, f in ipairs(calls) do message_at(line + 1 + i, f) end
  end)

  it("of an operator, an index or an assignment does too", function()
    local line = this_line()
    local calls = {
      function() return t + ssl.ones(4) end,
      function() return 1 // ssl.zeros(1, "int64") end,
      function() return -ssl.ones(1, "uint8") end,
      function() return #ssl.tensor(1) end,
      function() return t[9] end,
      function() return t[{ 1, { 1, 9 } }] end,
      function() return t[ssl.ones(9, "uint8")] end,
      function() t[9] = 1 end,
      function() t[1] = "x" end,
      function() for _ in ssl.rows(ssl.tensor(1)) do error "no row" end end,
    }
    for i, f in ipairs(calls) do message_at(line + 1 + i, f) end
    -- on the tape an index goes by way of Lua
    local w = ssl.ones(2):requires_grad()
    line = this_line() + 1
    local message = message_at(line, function() return w[3] end)
    assert.equal("bad argument #2 to 'index' (index 3 is outside 1..2 of dimension 1)", message)
  end)

  it("stands where pcall, a coroutine or a callback called", function()
    local line = this_line() + 1
    local ok, message = pcall(ssl.zeros, -1)
    assert.is_false(ok)
    assert.equal(("%s:%d: bad argument #1 to 'zeros' (size must not be negative, got -1)"):format(
      here, line), message)

    line = this_line() + 1
    local co = coroutine.create(function() ssl.ones(2):view(3) end)
    ok, message = coroutine.resume(co)
    assert.is_false(ok)
    assert.truthy(message:find(("%s:%d: "):format(here, line), 1, true))

    line = this_line() + 1
    local function inner() ssl.eye(-1) end
    message_at(line, function() ssl.no_grad(inner) end)

    -- nobody but C has called: there is no line
    ok, message = coroutine.resume(coroutine.create(ssl.eye), -1)
    assert.is_false(ok)
    assert.equal("bad argument #1 to 'eye' (n must be in 0..inf, got -1)", message)
  end)

  it("names the function as it was called", function()
    local cases = {
      { "bad argument #2 to 'add' (", function() ssl.add(t, "x") end },
      { "bad argument #1 to 'add' (", function() t:add("x") end },
      { "calling 'add_' on bad self (", function()
        local wrong = setmetatable({}, { __index = t })
        wrong:add_(1)
      end },
      { "bad argument #2 to 'plus' (", function()
        local plus = ssl.add
        plus(t, "x")
      end },
      { "bad argument #2 to 'add' (", function() return ssl.add(t, "x") end }, -- a tail call
      { "bad argument #2 to 'add' (", function() return t + "x" end },
      { "bad argument #2 to 'index' (", function() return t[0] end },
      { "bad argument #2 to 'newindex' (", function() t[0] = 1 end },
      { "bad argument #2 to 'softmax' (", function() pcall(error) ssl["softmax"](t, 9) end },
      { "bad argument #2 to 'sum' (", function() local name = "sum" ssl[name](t, 9) end },
      -- delegated to a function of another name
      { "to 'zero_' (tensor expected", function() ssl.zero_(1) end },
      { "to 'min' (tensor expected", function() ssl.min("x") end },
      { "to 'stack' (", function() ssl.stack {} end },
      { "to 'dot' (", function() ssl.dot(ssl.ones(2), ssl.ones(3)) end },
      { "to 'double' (", function() ssl.double(1) end },
      { "to 'masked_fill' (", function() ssl.masked_fill(t, t, 1) end },
      { "to 'randn_like' (", function() ssl.randn_like(1) end },
      { "to 'normalize' (", function() ssl.normalize(ssl.ones(2, "int64")) end },
      { "to 'contiguous' (", function() ssl.contiguous(1) end },
      { "to 'bit_not' (", function() return ~t end },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(case[2])
      assert.is_false(ok)
      assert(message:find(case[1], 1, true), message)
    end
  end)

  it("names what a function of the user's calls last, at that function", function()
    local function run(loss)
      local data = ssl.data.dataset { x = ssl.ones(4, 2), y = ssl.ones(4, "int64") }
      ssl.train { model = ssl.nn.Linear(2, 2), data = ssl.data.loader(data, { batch = 4 }),
        steps = 1, loss = loss, optimizer = { "sgd", lr = 0.1 } }
    end
    local line = this_line() + 1
    local ok, message = pcall(run, function(net, batch)
      return ssl.losses.ntxent(net(batch.x), net(batch.x), { temprature = 1 })
    end)
    assert.is_false(ok)
    assert.matches(("^%s:%d: bad argument #3 to 'ntxent' %%(unknown option 'temprature'"):format(
      here:gsub("%p", "%%%0"), line), message)

    line = this_line() + 1
    ok, message = pcall(ssl.no_grad, function()
      return ssl.zeros(-1)
    end)
    assert.is_false(ok)
    assert.matches(("^%s:%d: bad argument #1 to 'zeros' "):format(here:gsub("%p", "%%%0"), line),
      message)

    assert.raises("does not fit", function() ssl.no_grad(ssl.nn.Linear(2, 2), ssl.ones(1, 3)) end)

    ok, message = coroutine.resume(coroutine.create(function()
      return core.callback(coroutine.yield, 1, 2, 3) -- may yield
    end))
    assert.same({ true, 1 }, { ok, message })
    assert.equal(6, select("#", core.callback(table.unpack, { 1, 2, 3, 4, 5, 6 })))
    assert.equal(0, select("#", core.callback(function() end)))
  end)

  it("says what it got", function()
    local cases = {
      { "got nil", nil }, { "got number 1.5", 1.5 }, { "got boolean true", true },
      { "got string 'abc'", "abc" }, { "got a long string", ("x"):rep(1000) },
      { "got table", {} }, { "got function", print }, { "got FILE*", io.stdout },
      { "got thread", coroutine.create(print) }, { "got number nan", 0 / 0 },
      { "got sslkit.Generator", ssl.generator(1) },
      { "got tensor (3) int64", ssl.ones(3, "int64") },
    }
    for _, case in ipairs(cases) do
      local _, from_c = pcall(ssl.narrow, t, 1, case[2], 1)
      assert(from_c:find(case[1] .. ")", 1, true), from_c)
      local _, from_lua = pcall(ssl.eye, case[2])
      assert(from_lua:find(case[1] .. ")", 1, true), from_lua)
      assert.equal(case[1], "got " .. check.kind(case[2]))
    end
    local _, message = pcall(ssl.narrow, t, 1)
    assert(message:find("got no value)", 1, true) or message:find("got nil)", 1, true), message)
  end)

  it("begins in lower case and ends without a full stop", function()
    local messages = {}
    for _, f in ipairs {
      function() ssl.zeros(-1) end, function() t:matmul(t) end, function() return t[9] end,
      function() return t + ssl.ones(4) end, function() ssl.zeros(1 << 40) end,
      function() t:exp { uot = t } end, function() ssl.tensor { 1, "x" } end,
    } do
      local _, message = pcall(f)
      messages[#messages + 1] = message:gsub("^[^ ]+ ", "")
    end
    for _, message in ipairs(messages) do assert(message:find "^%l.*[%w)]$", message) end
  end)

  it("from the caller's own metamethods passes through", function()
    local list = setmetatable({}, {
      __len = function() return 2 end,
      __index = function() error({ "mine" }, 0) end,
    })
    local ok, e = pcall(ssl.tensor, list)
    assert.is_false(ok)
    assert.same({ "mine" }, e)
  end)

  it("lists the options that are known", function()
    assert.raises("#2 to 'randperm' (unknown option 'gen'; known: dtype, generator)",
      function() ssl.randperm(3, { gen = 1 }) end)
    assert.raises("#3 to 'add' (table of options expected, got number 3)",
      function() ssl.add(t, t, 3) end)
  end)
end)
