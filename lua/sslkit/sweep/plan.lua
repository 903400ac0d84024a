-- Which trial is next: those that were interrupted, configs that the caller has put in front, then what
-- the sampler suggests; each config once for every seed.

local check = require "sslkit.check"
local codec = require "sslkit.sweep.codec"
local id = require "sslkit.sweep.id"
local space = require "sslkit.sweep.space"

local plan = {}
local Plan = {}
Plan.__index = Plan

local MOST_MISSES = 1000 -- suggestions in a row that are known or not allowed: the space is exhausted

-- What the sampler has suggested before under this plan, by its number: a sampler that learns would
-- now, knowing more, say something else.
local function recorded(known, hash)
  local configs = {}
  for _, trial in ipairs(known.trials) do
    if trial.plan == hash and trial.number > 0 then configs[trial.number] = trial.config end
  end
  return configs
end

--- A plan.
-- @param options of the sweep: sampler, trials, seeds, seed, constraint, enqueue
-- @param known what the store knows
-- @param hash names space, sampler and seed
-- @return plan
function plan.new(options, known, hash)
  local self = setmetatable({
    sampler = options.sampler, most = options.trials or math.huge, seeds = options.seeds,
    seed = options.seed, constraint = options.constraint, known = known, hash = hash,
    recorded = recorded(known, hash), seen = {}, configs = 0, number = 0, waiting = {}, first = 1,
  }, Plan)
  for _, trial in ipairs(known.trials) do
    if trial.state == "interrupted" then self:wait(trial) end
  end
  for _, config in ipairs(options.enqueue) do self:_take(codec.config(config), 0) end
  return self
end

--- A plan of nothing but trials that are known already.
-- @param trials list
-- @return plan
function plan.again(trials)
  local self = setmetatable({ waiting = {}, first = 1, done = true }, Plan)
  for _, trial in ipairs(trials) do self:wait(trial) end
  return self
end

--- Adds a trial that is known.
-- @param trial table
function Plan:wait(trial) self.waiting[#self.waiting + 1] = trial end

-- Adds the trials of a config; false when it is one that was there before or is not allowed.
function Plan:_take(config, number)
  local canonical = space.canonical(config)
  if self.seen[canonical] then return false end
  self.seen[canonical] = true
  if self.constraint and not self.constraint(config) then return false end
  self.configs = self.configs + 1
  for replicate = 1, self.seeds do
    local name = id.of(canonical, replicate)
    if not self.known.by_id[name] then
      self:wait {
        id = name, number = number, replicate = replicate, config = config, plan = self.hash,
        seed = id.seed(self.seed, name),
      }
    end
  end
  return true
end

function Plan:_ask()
  self.number = self.number + 1
  local config = self.recorded[self.number] or self.sampler:ask(self.number, self.known.history)
  if config ~= nil and type(config) ~= "table" then
    check.raise("the sampler must suggest a table or nil, got %s", check.kind(config))
  end
  return config and codec.config(config)
end

--- The next trial, or nil when there is none.
-- @return table {id, number, replicate, seed, config, plan}
function Plan:next()
  local misses = 0
  while self.first > #self.waiting do
    if self.done or self.configs >= self.most or misses >= MOST_MISSES then
      self.done = true
      return nil
    end
    local config = self:_ask()
    if not config then
      self.done = true
    elseif self:_take(config, self.number) then
      misses = 0
    else
      misses = misses + 1
    end
  end
  local trial = self.waiting[self.first]
  self.waiting[self.first] = false
  self.first = self.first + 1
  return trial
end

--- How many trials there will be, as far as that is known: what waits, and what the sampler still
-- owes.
-- @return count, or nil
function Plan:left()
  local waiting = #self.waiting - self.first + 1
  if self.done then return waiting end
  return self.most < math.huge and waiting + (self.most - self.configs) * self.seeds or nil
end

return plan
