-- lua5.4 examples/plots.lua [page.html]: a figure of every kind, from the digits, on an HTML page.

local ssl = require "sslkit"
local plot = ssl.plot

local path = arg[1] or "plots.html"
ssl.seed(1)

local digits = ssl.data.digits()
local pixels = digits.x:float():flatten(2)
local noise = ssl.randn_like(pixels)
local page = ssl.page("Plots", { subtitle = "A figure of every kind, from the digits" })

-- The first two principal axes.
local centred = pixels - pixels:mean(1, true)
local _, _, axes = ssl.linalg.svd(centred)
local plane = centred:matmul(axes:narrow(1, 1, 2):t())

page:heading "Points and lines"
page:figure(plot.scatter(plane, {
  labels = digits.y, names = digits.classes, title = "scatter", xlabel = "first axis",
  ylabel = "second axis",
}))

local rows, ranks = {}, {}
for k = 1, 12 do
  rows[k] = 25 * k
  ranks[k] = ssl.metrics.rankme(pixels:narrow(1, 1, rows[k]))
end
page:figure(plot.line(rows, { { y = ranks, label = "pixels" } }, {
  title = "line", xlabel = "rows", ylabel = "RankMe",
}))
page:figure(plot.spectrum({ pixels, noise }, {
  labels = { "pixels", "noise" }, title = "spectrum",
}))

page:heading "Counts"
page:figure(plot.histogram({ pixels:norm(2, 2), noise:norm(2, 2) }, {
  labels = { "pixels", "noise" }, title = "histogram", xlabel = "length of a row",
}))
local names, counts = {}, digits.y:bincount():totable()
for k, class in ipairs(digits.classes) do names[k] = class end
page:figure(plot.bar(names, counts, { title = "bar", xlabel = "digit", ylabel = "images" }))

page:heading "Fields"
local means = {}
for k = 1, 10 do means[k] = pixels[digits.y:eq(k)]:mean(1) end
local class = ssl.stack(means)
class = class - class:mean(1, true)
class = class / class:norm(2, 2, true)
page:figure(plot.heatmap(class:matmul(class:t()), {
  x_names = names, y_names = names, title = "heatmap: cosine of the classes' means",
}))
local side = ssl.linspace(-3, 3, 61)
local across, up = side:unsqueeze(1), side:unsqueeze(2)
page:figure(plot.contour(side, side, (across ^ 2 + up - 2) ^ 2 + (across + up ^ 2 - 2) ^ 2, {
  title = "contour", log = true, square = true,
}))
local valley = (1 - across) ^ 2 + 20 * (up - across ^ 2) ^ 2 + 0.1
page:figure(plot.landscape({ x = side, y = side, z = valley }, {
  title = "landscape", path = { { -1.5, 2.5 }, { -1.2, 1.6 }, { 0, 0.2 }, { 1, 1 } },
}))

page:heading "Images and runs"
page:figure(plot.image_grid(digits.x:narrow(1, 1, 40), {
  columns = 10, range = { 0, 16 }, title = "image_grid",
}))
local runs = {}
for i = 1, 40 do
  local lr, width = 10 ^ (-4 + 3 * ssl.rand(1)[1]), 2 ^ (4 + i % 5)
  local accuracy = 0.95 - 0.05 * math.abs(math.log(lr / 3e-3, 10)) - 1 / width
  runs[i] = { lr = lr, width = width, optimizer = i % 2 == 0 and "adam" or "sgd",
    accuracy = accuracy + 0.01 * ssl.randn(1)[1] }
end
page:figure(plot.parallel(runs, {
  columns = { "optimizer", "lr", "width", "accuracy" }, color = "accuracy", log = { "lr", "width" },
  title = "parallel: made-up runs",
}))

assert(page:save(path))
print("wrote " .. path)
