-- Marching squares: the lines on which a function, known at the points of a grid and bilinear in
-- between, has a given value (W. E. Lorensen and H. E. Cline, 1987, in the plane).
--
-- A line has the higher values at its left, when columns run to the right and rows upwards. So each
-- crossed edge of the grid begins a piece of line in one of its cells and ends one in the other, and
-- pieces join by looking up where the next begins.

local marching = {}

-- The edges of a cell counterclockwise, from its corner with the lowest column and row: the offset
-- of the point at which the edge begins, and is the edge upright?
local EDGES = { { 0, 0, false }, { 1, 0, true }, { 0, 1, false }, { 0, 0, true } }

-- Is the middle of a cell whose opposite corners a and c are above at the level or above it? It is
-- where the two lines through the cell would cross. (G. M. Nielson and B. Hamann, 1991)
local function middle_above(a, b, c, d, level)
  if not (a and b and c and d) then return false end -- what is missing parts
  local sum = (a - b) + (c - d)
  return sum ~= 0 and (a * c - b * d) / sum >= level
end

-- Adds the pieces of line in a cell: to[edge] = the edge on which the piece that begins there ends.
-- `above` tells of its corners 0..3 counterclockwise; edge(k) is the number of the edge after corner k.
local function add_pieces(above, joined, edge, to, starts)
  local saddle = above[0] == above[2] and above[1] == above[3]
  for k = 0, 3 do
    if above[k] and not above[(k + 1) % 4] then -- going around the cell, what is above ends here
      local last = k + 1
      if not saddle then
        while above[last % 4] or not above[(last + 1) % 4] do last = last + 1 end
      elseif not joined then
        last = k + 3
      end
      starts[#starts + 1] = edge(k)
      to[edge(k)] = edge(last)
    end
  end
end

-- The value at a point, or nil.
local function value(grid, column, row)
  if column < 1 or column > grid.columns or row < 1 or row > grid.rows then return nil end
  return grid[(row - 1) * grid.columns + column] or nil
end

-- The pieces of all cells, and the edges on which one begins, in order. `margin` 1 adds a rim of
-- missing points around the grid.
local function pieces(grid, level, margin)
  local across = grid.columns + 2
  local to, starts = {}, {}
  for row = 1 - margin, grid.rows - 1 + margin do
    local b, c = value(grid, 1 - margin, row), value(grid, 1 - margin, row + 1)
    for column = 1 - margin, grid.columns - 1 + margin do
      local a, d = b, c
      b, c = value(grid, column + 1, row), value(grid, column + 1, row + 1)
      local is_a, is_b = a and a >= level or false, b and b >= level or false
      local is_c, is_d = c and c >= level or false, d and d >= level or false
      local mixed = is_a ~= is_b or is_b ~= is_c or is_c ~= is_d
      if mixed and (margin == 1 or a and b and c and d) then
        local function edge(k)
          local e = EDGES[k % 4 + 1]
          return ((row + e[2]) * across + column + e[1]) * 2 + (e[3] and 1 or 0)
        end
        add_pieces({ [0] = is_a, is_b, is_c, is_d }, middle_above(a, b, c, d, level), edge, to,
          starts)
      end
    end
  end
  return to, starts
end

-- Where the level is on an edge: between its two points in the ratio of their distances; at the one
-- that there is where the other is missing.
local function crossing(grid, level, id)
  local upright, at, across = id % 2 == 1, id // 2, grid.columns + 2
  local column, row = at % across, at // across
  local column2, row2 = upright and column or column + 1, upright and row + 1 or row
  local p, q = value(grid, column, row), value(grid, column2, row2)
  if not p then return column2, row2 end
  if not q then return column, row end
  local t = (level - p) / (q - p)
  return column + t * (column2 - column), row + t * (row2 - row)
end

-- The points of the line that begins on an edge, without those that repeat the one before.
local function follow(grid, level, to, start)
  local line, id = {}, start
  repeat
    local x, y = crossing(grid, level, id)
    local n = #line
    if n == 0 or line[n - 1] ~= x or line[n] ~= y then line[n + 1], line[n + 2] = x, y end
    id, to[id] = to[id], nil
  until not id or id == start
  line.closed = id == start
  if line.closed and #line > 2 and line[1] == line[#line - 1] and line[2] == line[#line] then
    line[#line], line[#line - 1] = nil, nil
  end
  return line
end

--- The lines on which a grid has a value.
-- @param grid {columns=, rows=, values row by row; false where there is none}; values well below the
-- square root of the largest number
-- @param level number
-- @param area true for the outlines of what is at the level or above it: they are all closed, along
-- the rim of the grid and around what is missing where need be. Else a cell with a corner that is
-- missing has no line
-- @return list of {x1, y1, x2, y2, ..., closed=}, in columns and rows from 1; no line has less than
-- two points
function marching.trace(grid, level, area)
  local to, starts = pieces(grid, level, area and 1 or 0)
  local ends = {}
  for _, last in pairs(to) do ends[last] = true end
  local lines = {}
  local function collect(start)
    if not to[start] then return end -- part of a line that is known
    local line = follow(grid, level, to, start)
    if #line >= 4 then lines[#lines + 1] = line end
  end
  for _, start in ipairs(starts) do
    if not ends[start] then collect(start) end -- open lines from their beginning
  end
  for _, start in ipairs(starts) do collect(start) end
  return lines
end

return marching
