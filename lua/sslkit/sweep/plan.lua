-- Which trial is next: those that were interrupted, configs that the caller has put in front, then what
-- the sampler suggests; each config once for every seed.

local check = require "sslkit.check"
local id = require "sslkit.sweep.id"
local space = require "sslkit.sweep.space"

local plan = {}
local Plan = {}
Plan.__index = Plan

local MOST_MISSES = 1000 -- suggestions in a row that are known or not allowed: the space is exhausted

-- What the sampler has suggested before under this plan, by its number: a sampler that learns would
-- now, knowing more, say something else.
-- And the last of these numbers: what is missing before was known or not allowed.
local function recorded(known, hash)
  local configs, last = {}, 0
  for _, trial in ipairs(known.trials) do
    if trial.plan == hash and trial.number > 0 then
      configs[trial.number], last = trial.config, math.max(last, trial.number)
    end
  end
  return configs, last
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
    seen = {}, configs = 0, number = 0, waiting = {}, first = 1,
  }, Plan)
  self.recorded, self.last = recorded(known, hash)
  for _, trial in ipairs(known.trials) do
    if trial.state == "interrupted" then self:wait(trial) end
  end
  for _, config in ipairs(options.enqueue) do self:_take(config, 0) end
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

-- One that learns would, knowing the same, only say again what was a miss: it gets no history then.
function Plan:_ask(misses)
  self.number = self.number + 1
  while self.sampler.learns and self.number < self.last and not self.recorded[self.number] do
    self.number = self.number + 1
  end
  local history = self.sampler.learns and misses > 0 and {} or self.known.history
  local config = self.recorded[self.number] or self.sampler:ask(self.number, history)
  if config ~= nil and type(config) ~= "table" then
    check.raise("the sampler must suggest a table or nil, got %s", check.kind(config))
  end
  return config and space.plain(config, "the sampler's config")
end

--- The next trial, or nil when there is none.
-- @return table {id, number, replicate, seed, config, plan}
function Plan:next()
  local misses = 0
  while self.first > #self.waiting do
    local in_vain = misses >= MOST_MISSES and not self.sampler.ends
    if self.done or self.configs >= self.most or in_vain then
      self.done = true
      return nil
    end
    local config = self:_ask(misses)
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

--- How many configs were asked for that the sampler did not have.
-- @return count
function Plan:missing()
  return self.most and self.most < math.huge and math.max(0, self.most - self.configs) or 0
end

--- How many trials there will be, as far as that is known: what waits, and what the sampler still
-- owes.
-- @return count, or nil
function Plan:left()
  local waiting = #self.waiting - self.first + 1
  if self.done then return waiting end
  if self.most == math.huge then return nil end
  local known = 0 -- configs that the sampler will say again
  for number in pairs(self.recorded) do
    if number > self.number then known = known + 1 end
  end
  return waiting + math.max(0, self.most - self.configs - known) * self.seeds
end

return plan
