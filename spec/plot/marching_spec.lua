local marching = require "sslkit.plot.marching"

-- f on n x n points of [-1, 1] x [-1, 1].
local function sampled(f, n)
  local grid = { columns = n, rows = n }
  for j = 1, n do
    for i = 1, n do grid[#grid + 1] = f((i - 1) / (n - 1) * 2 - 1, (j - 1) / (n - 1) * 2 - 1) end
  end
  return grid
end

local function to_plane(line, n)
  local points = {}
  for k = 1, #line, 2 do
    points[#points + 1] = { (line[k] - 1) / (n - 1) * 2 - 1, (line[k + 1] - 1) / (n - 1) * 2 - 1 }
  end
  return points
end

-- Twice the area that a line goes around counterclockwise.
local function turning(points)
  local sum = 0
  for k, p in ipairs(points) do
    local q = points[k % #points + 1]
    sum = sum + p[1] * q[2] - q[1] * p[2]
  end
  return sum
end

describe("plot.marching", function()
  it("finds a circle, closed, each vertex as near as the grid is fine", function()
    for _, n in ipairs { 11, 41, 101 } do
      local h = 2 / (n - 1)
      local lines = marching.trace(sampled(function(x, y) return x * x + y * y end, n), 0.49)
      assert.equal(1, #lines)
      assert.is_true(lines[1].closed)
      local points = to_plane(lines[1], n)
      for _, p in ipairs(points) do
        -- linear interpolation of a function with second derivative 2 is off by at most h^2 / 4
        local radius = (p[1] ^ 2 + p[2] ^ 2) ^ 0.5
        assert.is_true(math.abs(radius - 0.7) <= h * h / 4 / 0.7 / 2 * 1.05 + 1e-12, radius)
      end
      -- what is high is outside: the circle is walked clockwise, and its area is pi r^2
      assert.near(-math.pi * 0.49, turning(points) / 2, 3 * h * h)
    end
  end)

  it("keeps what is high at the left", function()
    local hill = sampled(function(x, y) return -x * x - y * y end, 41)
    assert.is_true(turning(to_plane(marching.trace(hill, -0.5)[1], 41)) > 0)
    local slope = marching.trace(sampled(function(x) return x end, 5), 0.1)[1]
    assert.is_false(slope.closed)
    assert.is_true(slope[2] == 5 and slope[#slope] == 1) -- downwards, the high side eastwards
    assert.near(3.2, slope[1], 1e-12)
  end)

  it("parts or joins saddles as the bilinear function does", function()
    -- a and c high; the middle of the hyperbola is at 0.5
    local saddle = { columns = 2, rows = 2, 1, 0, 0, 1 }
    local function corners_cut(level)
      local lines = marching.trace(saddle, level)
      assert.equal(2, #lines)
      local cut = {}
      for _, line in ipairs(lines) do
        -- each line is near the one corner that it cuts off
        local x, y = (line[1] + line[3]) / 2, (line[2] + line[4]) / 2
        cut[#cut + 1] = (x < 1.5 and "w" or "e") .. (y < 1.5 and "s" or "n")
      end
      table.sort(cut)
      return table.concat(cut, " ")
    end
    assert.equal("en ws", corners_cut(0.6)) -- the high corners stand alone
    assert.equal("es wn", corners_cut(0.4)) -- the low ones do
    -- the middle is at 1 * 0.7 / 1.2 = 0.583, while the mean of the corners is 0.55
    saddle = { columns = 2, rows = 2, 1, 0.5, 0, 0.7 }
    assert.equal("es wn", corners_cut(0.56))
    assert.equal("en ws", corners_cut(0.6))
  end)

  it("lies on the bilinear function between the points", function()
    math.randomseed(4)
    local n, grid = 12, { columns = 12, rows = 12 }
    for i = 1, n * n do grid[i] = math.random() end
    for _, line in ipairs(marching.trace(grid, 0.5)) do
      for k = 1, #line, 2 do
        local x, y = line[k], line[k + 1]
        local i, j = math.min(math.floor(x), n - 1), math.min(math.floor(y), n - 1)
        local u, v = x - i, y - j
        local function at(a, b) return grid[(b - 1) * n + a] end
        local z = (at(i, j) * (1 - u) + at(i + 1, j) * u) * (1 - v)
          + (at(i, j + 1) * (1 - u) + at(i + 1, j + 1) * u) * v
        assert.near(0.5, z, 1e-9)
      end
    end
  end)

  it("ends only at the rim", function()
    math.randomseed(5)
    local grid = { columns = 9, rows = 7 }
    for i = 1, 63 do grid[i] = math.random() end
    for level = 0.1, 0.9, 0.1 do
      for _, line in ipairs(marching.trace(grid, level)) do
        if not line.closed then
          for _, k in ipairs { 1, #line - 1 } do
            local x, y = line[k], line[k + 1]
            assert.is_true(x == 1 or x == 9 or y == 1 or y == 7)
          end
        end
      end
      for _, line in ipairs(marching.trace(grid, level, true)) do assert.is_true(line.closed) end
    end
  end)

  it("goes around plateaus that are at the level", function()
    local flat = sampled(function(x, y)
      return math.max(math.abs(x), math.abs(y)) <= 0.5 and 1 or 0
    end, 5)
    local lines = marching.trace(flat, 1)
    assert.equal(1, #lines)
    assert.is_true(lines[1].closed)
    local corners = to_plane(lines[1], 5)
    assert.near(2, turning(corners), 1e-12) -- twice 1 x 1
    assert.equal(0, #marching.trace(sampled(function() return 1 end, 4), 1)) -- all at the level
    assert.equal(0, #marching.trace(sampled(function() return 1 end, 4), 2))
    -- a single point at the level is no line
    assert.equal(0, #marching.trace({ columns = 3, rows = 3, 0, 0, 0, 0, 1, 0, 0, 0, 0 }, 1))
  end)

  it("outlines areas, along the rim and with holes", function()
    local n = 41
    local ring = sampled(function(x, y) return -math.abs((x * x + y * y) ^ 0.5 - 0.6) end, n)
    local total = 0
    local lines = marching.trace(ring, -0.2, true)
    assert.equal(2, #lines)
    for _, line in ipairs(lines) do total = total + turning(to_plane(line, n)) / 2 end
    assert.near(math.pi * (0.8 ^ 2 - 0.4 ^ 2), total, 0.02)
    -- everything: the rim itself
    local all = marching.trace(ring, -9, true)
    assert.equal(1, #all)
    assert.near(4, turning(to_plane(all[1], n)) / 2, 1e-12)
    -- a half plane
    local half = marching.trace(sampled(function(x) return x end, n), 0.25, true)
    assert.near(1.5, turning(to_plane(half[1], n)) / 2, 1e-12)
  end)

  it("leaves out what is missing", function()
    local n = 5
    local holed = sampled(function(x) return x end, n)
    holed[13] = false -- in the middle
    local lines = marching.trace(holed, 0.1)
    assert.equal(2, #lines) -- above and below
    local all = marching.trace(holed, -9, true)
    local total = 0
    for _, line in ipairs(all) do total = total + turning(to_plane(line, n)) / 2 end
    assert.near(4 - 0.5, total, 1e-12) -- without the diamond around it
    for i = 1, 25 do holed[i] = false end
    assert.equal(0, #marching.trace(holed, 0.1) + #marching.trace(holed, 0.1, true))
    local corner = sampled(function(x) return x end, 2)
    corner[1] = false
    assert.equal(0, #marching.trace(corner, 0.1))
    assert.near(2, turning(to_plane(marching.trace(corner, -9, true)[1], 2)) / 2, 1e-12)
  end)

  it("copes with grids that have no cell", function()
    for _, size in ipairs { { 1, 1 }, { 1, 5 }, { 5, 1 } } do
      local grid = { columns = size[1], rows = size[2] }
      for i = 1, size[1] * size[2] do grid[i] = i end
      assert.equal(0, #marching.trace(grid, 2.5))
      marching.trace(grid, 2.5, true)
    end
  end)
end)
