-- Views of images against torchvision: whole policies, and single operations. Ours makes a batch at a
-- time, torchvision one image, as its users do.

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local ssl = require "sslkit"

local IMAGES = 512

-- The transforms of peers/peer_augment.py.
local function simclr(size, channels, blur, solarize)
  local policy = {
    { "random_resized_crop", size = size, scale = { 0.08, 1 } },
    { "hflip", p = 0.5 },
    { "jitter", p = 0.8, b = 0.4, c = 0.4, s = channels == 3 and 0.4 or 0,
      h = channels == 3 and 0.1 or 0 },
  }
  if channels == 3 then policy[#policy + 1] = { "gray", p = 0.2 } end
  if blur then policy[#policy + 1] = { "blur", p = 0.5, kernel = 3, sigma = { 0.1, 2 } } end
  if solarize then policy[#policy + 1] = { "solarize", p = 0.2, threshold = 0.5 } end
  return policy
end

local function byol(size, channels)
  local policy = simclr(size, channels, true, true)
  policy[#policy + 1] = channels == 3 and { "normalize", preset = "cifar10" }
    or { "normalize", mean = 0.1307, std = 0.3081 }
  return policy
end

local peer = bench:peer("peer_augment.py")

for _, kind in ipairs { { 32, 3 }, { 28, 1 } } do
  local size, channels = table.unpack(kind)
  local input = ("%dx%dx%d"):format(size, size, channels)
  local x = ssl.randint(0, 255, { IMAGES, channels, size, size }):to "uint8"

  local function case(name, policy, transform)
    local p = ssl.augment.compile(policy)
    local seed = 0
    bench:compare { name = ("augment/%s %s"):format(name, input), peer = peer(input .. transform),
      peer_name = "torchvision" .. transform, count = IMAGES, unit = "views/s",
      check = function() end, ours = function()
        seed = seed + 1
        return p(x, { seed = seed })
      end }
  end

  case("simclr, tensors", simclr(size, channels), " tensor f32 SimCLR s=0.5 blur=False")
  case("simclr, PIL", simclr(size, channels), " PIL+ToTensor SimCLR s=0.5 blur=False")
  case("simclr blur, tensors", simclr(size, channels, true), " tensor f32 SimCLR s=0.5 blur=True")
  case("simclr blur, PIL", simclr(size, channels, true), " PIL+ToTensor SimCLR s=0.5 blur=True")
  case("byol", byol(size, channels), " tensor f32 BYOL-like (blur, solarize, normalize)")
  case("crop", { { "random_resized_crop", size = size, scale = { 0.08, 1 } } },
    " tensor f32 op RandomResizedCrop")
  case("flip", { { "hflip", p = 1 } }, " tensor f32 op HFlip p=1")
  case("blur", { { "blur", p = 1, kernel = 3, sigma = { 0.1, 2 } } },
    " tensor f32 op GaussianBlur k=3")
  if channels == 3 then
    case("jitter", { { "jitter", p = 1, b = 0.4, c = 0.4, s = 0.4, h = 0.1 } },
      " tensor f32 op ColorJitter .4 .4 .4 .1")
    case("gray", { { "gray", p = 1 } }, " tensor f32 op Grayscale")
  end
end

-- How much of a training step is spent waiting for the next batch of views.
local name = "augment/loader wait, resnet18 3x32x32 b64"
if bench:wants(name) then
  local ds = ssl.data.dataset { x = ssl.randint(0, 255, { 4096, 3, 32, 32 }):to "uint8",
    y = ssl.randint(1, 10, { 4096 }) }
  local net = ssl.nn.resnet18 { channels = 3, head = 10 }
  local opt = ssl.optim.adam(net:parameters(), { lr = 1e-3 })
  local loader = ssl.data.loader(ds, { batch = 64, augment = { views = {
    simclr(32, 3, true) } } })
  local clock = require("sslkit.core").clock
  local waited, steps, start = 0, 0, nil
  local asked = clock()
  for x, y in loader do
    if start then waited = waited + clock() - asked end
    start = start or clock() -- the first batch has nobody to be made beside
    local loss = ssl.losses.cross_entropy(net(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    steps = steps + 1
    if steps > bench.runs then break end
    asked = clock()
  end
  local share = 100 * waited / (clock() - start)
  bench:report { name = name, ours = share, peer = 5, unit = "% of the time", ratio = 5 / share,
    peer_name = "what it may be" }
end
