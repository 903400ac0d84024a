-- Initial values: their moments and bounds, from 200000 draws each.

local ssl = require "sslkit"

local init = ssl.nn.init

local OUT, INP = 400, 500

local function fresh(dtype) return ssl.zeros(OUT, INP, dtype or "float32") end

-- Mean and standard deviation are met within 5 standard errors (of the normal distribution, the
-- widest here).
local function has_moments(t, mean, std)
  local error_of_mean = std / t:numel() ^ 0.5
  assert.tensor_near(mean, t:double():mean(), 5 * error_of_mean)
  assert.tensor_near(std, t:double():std(), 5 * error_of_mean / 2 ^ 0.5)
end

describe("initial values", function()
  it("normal_ and uniform_ have the moments that are asked for", function()
    has_moments(init.normal_(fresh()), 0, 1)
    has_moments(init.normal_(fresh "float64", { mean = 3, std = 0.5 }), 3, 0.5)
    local t = init.uniform_(fresh(), { low = -1, high = 3 })
    has_moments(t, 1, 4 / 12 ^ 0.5)
    assert.is_true(t:min():item() >= -1 and t:max():item() < 3)
  end)

  it("trunc_normal_ has no value beyond the cut", function()
    local t = init.trunc_normal_(fresh())
    assert.is_true(t:abs():max():item() <= 2)
    -- the variance of a normal cut at 2 is 1 - 4 phi(2) / (2 Phi(2) - 1)
    has_moments(t, 0, (1 - 4 * 0.05399096651 / 0.9544997361) ^ 0.5)
    t = init.trunc_normal_(fresh(), { mean = 1, std = 0.1, cut = 1 })
    assert.is_true((t - 1):abs():max():item() <= 0.1 + 1e-6)
    assert.raises("cut must be in 0.1..inf, got 0", init.trunc_normal_, fresh(), { cut = 0 })
  end)

  it("kaiming_normal_ and xavier_uniform_ follow the fans", function()
    has_moments(init.kaiming_normal_(fresh()), 0, (2 / INP) ^ 0.5)
    has_moments(init.kaiming_normal_(fresh(), { mode = "fan_out", gain = 1 }), 0, (1 / OUT) ^ 0.5)
    local t = init.xavier_uniform_(fresh(), { gain = 2 })
    has_moments(t, 0, 2 * (2 / (INP + OUT)) ^ 0.5)
    assert.is_true(t:abs():max():item() <= 2 * (6 / (INP + OUT)) ^ 0.5)
    -- of a convolution [out, in, kh, kw] every kernel element counts
    has_moments(init.kaiming_normal_(ssl.zeros(50, 40, 10, 10)), 0, (2 / 4000) ^ 0.5)
  end)

  it("orthogonal_ has rows, or columns, at right angles", function()
    local t = init.orthogonal_(ssl.zeros(3, 5, "float64"), { gain = 2 })
    assert.tensor_near(ssl.eye(3, "float64") * 4, t:matmul(t:t()), 1e-12)
    t = init.orthogonal_(ssl.zeros(6, 2))
    assert.tensor_near(ssl.eye(2), t:t():matmul(t), 1e-6)
    t = init.orthogonal_(ssl.zeros(2, 3, 2, 2)):view(2, 12) -- a row is a whole kernel
    assert.tensor_near(ssl.eye(2), t:matmul(t:t()), 1e-6)
    assert.same({ 0, 3 }, { init.orthogonal_(ssl.zeros(0, 3)):shape() })
    -- no sign is likelier: of 400 first elements, +-1/2 each with deviation 10 of their sum
    local positive = 0
    for _ = 1, 400 do
      if init.orthogonal_(ssl.zeros(2, 2))[{ 1, 1 }] > 0 then positive = positive + 1 end
    end
    assert.is_true(math.abs(positive - 200) <= 50) -- 5 deviations
  end)

  it("constant_ has one", function()
    assert.tensor_near({ 3, 3 }, init.constant_(ssl.ones(2), 3))
    assert.raises("value must be a finite number, got nil", init.constant_, ssl.ones(2))
  end)

  it("are drawn in place, of leaves and views too, and keep them what they are", function()
    local w = ssl.zeros(4, 4):requires_grad()
    local draws = { normal_ = {}, uniform_ = {}, trunc_normal_ = {}, kaiming_normal_ = {},
      xavier_uniform_ = {}, orthogonal_ = {}, constant_ = 2 }
    for name, options in pairs(draws) do
      w:detach():zero_()
      assert.equal(w, init[name](w, options))
      assert.is_true(w:is_leaf() and w:needs_grad())
      assert.is_true(w:abs():min():item() > 0, name)
    end
    local big = ssl.zeros(2, 3)
    init.constant_(big:t()[2], 1)
    assert.tensor_near({ { 0, 1, 0 }, { 0, 1, 0 } }, big)
  end)

  it("are those of the generator", function()
    for _, name in ipairs { "normal_", "uniform_", "trunc_normal_", "kaiming_normal_",
      "xavier_uniform_", "orthogonal_" } do
      local function draw() return init[name](ssl.zeros(3, 3), { generator = ssl.generator(4) }) end
      assert.is_true(ssl.equal(draw(), draw()), name)
    end
  end)

  it("say what is wrong with their arguments", function()
    for name, f in pairs(init) do
      assert.raises("tensor expected, got nil", f)
      assert.raises("int64", f, ssl.ones(2, 2, "int64"))
      if name ~= "constant_" then assert.raises("unknown option", f, fresh(), { sdt = 1 }) end
    end
    for _, name in ipairs { "kaiming_normal_", "xavier_uniform_", "orthogonal_" } do
      assert.raises("weight with at least 2 dimensions expected, got (3) float32", init[name],
        ssl.ones(3))
    end
    assert.raises("mode must be one of fan_in, fan_out, got number 1", init.kaiming_normal_,
      fresh(), { mode = 1 })
  end)
end)
