-- A sweep as an HTML page: what was best, all trials, values over the settings, curves, and what
-- failed with its last words.

local page = require "sslkit.page"
local plot = require "sslkit.plot"
local space = require "sslkit.sweep.space"

local MOST_CURVES = 20

-- Settings of a config by their paths, as far as they are numbers, strings or booleans.
local function flat(config, prefix, out)
  for name, v in pairs(config) do
    local path = prefix .. tostring(name)
    if type(v) == "table" then flat(v, path .. ".", out) else out[path] = v end
  end
  return out
end

-- The paths of what differs between the trials.
local function varying(rows)
  local first, differs = {}, {}
  for i, row in ipairs(rows) do
    for path, v in pairs(row.flat) do
      if i > 1 and first[path] ~= v then differs[path] = true end
      if first[path] == nil then first[path] = v end
    end
  end
  local list = {}
  for path in pairs(differs) do list[#list + 1] = path end
  table.sort(list)
  return list
end

local function show(v)
  return type(v) == "number" and ("%.4g"):format(v) or v ~= nil and tostring(v)
end

local function trials_table(p, rows, paths)
  local header, cells = { "trial", "state", "value" }, {}
  for _, path in ipairs(paths) do header[#header + 1] = path end
  header[#header + 1] = "seconds"
  for i, row in ipairs(rows) do
    local line = { row.id, { text = row.state, class = row.state == "ok" and "good"
      or row.state == "pruned" and "warn" or "bad" }, { text = show(row.value) or "-",
      value = row.value } }
    for _, path in ipairs(paths) do
      local v = row.flat[path]
      line[#line + 1] = { text = show(v) or "-", value = type(v) == "number" and v or nil }
    end
    line[#line + 1] = { text = show(row.seconds) or "-", value = row.seconds }
    cells[i] = line
  end
  p:table { header = header, rows = cells }
end

-- The value over each setting that is a number.
local function scatters(p, study, done, paths)
  for _, path in ipairs(paths) do
    local x, y = {}, {}
    for _, row in ipairs(done) do
      if type(row.flat[path]) == "number" then
        x[#x + 1], y[#y + 1] = row.flat[path], row.value
      end
    end
    if #x >= 3 then
      p:figure(plot.scatter(x, y, { title = path, xlabel = path, ylabel = study.objective }))
    end
  end
end

local function curves(p, study, rows)
  local list = {}
  for _, row in ipairs(rows) do
    local reports = row.reports or {}
    if #reports > 1 and #list < MOST_CURVES then
      local curve = { x = {}, y = {}, label = row.id }
      for i, r in ipairs(reports) do curve.x[i], curve.y[i] = r[1], r[2] end
      list[#list + 1] = curve
    end
  end
  if #list == 0 then return end
  p:heading "Curves"
  p:figure(plot.line(nil, list, { xlabel = "step", ylabel = study.objective }))
end

local function failures(p, rows)
  local any = false
  for _, row in ipairs(rows) do
    if row.state ~= "ok" and row.state ~= "pruned" and row.state ~= "running" then
      if not any then p:heading "Failures" end
      any = true
      p:log(("%s: %s"):format(row.id, row.state), tostring(row.error or "") .. "\n"
        .. tostring(row.log or ""))
    end
  end
end

local function counts(rows)
  local count, names = {}, {}
  for _, row in ipairs(rows) do
    if not count[row.state] then names[#names + 1] = row.state end
    count[row.state] = (count[row.state] or 0) + 1
  end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = ("%d %s"):format(count[name], name) end
  return #names > 0 and table.concat(names, ", ") or "none"
end

return function(study, path)
  local rows, done = study:trials(), {}
  for _, row in ipairs(rows) do
    row.flat = flat(row.config or {}, "", {})
    if row.state == "ok" and type(row.value) == "number" then done[#done + 1] = row end
  end
  local sign = study.direction == "minimize" and 1 or -1
  table.sort(done, function(a, b) return sign * a.value < sign * b.value end)
  local p, paths = page("Sweep " .. study.name), varying(rows)
  p:facts { { "trials", counts(rows) }, { "objective", study.objective .. ", "
    .. study.direction .. "d" } }
  if done[1] then
    p:heading "Best"
    p:facts { { "trial", done[1].id }, { study.objective, show(done[1].value) } }
    p:code(space.canonical(done[1].config))
  end
  p:heading "Trials"
  if #rows > 0 then trials_table(p, rows, paths) end
  if #done >= 3 then
    p:heading "Settings"
    scatters(p, study, done, paths)
  end
  curves(p, study, rows)
  failures(p, rows)
  return p:save(path)
end
