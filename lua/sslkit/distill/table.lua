-- The random-teacher study as a page of text: who is worth what, over the seeds.

local text = require "sslkit.text"
local T = require "sslkit.tensor"

local M = {}

-- field, heading, factor
local COLUMNS = {
  { "knn", "kNN %", 100 }, { "knn_cosine", "kNN cos %", 100 }, { "linear", "linear %", 100 },
  { "rankme", "RankMe", 1 }, { "effective_rank", "eff. rank", 1 }, { "alignment", "alignment", 1 },
  { "uniformity", "uniformity", 1 },
}

-- run, whose record, name
local ROWS = {
  { "main", "pixels", "raw pixels" },
  { "main", "teacher", "random teacher" },
  { "main", "student", "its student" },
  { "noise", "student", "student of noise" },
  { "fresh", "student", "student, alpha = 1" },
}

-- One field of one record in every seed's result.
local function values(results, who, field)
  local x = {}
  for i, result in ipairs(results) do x[i] = result[who][field] end
  return x
end

-- "seed 1", "seeds 1, 2"
local function seeds_of(results)
  local list = {}
  for i, result in ipairs(results) do list[i] = result.settings.seed end
  return (#list == 1 and "seed " or "seeds ") .. table.concat(list, ", ")
end

local function mean(x) return T.tensor(x, "float64"):mean():item() end

local function cell(x, scale)
  if #x < 2 then return ("%.2f       "):format(mean(x) * scale) end
  return ("%.2f ± %4.2f"):format(mean(x) * scale, T.tensor(x, "float64"):std():item() * scale)
end

local function gains(study, field)
  local list = {}
  local teacher = values(study.main, "teacher", field)
  for i, x in ipairs(values(study.main, "student", field)) do list[i] = (x - teacher[i]) * 100 end
  return list
end

local function gain_line(study, name, field)
  local parts, list = {}, gains(study, field)
  for i, gain in ipairs(list) do parts[i] = ("%+.2f"):format(gain) end
  return ("  %-8s %+.2f points on average (%s)"):format(name, mean(list), table.concat(parts, ", "))
end

-- One line for each thing that would surprise a reader, where it has come to pass.
local function notes(study)
  local function of(run, who, field) return mean(values(study[run], who, field)) end
  local lines = {}
  if of("main", "student", "effective_rank") < of("main", "teacher", "effective_rank") then
    lines[#lines + 1] = "The student's effective rank is below its teacher's: the features first "
      .. "collapse onto few\ndirections, and the rank recovers later than the accuracy."
  end
  if #study.fresh > 0 and of("fresh", "student", "knn") < of("fresh", "teacher", "knn") then
    lines[#lines + 1] = "alpha = 1 starts far from its teacher and is still below it after so few "
      .. "steps; the paper's,\ntrained for 100 epochs and more, end above."
  end
  return lines
end

-- The page; study as distill.study returns it.
function M.page(study)
  local header, rows = { ("mean ± sd over %d seeds"):format(#study.main) }, {}
  for k, column in ipairs(COLUMNS) do header[k + 1] = column[2] end
  for _, row in ipairs(ROWS) do
    local results = study[row[1]]
    local cells = { row[3] }
    if #results < #study.main then cells[1] = ("%s (%s)"):format(row[3], seeds_of(results)) end
    for k, column in ipairs(COLUMNS) do
      cells[k + 1] = cell(values(results, row[2], column[1]), column[3])
    end
    if #results > 0 then rows[#rows + 1] = cells end
  end
  local lines = {
    text.table { header = header, rows = rows, align = "lrrrrrrr" },
    "", "student above teacher:", gain_line(study, "kNN", "knn"),
    gain_line(study, "linear", "linear"), "",
  }
  for _, note in ipairs(notes(study)) do lines[#lines + 1] = note end
  return table.concat(lines, "\n")
end

return M
