-- The student of a random teacher, without labels: three seeds, two controls, one picture.
-- usage: lua5.4 examples/random_teacher.lua [steps] [folder of Fashion-MNIST's idx files]
local ssl = require "sslkit"

local steps, root = math.tointeger(tonumber(arg[1] or 600)) or 600, arg[2]

local function quit(code, ...)
  io.stderr:write("random_teacher: ", ...)
  io.stderr:write "\n"
  os.exit(code, true)
end

local train, message, why = ssl.data.fashion_mnist { split = "train", root = root }
local test
if train then
  test, message = ssl.data.fashion_mnist { split = "test", root = root }
elseif why == "missing" and not root then
  print(message .. ";\nthe digits that sslkit carries stand in for it")
  train, test = ssl.data.digits():split(0.6, { seed = 1 })
end
if not test then quit(1, message) end
print(("%s\n%s\n"):format(train, test))

local total = 5 * steps -- three students of images, one of noise, one from a fresh start
local bar = ssl.progress.new(total, { label = "distil", unit = "step" })
local ok, study = pcall(ssl.distill.study,
  { data = train, test = test, steps = steps, controls = 1, log_every = 50, progress = bar })
bar:close()
if not ok then
  local how_far = ("stopped after %d of %d steps, nothing written: "):format(bar.n, total)
  quit(study:find "interrupted!" and 130 or 1, how_far, study)
end
print(study)

-- One line a kind of student: the mean over the seeds, in a band from the least to the largest.
local kinds = { { "main", "student" }, { "noise", "of noise" }, { "fresh", "alpha = 1" } }
local function curves(field)
  local lines = {}
  for i, kind in ipairs(kinds) do
    local x, y = {}, {}
    for k, result in ipairs(study[kind[1]]) do
      y[k] = {}
      for at, entry in ipairs(result.history) do x[at], y[k][at] = entry.step, entry[field] end
    end
    y = ssl.tensor(y, "float64")
    lines[i] = { label = kind[2], x = x, mean = y:mean(1), low = y:amin(1), high = y:amax(1) }
  end
  return lines
end

local picture = ssl.plot.column {
  ssl.plot.line(nil, curves "loss", { title = "KL divergence from the teacher", log = "y",
    ylabel = "nats", xlabel = "step" }),
  ssl.plot.line(nil, curves "rankme", { title = "RankMe of the student's features",
    ylabel = "RankMe", xlabel = "step" }),
}
local saved, problem = picture:save "random_teacher.svg"
if not saved then quit(1, problem) end
print "\nrandom_teacher.svg: loss and RankMe over the steps, mean and range over the seeds"
