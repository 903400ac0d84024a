-- Schedules: learning rates by step, s(t) for the steps t = 1, 2, ...

local check = require "sslkit.check"

local schedule = {}

local function warm(t, warmup, lr) return t <= warmup and lr * t / warmup or nil end

local function common(argn, options, defaults)
  options = check.options(argn, options, defaults, { lr = true, steps = true })
  check.number(argn, "lr", options.lr, 0)
  if options.warmup then check.integer(argn, "warmup", options.warmup, 0) end
  return options
end

local function check_step(t) return check.integer(1, "step", t, 1) end

--- The same rate always, after an optional linear warm-up.
-- @param options {lr=, warmup=0, steps=whole number, which makes no difference}
-- @return function of the step
-- @example ssl.optim.schedule.constant{lr = 0.1}(7) --> 0.1
function schedule.constant(options)
  local o = common(1, options, { warmup = 0 })
  return function(t) return warm(check_step(t), o.warmup, o.lr) or o.lr end
end

--- Linear warm-up over `warmup` steps, then half a cosine from lr towards final, which step
-- steps + 1 reaches, and where it stays.
-- @param options {lr=, steps=, warmup=0, final=0}
-- @return function of the step
-- @source Loshchilov and Hutter 2017, "SGDR", eq. 5 without restarts
-- @example ssl.optim.schedule.cosine{lr = 1, steps = 10, warmup = 2}(5) --> 0.853553
function schedule.cosine(options)
  local o = common(1, options, { warmup = 0, final = 0 })
  local steps = check.integer(1, "steps", o.steps, 1)
  check.integer(1, "warmup", o.warmup, 0, steps)
  check.number(1, "final", o.final, 0)
  return function(t)
    local early = warm(check_step(t), o.warmup, o.lr)
    if early then return early end
    local u = t > steps and 1 or (t - 1 - o.warmup) / (steps - o.warmup)
    return o.final + 0.5 * (o.lr - o.final) * (1 + math.cos(math.pi * u))
  end
end

return schedule
