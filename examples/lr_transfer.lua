-- Does the best learning rate of a small network serve a large one? A multilayer perceptron at several
-- widths, trained with Adam over a grid of learning rates in two parametrisations: the standard one, whose
-- best rate falls as the width grows, and muP (Yang et al. 2022), whose best rate stays, so that one
-- may look for it at a small width.
-- A run that was stopped, or killed, goes on when the same command is given again.
-- usage: lua5.4 examples/lr_transfer.lua [folder] [steps] [widths, as 64,256,1024] ["digits"]
local ssl = require "sslkit"

local folder = arg[1] or "sweeps/lr_transfer"
local steps = math.tointeger(tonumber(arg[2] or 100))
local widths = {}
for word in (arg[3] or "64,256,1024"):gmatch "[^,]+" do
  widths[#widths + 1] = math.tointeger(tonumber(word))
end
local data = arg[4] or "fashion_mnist"

local function quit(code, ...)
  io.stderr:write("lr_transfer: ", ...)
  io.stderr:write "\n"
  os.exit(code, true)
end

if not (steps and steps >= 1 and #widths > 0) then quit(1, "steps and widths must be 1 or more") end

if data == "fashion_mnist" then
  local found, problem, why = ssl.data.fashion_mnist { split = "test" }
  if not found and why ~= "missing" then quit(1, problem) end
  if not found then
    print(problem .. ";\nthe digits that sslkit carries stand in for it")
    data = "digits"
  end
end

local BASE = 64 -- the width at which both parametrisations learn at the same rates
local RATES, FORMS = {}, { "standard", "mup" }
for exponent = -12, -3 do RATES[#RATES + 1] = 2.0 ^ exponent end

-- Rows of mean 0 and variance 1.
local function load_data(name)
  local ds = name == "digits" and ssl.data.digits()
    or assert(ssl.data.fashion_mnist { split = "train" }):subset(ssl.arange(1, 10000, 1, "int64"))
  local x = ds.x:float():flatten(2)
  return ssl.data.dataset { x = (x - x:mean()) / x:std(), y = ds.y, name = ds.name }
end

-- Two hidden layers, and Adam's groups of parameters. In muP a matrix from width to width learns at the
-- rate over the width, and so does the output, which begins at zero; what comes from the input, and
-- biases, learn at the rate itself.
local function network(inputs, classes, config)
  local width = config.width
  local net = ssl.nn.mlp { sizes = { inputs, width, width, classes } }
  if config.form == "standard" then return net, net:parameters() end
  local wide, other = {}, {}
  for i, named in ipairs(net:named_parameters()) do
    local list = named[2]:dim() == 2 and i > 1 and wide or other
    list[#list + 1] = named[2]
  end
  ssl.nn.init.constant_(wide[#wide], 0)
  return net, { { params = other }, { params = wide, lr = config.lr * BASE / width } }
end

-- The mean loss over the last fifth of the steps; all rates of a width start from the same weights.
local function run(config)
  local ds = load_data(config.data)
  ssl.seed(1)
  local net, groups = network(ds.x:size(2), ds.y:max():item(), config)
  local last = math.max(1, config.steps // 5)
  local result = ssl.train {
    model = net, steps = config.steps, data = ssl.data.loader(ds, { batch = 128, seed = 1 }),
    loss = function(model, batch) return ssl.losses.cross_entropy(model(batch.x), batch.y) end,
    optimizer = ssl.optim.adam(groups, { lr = config.lr }), log_every = 1,
  }
  local sum = 0
  for i = #result.history - last + 1, #result.history do sum = sum + result.history[i].loss end
  return { loss = sum / last }
end

local study, message = ssl.sweep {
  name = "lr_transfer", store = ("%s/trials-%s-%d"):format(folder, data, steps), run = run,
  interrupt = true,
  -- a grid: choices are lists, constants are part of a trial's identity as well
  space = { form = FORMS, width = widths, lr = RATES, steps = steps, data = data },
  objective = "loss", direction = "minimize",
}
if not study then quit(1, message) end
if study.interrupted then quit(130, "interrupted; the same command goes on") end
if study.stopped then quit(1, study.stopped) end

-- The losses of a form at a width, rate by rate; NaN where a trial has failed, as one that diverges.
local function curve(form, width)
  local losses = {}
  for i = 1, #RATES do losses[i] = 0 / 0 end
  for _, trial in ipairs(study:trials { state = "ok" }) do
    local c = trial.config
    if c.form == form and c.width == width then
      for i, rate in ipairs(RATES) do
        if c.lr == rate then losses[i] = trial.value end
      end
    end
  end
  return losses
end

local function lowest(losses)
  local at
  for i, loss in ipairs(losses) do
    if loss == loss and (not at or loss < losses[at]) then at = i end
  end
  return at or quit(1, "no trial of a width has succeeded")
end

-- How much the rate matters at each width, where no rate counts as worse than not to learn at all: ten
-- classes, all equally likely.
local sensitivity, start = {}, math.log(10)
for _, row in ipairs(study:sensitivity("lr", { start = start, per = { "form", "width" } })) do
  sensitivity[row.group.form .. row.group.width] = row.sensitivity
end

local rows, figures = {}, {}
for k, form in ipairs(FORMS) do
  local lines, small = {}, nil
  for i, width in ipairs(widths) do
    local losses = curve(form, width)
    local best = lowest(losses)
    small = small or best
    rows[#rows + 1] = { form, width, ("2^%g"):format(math.log(RATES[best], 2)),
      ("%.3f"):format(losses[best]), ("%.3f"):format(losses[small] - losses[best]),
      ("%.3f"):format(sensitivity[form .. width]) }
    lines[i] = { label = ("width %d"):format(width), x = RATES, mean = losses }
  end
  figures[k] = ssl.plot.line(nil, lines, { title = form .. " parametrisation", log = "xy",
    xlabel = "learning rate", ylabel = "training loss" })
end
local lost = ("lost with width %d's rate"):format(widths[1])
print(ssl.text.table { rows = rows,
  header = { "form", "width", "best rate", "loss", lost, "sensitivity" } })

local picture = ssl.plot.column(figures)
local saved, problem = picture:save(folder .. "/lr_transfer.svg")
if saved then saved, problem = study:report(folder .. "/report.html") end
if not saved then quit(1, problem) end
print(("\n%s: lr_transfer.svg, and a report as an HTML page"):format(folder))
