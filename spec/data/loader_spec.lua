local ssl = require "sslkit"

describe("data.loader", function()
  local ds

  before_each(function()
    ds = ssl.data.dataset {
      x = ssl.arange(1, 10, 1, "int64"):byte():view(10, 1, 1, 1),
      y = ssl.arange(1, 10, 1, "int64"),
      levels = 10,
    }
  end)

  -- The sample numbers of one epoch, one list a batch.
  local function epoch(loader)
    local batches = {}
    for x, y, index in loader do
      assert.equal("float32", x:dtype())
      assert.same(index:totable(), y:totable()) -- the labels are the numbers
      batches[#batches + 1] = index:totable()
    end
    return batches
  end

  local function flat(batches)
    local all = {}
    for _, batch in ipairs(batches) do table.move(batch, 1, #batch, #all + 1, all) end
    return all
  end

  it("gives every sample once, scaled, with labels and numbers", function()
    local loader = ssl.data.loader(ds, { batch = 4, seed = 1 })
    assert.equal(3, #loader)
    local seen = flat(epoch(loader))
    assert.equal(10, #seen)
    table.sort(seen)
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, seen)
    for x, _, index in loader do
      assert.same({ #index, 1, 1, 1 }, { x:shape() })
      assert.tensor_near(index:to "float32" / 10, x:view(#index), 1e-7)
    end
  end)

  it("tells what it is", function()
    ds = ssl.data.digits()
    assert.equal("loader of 1797 samples: 29 batches of 64, shuffled with seed 3, epoch 1",
      tostring(ssl.data.loader(ds, { batch = 64, seed = 3 })))
    assert.equal("loader of 1797 samples: 18 batches of 100, in order, epoch 1",
      tostring(ssl.data.loader(ds, { batch = 100, shuffle = false })))
  end)

  it("keeps the order when it is not to shuffle", function()
    local loader = ssl.data.loader(ds, { batch = 4, shuffle = false })
    assert.same({ { 1, 2, 3, 4 }, { 5, 6, 7, 8 }, { 9, 10 } }, epoch(loader))
    assert.same({ { 1, 2, 3, 4 }, { 5, 6, 7, 8 }, { 9, 10 } }, epoch(loader))
  end)

  it("leaves out an incomplete batch when told to", function()
    local loader = ssl.data.loader(ds, { batch = 4, drop_last = true })
    assert.equal(2, #loader)
    assert.equal(8, #flat(epoch(loader)))
    local none = ssl.data.loader(ds, { batch = 11, drop_last = true })
    assert.equal(0, #none)
    assert.same({}, epoch(none))
    assert.same(2, none:state().epoch)
    assert.equal(1, #ssl.data.loader(ds, { batch = 11 }))
    assert.same({}, epoch(ssl.data.loader(ds:subset {})))
  end)

  it("shuffles by seed and epoch alone", function()
    local a = ssl.data.loader(ds, { batch = 3, seed = 5 })
    local b = ssl.data.loader(ds, { batch = 3, seed = 5 })
    local first, second = epoch(a), epoch(a)
    assert.not_same(first, second)
    ssl.rand(100) -- the default generator has no say
    assert.same(first, epoch(b))
    assert.same(second, epoch(b))
    assert.not_same(first, epoch(ssl.data.loader(ds, { batch = 3, seed = 6 })))
    -- without a seed, the default generator gives one
    ssl.seed(4)
    local c = epoch(ssl.data.loader(ds))
    ssl.seed(4)
    assert.same(c, epoch(ssl.data.loader(ds)))
  end)

  it("goes on from a state with exactly the batches that would have come", function()
    local options = { batch = 2, seed = 9 }
    local whole = ssl.data.loader(ds, options)
    local epochs = { epoch(whole), epoch(whole), epoch(whole) }
    for batches = 0, 5 do
      local interrupted, state = ssl.data.loader(ds, options), nil
      epoch(interrupted)
      local given = 0
      if batches == 0 then state = interrupted:state() end
      for _ in interrupted do
        given = given + 1
        if given == batches then
          state = interrupted:state()
          break
        end
      end
      assert.same({ epoch = 2, position = batches, seed = 9 }, state)
      local resumed = ssl.data.loader(ds, { batch = 2 }):load_state(state)
      local rest = epoch(resumed)
      assert.same({ table.unpack(epochs[2], batches + 1) }, rest)
      assert.same(epochs[3], epoch(resumed))
    end
  end)

  it("begins the next epoch after a break", function()
    local loader = ssl.data.loader(ds, { batch = 2, seed = 9 })
    for _ in loader do -- luacheck: ignore 512
      break
    end
    assert.same({ epoch = 1, position = 1, seed = 9 }, loader:state())
    local other = ssl.data.loader(ds, { batch = 2, seed = 9 })
    epoch(other)
    assert.same(epoch(other), epoch(loader))
    assert.same({ epoch = 3, position = 0, seed = 9 }, loader:state())
  end)

  it("gives several views, each augmented with what it needs to know", function()
    local calls = {}
    local loader = ssl.data.loader(ds, {
      batch = 5, seed = 2, views = 2,
      augment = function(x, about)
        assert.equal("uint8", x:dtype())
        assert.equal(#x, #about.index)
        calls[#calls + 1] = { about.seed, about.epoch, about.view }
        return x:to "float32" + 100 * about.view
      end,
    })
    for x1, x2, y, index in loader do
      assert.same({ 5, 1, 1, 1 }, { x1:shape() })
      assert.tensor_near(index:to "float32" + 100, x1:view(5))
      assert.tensor_near(index:to "float32" + 200, x2:view(5))
      assert.is_true(ssl.equal(y, index))
    end
    assert.same({ { 2, 1, 1 }, { 2, 1, 2 }, { 2, 1, 1 }, { 2, 1, 2 } }, calls)
    local callable = setmetatable({}, { __call = function(_, x) return x:to "float32" end })
    for x in ssl.data.loader(ds, { augment = callable }) do assert.equal(10, #x) end
    for _, stored in ipairs { ds, ssl.data.dataset { x = ssl.ones(10, 3) } } do
      for x1, x2 in ssl.data.loader(stored, { views = 2 }) do
        assert.is_true(ssl.equal(x1, x2))
        x1:fill_(0) -- views share nothing
        assert.is_true(x2:min():item() > 0)
      end
    end
  end)

  it("normalizes by numbers or by channel", function()
    for x, y in ssl.data.loader(ds, { normalize = { mean = 0.5, std = 0.25 } }) do
      assert.tensor_near((y:to "float32" / 10 - 0.5) / 0.25, x:view(10), 1e-6)
    end
    local colours = ssl.data.dataset { x = ssl.ones({ 4, 3, 2, 2 }) }
    for x in ssl.data.loader(colours, { normalize = { mean = { 0, 1, 3 }, std = { 1, 1, 2 } } }) do
      for channel, expected in ipairs { 1, 0, -1 } do
        assert.tensor_near(ssl.full({ 4, 2, 2 }, expected), x:select(2, channel))
      end
    end
  end)

  it("passes floats as they are, and does without labels", function()
    local x = ssl.randn(5, 3)
    local plain = ssl.data.dataset { x = x }
    for batch, y, index in ssl.data.loader(plain, { shuffle = false }) do
      assert.is_true(ssl.equal(x, batch))
      assert.is_nil(y)
      assert.equal(5, #index)
      batch:fill_(0) -- a copy
    end
    assert.is_true(x:abs():max():item() > 0)
    -- a table with x and y will do for a dataset
    for _, y in ssl.data.loader({ x = x, y = ssl.ones({ 5 }, "int64") }) do assert.equal(5, #y) end
  end)

  it("runs at flat memory", function()
    local big = ssl.data.dataset { x = ssl.zeros({ 500, 1, 100, 100 }, "uint8") }
    local loader = ssl.data.loader(big, { batch = 50 })
    epoch(ssl.data.loader(ds))
    collectgarbage()
    local before, most = collectgarbage "count", 0
    for _ = 1, 40 do
      for _ in loader do most = math.max(most, collectgarbage "count") end
    end
    -- 1000 MB of batches go by; the collector lets some 130 MB gather before its first round ends
    assert.is_true(most < before + 250 * 1024, most)
  end)

  it("says what is wrong", function()
    assert.raises({ "loader_spec.lua:", "#1 to 'loader' (dataset expected, got number 3)" },
      function() ssl.data.loader(3) end)
    assert.raises("dataset expected, got table", function() ssl.data.loader {} end)
    assert.raises("unknown option 'bach'; known: augment, batch, drop_last, normalize, "
      .. "prefetch, seed, shuffle, views", function() ssl.data.loader(ds, { bach = 3 }) end)
    assert.raises("batch must be in 1..inf, got 0", function()
      ssl.data.loader(ds, { batch = 0 })
    end)
    assert.raises("views must be a whole number, got number 1.5", function()
      ssl.data.loader(ds, { views = 1.5 })
    end)
    assert.raises("#2 to 'loader' (augment must be a policy or a function, got number 3", function()
      ssl.data.loader(ds, { augment = 3 })
    end)
    assert.raises("normalize.mean has 2 numbers for 1 channels", function()
      ssl.data.loader(ds, { normalize = { mean = { 1, 2 } } })
    end)
    assert.raises("unknown option 'men'; known: mean, std", function()
      ssl.data.loader(ds, { normalize = { men = 1 } })
    end)
    local loader = ssl.data.loader(ds)
    assert.raises("epoch must be a whole number, got nil", function() loader:load_state {} end)
    assert.raises("position must be in 0..1, got 2", function()
      loader:load_state { epoch = 1, position = 2, seed = 1 }
    end)
  end)
end)
