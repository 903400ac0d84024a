-- oneDNN's convolutions: the same as our own kernel's, and as ours for any number of threads.

local ssl = require "sslkit"
local core = require "sslkit.core"
local conv = require "sslkit.tensor.conv"

local found, dnnl = pcall(require, "sslkit.dnnl")

-- n, inp, h, w, out, kh, kw, and the geometry: stride, padding, dilation of height and width, groups
local CASES = {
  { 5, 3, 13, 11, 16, 3, 3, { 1, 1, 1, 1, 1, 1, 1 } },
  { 64, 16, 8, 8, 32, 3, 3, { 1, 1, 1, 1, 1, 1, 1 } },
  { 7, 32, 9, 10, 48, 3, 2, { 2, 1, 0, 1, 1, 1, 1 } },
  { 3, 16, 12, 12, 16, 3, 3, { 1, 1, 2, 2, 2, 2, 1 } },
  { 9, 24, 7, 7, 40, 1, 1, { 1, 1, 0, 0, 1, 1, 1 } },
  { 4, 24, 8, 9, 40, 1, 1, { 2, 2, 0, 0, 1, 1, 1 } },
  { 6, 32, 8, 8, 64, 3, 3, { 1, 1, 1, 1, 1, 1, 2 } },
  { 6, 32, 8, 8, 32, 3, 3, { 1, 1, 1, 1, 1, 1, 32 } },
  { 3, 5, 6, 7, 11, 2, 3, { 1, 1, 1, 0, 1, 1, 1 } },
  { 1, 16, 1, 1, 16, 1, 1, { 1, 1, 0, 0, 1, 1, 1 } },
  { 10, 64, 4, 4, 256, 3, 3, { 1, 1, 1, 1, 1, 1, 1 } },
  { 33, 16, 32, 32, 16, 3, 3, { 1, 1, 1, 1, 1, 1, 1 } },
}

-- y and both gradients, by the plans or without.
local function all(case, plans)
  local n, inp, h, w, out, kh, kw, geometry = table.unpack(case)
  local draw = { generator = ssl.generator(3) }
  local x = ssl.randn({ n, inp, h, w }, draw)
  local weight = ssl.randn({ out, inp // geometry[7], kh, kw }, draw)
  local bias = ssl.randn({ out }, draw)
  local y = core.conv2d(x, weight, bias, geometry, plans)
  local g = ssl.randn({ y:shape() }, draw)
  return {
    y, core.conv2d_input(g, weight, geometry, h, w, plans),
    core.conv2d_weight(g, x, geometry, kh, kw, plans), core.conv2d(x, weight, nil, geometry, plans),
  }
end

describe("oneDNN", function()
  if not found then
    pending "is not here"
    return
  end

  it("is what ssl.conv2d uses", function()
    ssl.conv2d(ssl.ones(1, 16, 5, 5), ssl.ones(16, 16, 3, 3))
    assert.is_not_nil(next(conv.plans))
    assert.matches("^oneDNN %d+%.%d+%.%d+$", dnnl.library)
  end)

  it("gives what our own kernel gives", function()
    local plans = conv.plans_of(dnnl)
    for k, case in ipairs(CASES) do
      local own, theirs = all(case), all(case, plans)
      for i, t in ipairs(own) do
        -- float32 has 7 digits, and sums of up to 30000 products lose one or two of them
        local off = ((t - theirs[i]):abs():max() / t:abs():max()):item()
        assert(off < 1e-5, ("case %d, array %d: off by %g"):format(k, i, off))
      end
    end
    local cuts = {}
    for _, plan in pairs(plans) do cuts[#cuts + 1] = tostring(plan) end
    local text = table.concat(cuts, "\n")
    assert.matches("the last fewer", text)   -- a smaller chunk at the end,
    assert.matches(", [2-8] runs", text)     -- sums of several runs,
    assert.matches(", 2 blocks", text)       -- the weight's gradient in parts
    assert.matches("plan of 4 x 16 images", text)
  end)

  it("gives the same bits for any number of threads", function()
    local plans = conv.plans_of(dnnl)
    for _, case in ipairs { CASES[2], CASES[11], CASES[12] } do
      ssl.set_threads(1)
      local one = all(case, plans)
      for _, threads in ipairs { 2, 3 } do
        ssl.set_threads(threads)
        for i, t in ipairs(all(case, plans)) do assert.is_true(ssl.equal(one[i], t)) end
      end
    end
  end)

  it("keeps a plan, and not too many", function()
    local made = 0
    local plans = conv.plans_of { plan = function() made = made + 1 end }
    for _ = 1, 3 do assert.is_false(plans.a) end
    assert.equal(1, made)
    for i = 1, 1000 do assert.is_false(plans["k" .. i]) end
    local kept = 0
    for _ in pairs(plans) do kept = kept + 1 end
    assert.is_true(kept <= 500)
  end)

  it("leaves to us what it has no fast way for", function()
    local x, w = ssl.randn(2, 3, 5, 5, "float64"), ssl.randn(4, 3, 3, 3, "float64")
    local plans = setmetatable({}, { __index = function() error "asked for a plan" end })
    local y = core.conv2d(x, w, nil, { 1, 1, 0, 0, 1, 1, 1 }, plans)
    assert.is_true(ssl.equal(ssl.conv2d(x, w), y))
    assert.is_nil(dnnl.plan "not a key")
  end)

  it("frees its plans", function()
    local plans = conv.plans_of(dnnl)
    all(CASES[1], plans)
    local some = setmetatable({}, { __mode = "v" })
    for _, plan in pairs(plans) do if plan then some[#some + 1] = plan end end
    assert.is_true(#some > 0)
    plans = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(some))
  end)
end)
