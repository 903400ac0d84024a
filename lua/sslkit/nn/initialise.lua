-- Initialisers: values that parameters begin with, drawn in place.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local decompose = require "sslkit.linalg.decompose"
local T = require "sslkit.tensor"

local initialise = {}

local function fill(t, values)
  autograd.no_grad(function() core.copy_(t, values) end)
  return t
end

-- Rows of a weight [out, in, ...] see fan_in inputs; its columns feed fan_out outputs.
local function fans(t)
  if core.dim(t) < 2 then
    check.fail(1, "weight with at least 2 dimensions expected, got %s", core.describe(t))
  end
  local out, inp = core.size(t, 1), core.size(t, 2)
  local field = core.numel(t) // math.max(out * inp, 1)
  return inp * field, out * field
end

-- The options of a drawing, of which all with a number for a default are numbers.
local function settings(given, defaults)
  local options = check.options(2, given, defaults, { generator = true })
  for name, default in pairs(defaults) do
    if type(default) == "number" then check.number(2, name, options[name]) end
  end
  return options
end

local function drawn(t, name, options)
  return T[name]({ core.shape(t) }, { dtype = core.dtype(t), generator = options.generator })
end

--- Normal values.
-- @param t float tensor
-- @param options {mean=0, std=1, generator=}
-- @return t
-- @example ssl.nn.init.normal_(ssl.zeros(4), {std = 0}):sum():item() --> 0.0
function initialise.normal_(t, options)
  check.tensor(1, t, { dtype = "float" })
  options = settings(options, { mean = 0, std = 1 })
  return fill(t, drawn(t, "randn", options) * options.std + options.mean)
end

--- Uniform values in [low, high).
-- @param t float tensor
-- @param options {low=0, high=1, generator=}
-- @return t
-- @example ssl.nn.init.uniform_(ssl.zeros(4), {low = 2, high = 3}):ge(2):all():item() --> 1
function initialise.uniform_(t, options)
  check.tensor(1, t, { dtype = "float" })
  options = settings(options, { low = 0, high = 1 })
  return fill(t, drawn(t, "rand", options) * (options.high - options.low) + options.low)
end

--- Normal values cut at cut standard deviations: what falls outside is drawn again.
-- @param t float tensor
-- @param options {mean=0, std=1, cut=2, generator=}
-- @return t
-- @example ssl.nn.init.trunc_normal_(ssl.zeros(99)):abs():le(2):all():item() --> 1
function initialise.trunc_normal_(t, options)
  check.tensor(1, t, { dtype = "float" })
  options = settings(options, { mean = 0, std = 1, cut = 2 })
  check.number(2, "cut", options.cut, 0.1) -- below it the redrawing would hardly end
  local z = drawn(t, "randn", options)
  while core.item(core.any(core.gt(core.abs(z), options.cut))) == 1 do
    z = T.where(core.gt(core.abs(z), options.cut), drawn(t, "randn", options), z)
  end
  return fill(t, z * options.std + options.mean)
end

--- Normal values of variance 2 / fan_in (ReLU), for weights [out, in, ...].
-- @param t float tensor with at least 2 dimensions
-- @param options {mode="fan_in" | "fan_out", gain=sqrt(2), generator=}
-- @return t
-- @source He, Zhang, Ren, Sun 2015, "Delving deep into rectifiers", eq. 10 and 14
-- @example ssl.nn.init.kaiming_normal_(ssl.zeros(2, 8)):size(2) --> 8
function initialise.kaiming_normal_(t, options)
  check.tensor(1, t, { dtype = "float" })
  options = settings(options, { mode = "fan_in", gain = math.sqrt(2) })
  check.one_of(2, "mode", options.mode, { "fan_in", "fan_out" })
  local fan_in, fan_out = fans(t)
  local fan = options.mode == "fan_in" and fan_in or fan_out
  return fill(t, drawn(t, "randn", options) * (options.gain / math.sqrt(math.max(fan, 1))))
end

--- Uniform values of variance 2 / (fan_in + fan_out).
-- @param t float tensor with at least 2 dimensions
-- @param options {gain=1, generator=}
-- @return t
-- @source Glorot and Bengio 2010, eq. 16
-- @example ssl.nn.init.xavier_uniform_(ssl.zeros(3, 3)):abs():le(1):all():item() --> 1
function initialise.xavier_uniform_(t, options)
  check.tensor(1, t, { dtype = "float" })
  options = settings(options, { gain = 1 })
  local fan_in, fan_out = fans(t)
  local bound = options.gain * math.sqrt(6 / math.max(fan_in + fan_out, 1))
  return initialise.uniform_(t, { low = -bound, high = bound, generator = options.generator })
end

--- An orthogonal matrix, uniform among all: rows at right angles and of length gain, or columns
-- where they are fewer. Of a weight [out, in, ...] a row is all behind the first dimension.
-- @param t float tensor with at least 2 dimensions
-- @param options {gain=1, generator=}
-- @return t
-- @source Saxe, McClelland, Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in
-- deep linear neural networks"
-- @example ssl.nn.init.orthogonal_(ssl.zeros(2, 5)):norm(2, 2):sum():item() --> 2.0
function initialise.orthogonal_(t, options)
  check.tensor(1, t, { dtype = "float" })
  options = settings(options, { gain = 1 })
  fans(t) -- two dimensions, or more
  local rows = core.size(t, 1)
  local columns = core.numel(t) // math.max(rows, 1)
  if core.numel(t) == 0 then return t end
  local tall = { math.max(rows, columns), math.min(rows, columns) }
  local draw = { dtype = core.dtype(t), generator = options.generator }
  local q, r = decompose.qr(T.randn(tall, draw))
  -- The factorisation chooses signs of its own; with those of r undone, no rotation is likelier.
  local sign = T.to(T.ge(T.diagonal(r), 0), core.dtype(t)) * 2 - 1
  q = q * (sign * options.gain)
  return fill(t, T.reshape(rows < columns and T.t(q) or q, { core.shape(t) }))
end

--- One value.
-- @param t float tensor
-- @param value number
-- @return t
-- @example ssl.nn.init.constant_(ssl.zeros(2), 3):sum():item() --> 6.0
function initialise.constant_(t, value)
  check.tensor(1, t, { dtype = "float" })
  return fill(t, T.full_like(t, check.number(2, "value", value)))
end

return initialise
