-- How much a setting matters around its best value: of learning rates, above all.

local check = require "sslkit.check"
local settings = require "sslkit.sweep.settings"
local space = require "sslkit.sweep.space"
local text = require "sslkit.text"

local Sensitivity = {}

function Sensitivity.__tostring(self)
  if #self == 0 then
    return ("no trials that differ in nothing but %s have three numbers of it"):format(self.name)
  end
  local header, rows = {}, {}
  for i, name in ipairs(self.per) do header[i] = name end
  table.move({ "best " .. self.name, self.value, "sensitivity", "" }, 1, 4, #header + 1, header)
  for i, row in ipairs(self) do
    rows[i] = {}
    for k, name in ipairs(self.per) do rows[i][k] = settings.show(row.group[name]) or "-" end
    table.move({ ("%.4g"):format(row.best), ("%.4g"):format(row.value),
      ("%.3g"):format(row.sensitivity), row.interior and "" or "best at the edge" },
      1, 4, #rows[i] + 1, rows[i])
  end
  return text.table { header = header, rows = rows }
end

-- The settings that groups differ by: all that vary, but for the one in question.
local function others(flats, name)
  local list = {}
  for _, path in ipairs(settings.varying(flats)) do
    if path ~= name then list[#list + 1] = path end
  end
  return list
end

-- The value of a trial, or nil for one that has failed or diverged.
local function value_of(row, value)
  local v = value == "value" and row.value or row.values[value]
  return row.state == "ok" and type(v) == "number" and v - v == 0 and v or nil
end

-- Groups of trials that have the same settings but for one: list of {group =, points = {at = x, sum,
-- count, lost = trials without a value}}.
local function groups_of(rows, flats, name, per, value)
  local groups, by_name = {}, {}
  for i, row in ipairs(rows) do
    local at, key = flats[i][name], {}
    for _, path in ipairs(per) do key[path] = flats[i][path] end
    local id = space.canonical(key)
    local over = row.state ~= "running" and row.state ~= "interrupted"
    if type(at) == "number" and over then
      local group = by_name[id]
      if not group then
        group = { group = key, points = {}, by_place = {} }
        groups[#groups + 1], by_name[id] = group, group
      end
      local point = group.by_place[at]
      if not point then
        point = { at = at, sum = 0, count = 0, lost = 0 }
        group.points[#group.points + 1], group.by_place[at] = point, point
      end
      local v = value_of(row, value)
      if v then
        point.sum, point.count = point.sum + v, point.count + 1
      else
        point.lost = point.lost + 1
      end
    end
  end
  return groups
end

-- The row of a group; nil where fewer than three values were tried or none has worked.
local function judge(group, start, sign)
  local points, worst, best, lost = group.points, nil, 1, 0
  table.sort(points, function(a, b) return a.at < b.at end)
  for _, point in ipairs(points) do
    local cost = point.count > 0 and sign * point.sum / point.count
    if cost and (not worst or cost > worst) then worst = cost end
  end
  if #points < 3 or not worst then return nil end
  local ceiling = start and sign * start or worst
  for i, point in ipairs(points) do -- seeds that have failed have learned nothing
    local sum = sign * point.sum + point.lost * ceiling
    point.cost = math.min(sum / (point.count + point.lost), ceiling)
    if point.cost < points[best].cost then best = i end
  end
  for _, point in ipairs(points) do lost = lost + point.cost - points[best].cost end
  return { group = group.group, best = points[best].at, value = sign * points[best].cost,
    sensitivity = lost / #points, count = #points, interior = best > 1 and best < #points }
end

--- What is lost on average by another value of a setting than the best one, in each group of trials that
-- have all else in common.
-- @param rows of study:trials()
-- @param name path of the setting
-- @param options table: value = name of a value of the trials; minimize = is less better; start = the
-- value before training; per = list of paths
-- @return list of {group, best, value, sensitivity, count, interior}; it prints well
-- @source Wortsman et al. 2023, "Small-scale proxies for large-scale Transformer training
-- instabilities", section 2: E[min(l(lr), l_0) - l*]
return function(rows, name, options)
  local flats, known = {}, {}
  for i, row in ipairs(rows) do
    flats[i] = settings.flat(row.config)
    for path in pairs(flats[i]) do known[path] = true end
  end
  for _, path in ipairs { name, table.unpack(options.per or {}) } do
    if not known[path] then
      local names = {}
      for each in pairs(known) do names[#names + 1] = each end
      check.fail(2, "no setting '%s' among the trials%s", path,
        require("sslkit.near").hint(path, names))
    end
  end
  local per = options.per or others(flats, name)
  local self = { name = name, value = options.value, per = per }
  local sign = options.minimize and 1 or -1
  for _, group in ipairs(groups_of(rows, flats, name, per, options.value)) do
    self[#self + 1] = judge(group, options.start, sign)
  end
  return setmetatable(self, Sensitivity)
end
