-- What all modules share: registered fields and their names, state, copies, modes.

local ssl = require "sslkit"

local nn = ssl.nn

local function names(list)
  local out = {}
  for i, entry in ipairs(list) do out[i] = entry[1] end
  return table.concat(out, " ")
end

local function net()
  return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(),
    nn.Sequential(nn.Linear(4, 2, { bias = false }), nn.L2Norm()))
end

describe("a module", function()
  it("names parameters and buffers as PyTorch does, in order of construction", function()
    local m = net()
    assert.equal("0.weight 0.bias 1.weight 1.bias 3.0.weight", names(m:named_parameters()))
    assert.equal("1.running_mean 1.running_var", names(m:named_buffers()))
    assert.equal(5, #m:parameters())
    assert.equal(m["0"].weight, m:parameters()[1])
    assert.equal(m["3"]["0"].weight, m:named_parameters()[5][2])
  end)

  it("prints its parts, their settings and the number of parameters", function()
    assert.equal([[
Sequential(
  (0) Linear(3, 4)
  (1) BatchNorm1d(4)
  (2) ReLU()
  (3) Sequential(
    (0) Linear(4, 2, bias=false)
    (1) L2Norm()
  )
) 32 parameters]], tostring(net()))
    assert.equal("ReLU() 0 parameters", tostring(nn.ReLU()))
    assert.equal("GELU(tanh) 0 parameters", tostring(nn.GELU { approximate = "tanh" }))
    assert.equal("WeightNormLinear(3, 2) 6 parameters", tostring(nn.WeightNormLinear(3, 2)))
  end)

  it("is told from anything else", function()
    assert.is_true(nn.is_module(nn.ReLU()))
    for _, v in ipairs { nn.ReLU, {}, ssl.ones(1), 3, "x" } do assert.is_false(nn.is_module(v)) end
    assert.is_false(nn.is_module(nil))
  end)

  it("goes into training and evaluation as a whole", function()
    local m = net()
    assert.is_true(m.training and m["1"].training and m["3"]["0"].training)
    assert.equal(m, m:eval())
    assert.is_false(m.training or m["1"].training or m["3"]["0"].training)
    assert.equal(m, m:train())
    assert.is_true(m.training and m["1"].training and m["3"]["0"].training)
    assert.is_false(m:train(false)["1"].training)
  end)

  it("can be frozen: its parameters stay parameters", function()
    local m = net()
    m:requires_grad(false)
    assert.equal(5, #m:parameters())
    assert.is_false(m(ssl.ones(2, 3)):needs_grad())
    m:zero_grad()
    assert.equal(5, #m:clone():parameters())
    m["3"]:requires_grad()
    m(ssl.randn(4, 3)):sum():backward()
    assert.is_nil(m["0"].weight:grad())
    assert.is_truthy(m["3"]["0"].weight:grad())
    assert.equal(m, m:zero_grad())
    assert.is_nil(m["3"]["0"].weight:grad())
  end)

  it("has features and probe points", function()
    local m = net():eval()
    local x = ssl.randn(2, 3)
    assert.tensor_near(m(x), m:features(x))
    local points = m:probe_points(x)
    assert.equal("0 1 2 3", names(points))
    assert.tensor_near(m(x), points[4][2])
    assert.tensor_near(m["0"](x), points[1][2])
    points = m["0"]:probe_points(x)
    assert.equal("output", names(points))
  end)

  it("says so when its methods are called without a colon", function()
    local m = net()
    for _, name in ipairs { "parameters", "named_parameters", "named_buffers", "train", "eval",
      "state", "clone", "zero_grad", "requires_grad" } do
      assert.raises("module expected, got nil; call its methods with a colon",
        function() m[name]() end)
    end
  end)
end)

describe("a module's state", function()
  it("is a copy by name, and can be loaded into another", function()
    local a, b = net(), net()
    a(ssl.randn(8, 3)) -- moves the running statistics
    local state = a:state()
    local before = a["0"].weight:clone()
    a["0"].weight:detach():fill_(7)
    assert.is_true(ssl.equal(before, state["0.weight"]))
    assert.is_false(state["0.weight"]:needs_grad())
    assert.equal(b, b:load_state(state))
    assert.is_true(ssl.equal(b["0"].weight, before))
    assert.is_true(ssl.equal(b["1"].running_var, a["1"].running_var))
    assert.is_true(b["0"].weight:needs_grad())
    state["0.weight"]:fill_(0)
    assert.is_true(ssl.equal(b["0"].weight, before))
    local n = 0
    for _ in pairs(state) do n = n + 1 end
    assert.equal(7, n)
  end)

  it("is taken whole or not at all", function()
    local m = net()
    local before = m:state()
    local function refused(message, change)
      local state = net():state()
      change(state)
      assert.raises(message, m.load_state, m, state)
      for name, t in pairs(m:state()) do assert.is_true(ssl.equal(before[name], t), name) end
    end
    refused("tensor '3.0.weight' expected, got nil", function(s) s["3.0.weight"] = nil end)
    refused("tensor '0.bias' expected, got number 3", function(s) s["0.bias"] = 3 end)
    refused("there is no 'extra' in this module", function(s) s.extra = ssl.ones(1) end)
    refused("there is no '1' in this module", function(s) s[1] = ssl.ones(1) end)
    refused("'3.0.weight' is (2,4) float32 here, got (4,2) float32",
      function(s) s["3.0.weight"] = s["3.0.weight"]:t() end)
    refused("'1.running_var' is (4) float32 here, got (4) float64",
      function(s) s["1.running_var"] = s["1.running_var"]:double() end)
    assert.raises("table of tensors expected, got nil", m.load_state, m, nil)
  end)

  it("loaded between forward and backward is noticed", function()
    local m = nn.Linear(2, 2)
    local loss = m(m.weight):sum()
    m:load_state(m:state())
    assert.raises("changed in place", loss.backward, loss)
  end)
end)

describe("a module's copy", function()
  it("shares nothing, and has no gradients", function()
    local a = net()
    a.settings = { depth = { 1, 2 } }
    a(ssl.randn(4, 3)):sum():backward()
    local b = a:eval():clone()
    assert.equal("0.weight 0.bias 1.weight 1.bias 3.0.weight", names(b:named_parameters()))
    assert.is_false(b.training or b["1"].training)
    for i, p in ipairs(b:parameters()) do
      assert.is_true(ssl.equal(p, a:parameters()[i]))
      assert.is_nil(p:grad())
      assert.is_true(p:is_leaf() and p:needs_grad())
    end
    b["0"].weight:detach():fill_(0)
    b["1"].running_mean:fill_(9)
    b.settings.depth[1] = 5
    assert.is_true(a["0"].weight:abs():sum():item() > 0)
    assert.is_true(a["1"].running_mean:abs():max():item() < 9)
    assert.equal(1, a.settings.depth[1])
    assert.equal(tostring(a), tostring(b))
  end)

  it("keeps what is tied together tied", function()
    local a = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    a["1"].weight = a["0"].weight
    assert.equal("0.weight 0.bias 1.bias", names(a:named_parameters()))
    local b = a:clone()
    assert.equal(b["0"].weight, b["1"].weight)
    assert.are_not.equal(a["0"].weight, b["0"].weight)
    b:to "float64"
    assert.equal(b["0"].weight, b["1"].weight)
    assert.same({ ["0.weight"] = 1, ["1.weight"] = 1, ["0.bias"] = 1, ["1.bias"] = 1 }, (function()
      local keys = {}
      for name in pairs(b:state()) do keys[name] = 1 end
      return keys
    end)())
    local shared = nn.ReLU()
    local c = nn.Sequential(shared, shared):clone()
    assert.equal(c["0"], c["1"])
  end)

  it("in another dtype has other tensors, parameters and buffers, frozen or not", function()
    local m = net()
    m["0"].weight:requires_grad(false)
    m.steps = ssl.tensor({ 3 }, "int64")
    assert.equal(m, m:to "float64")
    for _, p in ipairs(m:parameters()) do assert.equal("float64", p:dtype()) end
    assert.equal("float64", m["1"].running_mean:dtype())
    assert.equal("int64", m.steps:dtype())
    assert.is_false(m["0"].weight:needs_grad())
    assert.is_true(m["0"].bias:needs_grad() and m["0"].bias:is_leaf())
    assert.equal(5, #m:parameters())
    assert.equal("float64", m(ssl.randn(2, 3, "float64")):dtype())
    assert.raises("dtype must be one of float32, float64, got string 'int64'", m.to, m, "int64")
  end)
end)

describe("a module of one's own", function()
  local Block = nn.module {
    name = "Block",
    init = function(self, d)
      self.lin = nn.Linear(d, d)
      self.scale = ssl.ones(d):requires_grad()
      self.count = ssl.zeros(1)
      self.depth = 3
    end,
    forward = function(self, x, twice)
      local y = self.lin(x) * self.scale
      return twice and self:double(y) or y, self.depth
    end,
    double = function(_, y) return y * 2 end,
  }

  it("registers modules, parameters and buffers by assignment", function()
    local b = Block(2)
    assert.equal("lin.weight lin.bias scale", names(b:named_parameters()))
    assert.equal("count", names(b:named_buffers()))
    local y, depth = b(ssl.ones(1, 2))
    assert.equal(3, depth)
    assert.tensor_near(y * 2, (b(ssl.ones(1, 2), true)))
    assert.equal("Block(\n  (lin) Linear(2, 2)\n) 8 parameters", tostring(b))
    assert.equal("module() 0 parameters", tostring(nn.module { forward = function() end } ()))
  end)

  it("has fields that can be replaced, cleared and filled later", function()
    local b = Block(2)
    b.lin = nn.Linear(2, 5, { bias = false }) -- another head
    assert.equal("lin.weight scale", names(b:named_parameters()))
    b.lin = nil
    b.lin = nn.Linear(2, 5, { bias = false })
    assert.equal("Block(\n  (lin) Linear(2, 5, bias=false)\n) 12 parameters", tostring(b))
    b.scale = nil
    assert.equal("lin.weight", names(b:named_parameters()))
    b.scale = ssl.ones(5):requires_grad()
    assert.equal("lin.weight scale", names(b:named_parameters()))
    b.late = false
    b.late = ssl.zeros(3):requires_grad()
    assert.equal("lin.weight scale late", names(b:named_parameters()))
    b.count = ssl.zeros(1):requires_grad()
    assert.equal("lin.weight scale count late", names(b:named_parameters()))
    b.count = 3
    assert.equal("", names(b:named_buffers()))
    assert.same(3, b:clone().count)
    assert.is_nil(b:state().count)
  end)

  it("keeps no results of operations", function()
    local Keeping = nn.module { forward = function(self, x)
      self.last = x * 2
      return self.last
    end }
    local m = Keeping()
    assert.raises("'last' is the result of mul; a module keeps leaves and constants", m,
      ssl.ones(1):requires_grad())
    m(ssl.ones(1))
    assert.equal("last", names(m:named_buffers()))
  end)

  it("is named in the errors of its parts", function()
    local pair = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    local ok, message = pcall(function() return pair(ssl.ones(2, 5)) end)
    assert.is_false(ok)
    assert.matches("bad argument #1 to 'Sequential' %(", message)
    ok, message = pcall(nn.Conv2d(1, 2, 3), ssl.ones(2, 5))
    assert.is_false(ok)
    assert.matches("bad argument #1 to 'Conv2d' %(", message)
  end)

  it("needs a function forward", function()
    for _, wrong in ipairs { {}, { forward = 3 }, 3 } do
      assert.raises("table with a function 'forward' expected", nn.module, wrong)
    end
    local function forward() end
    assert.raises("init must be a function, got number 3", nn.module,
      { forward = forward, init = 3 })
    assert.raises("name must be a string, got table", nn.module, { forward = forward, name = {} })
  end)
end)
