-- Random numbers from counter-based generators (Philox4x32-10): any element is a function of (seed,
-- stream, position).

local core = require "sslkit.core"
local check = require "sslkit.check"

local T = core.methods
local random = {}

local Generator = { __name = "sslkit.Generator" }
Generator.__index = Generator

local function new(seed, stream)
  return setmetatable({ raw = core.from({ seed, stream, 0 }, "int64") }, Generator)
end

function Generator:__tostring()
  return ("generator(seed %d, stream %d, position %d)"):format(self.raw[1], self.raw[2], self.raw[3])
end

--- What the generator will draw next, as plain data.
-- @param g generator
-- @return table {seed=, stream=, offset=} of integers
-- @example ssl.generator(7):state().seed --> 7
function Generator.state(g) return { seed = g.raw[1], stream = g.raw[2], offset = g.raw[3] } end

--- Goes back (or forward) to a state.
-- @param g generator
-- @param state as state() gave it
-- @return g
-- @example local g = ssl.generator(7); local s = g:state(); local a = ssl.rand(1, {generator=g}):item(); g:load_state(s); return ssl.rand(1, {generator=g}):item() == a --> true
function Generator.load_state(g, state)
  if type(state) ~= "table" then check.fail(2, "state table expected, got %s", check.kind(state)) end
  local fresh = {}
  for i, name in ipairs { "seed", "stream", "offset" } do fresh[i] = check.integer(2, name, state[name]) end
  core.copy_(g.raw, core.from(fresh, "int64"))
  return g
end

--- An independent generator: the same (seed, stream) always splits into the same one, whatever has
-- been drawn.
-- @param g generator
-- @param stream whole number that names it
-- @return generator
-- @example ssl.generator(1):split(3):state().stream ~= 0 --> true
function Generator.split(g, stream)
  stream = check.integer(2, "stream", stream)
  return new(g.raw[1], core.random_mix(core.random_mix(g.raw[2]) + stream))
end

local default = new(0, 0)

--- A generator of its own.
-- @param seed whole number
-- @return generator with state, load_state and split
-- @example tostring(ssl.generator(5)) --> generator(seed 5, stream 0, position 0)
function random.generator(seed) return new(check.integer(1, "seed", seed), 0) end

--- Restarts the default generator of this Lua state.
-- @param n whole number
-- @example ssl.seed(1); local a = ssl.rand(1):item(); ssl.seed(1); return ssl.rand(1):item() == a --> true
function random.seed(n) default:load_state { seed = check.integer(1, "seed", n), stream = 0, offset = 0 } end

-- Trailing options, or a dtype string, behind `first` arguments; what lies between is the shape.
local function arguments(more, ...)
  local n, options = select("#", ...), {}
  local last = select(n, ...)
  if type(last) == "string" then
    n, options = n - 1, { dtype = last }
  elseif type(last) == "table" and next(last) ~= nil and #last == 0 then
    n, options = n - 1, check.options(n, last, {}, more)
  end
  local g = options.generator or default
  if getmetatable(g) ~= Generator then check.fail(n + 1, "generator expected, got %s", check.kind(g)) end
  if n == 1 and type(...) == "table" then return g.raw, (...), options end
  return g.raw, { table.unpack({ ... }, 1, n) }, options
end

local REAL = { dtype = true, generator = true }
local WHOLE = { generator = true }

--- Uniform in [0, 1).
-- @param ... sizes, as numbers or one table; then a dtype or {dtype=, generator=}
-- @return tensor
-- @example ssl.rand(2, 3):lt(1):all():item() --> 1
function random.rand(...)
  local g, shape, options = arguments(REAL, ...)
  return core.random_uniform(g, 0, 1, shape, options.dtype)
end

--- Standard normal, by Box and Muller (1958).
-- @param ... sizes, as numbers or one table; then a dtype or {dtype=, generator=}
-- @return tensor
-- @example ssl.randn(2, 3, {dtype = "float64"}):dtype() --> float64
function random.randn(...)
  local g, shape, options = arguments(REAL, ...)
  return core.random_normal(g, 0, 1, shape, options.dtype)
end

--- Whole numbers, uniform in lo..hi, both included.
-- @param lo whole number
-- @param hi whole number
-- @param ... sizes, as numbers or one table; then {generator=}
-- @return int64 tensor
-- @raise when lo > hi
-- @example ssl.randint(3, 3, {2}):sum():item() --> 6
function random.randint(lo, hi, ...)
  lo, hi = check.integer(1, "lo", lo), check.integer(2, "hi", hi)
  if lo > hi then check.fail(1, "empty range %d..%d", lo, hi) end
  local g, shape = arguments(WHOLE, ...)
  return core.random_integers(g, lo, hi, shape)
end

--- 1..n in random order.
-- @param n whole number
-- @param options {generator=}
-- @return int64 tensor [n]
-- @example ssl.randperm(4):sum():item() --> 10
function random.randperm(n, options)
  n = check.integer(1, "n", n, 0)
  return core.random_permutation((arguments(WHOLE, options or {})), n)
end

local function like(name)
  return function(t, options)
    check.tensor(1, t)
    options = check.options(2, options, { dtype = core.dtype(t) }, WHOLE)
    return random[name]({ core.shape(t) }, options)
  end
end

--- Uniform in [0, 1), of another tensor's shape and dtype.
-- @param t float tensor
-- @param options {dtype=, generator=}
-- @return tensor
-- @example ssl.rand_like(ssl.zeros(2, 3)):numel() --> 6
random.rand_like = like "rand"

--- Standard normal, of another tensor's shape and dtype.
-- @param t float tensor
-- @param options {dtype=, generator=}
-- @return tensor
-- @example ssl.randn_like(ssl.zeros(2, 3)):numel() --> 6
random.randn_like = like "randn"

for name, f in pairs(random) do T[name] = f end

return random
