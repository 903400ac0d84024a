-- Memory: operations whose result lies over what they read, versions of a storage, the memory limit,
-- and scratch that is reused.

local ssl = require "sslkit"
local core = require "sslkit.core"
local reference = require "spec.tensor.reference"

local same = reference.same

describe("what is written over what is read", function()
  it("in place reads first", function()
    local t = ssl.arange(1, 9):view(3, 3)
    local want = t + t:t()
    t:add_(t:t())
    assert(same(want, t))
    t = ssl.arange(1, 5)
    t[{ { 1, 4 } }]:add_(t[{ { 2, 5 } }])
    assert.same({ 3, 5, 7, 9, 5 }, t:totable())
    t = ssl.arange(1, 5)
    t[{ { 2, 5 } }]:mul_(t[{ { 1, 4 } }])
    assert.same({ 1, 2, 6, 12, 20 }, t:totable())
    t = ssl.arange(1, 4)
    t:sub_(t[{ { -1, 1, -1 } }])
    assert.same({ -3, -1, 1, 3 }, t:totable())
    t:sub_(t)
    assert.same({ 0, 0, 0, 0 }, t:totable())
    t = ssl.arange(1, 4):view(2, 2)
    t:add_(t[1]) -- a row that changes while it is added
    assert.same({ { 2, 4 }, { 4, 6 } }, t:totable())
    t:mul_(t:select(1, 1):select(1, 1))
    assert.same({ { 4, 8 }, { 8, 12 } }, t:totable())
  end)

  it("through out reads first", function()
    local t = ssl.arange(1, 5)
    ssl.neg(t[{ { 1, 4 } }], { out = t[{ { 2, 5 } }] })
    assert.same({ 1, -1, -2, -3, -4 }, t:totable())
    t = ssl.arange(1, 5)
    ssl.square(t[{ { 5, 1, -1 } }], { out = t })
    assert.same({ 25, 16, 9, 4, 1 }, t:totable())
    t = ssl.arange(1, 4):view(2, 2)
    ssl.sub(t, t:t(), { out = t:t() })
    assert.same({ { 0, 1 }, { -1, 0 } }, t:totable())
    t = ssl.arange(1, 4)
    ssl.add(t, t, { out = t })
    assert.same({ 2, 4, 6, 8 }, t:totable())
    t = ssl.arange(1, 6):view(2, 3)
    assert.raises("#3 to 'matmul' (out shares its storage with a factor)",
      function() ssl.matmul(t, t:t(), { out = t[{ {}, { 1, 2 } }] }) end)
    assert.raises("#3 to 'matmul' (out must be contiguous)",
      function() ssl.matmul(t, t:t(), { out = ssl.zeros(2, 2):t() }) end)
  end)

  it("by copy_ and by assignment reads first", function()
    local t = ssl.arange(1, 9):view(3, 3)
    t:copy_(t:t())
    assert.same({ { 1, 4, 7 }, { 2, 5, 8 }, { 3, 6, 9 } }, t:totable())
    local v = ssl.arange(1, 5)
    v[{ { 2, 5 } }]:copy_(v[{ { 1, 4 } }])
    assert.same({ 1, 1, 2, 3, 4 }, v:totable())
    v[{ { 1, 4 } }]:copy_(v[{ { 2, 5 } }])
    assert.same({ 1, 2, 3, 4, 4 }, v:totable())
    v:copy_(v)
    assert.same({ 1, 2, 3, 4, 4 }, v:totable())
    assert.same({ 1, 1, 1 }, ssl.zeros(3):copy_(ssl.tensor({ 1 }, "uint8")):totable())
    assert.raises("#2 to 'copy_' ((2) float32 does not fit into (3) float32)",
      function() ssl.copy_(ssl.zeros(3), ssl.zeros(2)) end)
  end)

  it("over random pairs of views of one storage", function()
    math.randomseed(8)
    local function window(t)
      local first, last, step = math.random(12), math.random(12), math.random(2)
      if last < first then step = -step end
      return t[{ { first, last, step } }]
    end
    for _ = 1, 300 do
      local t = ssl.randn(12)
      local to, from = window(t), window(t)
      local n = math.min(#to, #from)
      to, from = to[{ { 1, n } }], from[{ { 1, n } }]
      local want = to - from * 2
      local scaled = from * 2
      to:sub_(scaled)
      assert(same(want, to))
      want = from:exp()
      from:exp { out = to }
      assert(same(want, to))
      want = to:maximum(from)
      ssl.maximum(to, from, { out = from })
      assert(same(want, from))
    end
  end)
end)

describe("a storage's version", function()
  it("moves with every change in place, seen by all its views", function()
    local t = ssl.tensor { { 1, 2 }, { 3, 4 } }
    local view = t:t()[1]
    local index, mask = ssl.tensor({ 1 }, "int64"), ssl.tensor({ 1, 0 }, "uint8")
    local changes = {
      function() t:add_(1) end,
      function() t:exp_() end,
      function() t:fill_(1) end,
      function() t:zero_() end,
      function() t:copy_(ssl.ones(2, 2)) end,
      function() t:set(5, 1, 1) end,
      function() t[1] = 3 end,
      function() t[{ 1, 2 }] = 3 end,
      function() t[mask] = 3 end,
      function() t[index] = 3 end,
      function() t:index_add_(1, index, ssl.ones(1, 2)) end,
      function() t:scatter_(1, index:unsqueeze(1), 1) end,
      function() t:scatter_add_(1, index:unsqueeze(1), 1) end,
      function() ssl.exp(ssl.ones(2, 2), { out = t }) end,
      function() ssl.add(1, ssl.ones(2, 2), { out = t }) end,
      function() ssl.matmul(ssl.ones(2, 2), ssl.ones(2, 2), { out = t }) end,
      function() ssl.sum(ssl.ones(2, 2), {}, false, { out = t }) end,
    }
    for i, change in ipairs(changes) do
      local before = core.version(view)
      change()
      assert(core.version(view) > before, "change " .. i)
      assert.equal(core.version(t), core.version(view))
    end
    local before = core.version(t)
    assert.is_truthy(t + 1 and t:sum() and t:t():clone() and t[1] and t[mask] and tostring(t))
    assert.equal(before, core.version(t))
  end)

  it("stays where an error came first", function()
    local t = ssl.ones(2)
    local before = core.version(t)
    for _, f in ipairs {
      function() t:add_(ssl.ones(3)) end, function() t:fill_ "x" end, function() t[3] = 1 end,
      function() t:set(1, 9) end, function() t:copy_(ssl.ones(3)) end,
      function() t:exp { out = ssl.ones(3) } end,
      function() t:index_add_(1, ssl.tensor({ 9 }, "int64"), ssl.ones(1)) end,
    } do assert.is_false(pcall(f)) end
    assert.equal(before, core.version(t))
    assert.same({ 1, 1 }, t:totable())
  end)
end)

describe("the memory limit", function()
  local limit
  before_each(function() limit = ssl.set_memory_limit(0) end)
  after_each(function() ssl.set_memory_limit(limit) end)

  local function leave(mib)
    collectgarbage()
    ssl.set_memory_limit(collectgarbage "count" * 1024 + mib * 2 ^ 20)
  end

  it("refuses what would pass it, naming shape and bytes", function()
    leave(10)
    assert.raises({ "zeros: (1099511627776) float32 needs 4194304.0 MiB; ",
      " MiB are in use of a limit of ", " MiB (ssl.set_memory_limit)" },
      function() ssl.zeros(1 << 40) end)
    assert.raises("randn: (3000000) float64 needs 22.9 MiB",
      function() ssl.randn(3000000, "float64") end)
    local wide = ssl.ones(1):expand(1 << 40)
    assert.raises("exp: ", function() wide:exp() end)
    assert.raises("sum: ", function() wide:sum() end)
    assert.raises("contiguous: ", function() wide:contiguous() end)
    assert.raises("totable: a table needs", function() wide:totable() end)
    assert.raises("totable: a table needs", function() ssl.zeros(1 << 40, 0):totable() end)
    assert.raises("tobytes: ", function() wide:tobytes() end)
    assert.raises("add: ", function() return ssl.ones(100000, 1) + ssl.ones(100000) end)
    assert.equal(4, ssl.ones(2, 2):sum():item())
  end)

  it("collects garbage before it refuses", function()
    leave(10)
    for _ = 1, 200 do ssl.zeros(1000000) end -- 4 MB each, never held
    assert.equal(1000000, ssl.ones(1000000):sum():item())
  end)

  it("stops what keeps everything, and the state lives on", function()
    leave(10)
    local kept = {}
    assert.raises("zeros: (100000) float32 needs 0.4 MiB", function()
      for i = 1, 1000 do kept[i] = ssl.zeros(100000) end
    end)
    assert.is_true(#kept >= 20 and #kept <= 27)
    kept = nil
    assert.equal(100000, ssl.ones(100000):sum():item())
    assert.is_nil(kept)
  end)

  it("lets waiting scratch go before it refuses", function()
    ssl.release_workspace()
    leave(10)
    local index = ssl.ones(900000, "int64") -- 7 MiB, and as much scratch while it is used
    local full = ssl.set_memory_limit(0)
    ssl.zeros(3):index(1, index)
    index = nil
    collectgarbage()
    ssl.set_memory_limit(full)
    assert.equal(2000000, ssl.zeros(2000000):numel()) -- 7.6 MiB: not beside the scratch
    assert.is_nil(index)
  end)

  it("may be asked and taken away", function()
    ssl.set_memory_limit(1e9)
    assert.equal(1e9, ssl.set_memory_limit(0))
    assert.equal(0, ssl.set_memory_limit(0))
    assert.raises("#1 to 'set_memory_limit' (bytes must be a finite number, got nil)",
      function() ssl.set_memory_limit() end)
    assert.raises("bytes must be in 0..inf, got -1", function() ssl.set_memory_limit(-1) end)
  end)
end)

describe("memory", function()
  it("does not grow in a loop that holds nothing", function()
    local function peak()
      local top = 0
      for _ = 1, 100 do -- 1.8 MB each
        local x = ssl.randn(300, 300)
        local y = x:matmul(x:t()) + 1
        y:softmax():sum()
        top = math.max(top, collectgarbage "count")
      end
      return top / 1024
    end
    collectgarbage()
    local first, second = peak(), peak()
    assert.is_true(second < 1.2 * first + 10, ("%.1f, then %.1f MiB"):format(first, second))
  end)

  it("of scratch is used again", function()
    ssl.release_workspace()
    local index = ssl.ones(100000, "int64")
    local t = ssl.zeros(3)
    t:index(1, index)
    collectgarbage()
    local before = collectgarbage "count"
    collectgarbage "stop"
    for _ = 1, 20 do t:index_add_(1, index[{ { 1, 10 } }], ssl.zeros(10)) end
    local grown = collectgarbage "count" - before
    collectgarbage "restart"
    assert.is_true(grown < 100, ("%.0f KiB"):format(grown)) -- the block has 800 KB
    ssl.release_workspace()
    collectgarbage()
    assert.is_true(before - collectgarbage "count" > 700)
  end)
end)
