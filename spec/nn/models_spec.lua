-- Vision transformer, residual network, VGG; and weights that PyTorch made.

local fixtures = dofile "spec/fixtures/nn_models.lua"
local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local nn = ssl.nn
local F64 = "float64"

local function double(values) return ssl.tensor(values, F64) end

local function loaded(name)
  return assert(ssl.load("spec/fixtures/files/" .. name .. ".safetensors"))
end

local function count(net)
  local n = 0
  for _, p in ipairs(net:parameters()) do n = n + p:numel() end
  return n
end

-- The names and shapes of probe points, and that the last is the network's output.
local function points(net, x)
  local list = {}
  net:eval()
  local found = net:probe_points(x)
  for i, point in ipairs(found) do
    list[i] = point[1] .. " " .. table.concat({ point[2]:shape() }, "x")
  end
  assert.is_true(ssl.equal(net(x), found[#found][2]))
  return table.concat(list, ", ")
end

-- A network trains: a step down the gradient lowers the loss; its state makes another the same.
local function learns(make, x)
  local net, y = make(), ssl.arange(1, x:size(1)):long()
  local opt = ssl.optim.sgd(net:parameters(), { lr = 0.02 })
  local losses = {}
  for i = 1, 3 do
    local loss = ssl.losses.cross_entropy(net(x), y)
    losses[i] = loss:item()
    opt:zero_grad()
    loss:backward()
    for _, entry in ipairs(net:named_parameters()) do
      assert.is_truthy(entry[2]:grad(), entry[1])
    end
    opt:step()
  end
  assert.is_true(losses[3] < losses[1], losses[1] .. " to " .. losses[3])
  local other = make():load_state(net:state()):eval()
  assert.is_true(ssl.equal(net:eval()(x), other(x)))
end

describe("vit", function()
  local tiny = { image = 6, patch = 3, channels = 2, dim = 4, depth = 2, heads = 2, mlp_ratio = 2,
    head = 3, dtype = F64 }

  local function with(changes)
    local options = {}
    for name, value in pairs(tiny) do options[name] = value end
    for name, value in pairs(changes) do options[name] = value end
    return options
  end

  it("is PyTorch's with timm's names, forward and backward", function()
    local want, state = fixtures.vit, {}
    for name, values in pairs(want.state) do state[name] = double(values) end
    local net = nn.vit(tiny):load_state(state)
    local x = double(want.x):requires_grad()
    local y = net(x)
    ssl.losses.cross_entropy(y, ssl.tensor({ 3, 1 }, "int64")):backward()
    -- 1e-7: the fixture holds 9 digits, of values up to 10
    assert.tensor_near(want.y, y, 1e-7)
    assert.tensor_near(want.dx, x:grad(), 1e-7)
    for _, entry in ipairs(net:named_parameters()) do
      local got = entry[2]:grad():square():sum():item()
      local expected = want.squared_gradients[entry[1]]
      assert.tensor_near(1, (got + 1e-9) / (expected + 1e-9), 1e-6) -- attn.qkv.bias has zeros
    end
    assert.tensor_near(want.features, net:features(x), 1e-7)
    state["head.weight"], state["head.bias"] = nil, nil
    local means = nn.vit(with { pool = "mean", head = false }):load_state(state)
    assert.tensor_near(want.means, means(x), 1e-7)
  end)

  it("shows what it computes on the way", function()
    assert.equal("patch_embed 1x5x4, blocks.0 1x5x4, blocks.1 1x5x4, features 1x4, head 1x3",
      points(nn.vit(tiny), ssl.randn(1, 2, 6, 6, F64)))
    assert.equal("patch_embed 1x5x4, features 1x4",
      points(nn.vit(with { depth = 0, head = false }), ssl.randn(1, 2, 6, 6, F64)))
  end)

  it("learns, and resumes from its state", function()
    learns(function() return nn.vit(with { dtype = "float32" }) end, ssl.randn(3, 2, 6, 6))
  end)

  it("starts with narrow weights, and knows no place yet but by chance", function()
    local net = nn.vit(with { dim = 60, generator = ssl.generator(1) })
    -- a normal cut at 2 deviations has the deviation 0.8796
    assert.tensor_near(0.02 * 0.8796, net.blocks["0"].mlp.fc1.weight:std(), 5e-4) -- 7200 draws
    assert.is_true(net.pos_embed:abs():max():item() <= 0.04)
    assert.is_true(net.cls_token:abs():max():item() < 1e-5)
    local again = nn.vit(with { dim = 60, generator = ssl.generator(1) })
    for name, t in pairs(net:state()) do assert.is_true(ssl.equal(t, again:state()[name]), name) end
  end)

  it("says what is wrong with its options", function()
    assert.raises("unknown option 'width'; known: channels, depth, dim", nn.vit, { width = 3 })
    assert.raises("patches of 5 do not fill an image of 32", nn.vit, { patch = 5 })
    assert.raises("pool must be one of token, mean, got string 'max'", nn.vit, { pool = "max" })
    assert.raises("head (classes) must be in 1..inf, got 0", nn.vit, { head = 0 })
    assert.raises("depth must be in 0..inf, got -1", nn.vit, { depth = -1 })
    assert.raises("images (N,2,6,6) expected, got (1,3,6,6) float64", nn.vit(tiny),
      ssl.ones(1, 3, 6, 6, F64))
  end)
end)

-- As the fixtures' script makes it.
local function waves(...) return (ssl.arange(1, 7680):double() * 0.37):sin():view(...) end

describe("resnet18", function()
  it("computes what torchvision's does, with torchvision's files", function()
    local state = loaded "resnet18"
    assert.equal("int64", state["bn1.num_batches_tracked"]:dtype())
    local net = nn.resnet18 { width = 1, stem = "imagenet", head = 5 }
    assert.equal(net, net:load_state(state))
    assert.tensor_near(state["layer4.1.bn2.running_var"], net.layer4["1"].bn2.running_var, 0)
    -- 1e-5: 18 layers of float32 roundings, outputs around 1
    assert.tensor_near(fixtures.networks.resnet18, net:eval()(waves(2, 3, 40, 32):float()), 1e-5)
    net:to "float64"
    assert.tensor_near(fixtures.networks.resnet18, net(waves(2, 3, 40, 32)), 1e-8)
  end)

  it("takes only states that fit", function()
    local state = loaded "resnet18"
    local net = nn.resnet18 { width = 1, stem = "imagenet" }
    local before = net.conv1.weight:clone()
    assert.raises("there is no 'fc.", net.load_state, net, state)
    state["fc.weight"], state["fc.bias"] = nil, nil
    local running = state["bn1.running_var"]
    state["bn1.running_var"] = nil
    assert.raises("tensor 'bn1.running_var' expected, got nil", net.load_state, net, state)
    assert.is_true(ssl.equal(before, net.conv1.weight))
    state["bn1.running_var"] = running
    assert.is_true(ssl.equal(state["conv1.weight"], net:load_state(state).conv1.weight))
  end)

  it("has torchvision's number of parameters", function()
    assert.equal(11168832, count(nn.resnet18 {})) -- less 5130 of the classes, with the small stem
  end)

  it("shows what it computes on the way", function()
    assert.equal("stem 1x2x9x8, layer1.0 1x2x9x8, layer1.1 1x2x9x8, layer2.0 1x4x5x4, "
      .. "layer2.1 1x4x5x4, layer3.0 1x8x3x2, layer3.1 1x8x3x2, layer4.0 1x16x2x1, "
      .. "layer4.1 1x16x2x1, features 1x16, fc 1x3",
      points(nn.resnet18 { width = 2, head = 3 }, ssl.randn(1, 3, 9, 8)))
    assert.matches("^stem 1x1x8x8, layer1.0 1x1x8x8", points(nn.resnet18 { width = 1,
      stem = "imagenet", channels = 1 }, ssl.randn(1, 1, 32, 32)))
  end)

  it("learns, and resumes from its state", function()
    learns(function() return nn.resnet18 { width = 2, head = 4 } end, ssl.randn(4, 3, 8, 8))
  end)

  it("has the right gradients, first and second", function()
    ssl.seed(4) -- of some, a ReLU's input is near 0, and differences look at both sides of it
    local net = nn.resnet18 { width = 1, channels = 1, dtype = F64 }
    local function f(x) return net(x) end
    local x = ssl.randn(3, 1, 4, 4, F64)
    -- 1e-5: norms over three values divide by small variances
    assert.is_true((ssl.gradcheck(f, { x }, { tol = 1e-5, second = true })))
  end)

  it("draws from its generator", function()
    local function make(seed)
      return nn.resnet18 { width = 2, head = 3, generator = ssl.generator(seed) }:state()
    end
    local a, b, c = make(1), make(1), make(2)
    for name, t in pairs(a) do assert.is_true(ssl.equal(t, b[name]), name) end
    assert.is_false(ssl.equal(a["layer1.0.conv1.weight"], c["layer1.0.conv1.weight"]))
    -- normal, of variance 2 / fan_out = 2 / (9 * 16)
    local w = a["layer4.1.conv2.weight"]
    assert.tensor_near((2 / 144) ^ 0.5, w:std(), 0.1 * (2 / 144) ^ 0.5) -- 2304 draws
  end)

  it("says what is wrong with its options", function()
    assert.raises("stem must be one of cifar, imagenet, got string 'mnist'", nn.resnet18,
      { stem = "mnist" })
    assert.raises("unknown option 'classes'; known: channels, dtype, generator, head, stem, width",
      nn.resnet18, { classes = 3 })
    assert.raises("width must be in 1..inf, got 0", nn.resnet18, { width = 0 })
    assert.raises("head (classes) must be a whole number, got boolean true", nn.resnet18,
      { head = true })
  end)
end)

describe("vgg11", function()
  it("computes what torchvision's does, with torchvision's files", function()
    local net = nn.vgg11 { width = 1, classifier = "imagenet" }:load_state(loaded "vgg11_bn"):eval()
    local y = net(waves(2, 3, 40, 32):float()):view(2, 8, 49)
    for i = 1, 49, 8 do -- a map of one pixel, spread over 7 x 7
      assert.tensor_near(fixtures.networks.vgg11_bn, y:select(3, i), 1e-4) -- values of 10
    end
    net:to "float64"
    y = net(waves(2, 3, 40, 32)):view(2, 8, 49)
    assert.tensor_near(fixtures.networks.vgg11_bn, y:select(3, 1), 1e-7)
  end)

  it("has torchvision's names and numbers of parameters", function()
    local net = nn.vgg11 { width = 1, norm = "none", head = 5, classifier = "imagenet" }
    local names = {}
    for _, entry in ipairs(net:named_parameters()) do names[entry[1]] = { entry[2]:shape() } end
    assert.same(fixtures.networks.vgg11_names, names)
    assert.equal(9220480, count(nn.vgg11 { norm = "none" }))
    assert.equal(9220480 + 2 * 2752, count(nn.vgg11 {}))
  end)

  it("shows what it computes on the way, of small images too", function()
    assert.equal("features.1 1x2x28x28, features.4 1x4x14x14, features.7 1x8x7x7, "
      .. "features.9 1x8x7x7, features.12 1x16x3x3, features.14 1x16x3x3, features.17 1x16x1x1, "
      .. "features.19 1x16x1x1, features 1x16, classifier 1x3",
      points(nn.vgg11 { width = 2, channels = 1, norm = "none", head = 3 },
        ssl.randn(1, 1, 28, 28)))
    assert.matches("^features.2 1x1x64x33, .*features 1x8$",
      points(nn.vgg11 { width = 1 }, ssl.randn(1, 3, 64, 33)))
    local net = nn.vgg11 { width = 1 }:eval()
    local x = ssl.randn(1, 3, 64, 32)
    assert.tensor_near(net:features(x), net(x), 0)
  end)

  it("learns, and resumes from its state", function()
    for _, norm in ipairs { "batch", "none" } do
      learns(function() return nn.vgg11 { width = 4, norm = norm, head = 4 } end,
        ssl.randn(4, 3, 32, 32))
    end
    local net = nn.vgg11 { width = 1, head = 2, classifier = "imagenet" }
    assert.same({ 2, 2 }, { net(ssl.randn(2, 3, 32, 32)):shape() })
  end)

  it("is another when cloned", function()
    local net = nn.vgg11 { width = 1 }
    local other = net:clone()
    assert.same({ "features.0.weight" }, { other:named_parameters()[1][1] })
    other:named_parameters()[1][2]:detach():zero_()
    assert.is_true(net:named_parameters()[1][2]:abs():max():item() > 0)
  end)

  it("says what is wrong with its options", function()
    assert.raises("norm must be one of batch, none, got string 'layer'", nn.vgg11,
      { norm = "layer" })
    assert.raises("classifier must be one of linear, imagenet, got string 'mlp'", nn.vgg11,
      { classifier = "mlp" })
    assert.raises("unknown option 'depth'", nn.vgg11, { depth = 11 })
  end)
end)

-- In full width (but for vgg11, whose classifier has 123 million weights), and made while the test
-- runs; where PyTorch is not, the small files above stand for it.
if shell "/usr/bin/python3 -c 'import torchvision'" == 0 then
  describe("files of torchvision #slow", function()
    local temp
    before_each(function() temp = temporary() end)
    after_each(function() temp.remove() end)

    it("load, and compute the same", function()
      local folder = temp.path "."
      local code, output = shell("/usr/bin/python3 spec/fixtures/make_nn_models.py %s", folder)
      assert.equal(0, code, output)
      local function read(name) return assert(ssl.load(temp.path(name .. ".safetensors"))) end
      local want = read "outputs"
      local nets = {
        resnet18 = nn.resnet18 { stem = "imagenet", head = 10 },
        vgg11_bn = nn.vgg11 { classifier = "imagenet" },
        vgg11 = nn.vgg11 { width = 1, norm = "none", head = 10, classifier = "imagenet" },
      }
      for name, net in pairs(nets) do
        net:load_state(read(name)):eval()
        local y = ssl.no_grad(function() return net(want.x) end)
        local size = want[name]:abs():max():item()
        assert.tensor_near(want[name] / size, y / size, 1e-4)
      end
    end)
  end)
end
