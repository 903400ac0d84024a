local near = require "sslkit.near"

describe("near", function()
  local names = { "rankme", "matmul", "BatchNorm1d", "knn", "mean", "median", "alignment", "x" }

  it("knows what was meant", function()
    for wrong, meant in pairs {
      rankm = "rankme", rnakme = "rankme", rank_me = "rankme", RankMe = "rankme",
      matmull = "matmul", ["Batch-Norm1d"] = "BatchNorm1d", batchnorm = "BatchNorm1d",
      align = "alignment", knm = "knn", maen = "mean", medain = "median",
    } do
      assert.equal(meant, near.best(wrong, names), wrong)
    end
  end)

  it("does not guess wildly", function()
    for _, far in ipairs { "softmax", "q", "", "zz", ("a"):rep(1000), "kn\0\xff" } do
      assert.is_nil((near.best(far, { "rankme", "matmul", "alignment" })), far)
    end
    assert.same({}, near.all("anything", {}))
  end)

  it("puts the nearest first, equals by name", function()
    assert.same({ "bar", "baz", "far" }, near.all("bar", { "far", "baz", "bar", "foo" }))
    assert.same({ "log1p", "log2" }, near.all("logp", { "log2", "log1p", "exp" }))
  end)

  it("is what an error message says", function()
    assert.equal("; did you mean 'knn'?", near.hint("kn", names))
    assert.equal("", near.hint("logistic", names))
  end)
end)
