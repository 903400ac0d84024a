-- Schedules: learning rates by step, s(t) for the steps t = 1, 2, ... A phase of n steps that falls
-- from a to b begins at a, and b is the rate of the step behind it.

local check = require "sslkit.check"

local schedule = {}

-- {== What they share =======================================================

local function warm(t, warmup, lr) return t <= warmup and lr * t / warmup or nil end

-- Options with lr, warmup and steps checked; `names` are further ones, {name = true}.
local function common(options, defaults, names)
  names = names or {}
  names.lr, names.steps = true, true
  options = check.options(1, options, defaults, names)
  check.number(1, "lr", options.lr, 0)
  if options.steps ~= nil then check.integer(1, "steps", options.steps, 1) end
  check.integer(1, "warmup", options.warmup, 0, options.steps)
  if options.final then check.number(1, "final", options.final, 0) end
  return options
end

local function check_steps(o) return check.integer(1, "steps", o.steps, 1) end

local function check_step(t) return check.integer(1, "step", t, 1) end

-- Share of a phase that is over before step t, where `before` steps precede the phase.
local function passed(t, before, length)
  return t > before + length and 1 or (t - 1 - before) / length
end

local function half_cosine(from, to, u)
  return to + 0.5 * (from - to) * (1 + math.cos(math.pi * u))
end

-- ==}

-- {== Plain ones ============================================================

--- The same rate always, after an optional linear warm-up.
-- @param options {lr=, warmup=0, steps=whole number, which makes no difference}
-- @return function of the step
-- @example ssl.optim.schedule.constant{lr = 0.1}(7) --> 0.1
function schedule.constant(options)
  local o = common(options, { warmup = 0 })
  return function(t) return warm(check_step(t), o.warmup, o.lr) or o.lr end
end

--- From `start` in equal steps to lr, which step number `warmup` has; then lr, or what another
-- schedule says, whose step 1 is the one behind the warm-up.
-- @param options {lr=, warmup=steps, steps=whole number, start=0, after=schedule}
-- @return function of the step
-- @source Goyal, Dollar, Girshick et al. 2017, section 2.2
-- @example ssl.optim.schedule.warmup{lr = 1, warmup = 4}(3) --> 0.75
function schedule.warmup(options)
  local given = type(options) == "table" and options or {}
  local o = common(options, { start = 0, warmup = given.steps or 1 }, { after = true })
  if given.warmup == nil then check_steps(o) end
  check.number(1, "start", o.start, 0)
  if o.after ~= nil and type(o.after) ~= "function" then
    check.fail(1, "after must be a schedule, got %s", check.kind(o.after))
  end
  return function(t)
    if check_step(t) <= o.warmup then return o.start + (o.lr - o.start) * t / o.warmup end
    return o.after and o.after(t - o.warmup) or o.lr
  end
end

--- Linear warm-up over `warmup` steps, then half a cosine from lr towards final, which step
-- steps + 1 reaches, and where it stays.
-- @param options {lr=, steps=, warmup=0, final=0}
-- @return function of the step
-- @source Loshchilov and Hutter 2017, "SGDR", eq. 5 without restarts
-- @example ssl.optim.schedule.cosine{lr = 1, steps = 10, warmup = 2}(5) --> 0.853553
function schedule.cosine(options)
  local o = common(options, { warmup = 0, final = 0 })
  local steps = check_steps(o)
  return function(t)
    local early = warm(check_step(t), o.warmup, o.lr)
    return early or half_cosine(o.lr, o.final, passed(t, o.warmup, steps - o.warmup))
  end
end

--- Linear warm-up over `warmup` steps, then a straight line from lr towards final, which step
-- steps + 1 reaches, and where it stays.
-- @param options {lr=, steps=, warmup=0, final=0}
-- @return function of the step
-- @example ssl.optim.schedule.linear{lr = 1, steps = 10, warmup = 2}(7) --> 0.5
function schedule.linear(options)
  local o = common(options, { warmup = 0, final = 0 })
  local steps = check_steps(o)
  return function(t)
    local early = warm(check_step(t), o.warmup, o.lr)
    return early or o.lr + (o.final - o.lr) * passed(t, o.warmup, steps - o.warmup)
  end
end

-- Whole numbers that rise, as a copy.
local function check_rising(name, list, last)
  if type(list) ~= "table" then
    check.fail(1, "%s must be a list of whole numbers, got %s", name, check.kind(list))
  end
  local copy = {}
  for i, n in ipairs(list) do
    copy[i] = check.integer(1, name, n, i == 1 and 1 or copy[i - 1] + 1, last)
  end
  return copy
end

--- Steps down: the rate is multiplied by gamma after each of the milestones, which count steps.
-- @param options {lr=, milestones={0.6 steps, 0.8 steps}, gamma=0.1, warmup=0, steps=}: one of
-- milestones and steps
-- @return function of the step
-- @example ssl.optim.schedule.step{lr = 1, milestones = {3, 5}}(4) --> 0.1
function schedule.step(options)
  local o = common(options, { warmup = 0, gamma = 0.1 }, { milestones = true })
  check.number(1, "gamma", o.gamma, 0)
  local milestones
  if o.milestones == nil then
    local steps = check_steps(o)
    milestones = { math.floor(0.6 * steps + 0.5), math.floor(0.8 * steps + 0.5) }
  else
    milestones = check_rising("milestones", o.milestones)
  end
  return function(t)
    local rate = warm(check_step(t), o.warmup, o.lr) or o.lr
    for _, m in ipairs(milestones) do
      if t > m then rate = rate * o.gamma end
    end
    return rate
  end
end

-- ==}

-- {== Stable, then falling ==================================================

local FALLS = { -- share of the way down that is still to go
  linear = function(u) return 1 - u end,
  sqrt = function(u) return 1 - math.sqrt(u) end,
  exp = function(u) return u < 1 and 0.5 ^ (10 * u) or 0 end, -- a half-life is a tenth of the way
}

-- Number of steps of the falling phase at the end of `steps`.
local function falling(decay, steps)
  check.number(1, "decay", decay, 0, 1)
  return math.max(1, math.floor(decay * steps + 0.5))
end

--- Warm-up, stable, decay: lr until the last steps, the share `decay` of all, in which it falls to
-- final, by one of three shapes: "linear"; "sqrt", by 1 - sqrt(u); "exp", by half in each tenth of
-- them.
-- @param options {lr=, steps=, warmup=0, decay=0.1, shape="linear" | "sqrt" | "exp", final=0}
-- @return function of the step
-- @source Hu et al. 2024, "MiniCPM", section 4.2; the shape "sqrt": Hagele et al. 2024
-- @example ssl.optim.schedule.wsd{lr = 1, steps = 100, decay = 0.1}(96) --> 0.5
function schedule.wsd(options)
  local o = common(options, { warmup = 0, decay = 0.1, shape = "linear", final = 0 })
  check.one_of(1, "shape", o.shape, { "linear", "sqrt", "exp" })
  local steps = check_steps(o)
  local n, fall = falling(o.decay, steps), FALLS[o.shape]
  return function(t)
    local early = warm(check_step(t), o.warmup, o.lr)
    if early or t <= steps - n then return early or o.lr end
    return o.final + (o.lr - o.final) * fall(passed(t, steps - n, n))
  end
end

--- WSD-S: like wsd, with a checkpoint after each of several numbers of steps. Before each, in the
-- last steps of its stretch, the share `decay`, 1 / rate grows evenly from 1 / lr to 1 / final; after
-- it training goes on at lr from the weights of the checkpoint.
-- @param options {lr=, steps=, checkpoints={steps}, warmup=0, decay=0.1, final=0.1 lr}: one of
-- checkpoints and steps
-- @return function of the step
-- @source Wen et al. 2024, "Understanding warmup-stable-decay learning rates", section 4
-- @example ssl.optim.schedule.wsd_s{lr = 1, checkpoints = {10, 20}, decay = 0.4}(8) --> 0.307692
function schedule.wsd_s(options)
  local o = common(options, { warmup = 0, decay = 0.1 }, { checkpoints = true, final = true })
  local ends = check_rising("checkpoints", o.checkpoints or { check_steps(o) })
  local final = o.final or 0.1 * o.lr
  if #ends == 0 then check.fail(1, "checkpoints must not be empty") end
  if not (final > 0) then check.fail(1, "final must be above 0, got %g", final) end
  falling(o.decay, 1)
  return function(t)
    local early = warm(check_step(t), o.warmup, o.lr)
    if early then return early end
    local k, begins = 1, 0
    while k < #ends and t > ends[k] do k, begins = k + 1, ends[k] end
    local n = falling(o.decay, ends[k] - begins)
    if t <= ends[k] - n then return o.lr end
    local u = passed(t, ends[k] - n, n)
    return 1 / (u / final + (1 - u) / o.lr)
  end
end

-- Cooling by an inverse square root: from 1 at u = 0 to 0 at u = 1.
local function inverse_sqrt(u)
  local function h(v) return 1 / math.sqrt(1 + 10 * v) - 1 end
  return 1 - h(u) / h(1)
end

--- For training that has no end: warm-up to lr, cooldown to constant_lr, which holds from then on,
-- for every further data set. With `steps`, the last `anneal` steps fall exponentially to final; a
-- further data set goes on from the weights before those, by a schedule with other steps.
-- @param options {lr=, warmup=0, cooldown=0, constant_lr=0.1 lr, anneal=0, final=0.1 constant_lr,
-- shape="cosine" | "inverse_sqrt" (of the cooldown), steps=none}: numbers of steps, and rates
-- @return function of the step
-- @source Ibrahim et al. 2024, "Simple and scalable strategies to continually pre-train", section 3
-- @example ssl.optim.schedule.infinite{lr = 1, warmup = 5, cooldown = 10, constant_lr = 0.2}(11) --> 0.6
function schedule.infinite(options)
  local o = common(options, { warmup = 0, cooldown = 0, anneal = 0, shape = "cosine" },
    { constant_lr = true, final = true })
  check.one_of(1, "shape", o.shape, { "cosine", "inverse_sqrt" })
  local low = check.number(1, "constant_lr", o.constant_lr or 0.1 * o.lr, 0)
  local final = o.final or 0.1 * low
  local start = check.integer(1, "cooldown", o.cooldown, 0) + o.warmup
  local anneal, stop = check.integer(1, "anneal", o.anneal, 0, o.steps), nil
  if o.steps then stop = o.steps - anneal end
  if stop and stop < start then
    check.fail(1, "warmup, cooldown and anneal take %d steps of %d", start + anneal, o.steps)
  end
  if stop and anneal > 0 and not (final > 0 and low > 0) then
    check.fail(1, "an exponential annealing needs rates above 0, got %g and %g", low, final)
  end
  return function(t)
    local early = warm(check_step(t), o.warmup, o.lr)
    if early then return early end
    if t <= start then
      local u = passed(t, o.warmup, o.cooldown)
      if o.shape == "cosine" then return half_cosine(o.lr, low, u) end
      return low + (o.lr - low) * inverse_sqrt(u)
    end
    if not stop or t <= stop or anneal == 0 then return low end
    return low * (final / low) ^ passed(t, stop, anneal)
  end
end

-- ==}

return schedule
