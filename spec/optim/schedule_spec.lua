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

  it("linear falls in equal steps to its final rate", function()
    local s = schedule.linear { lr = 1, steps = 6, warmup = 2, final = 0.2 }
    assert.tensor_near({ 0.5, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2 }, values(s, 1, 8), 1e-14)
  end)

  it("warmup rises from its start, and hands over to another", function()
    local s = schedule.warmup { lr = 1, warmup = 4, start = 0.2 }
    assert.tensor_near({ 0.4, 0.6, 0.8, 1, 1 }, values(s, 1, 5), 1e-14)
    assert.tensor_near({ 0.5, 1, 1 }, values(schedule.warmup { lr = 1, steps = 2 }, 1, 3), 1e-14)
    local after = schedule.linear { lr = 1, steps = 2 }
    assert.tensor_near({ 0.5, 1, 1, 0.5, 0 },
      values(schedule.warmup { lr = 1, warmup = 2, after = after }, 1, 5), 1e-14)
  end)

  it("step falls after each milestone", function()
    assert.tensor_near({ 1, 1, 0.5, 0.5, 0.25 },
      values(schedule.step { lr = 1, milestones = { 2, 4 }, gamma = 0.5 }, 1, 5), 1e-15)
    local s = schedule.step { lr = 1, steps = 10, warmup = 2 } -- at 60 and 80 %
    assert.tensor_near({ 0.5, 1, 1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.01 }, values(s, 1, 11), 1e-15)
    local milestones = { 1 }
    s = schedule.step { lr = 1, milestones = milestones }
    milestones[1] = 9
    assert.near(0.1, s(2), 1e-15)
  end)

  it("wsd is stable, then falls by its shape", function()
    local o = { lr = 1, steps = 8, warmup = 2, decay = 0.5, final = 0.2 }
    local function tail(shape)
      o.shape = shape
      local s = schedule.wsd(o)
      assert.tensor_near({ 0.5, 1, 1, 1 }, values(s, 1, 4), 1e-15)
      return values(s, 5, 10)
    end
    assert.tensor_near({ 1, 0.8, 0.6, 0.4, 0.2, 0.2 }, tail "linear", 1e-14)
    assert.tensor_near({ 1, 0.6, 1 - 0.8 * 0.5 ^ 0.5, 1 - 0.8 * 0.75 ^ 0.5, 0.2, 0.2 },
      tail "sqrt", 1e-14)
    assert.tensor_near({ 1, 0.2 + 0.8 * 0.5 ^ 2.5, 0.2 + 0.8 / 32, 0.2 + 0.8 * 0.5 ^ 7.5, 0.2,
      0.2 }, tail "exp", 1e-14)
    local s = schedule.wsd { lr = 1, steps = 100 } -- the last tenth
    assert.same({ 1, 1 }, { s(90), s(91) })
    assert.near(0.1, s(100), 1e-14)
  end)

  it("wsd_s is that of the worked example, and goes on at full rate after a checkpoint", function()
    local worked = { 1, 0.3076923077, 0.1818181818, 0.1290322581, 0.1 }
    local s = schedule.wsd_s { lr = 1, steps = 10, warmup = 2, decay = 0.4 }
    assert.tensor_near({ 0.5, 1, 1, 1, 1, 1 }, values(s, 1, 6), 1e-15)
    assert.tensor_near(worked, values(s, 7, 11), 1e-10)
    s = schedule.wsd_s { lr = 1, checkpoints = { 10, 30 }, decay = 0.4 }
    worked[5] = 1
    assert.tensor_near(worked, values(s, 7, 11), 1e-10)
    assert.same({ 1, 1 }, { s(22), s(23) })
    assert.near(1 / (0.5 / 0.1 + 0.5), s(27), 1e-12)
    assert.near(0.1, s(31), 1e-15)
    assert.near(0.5, schedule.wsd_s { lr = 1, steps = 1, final = 0.5 }(2), 1e-15)
  end)

  it("infinite cools down to a rate that holds for ever", function()
    local o = { lr = 1, warmup = 2, cooldown = 4, constant_lr = 0.1, shape = "inverse_sqrt" }
    local s = schedule.infinite(o)
    assert.tensor_near({ 0.5, 1, 1, 0.4002339747, 0.2375301525 }, values(s, 1, 5), 1e-10)
    assert.tensor_near({ 0.1, 0.1, 0.1 }, { s(7), s(8), s(10 ^ 6) }, 1e-15)
    o.shape = nil
    s = schedule.infinite(o)
    assert.tensor_near({ 1, 0.1 + 0.45 * (1 + 0.5 ^ 0.5), 0.55, 0.1 + 0.45 * (1 - 0.5 ^ 0.5), 0.1 },
      values(s, 3, 7), 1e-14)
    o.anneal, o.final = 4, 0.01 -- waits for an end
    assert.equal(0.1, schedule.infinite(o)(10 ^ 6))
    o.steps = 12
    s = schedule.infinite(o)
    assert.tensor_near({ 0.1, 0.1, 0.1 * 10 ^ -0.25, 0.1 * 10 ^ -0.5, 0.1 * 10 ^ -0.75, 0.01,
      0.01 }, values(s, 8, 14), 1e-15)
    o = { lr = 1, steps = 3 }
    assert.tensor_near({ 0.1, 0.1, 0.1, 0.1 }, values(schedule.infinite(o), 1, 4), 1e-15)
  end)
end)

describe("schedules", function()
  it("say what is wrong with their options and steps", function()
    for name, make in pairs(schedule) do
      local message = "bad argument #1 to '" .. name .. "' (lr must be a finite number, got nil)"
      assert.raises(message, make, { steps = 3 })
      assert.raises("lr must be a finite number, got nil", make)
      assert.raises("table of options expected, got number 3", make, 3)
      assert.raises("unknown option 'warm'", make, { lr = 1, steps = 3, warm = 1 })
      assert.raises("warmup must be a whole number, got number 1.5", make,
        { lr = 1, steps = 3, warmup = 1.5 })
      assert.raises("warmup must be in 0..3, got 4", make, { lr = 1, steps = 3, warmup = 4 })
      local s = make { lr = 1, steps = 3 }
      assert.raises("step must be in 1..inf, got 0", s, 0)
      assert.raises("step must be a whole number, got nil", s)
    end
    for _, name in ipairs { "cosine", "linear", "wsd", "wsd_s", "step", "warmup" } do
      assert.raises("steps must be a whole number, got nil", schedule[name], { lr = 1 })
      assert.raises("steps must be in 1..inf, got 0", schedule[name], { lr = 1, steps = 0 })
    end
    for _, name in ipairs { "cosine", "linear", "wsd" } do
      assert.raises("final must be a finite number", schedule[name],
        { lr = 1, steps = 10, final = "x" })
    end
    assert.raises("start must be in 0..inf, got -1", schedule.warmup,
      { lr = 1, steps = 2, start = -1 })
    assert.raises("after must be a schedule, got number 1", schedule.warmup,
      { lr = 1, steps = 2, after = 1 })
    assert.raises("milestones must be a list of whole numbers, got number 3", schedule.step,
      { lr = 1, milestones = 3 })
    assert.raises("milestones must be in 6..inf, got 5", schedule.step,
      { lr = 1, milestones = { 5, 5 } })
    assert.raises("gamma must be in 0..inf, got -1", schedule.step,
      { lr = 1, steps = 3, gamma = -1 })
    assert.raises("shape must be one of linear, sqrt, exp, got string 'x'", schedule.wsd,
      { lr = 1, steps = 3, shape = "x" })
    assert.raises("decay must be in 0..1, got 2", schedule.wsd, { lr = 1, steps = 3, decay = 2 })
    assert.raises("decay must be in 0..1, got 2", schedule.wsd_s, { lr = 1, steps = 3, decay = 2 })
    assert.raises("final must be above 0, got 0", schedule.wsd_s, { lr = 1, steps = 3, final = 0 })
    assert.raises("checkpoints must not be empty", schedule.wsd_s, { lr = 1, checkpoints = {} })
    assert.raises("shape must be one of cosine, inverse_sqrt", schedule.infinite,
      { lr = 1, shape = "x" })
    assert.raises("cooldown must be a whole number", schedule.infinite, { lr = 1, cooldown = "x" })
    assert.raises("constant_lr must be in 0..inf, got -1", schedule.infinite,
      { lr = 1, constant_lr = -1 })
    assert.raises("warmup, cooldown and anneal take 7 steps of 6", schedule.infinite,
      { lr = 1, warmup = 1, cooldown = 2, anneal = 4, steps = 6 })
    assert.raises("an exponential annealing needs rates above 0, got 0.1 and 0", schedule.infinite,
      { lr = 1, anneal = 4, steps = 6, final = 0 })
  end)
end)
