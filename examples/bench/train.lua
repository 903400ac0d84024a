-- Steps of training against PyTorch: the same networks, batches and losses, Adam; how much of the
-- machine's peak in float32 products ours reach, and the peak of resident memory, of a process for each.

local core = require "sslkit.core"
local ssl = require "sslkit"

local nn, losses = ssl.nn, ssl.losses

-- {== Networks ==============================================================================

local build = {}

function build.mlp(c, h, w)
  return nn.Sequential(nn.Flatten(), nn.Linear(c * h * w, 1024), nn.BatchNorm1d(1024), nn.ReLU(),
    nn.Linear(1024, 1024), nn.BatchNorm1d(1024), nn.ReLU(), nn.Linear(1024, 512))
end

function build.vgg11(c) return nn.vgg11 { channels = c } end

function build.resnet18(c) return nn.resnet18 { channels = c } end

local WIDTHS = { supervised = 10, random_teacher = 1024, simclr = 128, barlow = 1024 }

local function network(arch, loss, c, h, w)
  local out = WIDTHS[loss]
  local head = loss == "supervised" and nn.Linear(512, out)
    or nn.Sequential(nn.Linear(512, 1024), nn.GELU(), nn.Linear(1024, out))
  return nn.Sequential(build[arch](c, h, w), head)
end

-- Multiply-adds of one image's way through the body.
local function products(arch, c, h, w)
  if arch == "mlp" then return c * h * w * 1024 + 1024 * 1024 + 1024 * 512 end
  local sum = 0
  local function conv(out, k, stride)
    h, w = (h + stride - 1) // stride, (w + stride - 1) // stride
    sum, c = sum + c * out * k * k * h * w, out
  end
  if arch == "vgg11" then
    for _, v in ipairs { 64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512 } do
      if v == "M" then h, w = h // 2, w // 2 else conv(v, 3, 1) end
    end
    return sum
  end
  conv(64, 3, 1)
  for _, stage in ipairs { { 64, 1 }, { 64, 1 }, { 128, 2 }, { 128, 1 }, { 256, 2 }, { 256, 1 },
    { 512, 2 }, { 512, 1 } } do
    local out, stride = table.unpack(stage)
    local inp = c
    conv(out, 3, stride)
    if inp ~= out then sum = sum + inp * out * h * w end
    conv(out, 3, 1)
  end
  return sum
end

-- ==}

-- One step, as a function.
local function stepper(arch, loss, shape, batch)
  local c, h, w = table.unpack(shape)
  ssl.seed(0)
  local student = network(arch, loss, c, h, w)
  local teacher = loss == "random_teacher" and network(arch, loss, c, h, w):eval()
  local opt = ssl.optim.adam(student:parameters(), { lr = 1e-3 })
  local x, x2 = ssl.rand(batch, c, h, w), ssl.rand(batch, c, h, w)
  local y = ssl.randint(1, 10, { batch })
  local function value()
    if loss == "supervised" then return losses.cross_entropy(student(x), y) end
    if loss == "random_teacher" then
      local p = ssl.no_grad(function() return teacher(x):softmax(2) end)
      return losses.cross_entropy(student(x), p)
    end
    local z = student(ssl.cat { x, x2 })
    local z1, z2 = z:narrow(1, 1, batch), z:narrow(1, batch + 1, 2 * batch)
    if loss == "simclr" then return losses.ntxent(z1, z2) end
    return losses.barlow_twins(z1, z2, { unbiased = true, lambda = 5e-3 })
  end
  return function()
    local l = value()
    opt:zero_grad()
    l:backward()
    opt:step()
    return l:item()
  end
end

-- The machine's float32 peak, in operations a second: products of large matrices.
local function peak()
  local a, b = ssl.randn(2048, 2048), ssl.randn(2048, 2048)
  local out, best = ssl.zeros(2048, 2048), math.huge
  for _ = 1, 5 do
    local start = core.clock()
    core.matmul(a, b, out)
    best = math.min(best, core.clock() - start)
  end
  return 2 * 2048 ^ 3 / best
end

-- train.lua --peak ARCH LOSS CxHxW BATCH THREADS: the bytes that some steps take at most.
if arg[1] == "--peak" then
  local shape = {}
  for size in arg[4]:gmatch "%d+" do shape[#shape + 1] = math.tointeger(size) end
  ssl.set_threads(math.tointeger(arg[6]))
  local step = stepper(arg[2], arg[3], shape, math.tointeger(arg[5]))
  for _ = 1, 5 do step() end
  print(core.peak_rss())
  return
end

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local lua = arg[-1]
local best

local function compare(arch, loss, shape, batch)
  local input = table.concat(shape, "x")
  local name = ("train/%s %s %s b%d"):format(arch, loss, input, batch)
  if not bench:wants(name) then return end
  best = best or peak()
  local views = (loss == "simclr" or loss == "barlow") and 2 or 1
  local flops = 2 * products(arch, table.unpack(shape)) * batch * views
    * (loss == "random_teacher" and 4 or 3) -- forward, two gradients; the teacher forward
  local peer = bench:peer("peer_train.py", "--arch", arch, "--loss", loss, "--input", input,
    "--batch", batch)
  bench:compare { name = name, ours = stepper(arch, loss, shape, batch), peer = peer "step",
    peer_name = "torch", check = function() end, flops = flops, peak = best }
  local child <close> = assert(io.popen(("%s %s --peak %s %s %s %d %d"):format(lua, arg[0], arch,
    loss, input, batch, bench.threads)))
  local ours, theirs = assert(child:read "n"), peer "rss"().value
  bench:report { name = name .. " peak memory", ours = ours / 2 ^ 20, peer = theirs, unit = "MiB",
    ratio = theirs / ours * 2 ^ 20, peer_name = "torch" }
end

for _, data in ipairs { { { 1, 28, 28 }, 256 }, { { 3, 32, 32 }, 64 } } do
  for _, arch in ipairs { "mlp", "vgg11", "resnet18" } do
    for _, loss in ipairs { "random_teacher", "supervised", "simclr", "barlow" } do
      compare(arch, loss, data[1], data[2])
    end
  end
end
