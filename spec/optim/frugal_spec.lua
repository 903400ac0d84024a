-- FRUGAL: a drawn part of each weight follows AdamW or Lion, the rest the sign of its gradient.

local ssl = require "sslkit"

local optim = ssl.optim
local F64 = "float64"

-- Steps with gradients drawn for each, on a weight and a bias.
local function run(opt, ps, first, last, each)
  for t = first, last do
    local g = ssl.generator(100 + t)
    for _, p in ipairs(ps) do p:grad(ssl.randn({ p:size(1), p:numel() // p:size(1) },
      { dtype = F64, generator = g }):reshape(p:shape())) end
    assert.is_true(opt:step())
    if each then each(t) end
  end
end

local function weights()
  local g = ssl.generator(1)
  return {
    ssl.randn({ 6, 4, 2 }, { dtype = F64, generator = g }):requires_grad(),
    ssl.randn({ 5, 2 }, { dtype = F64, generator = g }):requires_grad(),
    ssl.randn({ 5 }, { dtype = F64, generator = g }):requires_grad(),
  }
end

local function trained(kind, options, steps, grouped)
  local ps = weights()
  local opt = optim[kind](grouped and { { params = ps, full = true } } or ps, options)
  run(opt, ps, 1, steps)
  return ps, opt
end

-- Which elements of a and b are equal, as a list of 0 and 1.
local function same(a, b)
  return (a - b):abs():lt(1e-12):flatten():totable()
end

local function count(list)
  local n = 0
  for _, v in ipairs(list) do n = n + v end
  return n
end

describe("frugal", function()
  local common = { lr = 0.1, weight_decay = 0.2 }
  local function with(more)
    local options = { lr = 0.1, weight_decay = 0.2, every = 5 }
    for key, value in pairs(more) do options[key] = value end
    return options
  end

  -- By the sign alone: Lion that remembers nothing.
  local function by_sign(scale, steps)
    local ps = weights()
    local opt = optim.lion(ps, { lr = 0.1 * scale, weight_decay = 0.2 / scale, betas = { 0, 0 } })
    run(opt, ps, 1, steps)
    return ps
  end

  for kind, betas in pairs { adamw = { 0.9, 0.999 }, lion = { 0.9, 0.99 } } do
    it("follows " .. kind .. " on the share that was drawn, the sign elsewhere", function()
      local whole = trained(kind, { lr = 0.1, weight_decay = 0.2, betas = betas }, 5)
      local rest = by_sign(0.5, 5)
      local shapes = { columns = { 6, 2 }, rows = { 2, 8 }, coordinates = { 12 } }
      for select, shape in pairs(shapes) do
        local ps, opt = trained("frugal",
          with { select = select, stateful = kind, sign_scale = 0.5, betas = betas }, 5)
        local m = opt:state().slots[1].m
        assert.same(shape, { m:shape() })
        local active, passive = same(ps[1], whole[1]), same(ps[1], rest[1])
        assert.equal(m:numel(), count(active), select)
        assert.equal(48 - m:numel(), count(passive), select)
        for i = 1, 48 do assert.equal(1, active[i] + passive[i]) end
        -- a bias has moments always
        assert.equal(5, count(same(ps[3], whole[3])))
        if select == "columns" then
          for i = 1, 40 do assert.equal(active[i], active[i + 8]) end
        elseif select == "rows" then
          for i = 1, 48 do assert.equal(active[(i - 1) // 8 * 8 + 1], active[i]) end
        end
      end
    end)
  end

  it("does so over long rows, in both dtypes, alike on any number of threads", function()
    local function stepped(kind, shape, dtype, options)
      local g = ssl.generator(3)
      local w = ssl.randn(shape, { dtype = dtype, generator = g }):requires_grad()
      local opt = optim[kind]({ w }, options)
      for _ = 1, 3 do
        w:grad(ssl.randn(shape, { dtype = dtype, generator = g }))
        opt:step()
      end
      return w, opt:state().slots[1]
    end
    local before <const> = ssl.get_threads()
    for _, shape in ipairs { { 3, 2500 }, { 900, 70 } } do
      for _, dtype in ipairs { "float32", F64 } do
        local whole = stepped("adamw", shape, dtype, common)
        local rest = stepped("lion", shape, dtype,
          { lr = 0.1, weight_decay = 0.2, betas = { 0, 0 } })
        for _, select in ipairs { "columns", "rows", "coordinates" } do
          local w, slot = stepped("frugal", shape, dtype, with { select = select })
          local active, passive = ssl.isclose(w, whole), ssl.isclose(w, rest)
          assert.equal(w:numel(), (active | passive):sum():item())
          -- the two may come close to each other by chance, so that a few count twice
          local counted = active:sum():item()
          assert.is_true(counted >= slot.m:numel() and counted < slot.m:numel() * 1.01)
          ssl.set_threads(5)
          assert(ssl.equal(w, (stepped("frugal", shape, dtype, with { select = select }))))
          ssl.set_threads(before)
        end
      end
    end
  end)

  it("is the whole optimiser where all is drawn, for one period", function()
    for _, select in ipairs { "columns", "rows", "coordinates", "blocks" } do
      local ps = trained("frugal", with { select = select, density = 1 }, 5)
      for i, p in ipairs(trained("adamw", common, 5)) do
        assert.tensor_near(p, ps[i], 1e-14)
      end
    end
  end)

  it("draws whole parameters, until they make up the share", function()
    local seen = {}
    for seed = 1, 12 do
      local _, opt = trained("frugal", with { select = "blocks", density = 0.5, seed = seed }, 1)
      local slots = opt:state().slots
      local first, second = slots[1].m:numel(), slots[2].m:numel()
      assert.is_true(first == 48 or first == 0)
      assert.is_true(second == 10 or second == 0)
      assert.is_true(first == 48) -- the small one alone is less than half
      assert.equal(5, slots[3].m:numel())
      seen[second] = true
    end
    assert.same({ [0] = true, [10] = true }, seen)
  end)

  it("draws again after `every` steps, moments from 0; tagged parameters keep theirs", function()
    local ps = weights()
    local opt = optim.frugal({ { params = { ps[1] } }, { params = { ps[2], ps[3] }, full = true } },
      with { every = 2 })
    local before
    run(opt, ps, 1, 3, function(t)
      local slots = opt:state().slots
      assert.same({ t, t, t }, { slots[1].t, slots[2].t, slots[3].t })
      assert.same({ 5, 2 }, { slots[2].m:size(1), slots[2].m:size(2) })
      if t == 3 then -- one step after the draw: m = (1 - b1) g, in each column some column of g
        local g, m = ps[1]:grad():reshape(6, 8), slots[1].m * 10
        local found = 0
        for j = 1, 8 do
          for k = 1, 2 do
            if ssl.allclose(g:select(2, j), m:select(2, k)) then found = found + 1 end
          end
        end
        assert.equal(2, found)
        assert.is_false(ssl.allclose(slots[2].m * 10, ps[2]:grad())) -- goes on from before
      end
      before = slots
    end)
    assert.equal(3, before[1].t)
    local whole = trained("adamw", common, 3)
    assert.tensor_near(whole[2], ps[2], 1e-14)
    assert.tensor_near(whole[3], ps[3], 1e-14)
  end)

  it("draws by its seed", function()
    local function drawn(seed)
      return (trained("frugal", with { select = "coordinates", seed = seed, every = 2 }, 5))[1]
    end
    assert.is_true(ssl.equal(drawn(1), drawn(1)))
    assert.is_false(ssl.equal(drawn(1), drawn(2)))
  end)

  it("checks its options", function()
    local params = weights()
    local function refused(message, options)
      assert.raises({ "bad argument #2 to 'frugal'", message }, optim.frugal, params, options)
    end
    refused("select must be one of columns, rows, coordinates, blocks, got string 'x'",
      { select = "x" })
    refused("stateful must be one of adamw, lion, got string 'sgd'", { stateful = "sgd" })
    refused("density must be in 0..1, got 2", { density = 2 })
    refused("every must be in 1..inf, got 0", { every = 0 })
    refused("seed must be a whole number, got number 0.5", { seed = 0.5 })
    refused("sign_scale must be in 0..inf, got -1", { sign_scale = -1 })
    refused("betas must lie in [0, 1), got 1", { betas = { 1, 0 } })
    assert.raises("unknown option 'full'; known: lr, no_decay", optim.adamw,
      { { params = params, full = true } })
  end)
end)
