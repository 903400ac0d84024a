-- Kullback-Leibler divergence.

local fixtures = dofile("spec/fixtures/nn.lua").cross_entropy
local ssl = require "sslkit"

local kl = ssl.losses.kl
local F64 = "float64"

describe("kl", function()
  it("is PyTorch's batchmean", function()
    local log_q = ssl.tensor(fixtures.z, F64):log_softmax()
    assert.tensor_near(fixtures.kl, kl(log_q, ssl.tensor(fixtures.p, F64)), 1e-8)
  end)

  it("is cross-entropy less entropy, and 0 for equal distributions", function()
    local z, p = ssl.randn(6, 5, F64), ssl.randn(6, 5, F64):softmax()
    local entropy = -(p * p:log()):sum(2)
    local want = ssl.losses.cross_entropy(z, p, { reduction = "none" }) - entropy
    assert.tensor_near(want, kl(z:log_softmax(), p, { reduction = "none" }), 1e-13)
    assert.tensor_near(want:mean(), kl(z:log_softmax(), p), 1e-13)
    assert.tensor_near(want:sum(), kl(z:log_softmax(), p, { reduction = "sum" }), 1e-13)
    assert.tensor_near(0, kl(p:log(), p), 1e-14)
    assert.is_true(want:min():item() >= 0)
  end)

  it("takes 0 log 0 as 0, and what q excludes as infinite", function()
    local q = ssl.tensor({ { 0.5, 0.5, 0 }, { 0.5, 0.5, 0 } }, F64):log()
    local p = ssl.tensor({ { 1, 0, 0 }, { 0.5, 0, 0.5 } }, F64)
    assert.tensor_near({ math.log(2), math.huge }, kl(q, p, { reduction = "none" }), 1e-14)
    assert.tensor_near(math.log(2), kl(q:narrow(1, 1, 1), p:narrow(1, 1, 1)), 1e-14)
    assert.raises("kl: row 2 has a loss of inf", kl, q, p)
    local log_q = q:narrow(1, 1, 1):clone():requires_grad()
    kl(log_q, p:narrow(1, 1, 1)):backward()
    assert.tensor_near({ { -1, 0, 0 } }, log_q:grad())
  end)

  it("has the right gradients", function()
    assert.is_true((ssl.gradcheck(function(z, u)
      return kl(z:log_softmax(), u:softmax())
    end, { ssl.randn(3, 4, F64), ssl.randn(3, 4, F64) }, { second = true })))
  end)

  it("says what is wrong with its arguments", function()
    local q = ssl.zeros(2, 3)
    assert.raises("bad argument #1 to 'kl' (log-probabilities [N,K] expected, got nil)", kl)
    assert.raises("log-probabilities [N,K] with 2 dimensions expected, got (3)", kl, q[1], q)
    assert.raises("bad argument #2 to 'kl' (probabilities expected, got nil)", kl, q)
    assert.raises("probabilities of dtype float32 expected, got (2,3) float64", kl, q, q:double())
    assert.raises("probabilities (3,2) float32 do not fit (2,3) float32", kl, q, q:t())
    assert.raises("reduction must be one of mean, sum, none, got string 'batchmean'", kl, q, q,
      { reduction = "batchmean" })
    assert.raises("unknown option 'log_target'", kl, q, q, { log_target = true })
  end)
end)
