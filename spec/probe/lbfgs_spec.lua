local lbfgs = require "sslkit.probe.lbfgs"
local ssl = require "sslkit"

local function vector(list) return ssl.tensor(list, "float64") end

local function run(f, x, tolerance, more)
  local options = { max_iterations = 500,
    done = function(g) return g:abs():amax():item() <= tolerance end }
  for name, v in pairs(more or {}) do options[name] = v end
  return lbfgs(f, vector(x), options)
end

local function rosenbrock(p)
  local x, y = p[1], p[2]
  return (1 - x) ^ 2 + 100 * (y - x * x) ^ 2,
    vector { -2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x) }
end

describe("lbfgs", function()
  it("minimises quadratics of any condition", function()
    for _, condition in ipairs { 1, 100, 1e6 } do
      local scale = vector { 1, condition ^ 0.25, condition ^ 0.5, condition ^ 0.75, condition }
      local x, info = run(function(p)
        local e = p - 1
        return (e:square() * scale):sum():item() / 2, e * scale
      end, { 5, -3, 0.1, 7, 2 }, 1e-9)
      assert.is_true(info.converged)
      assert.tensor_near({ 1, 1, 1, 1, 1 }, x, 1e-8)
      assert.is_true(info.evaluations < 120, tostring(info.evaluations))
    end
  end)

  it("goes through Rosenbrock's valley", function()
    local x, info = run(rosenbrock, { -1.2, 1 }, 1e-9)
    assert.is_true(info.converged)
    assert.tensor_near({ 1, 1 }, x, 1e-8)
    assert.is_true(info.iterations < 60 and info.evaluations < 90)
    assert.tensor_near(0, info.value, 1e-15)
  end)

  it("takes steps that satisfy the strong Wolfe conditions", function()
    -- one step: from the record of points, the last of the first search against its start
    local points = {}
    local _, info = run(function(p)
      local f, g = rosenbrock(p)
      points[#points + 1] = { x = p, f = f, g = g }
      return f, g
    end, { -1.2, 1 }, 1e-9, { max_iterations = 1 })
    assert.equal(1, info.iterations)
    local from, to = points[1], points[#points]
    local step = to.x - from.x
    local before, after = from.g:dot(step):item(), to.g:dot(step):item()
    assert.is_true(to.f <= from.f + 1e-4 * before)
    assert.is_true(math.abs(after) <= 0.9 * math.abs(before))
  end)

  it("starts where it is, and stops when told", function()
    local x, info = run(rosenbrock, { 1, 1 }, 1e-12)
    assert.same({ 0, 1, true }, { info.iterations, info.evaluations, info.converged })
    assert.same({ 1, 1 }, x:totable())
    local _, short = run(rosenbrock, { -1.2, 1 }, 1e-12, { max_iterations = 3 })
    assert.same({ 3, false }, { short.iterations, short.converged })
  end)

  it("backs away from where the function is not defined", function()
    local x, info = run(function(p)
      return p[1] - math.log(p[1]), vector { 1 - 1 / p[1] } -- NaN left of 0
    end, { 1e-3 }, 1e-10)
    assert.is_true(info.converged)
    assert.tensor_near({ 1 }, x, 1e-9)
  end)

  it("gives up on a function that falls for ever, and on a wrong gradient", function()
    local _, info = run(function(p) return -p[1], vector { -1 } end, { 0 }, 1e-9,
      { max_iterations = 50 })
    assert.is_false(info.converged)
    local _, wrong = run(function(p) return p[1] ^ 2, vector { -2 * p[1] } end, { 3 }, 1e-9)
    assert.is_false(wrong.converged)
  end)

  it("does not change the point that it starts from", function()
    local start = vector { -1.2, 1 }
    lbfgs(rosenbrock, start, { max_iterations = 5, done = function() return false end })
    assert.same({ -1.2, 1 }, start:totable())
  end)
end)
