-- Models in files: ssl.save takes one, and its names are PyTorch's.

local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("a model in a file", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function build(seed)
    ssl.seed(seed)
    return ssl.nn.Sequential(ssl.nn.Linear(4, 3), ssl.nn.BatchNorm1d(3), ssl.nn.ReLU(),
      ssl.nn.Linear(3, 2))
  end

  for _, name in ipairs { "a.safetensors", "a.npz" } do
    it("comes back to the bit: " .. name, function()
      local net, path = build(1), temp.path(name)
      net(ssl.randn(8, 4)) -- running statistics that are not those of the beginning
      assert(ssl.save(path, net))
      local other = build(2):load_state(assert(ssl.load(path)))
      for key, t in pairs(net:state()) do
        assert.is_true(ssl.equal(t, other:state()[key]), key)
      end
      local x = ssl.randn(5, 4)
      assert.is_true(ssl.equal(net:eval()(x), other:eval()(x)))
    end)
  end

  it("has the names that PyTorch gives them", function()
    local path, names = temp.path "a.safetensors", {}
    assert(ssl.save(path, build(1), { metadata = { format = "pt" } }))
    local state, metadata = ssl.load(path)
    for name in pairs(state) do
      if not name:find "num_batches_tracked$" then names[#names + 1] = name end
    end
    table.sort(names)
    assert.same({ "0.bias", "0.weight", "1.bias", "1.running_mean", "1.running_var", "1.weight",
      "3.bias", "3.weight" }, names)
    assert.same({ 3, 4 }, { state["0.weight"]:shape() })
    assert.equal("pt", metadata.format)
  end)

  it("is refused where there is no place for names", function()
    assert.raises("#2 to 'save' (tensor expected, got sslkit.nn.Sequential)",
      function() ssl.save(temp.path "a.npy", build(1)) end)
  end)
end)
