-- AutoLRS: learning rates found while training, stage by stage, by trying some for a short while.

local check = require "sslkit.check"
local forecast = require "sslkit.optim.forecast"
local process = require "sslkit.optim.process"
local random = require "sslkit.random"

local M = {}

local GRID = 200 -- places between the smallest and the largest rate

-- The rate at a place in 0..1, on a logarithmic scale.
local function rate_at(o, place) return o.min * (o.max / o.min) ^ place end

local function check_losses(list)
  if type(list) ~= "table" or #list == 0 then
    check.raise("train must return the list of its losses, got %s",
      type(list) == "table" and "an empty one" or check.kind(list))
  end
  for i, loss in ipairs(list) do
    if type(loss) ~= "number" then
      check.raise("loss %d that train returned must be a number, got %s", i, check.kind(loss))
    end
  end
  return list
end

-- Losses of that many steps at a rate; where one is not finite the run is worth nothing: nil.
local function losses_at(o, lr, steps)
  local losses = check_losses(o.train(lr, steps))
  for _, loss in ipairs(losses) do
    if loss ~= loss or loss == math.huge or loss == -math.huge then return nil end
  end
  return losses
end

-- What the process is told of rates that were tried. Where the loss grew, or was not finite, its size
-- would drown all that the others differ by: it counts for as much above the lowest loss at the start
-- as the best forecast is below.
local function told(tried)
  local start, best, places, values = math.huge, math.huge, {}, {}
  for _, c in ipairs(tried) do
    start, best = math.min(start, c.first), math.min(best, c.forecast)
  end
  local top = 0 -- where none was finite
  if best < math.huge then top = math.max(best, start + (start - best)) end
  for i, c in ipairs(tried) do places[i], values[i] = c.place, math.min(c.forecast, top) end
  return places, values
end

-- Where to look next: the least of mean - kappa deviation, or anywhere at first.
local function next_place(o, tried, generator)
  if #tried == 0 then return random.rand(1, { dtype = "float64", generator = generator }):item() end
  local places, values = told(tried)
  local grid = {}
  for i = 0, GRID do grid[i + 1] = i / GRID end
  local means, deviations = process.expect(places, values, grid)
  local at, least = nil, math.huge
  for i, place in ipairs(grid) do
    local bound = means[i] - o.kappa * deviations[i]
    if bound < least then at, least = place, bound end
  end
  return at
end

-- Tries rates for a tenth of the stage, each from the same state, and trains the stage at the best.
local function stage(o, number, tau)
  local before, tried = o.save(), {}
  local trial = math.max(1, tau // 10)
  local generator = random.generator(o.seed):split(number)
  for k = 1, o.candidates do
    local place = next_place(o, tried, generator)
    local lr = rate_at(o, place)
    local losses = losses_at(o, lr, trial)
    tried[k] = {
      place = place, lr = lr, first = losses and losses[1] or math.huge,
      forecast = losses and forecast.loss(losses, trial, tau) or math.huge,
    }
    o.restore(before)
  end
  local best = tried[1]
  for _, c in ipairs(tried) do
    if c.forecast < best.forecast then best = c end
  end
  if best.forecast == math.huge then
    check.raise("the loss was not finite at any of %d rates in %g..%g", #tried, o.min, o.max)
  end
  local losses = check_losses(o.train(best.lr, tau))
  return { lr = best.lr, steps = tau, loss = losses[#losses], forecast = best.forecast,
    candidates = tried }
end

local function check_rate_range(o)
  check.number(1, "min", o.min)
  check.number(1, "max", o.max)
  if not (o.min > 0 and o.max > o.min) then
    check.fail(1, "rates 0 < min < max expected, got %g and %g", o.min, o.max)
  end
end

--- AutoLRS: trains in stages, and finds the learning rate of each. Some rates are tried for a tenth of
-- the stage, each from the state at its beginning; an exponential through the losses tells what each
-- would come to, a Gaussian process over the logarithm of the rate which one to try next, and the
-- best one trains the stage. Stages double in length, from tau to tau_max. Warm-up is not searched:
-- it comes before.
-- @param options {train=function(lr, steps) that trains and returns the list of losses, one a step or
-- fewer, evenly spread (late in training of validation: 16 will do), save=function that returns the
-- state of model, optimiser and data, restore=function(state), steps=number of all steps (those of
-- trials not counted), min=1e-5, max=1, tau=1000, tau_max=8 tau, candidates=10, kappa=4 (how much a
-- rate gains from being unknown; 1e6, as in the authors' server, explores alone), seed=0}
-- @return table: stages = list of {lr=, steps=, loss=, forecast=, candidates={ {lr=, forecast=, place=,
-- first=}, ... }}; schedule = function of the step that tells the rates found, for set_schedule
-- @raise where no rate gives a finite loss
-- @source Jin, Zhou, Zhao, Zhu, Guo, Canini, Krishnamurthy 2021, algorithm 1
-- @example ssl.optim.autolrs{steps = 8, min = 0.1, train = function(lr) return {(lr - 0.3) ^ 2} end, save = function() end, restore = function() end}.schedule(1) < 0.33 --> true
function M.autolrs(options)
  local o = check.options(1, options, {
    min = 1e-5, max = 1, tau = 1000, candidates = 10, kappa = 4, seed = 0,
  }, { train = true, save = true, restore = true, steps = true, tau_max = true })
  for _, name in ipairs { "train", "save", "restore" } do
    if type(o[name]) ~= "function" then
      check.fail(1, "%s must be a function, got %s", name, check.kind(o[name]))
    end
  end
  check_rate_range(o)
  local left, tau = check.integer(1, "steps", o.steps, 1), check.integer(1, "tau", o.tau, 1)
  local longest = check.integer(1, "tau_max", o.tau_max or 8 * tau, tau)
  check.integer(1, "candidates", o.candidates, 1)
  check.number(1, "kappa", o.kappa, 0)
  check.integer(1, "seed", o.seed)
  local stages = {}
  while left > 0 do
    local s = stage(o, #stages + 1, math.min(tau, left))
    stages[#stages + 1] = s
    left, tau = left - s.steps, math.min(2 * tau, longest)
  end
  return {
    stages = stages,
    schedule = function(t)
      check.integer(1, "step", t, 1)
      for _, s in ipairs(stages) do
        if t <= s.steps then return s.lr end
        t = t - s.steps
      end
      return stages[#stages].lr
    end,
  }
end

return M
