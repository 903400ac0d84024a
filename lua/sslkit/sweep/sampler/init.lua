-- Samplers: what is tried next. Each is a table with a function ask(self, i, history) that gives the
-- config of suggestion i = 1, 2, ..., or nil when there is none; history is the list of the trials that
-- have ended, {config=, value=, state=}. A suggestion depends on seed, i and history alone, and all but
-- TPE's do not look at the history. ends = true of one whose suggestions end by themselves, learns = true
-- of one that looks at the history.

local check = require "sslkit.check"
local sobol = require "sslkit.sweep.sampler.sobol"
local space = require "sslkit.sweep.space"
local T = require "sslkit.tensor"
local tpe = require "sslkit.sweep.sampler.tpe"

local sampler = {}

-- The parts of a space that vary are its dimensions.
local function dimensions(parts)
  local n = 0
  for _, part in ipairs(parts) do
    if part.leaf.kind ~= "constant" then
      n = n + 1
      part.dim = n
    end
  end
  return n
end

-- A sampler whose suggestions are points of the unit cube: point(i) gives a list, or nil. ends = is
-- there a last one?
local function of_points(name, parts, point, ends)
  return { name = name, ends = ends, ask = function(_, i)
    local u = point(i)
    return u and space.build(parts, function(part) return space.value(part.leaf, u[part.dim]) end)
  end }
end

local make = {}

-- Configs are made when they are asked for: a grid may be far larger than what is run of it.
function make.grid(of)
  local parts, list, over = space.lists(of), {}, false
  local walk = coroutine.wrap(function() space.each(parts, coroutine.yield) end)
  return { name = "grid", ends = true, ask = function(_, i)
    while #list < i and not over do
      local config = walk()
      list[#list + 1], over = config, config == nil
    end
    return list[i]
  end }
end

local function uniform(seed, i, n)
  local options = { dtype = "float64", generator = T.generator(seed):split(i) }
  return T.rand({ n }, options):totable()
end

function make.random(of, options)
  local parts = space.parts(of)
  local n = dimensions(parts)
  return of_points("random", parts, function(i) return uniform(options.seed, i, n) end)
end

function make.sobol(of, options)
  local parts = space.parts(of)
  local n = dimensions(parts)
  sobol.point(1, n) -- says it if these are too many
  return of_points("sobol", parts, function(i) return sobol.point(i, n, options.seed) end)
end

-- A Latin hypercube: along each dimension, one suggestion in each of as many strata as there are
-- suggestions (McKay, Beckman and Conover 1979).
function make.lhs(of, options)
  local parts, count = space.parts(of), check.integer(1, "trials", options.trials, 1)
  local n, strata = dimensions(parts), {}
  for d = 1, n do
    strata[d] = T.randperm(count, { generator = T.generator(options.seed):split(-d) }):totable()
  end
  return of_points("lhs", parts, function(i)
    if i > count then return nil end
    local u = uniform(options.seed, i, n)
    for d = 1, n do u[d] = (strata[d][i] - 1 + u[d]) / count end
    return u
  end, true)
end

function make.tpe(of, options)
  local parts = space.parts(of)
  dimensions(parts)
  return tpe.new(parts, options, make.random(of, options))
end

sampler.names = { "grid", "random", "sobol", "lhs", "tpe" }

--- A sampler.
-- @param name "grid", "random", "sobol", "lhs" or "tpe", or {name = one of these, settings}
-- @param of checked space
-- @param options {seed=0, trials=number of suggestions (lhs), direction="maximize" (tpe)}
-- @return table with a function ask(self, i, history)
-- @raise unknown names and settings
function sampler.new(name, of, options)
  local given = type(name) == "table" and name or { name = name }
  check.one_of(1, "sampler", given.name, sampler.names)
  local settings = {}
  for key, v in pairs(options or {}) do settings[key] = v end
  for key, v in pairs(given) do
    if key ~= "name" and not (given.name == "tpe" and tpe.settings[key]) then
      check.fail(1, "sampler '%s' has no setting '%s'", given.name, tostring(key))
    end
    if key ~= "name" then settings[key] = v end
  end
  settings.seed = settings.seed or 0
  return make[given.name](of, settings)
end

return sampler
