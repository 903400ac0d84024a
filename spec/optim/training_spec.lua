-- Training as a whole: it learns, it repeats itself to the bit, and memory stays flat without a
-- single call of collectgarbage.

local ssl = require "sslkit"

local nn, optim, losses = ssl.nn, ssl.optim, ssl.losses

-- Two spirals, as far from linear as two classes get.
local function spirals(n)
  local t = ssl.linspace(0.5, 3, n):unsqueeze(2)
  local arm = ssl.cat({ t * (t * 3):cos(), t * (t * 3):sin() }, 2)
  local y = ssl.ones(n, "int64")
  return ssl.cat { arm, -arm }, ssl.cat { y, y + 1 }
end

local function trainer(seed, options)
  local g = ssl.generator(seed)
  local net = nn.mlp { sizes = { 2, 32, 32, 2 }, norm = options.norm, activation = "tanh",
    generator = g }
  local x, y = spirals(100)
  local opt = options.make(net:parameters(), options.settings)
  return net, function()
    opt:zero_grad()
    local loss = losses.cross_entropy(net(x), y)
    loss:backward()
    opt:step()
    return loss:item()
  end, x, y, opt
end

local RECIPES = {
  adam = { make = optim.adam, settings = { lr = 0.01 } },
  adamw_batchnorm = { make = optim.adamw, settings = { lr = 0.01 }, norm = "batch" },
  sgd = { make = optim.sgd, settings = { lr = 0.3, momentum = 0.9, nesterov = true } },
}

describe("training #train", function()
  for name, recipe in pairs(RECIPES) do
    it("separates two spirals: " .. name, function()
      local net, step, x, y = trainer(1, recipe)
      local first, last = step()
      for _ = 1, 300 do last = step() end
      assert.is_true(first > 0.5)
      assert.is_true(last < 0.05)
      net:eval()
      local right = ssl.no_grad(net, x):argmax(2):eq(y):sum():item()
      assert.is_true(right >= 198)
    end)
  end

  it("repeats itself to the bit, whatever the number of threads", function()
    local results = {}
    for k, threads in ipairs { 1, 2, 2 } do
      ssl.set_threads(threads)
      local net, step = trainer(7, RECIPES.adamw_batchnorm)
      for _ = 1, 20 do step() end
      results[k] = net:state()
    end
    for name, t in pairs(results[1]) do
      assert.is_true(ssl.equal(t, results[2][name]) and ssl.equal(t, results[3][name]), name)
    end
  end)

  for name, recipe in pairs(RECIPES) do
    it("resumes from the states of model and optimiser to the bit: " .. name, function()
      local net, step, _, _, opt = trainer(3, recipe)
      for _ = 1, 10 do step() end
      local states = { net:state(), opt:state() }
      for _ = 1, 10 do step() end
      local other, again, _, _, other_opt = trainer(4, recipe)
      other:load_state(states[1])
      other_opt:load_state(states[2])
      for _ = 1, 10 do again() end
      for key, t in pairs(net:state()) do assert.is_true(ssl.equal(t, other:state()[key]), key) end
    end)
  end

  -- A process of its own: what earlier specs left would hide a leak.
  it("runs at flat memory", function()
    local script = os.tmpname()
    local file = assert(io.open(script, "w"))
    file:write [[
      local ssl = require "sslkit"
      local function resident()
        for line in io.lines "/proc/self/status" do
          local kib = line:match "VmRSS:%s+(%d+)"
          if kib then return tonumber(kib) end
        end
      end
      local net = ssl.nn.mlp { sizes = { 64, 128, 128, 10 }, norm = "batch" }
      local opt = ssl.optim.adam(net:parameters())
      local average = ssl.optim.ema(net)
      local x, y = ssl.randn(64, 64), ssl.randint(1, 10, { 64 })
      local early, peak = nil, 0
      for step = 1, 3000 do
        opt:zero_grad()
        ssl.losses.cross_entropy(net(x), y):backward()
        opt:step()
        average:update()
        if step == 300 then early = resident() end
        if step > 300 and step % 50 == 0 then peak = math.max(peak, resident()) end
      end
      print(peak - early)
    ]]
    file:close()
    local pipe = io.popen("lua5.4 " .. script .. " 2>&1")
    local output = pipe:read "a"
    pipe:close()
    os.remove(script)
    local grown = assert(tonumber(output), output)
    assert(grown <= 2048, ("%d KiB more after step 300"):format(grown))
  end)
end)
