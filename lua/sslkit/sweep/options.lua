-- The options of a sweep, read and checked.

local check = require "sslkit.check"
local launch = require "sslkit.sweep.launch"
local metrics = require "sslkit.metrics"
local near = require "sslkit.near"
local place = require "sslkit.sweep.place"
local pruners = require "sslkit.sweep.pruner"
local samplers = require "sslkit.sweep.sampler"
local space = require "sslkit.sweep.space"
local wishes = require "sslkit.sweep.wishes"

local options = {}

local DEFAULTS = {
  seeds = 1, seed = 0, pruner = "none", objective = "rankme", direction = "maximize", breaker = 5,
  threads = 1, interrupt = false, launcher = "local", metrics = {}, enqueue = {},
}
local OTHERS = {
  name = true, space = true, run = true, sampler = true, trials = true, workers = true,
  store = true, timeout = true, memory = true, constraint = true, progress = true,
}

local function fail(message, ...) check.fail(1, message, ...) end

local function check_string(name, v)
  if type(v) == "string" and v ~= "" then return v end
  fail("%s must be a string, got %s", name, check.kind(v))
end

local function check_function(name, v)
  if type(v) == "function" then return v end
  fail("%s must be a function, got %s", name, check.kind(v))
end

local function check_run(v)
  if type(v) == "function" then return v end
  if type(v) == "string" and v:find "^[^.].*%.[^.]+$" then return v end
  fail("run must be a function of config and trial, or \"module.function\", got %s", check.kind(v))
end

local function check_list(name, v, kind)
  if type(v) ~= "table" then fail("%s must be a list, got %s", name, check.kind(v)) end
  for _, item in ipairs(v) do
    if type(item) ~= kind then
      fail("%s must be a list of %ss, got %s in it", name, kind, check.kind(item))
    end
  end
  return v
end

-- Configs of the caller's own, with their constants.
local function check_enqueue(list, of)
  check_list("enqueue", list, "table")
  if #list == 0 and next(list) ~= nil then
    fail("enqueue must be a list of configs, got one config: enqueue = { { ... } }")
  end
  local out = {}
  for i, config in ipairs(list) do out[i] = space.fill(config, of, ("enqueue[%d]"):format(i)) end
  return out
end

-- A sampler or pruner by name, by a table of name and settings, or a table of functions of its own.
local function part(name, v, method, make)
  if type(v) == "string" then return make(v) end
  if type(v) ~= "table" then fail("%s must be a name or a table, got %s", name, check.kind(v)) end
  if v[method] == nil then return make(v) end
  check_function(("%s.%s"):format(name, method), v[method])
  return v
end

local function check_limits(self)
  for _, name in ipairs { "timeout", "memory" } do
    if self[name] ~= nil then
      check.number(1, name, self[name], 0, 2 ^ 53)
      if self.workers == 0 then
        fail("%s needs trials in processes of their own: workers must be 1 or more", name)
      end
    end
  end
end

local function check_numbers(self)
  for name, range in pairs { seeds = { 1, 10000 }, breaker = { 0 }, threads = { 1 } } do
    check.integer(1, name, self[name], table.unpack(range))
  end
  self.seed = check.integer(1, "seed", self.seed)
  if self.trials ~= nil then self.trials = check.integer(1, "trials", self.trials, 0) end
  if self.workers ~= nil then self.workers = check.integer(1, "workers", self.workers, 0, 4096) end
  check_limits(self)
end

--- The options that the caller has given, with their defaults.
-- @param given table
-- @return table; sampler and pruner are objects, space is checked, interrupt is "drain", "stop" or
-- false
function options.read(given)
  local self = check.options(1, given or {}, DEFAULTS, OTHERS)
  if wishes.interrupt ~= nil then self.interrupt = wishes.interrupt end
  if wishes.commanded and given.interrupt == nil then self.interrupt = self.interrupt or "drain" end
  if self.space == nil then fail "space must be a table, got nil" end
  self.space = space.check(self.space)
  self.run = check_run(self.run)
  self.name, self.workers = place.name(self), place.workers(self)
  check_string("objective", self.objective)
  check.one_of(1, "direction", self.direction, { "maximize", "minimize" })
  check.one_of(1, "launcher", self.launcher, { "local" })
  if self.interrupt == true then self.interrupt = "drain" end
  if self.interrupt then check.one_of(1, "interrupt", self.interrupt, { "drain", "stop" }) end
  check_numbers(self)
  if self.workers == nil then self.workers = launch.workers(self.threads) end
  self.store, self.turn = place.of(given)
  if self.progress == nil then self.progress = self.store ~= nil end
  check_list("metrics", self.metrics, "string")
  for _, name in ipairs(self.metrics) do
    if type(metrics[name]) ~= "function" then
      local names = {}
      for known in pairs(metrics) do names[#names + 1] = known end
      fail("metrics: ssl.metrics has no '%s'%s", name, near.hint(name, names))
    end
  end
  self.enqueue = check_enqueue(self.enqueue, self.space)
  if self.constraint ~= nil then check_function("constraint", self.constraint) end
  local given_sampler = self.sampler
  local name = type(given_sampler) == "table" and given_sampler.ask == nil and given_sampler.name
    or type(given_sampler) == "string" and given_sampler
  if name then check.one_of(1, "sampler", name, samplers.names) end
  if self.trials == nil and name and name ~= "grid" then
    fail("trials = how many? the sampler '%s' does not end by itself", name)
  end
  local settings = { seed = self.seed, trials = self.trials, direction = self.direction }
  self.sampler = part("sampler", self.sampler or (self.trials and "random" or "grid"), "ask",
    function(v) return samplers.new(v, self.space, settings) end)
  self.pruner = part("pruner", self.pruner, "judge",
    function(v) return pruners.new(v, { direction = self.direction }) end)
  return self
end

return options
