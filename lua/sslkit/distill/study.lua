-- The random-teacher study: the student, and beside it two controls that share its teacher.

local check = require "sslkit.check"
local page = require("sslkit.distill.table").page
local random_teacher = require("sslkit.distill.random_teacher").random_teacher

local M = {}

local Study = { __name = "sslkit.distill.study", __tostring = page }

-- What each run differs in. Students of noise see no image; a fresh start is not near its teacher.
-- The first is the study, the others are its controls.
local RUNS = {
  { name = "main", options = {} },
  { name = "noise", options = { noise = true } },
  { name = "fresh", options = { alpha = 1 } },
}

--- `random_teacher` for several seeds, and two controls: a student that sees Gaussian noise instead
-- of images, and one that starts afresh (alpha = 1).
-- @param options table: seeds = list of whole numbers ({1, 2, 3}); controls = for how many of them,
-- from the first, the controls run (all); and those of `random_teacher` but for seed
-- @return table {main=, noise=, fresh=}, each a list of results in the order of the seeds; tostring
-- is a page that compares them
-- @raise as random_teacher does
-- @example local d = ssl.data.digits():subset({1, 2, 3, 4, 5, 6, 7, 8, 9}); return #ssl.distill.study{data = d, test = d, steps = 1, batch = 4, k = 2, seeds = {1}}.noise --> 1
function M.study(options)
  if type(options) ~= "table" then
    check.fail(1, "table of options expected, got %s", check.kind(options))
  end
  local seeds = options.seeds or { 1, 2, 3 }
  if type(seeds) ~= "table" or #seeds == 0 then
    check.fail(1, "seeds must be a list of whole numbers, got %s", check.kind(seeds))
  end
  local controls = check.integer(1, "controls", options.controls or #seeds, 0, #seeds)
  local out, pixels = { main = {}, noise = {}, fresh = {} }, nil
  for i, seed in ipairs(seeds) do
    local teacher
    for _, run in ipairs { table.unpack(RUNS, 1, i <= controls and #RUNS or 1) } do
      local given = { teacher = teacher, pixels = pixels }
      for name, value in pairs(options) do
        if name ~= "seeds" and name ~= "controls" then given[name] = value end
      end
      for name, value in pairs(run.options) do given[name] = value end
      given.seed = seed
      local result = random_teacher(given)
      teacher, pixels = result.teacher, result.pixels
      out[run.name][i] = result
    end
  end
  return setmetatable(out, Study)
end

return M
