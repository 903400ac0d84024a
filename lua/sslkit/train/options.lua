-- What ssl.train is told, checked: names and tables made to optimisers, schedules and averages.

local check = require "sslkit.check"
local core = require "sslkit.core"
local nn = require "sslkit.nn"
local optim = require "sslkit.optim"

local options = {}

local DEFAULTS = {
  accumulate = 1, on_nan = "raise", log_every = 10, checkpoint_every = "epoch", keep = 0,
  interrupt = false, resume = false,
}
local MORE = {
  model = true, data = true, loss = true, optimizer = true, schedule = true, epochs = true,
  steps = true, clip = true, ema = true, hooks = true, log = true, checkpoint = true, seed = true,
  state = true, progress = true,
}
local HOOKS = { step = true, epoch = true, checkpoint = true }

local function is_callable(v)
  return type(v) == "function" or type(v) == "table" and (getmetatable(v) or {}).__call ~= nil
end

local function has(v, ...)
  if type(v) ~= "table" then return false end
  for _, name in ipairs { ... } do
    if type(v[name]) ~= "function" then return false end
  end
  return true
end

-- A name, or {name, options...}, looked up in a table of constructors: the constructor, its options.
local function named(what, given, constructors)
  local name, settings = given, {}
  if type(given) == "table" then
    name = given[1]
    for key, value in pairs(given) do
      if key ~= 1 then settings[key] = value end
    end
  end
  local make = type(name) == "string" and constructors[name]
  if type(make) ~= "function" then
    check.fail(1, "there is no %s '%s'", what, tostring(name))
  end
  return make, settings
end

local function read_optimizer(o)
  local given, made = o.optimizer, nil
  if has(given, "step", "zero_grad", "state", "load_state") then return given end
  if type(given) == "function" then
    made = given(o.model:parameters())
  elseif type(given) == "string" or type(given) == "table" then
    local make, settings = named("optimizer", given, optim)
    made = make(o.model:parameters(), settings)
  end
  if not has(made, "step", "zero_grad", "state", "load_state") then
    check.fail(1, "optimizer must be one, a function of the parameters that makes one, a name or "
      .. "{name, lr = ...}, got %s", check.kind(given))
  end
  return made
end

-- The steps that the run will take, where that is known.
local function count_steps(o)
  local an_epoch = o.length and (o.length + o.accumulate - 1) // o.accumulate
  local all = o.epochs and an_epoch and o.epochs * an_epoch
  if o.steps and all then return math.min(o.steps, all) end
  return o.steps or all or nil
end

local function read_schedule(o)
  local given = o.schedule
  if given == nil or type(given) == "function" then return given end
  local make, settings = named("schedule", given, optim.schedule)
  if settings.lr == nil then settings.lr = o.optimizer.lr end
  if settings.steps == nil then settings.steps = o.total end
  return make(settings)
end

local function read_ema(o)
  if o.ema == nil or has(o.ema, "update", "state", "load_state") then return o.ema end
  return optim.ema(o.model, { momentum = check.number(1, "ema", o.ema, 0, 1) })
end

local function check_data(data)
  if is_callable(data) then return end
  if type(data) == "table" and core.is_tensor(data.x) then
    check.fail(1, "data is a dataset: ssl.data.loader(data, {batch = ...}) gives its batches")
  end
  check.fail(1, "data must be a loader or a function that gives the next batch, got %s",
    check.kind(data))
end

-- A number of steps, or "epoch".
local function check_every(o, name)
  if o[name] ~= "epoch" then o[name] = check.integer(1, name .. ' (or "epoch")', o[name], 1) end
end

local function check_functions(o)
  if not nn.is_module(o.model) then
    check.fail(1, "model must be a module, got %s", check.kind(o.model))
  end
  check_data(o.data)
  if not is_callable(o.loss) then
    check.fail(1, "loss must be a function of the model and a batch, got %s", check.kind(o.loss))
  end
  o.hooks = check.options(1, o.hooks, {}, HOOKS)
  for name, f in pairs(o.hooks) do
    if not is_callable(f) then
      check.fail(1, "hook '%s' must be a function, got %s", name, check.kind(f))
    end
  end
  o.state = o.state or {}
  if type(o.state) ~= "table" then
    check.fail(1, "state must be a table of objects by name, got %s", check.kind(o.state))
  end
  for name, v in pairs(o.state) do
    if not has(v, "state", "load_state") then
      check.fail(1, "state '%s' must have the functions state and load_state, got %s",
        tostring(name), check.kind(v))
    end
  end
  if o.log ~= nil and type(o.log) ~= "string" and not has(o.log, "write") then
    check.fail(1, "log must be a path or a log, got %s", check.kind(o.log))
  end
end

local function check_numbers(o)
  for name, least in pairs { steps = 0, epochs = 0, accumulate = 1, keep = 0 } do
    if o[name] ~= nil then o[name] = check.integer(1, name, o[name], least) end
  end
  if not o.steps and not o.epochs then check.fail(1, "steps or epochs must say when to end") end
  check_every(o, "log_every")
  check_every(o, "checkpoint_every")
  if o.clip ~= nil and check.number(1, "clip", o.clip, 0) == 0 then
    check.fail(1, "clip must be above 0")
  end
  if o.seed ~= nil then o.seed = check.integer(1, "seed", o.seed) end
  check.one_of(1, "on_nan", o.on_nan, { "raise", "skip" })
  for _, name in ipairs { "interrupt", "progress" } do
    if o[name] ~= nil and type(o[name]) ~= "boolean" then
      check.fail(1, "%s must be true or false, got %s", name, check.kind(o[name]))
    end
  end
  if o.checkpoint ~= nil and type(o.checkpoint) ~= "string" then
    check.fail(1, "checkpoint must be a path, got %s", check.kind(o.checkpoint))
  end
  if type(o.resume) ~= "boolean" and type(o.resume) ~= "string" then
    check.fail(1, "resume must be true or a path, got %s", check.kind(o.resume))
  end
  if o.resume == true and not o.checkpoint then
    check.fail(1, "resume = true needs checkpoint = path, or give resume the path")
  end
end

--- The options of ssl.train, complete: optimizer, schedule and ema are objects; length is the number
-- of batches an epoch, and total that of steps, where they are known.
-- @param given table
-- @return table
function options.read(given)
  local o = check.options(1, given, DEFAULTS, MORE)
  check_functions(o)
  check_numbers(o)
  o.length = type(o.data) == "table" and getmetatable(o.data).__len and #o.data or nil
  o.total = count_steps(o)
  o.optimizer = read_optimizer(o)
  o.schedule = read_schedule(o)
  o.ema = read_ema(o)
  if o.progress == nil then o.progress = core.isatty(io.stderr) end
  return o
end

return options
