-- Loaders whose views are made by policies, ahead of their use or not.

local ssl = require "sslkit"

describe("a loader with a policy", function()
  local ds = ssl.data.digits():subset(ssl.arange(1, 70, 1, "int64"))
  local flips = { n = 2, { "hflip" }, { "vflip" } }
  local threads = ssl.get_threads()

  after_each(function() ssl.set_threads(threads) end)

  local function loader(options)
    options.batch, options.seed = options.batch or 16, options.seed or 3
    options.augment = options.augment or flips
    return ssl.data.loader(ds, options)
  end

  -- All that some epochs give.
  local function run(l, epochs)
    local all = {}
    for _ = 1, epochs or 1 do
      for a, b, y, index in l do
        all[#all + 1] = ssl.cat({ a, b }):view(-1)
        all[#all + 1] = (y * 1000 + index):to "float32"
      end
    end
    return ssl.cat(all)
  end

  it("gives as many views as the policy has, scaled by the dataset's levels", function()
    local l = loader { batch = 70, shuffle = false }
    for a, b, y, index in l do
      assert.same({ 70, 1, 8, 8 }, { a:shape() })
      assert.equal(1, math.max(a:amax():item(), b:amax():item()))
      assert.is_false(ssl.equal(a, b))
      assert.is_true(ssl.equal(ds.y, y))
      local same = ds.x:to "float32" / 16
      assert.tensor_near(same:sum { 2, 3, 4 }, b:sum { 2, 3, 4 }, 1e-5)
      local want = ssl.augment.compile(flips)(ds.x, { levels = 16, seed = 3, index = index })
      assert.is_true(ssl.equal(want, a))
    end
  end)

  it("takes fewer of them, or more of a policy with one", function()
    local one = loader { views = 1 }()
    assert.is_true(ssl.equal(one, (loader {}())))
    assert.raises("views = 3, but the policy has 2", loader, { views = 3 })
    local a, b, c, y = loader { augment = { { "hflip" } }, views = 3 }()
    assert.equal("int64", y:dtype())
    assert.is_false(ssl.equal(a, b))
    assert.is_false(ssl.equal(b, c))
  end)

  it("takes a name, a table or what was compiled", function()
    assert.equal(2, loader { augment = "simclr" }.views)
    assert.equal(2, loader { augment = ssl.augment.compile(flips) }.views)
    assert.raises("simcler", loader, { augment = "simcler" })
  end)

  it("gives the same with and without work ahead, for any number of threads", function()
    ssl.set_threads(1)
    local want = run(loader {}, 3)
    for n = 1, 3 do
      ssl.set_threads(n)
      assert.is_true(ssl.equal(want, run(loader {}, 3)))
      assert.is_true(ssl.equal(want, run(loader { prefetch = false }, 3)))
    end
  end)

  it("gives a sample the same views in any batch", function()
    ssl.set_threads(2)
    local seen, other = {}, {}
    for _, case in ipairs { { seen, 16 }, { other, 23 } } do
      for a, _, _, index in loader { batch = case[2], prefetch = case[2] == 16 } do
        for i = 1, #index do case[1][index[i]] = a[i] end
      end
    end
    assert.equal(70, #seen)
    for i = 1, 70 do assert.is_true(ssl.equal(seen[i], other[i])) end
  end)

  it("goes on from a state, and after a break, as it would have", function()
    ssl.set_threads(2)
    local l = loader {}
    for _ in l do if l:state().position == 2 then break end end
    local state = l:state()
    local rest = loader { seed = 99 }:load_state(state)
    local want = {}
    local count = 0
    for a in loader {} do
      count = count + 1
      if count > 2 then want[#want + 1] = a end
    end
    local got = {}
    for a in rest do got[#got + 1] = a end
    assert.equal(#want, #got)
    for i = 1, #want do assert.is_true(ssl.equal(want[i], got[i])) end
    -- the epoch that was left is over
    local second = loader {}
    run(second)
    assert.is_true(ssl.equal((second()), (l())))
  end)

  it("notices another policy or seed between batches", function()
    ssl.set_threads(2)
    local l = loader { shuffle = false }
    l()
    l.augment = ssl.augment.compile { n = 2, { "hflip", p = 0 } }
    local a = l(nil, true)
    assert.tensor_near(ds.x:narrow(1, 17, 32):to "float32" / 16, a, 1e-7)
  end)

  it("does operations in Lua too, and any that fail say so when asked", function()
    ssl.set_threads(2)
    ssl.augment.register("spec_half", function(x) return x * 0.5 end)
    local l = loader { augment = { n = 2, { "spec_half" }, { "hflip", p = 0 } }, shuffle = false }
    for a, _, _, index in l do
      assert.tensor_near(ds.x:index(1, index):to "float32" / 32, a, 1e-7)
    end
    local f = ssl.data.loader(ssl.data.dataset { x = ssl.ones({ 4, 2 }, "int64") },
      { augment = "none" })
    assert.raises("got (4,2) int64", f)
  end)

  it("may be thrown away while it works", function()
    ssl.set_threads(2)
    for _ = 1, 30 do loader { augment = "simclr" }() end
    collectgarbage()
  end)
end)
