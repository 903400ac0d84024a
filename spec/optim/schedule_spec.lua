-- Learning rates by step.

local ssl = require "sslkit"

local schedule = ssl.optim.schedule

local function values(s, first, last)
  local list = {}
  for t = first, last do list[#list + 1] = s(t) end
  return list
end

describe("a schedule", function()
  it("cosine with warm-up is that of the worked example", function()
    local s = schedule.cosine { lr = 1, steps = 10, warmup = 2 }
    assert.tensor_near({ 0.5, 1, 1, 0.9619397663, 0.8535533906, 0.6913417162, 0.5, 0.3086582838,
      0.1464466094, 0.0380602337 }, values(s, 1, 10), 1e-10)
  end)

  it("cosine ends, and stays, at its final rate", function()
    local s = schedule.cosine { lr = 2, steps = 4, final = 0.5 }
    local half = 0.75 * 0.5 ^ 0.5
    assert.tensor_near({ 2, 1.25 + half, 1.25, 1.25 - half }, values(s, 1, 4), 1e-12)
    assert.same({ 0.5, 0.5, 0.5 }, values(s, 5, 7))
    assert.same({ 0.5, 1, 0 }, values(schedule.cosine { lr = 1, steps = 2, warmup = 2 }, 1, 3))
    assert.equal(1, schedule.cosine { lr = 1, steps = 1 }(1))
  end)

  it("constant is constant after its warm-up", function()
    assert.same({ 3, 3, 3 }, values(schedule.constant { lr = 3 }, 1, 3))
    assert.same({ 1, 2, 3, 3 }, values(schedule.constant { lr = 3, warmup = 3 }, 1, 4))
  end)

  it("says what is wrong with its options and steps", function()
    for name, make in pairs(schedule) do
      local message = "bad argument #1 to '" .. name .. "' (lr must be a finite number, got nil)"
      assert.raises(message, make, { steps = 3 })
      assert.raises("lr must be a finite number, got nil", make)
      assert.raises("unknown option 'warm'", make, { lr = 1, steps = 3, warm = 1 })
      assert.raises("warmup must be a whole number, got number 1.5", make,
        { lr = 1, steps = 3, warmup = 1.5 })
      local s = make { lr = 1, steps = 3 }
      assert.raises("step must be in 1..inf, got 0", s, 0)
      assert.raises("step must be a whole number, got nil", s)
    end
    local cosine = schedule.cosine
    assert.raises("steps must be a whole number, got nil", cosine, { lr = 1 })
    assert.raises("steps must be in 1..inf, got 0", cosine, { lr = 1, steps = 0 })
    assert.raises("warmup must be in 0..10, got 11", cosine, { lr = 1, steps = 10, warmup = 11 })
    assert.raises("final must be a finite number", cosine, { lr = 1, steps = 10, final = "x" })
  end)
end)
