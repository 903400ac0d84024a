-- Random numbers from counter-based generators (Philox4x32-10): any element is a function of
-- (seed, stream, position).

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"

local T = core.methods
local random = {}

--- A source of random numbers of its own.
-- @kind Generator
local Generator = { __name = "sslkit.Generator" }
Generator.__index = Generator

local function new(seed, stream)
  return setmetatable({ raw = core.from({ seed, stream, 0 }, "int64") }, Generator)
end

function Generator:__tostring()
  local raw = self.raw
  return ("generator(seed %d, stream %d, position %d)"):format(raw[1], raw[2], raw[3])
end

local function check_generator(argn, g)
  if getmetatable(g) == Generator then return g end
  check.fail(argn, "generator expected, got %s", check.kind(g))
end

--- What the generator will draw next, as plain data.
-- @param g generator
-- @return table {seed=, stream=, offset=} of integers
-- @example ssl.generator(7):state().seed --> 7
function Generator.state(g)
  local raw = check_generator(1, g).raw
  return { seed = raw[1], stream = raw[2], offset = raw[3] }
end

--- Goes back (or forward) to a state.
-- @param g generator
-- @param state table as state() gave it
-- @return g
-- @example local g = ssl.generator(7); local s = g:state(); local a = ssl.rand(1, {generator=g}):item(); g:load_state(s); return ssl.rand(1, {generator=g}):item() == a --> true
function Generator.load_state(g, state)
  check_generator(1, g)
  if type(state) ~= "table" then
    check.fail(2, "state table expected, got %s", check.kind(state))
  end
  local fresh = {}
  for i, name in ipairs { "seed", "stream", "offset" } do
    fresh[i] = check.integer(2, name, state[name])
  end
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
  check_generator(1, g)
  stream = check.integer(2, "stream", stream)
  return new(g.raw[1], core.random_mix(core.random_mix(g.raw[2]) + stream))
end

local default = new(0, 0)

--- A generator of its own; without a seed the default one of this Lua state, whose state may be kept.
-- @param seed whole number, or nothing
-- @return generator with state, load_state and split
-- @example tostring(ssl.generator(5)) --> generator(seed 5, stream 0, position 0)
function random.generator(seed)
  return seed == nil and default or new(check.integer(1, "seed", seed), 0)
end

--- Restarts the default generator of this Lua state.
-- @param n whole number
-- @example ssl.seed(1); local a = ssl.rand(1):item(); ssl.seed(1); return ssl.rand(1):item() == a --> true
function random.seed(n)
  default:load_state { seed = check.integer(1, "seed", n), stream = 0, offset = 0 }
end

local NAMES = { dtype = true, generator = true }

-- The generator that options name, or the default one: its state.
local function generator_of(argn, options)
  return check_generator(argn, options.generator == nil and default or options.generator).raw
end

-- What the options of a real draw say; `last` is the number of their argument.
local function real(last, options)
  return generator_of(last, options), check.dtype(last, options.dtype, true)
end

-- What they say of whole numbers in lo..hi, which are drawn as int64.
local function whole(last, options, lo, hi)
  local dtype = check.dtype(last, options.dtype)
  if dtype == "uint8" and (lo < 0 or hi > 255) then
    check.fail(last, "uint8 has no room for %d..%d", lo, hi)
  end
  return generator_of(last, options), dtype or "int64"
end

--- Uniform in [0, 1).
-- @param ... sizes, as numbers or one table; then a dtype or {dtype=, generator=}
-- @return tensor
-- @example ssl.rand(2, 3):lt(1):all():item() --> 1
function random.rand(...)
  local shape, options, last = check.sizes(1, NAMES, ...)
  local raw, dtype = real(last, options)
  return (core.random_uniform(raw, 0, 1, shape, dtype))
end

--- Standard normal, by Box and Muller (1958).
-- @param ... sizes, as numbers or one table; then a dtype or {dtype=, generator=}
-- @return tensor
-- @example ssl.randn(2, 3, {dtype = "float64"}):dtype() --> float64
function random.randn(...)
  local shape, options, last = check.sizes(1, NAMES, ...)
  local raw, dtype = real(last, options)
  return (core.random_normal(raw, 0, 1, shape, dtype))
end

--- Whole numbers, uniform in lo..hi, both included.
-- @param lo whole number
-- @param hi whole number
-- @param ... sizes, as numbers or one table; then a dtype or {dtype=, generator=}
-- @return int64 tensor, or one of that dtype
-- @raise when lo > hi
-- @example ssl.randint(3, 3, {2}):sum():item() --> 6
function random.randint(lo, hi, ...)
  lo, hi = check.integer(1, "lo", lo), check.integer(2, "hi", hi)
  if lo > hi then check.fail(1, "empty range %d..%d", lo, hi) end
  local shape, options, last = check.sizes(3, NAMES, ...)
  local raw, dtype = whole(last, options, lo, hi)
  return (core.to(core.random_integers(raw, lo, hi, shape), dtype))
end

--- 1..n in random order.
-- @param n whole number
-- @param options {dtype="int64", generator=}
-- @return int64 tensor [n], or one of that dtype
-- @example ssl.randperm(4):sum():item() --> 10
function random.randperm(n, options)
  n = check.integer(1, "n", n, 0)
  options = check.options(2, options, {}, NAMES)
  local raw, dtype = whole(2, options, 0, n)
  return (core.to(core.random_permutation(raw, n), dtype))
end

local function like(draw)
  return function(t, options)
    check.tensor(1, t)
    if type(options) == "string" then options = { dtype = options } end
    options = check.options(2, options, { dtype = core.dtype(t) }, { generator = true })
    local raw, dtype = real(2, options)
    return (draw(raw, 0, 1, { core.shape(t) }, dtype))
  end
end

--- Uniform in [0, 1), of another tensor's shape and dtype.
-- @param t float tensor
-- @param options dtype, or {dtype=, generator=}
-- @return tensor
-- @example ssl.rand_like(ssl.zeros(2, 3)):numel() --> 6
random.rand_like = like(core.random_uniform)

--- Standard normal, of another tensor's shape and dtype.
-- @param t float tensor
-- @param options dtype, or {dtype=, generator=}
-- @return tensor
-- @example ssl.randn_like(ssl.zeros(2, 3)):numel() --> 6
random.randn_like = like(core.random_normal)

--- Whole numbers, uniform in lo..hi, of another tensor's shape and dtype.
-- @param t tensor
-- @param lo whole number
-- @param hi whole number
-- @param options dtype, or {dtype=, generator=}
-- @return tensor
-- @raise when lo > hi
-- @example ssl.randint_like(ssl.zeros(2, 3), 5, 5):sum():item() --> 30.0
function random.randint_like(t, lo, hi, options)
  check.tensor(1, t)
  lo, hi = check.integer(2, "lo", lo), check.integer(3, "hi", hi)
  if lo > hi then check.fail(2, "empty range %d..%d", lo, hi) end
  if type(options) == "string" then options = { dtype = options } end
  options = check.options(4, options, { dtype = core.dtype(t) }, { generator = true })
  local raw, dtype = whole(4, options, lo, hi)
  return (core.to(core.random_integers(raw, lo, hi, { core.shape(t) }), dtype))
end

--- 1 with probability p, otherwise 0: `bernoulli(p tensor)` draws one for each probability,
-- `bernoulli(0.3, 2, 3)` a tensor of that shape.
-- @param p float tensor of probabilities, or a number
-- @param ... for a number: sizes, as numbers or one table; then a dtype or {dtype=, generator=}
-- @return tensor of p's dtype (float32)
-- @raise on what is no probability
-- @example ssl.bernoulli(ssl.tensor{0, 1, 1}):sum():item() --> 2.0
function random.bernoulli(p, ...)
  if type(p) == "number" then
    p = check.number(1, "p", p, 0, 1)
    local shape, options, last = check.sizes(2, NAMES, ...)
    local dtype = check.dtype(last, options.dtype) or "float32"
    local u = core.random_uniform(generator_of(last, options), 0, 1, shape, "float64")
    return (core.to(core.lt(u, p), dtype))
  end
  check.tensor(1, p, { dtype = "float" }, "tensor of probabilities, or number,")
  local options = ...
  if type(options) == "string" then options = { dtype = options } end
  options = check.options(2, options, { dtype = core.dtype(p) }, NAMES)
  local dtype, raw = check.dtype(2, options.dtype), generator_of(2, options)
  local fine = core.bit_and(core.ge(p, 0), core.le(p, 1))
  if core.item(core.all(fine)) == 0 then
    local at = core.nonzero(core.logical_not(fine))
    local where = {}
    for d = 1, core.dim(p) do where[d] = core.at(at, 1, d) end
    check.fail(1, "%s at (%s) is no probability", core.at(p, table.unpack(where)),
      table.concat(where, ","))
  end
  local u = core.random_uniform(raw, 0, 1, { core.shape(p) }, core.dtype(p))
  local out = core.to(core.lt(u, p), dtype)
  if hook.record then hook.record("bernoulli", out, p) end
  return out
end

--- Row numbers 1..K drawn with the probabilities p / sum(p). Without replacement the draws of a row
-- differ, and come in the order of drawing them one by one.
-- @param p float tensor of weights [K] or [N,K]
-- @param n how many draws, of each row
-- @param options {replacement=false, generator=}
-- @return int64 tensor [n] or [N,n]
-- @raise on weights that are negative or not finite, and where fewer are above 0 than are needed
-- @source Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir"
-- @example ssl.multinomial(ssl.tensor{0, 1, 0}, 1)[1] --> 2
function random.multinomial(p, n, options)
  check.tensor(1, p, { dtype = "float" })
  n = check.integer(2, "n", n, 0)
  options = check.options(3, options, { replacement = false }, { generator = true })
  if type(options.replacement) ~= "boolean" then
    check.fail(3, "replacement must be true or false, got %s", check.kind(options.replacement))
  end
  return (core.random_multinomial(p, n, options.replacement, generator_of(3, options)))
end

for name, f in pairs(random) do T[name] = f end

return random
