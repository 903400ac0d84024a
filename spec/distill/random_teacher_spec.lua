local ssl = require "sslkit"

local random_teacher = ssl.distill.random_teacher

local function same_parameters(a, b)
  local p, q = a:named_parameters(), b:named_parameters()
  for i, entry in ipairs(p) do
    if not ssl.equal(entry[2]:detach(), q[i][2]:detach()) then return false end
  end
  return #p == #q
end

describe("distill.random_teacher", function()
  local digits, train, test

  setup(function()
    digits = ssl.data.digits()
    train, test = digits:split(0.6, { seed = 1 })
  end)

  teardown(function() digits, train, test = nil, nil, nil end)

  local function run(options)
    local given = { data = train, test = test, steps = 30, probe_rows = 300 }
    for name, value in pairs(options or {}) do given[name] = value end
    return random_teacher(given)
  end

  it("never moves from alpha = 0, to the bit", function()
    -- the student's logits are the teacher's, the gradient is exactly 0, and Adam keeps still
    local r = run { alpha = 0 }
    assert.is_true(same_parameters(r.teacher.model, r.student.model))
    for _, entry in ipairs(r.history) do assert.is_true(math.abs(entry.loss) < 1e-7) end
  end)

  it("moves from alpha = 1e-3, and leaves the teacher as it was", function()
    local first = run()
    local again = run { teacher = first.teacher, pixels = first.pixels }
    assert.is_false(same_parameters(first.teacher.model, first.student.model))
    assert.equal(first.teacher, again.teacher)
    assert.is_true(same_parameters(first.student.model, again.student.model))
    assert.same(first.history, again.history)
  end)

  it("draws the same teacher whatever the controls, and another for another seed", function()
    local a, b, c = run(), run { noise = true, alpha = 1 }, run { seed = 2 }
    assert.is_true(same_parameters(a.teacher.model, b.teacher.model))
    assert.is_false(same_parameters(a.teacher.model, c.teacher.model))
  end)

  it("does not depend on the number of threads", function()
    local threads = ssl.get_threads()
    ssl.set_threads(1)
    local one = run()
    ssl.set_threads(3)
    local three = run()
    ssl.set_threads(threads)
    assert.is_true(same_parameters(one.student.model, three.student.model))
    assert.equal(one.student.linear, three.student.linear)
  end)

  it("returns what api.md names", function()
    local r = run { log_every = 10 }
    for _, who in ipairs { "teacher", "student", "pixels" } do
      for _, field in ipairs { "knn", "knn_cosine", "linear" } do
        assert.is_true(r[who][field] > 0.3 and r[who][field] <= 1, who .. "." .. field)
      end
      assert.is_true(r[who].rankme >= 1 and r[who].effective_rank >= 1)
      assert.is_true(r[who].alignment >= 0 and r[who].uniformity < 0)
    end
    local steps = {}
    for i, entry in ipairs(r.history) do
      steps[i] = entry.step
      assert.is_true(entry.rankme >= 1)
    end
    assert.same({ 1, 10, 20, 30 }, steps)
    assert.equal(30, r.settings.steps)
    assert.is_nil(r.settings.data)
    assert.is_true(r.seconds > 0)
  end)

  it("takes a module of one's own, and the other loss", function()
    local arch = ssl.nn.mlp { sizes = { 64, 16, 8 }, norm = "batch", activate_last = true }
    local head = { hidden = { 12 }, bottleneck = 4, prototypes = 9 }
    local r = run { arch = arch, loss = "mse", head = head }
    assert.equal(8, r.student.model:features(ssl.zeros(2, 1, 8, 8)):size(2))
    assert.is_false(same_parameters(r.teacher.model, r.student.model))
  end)

  it("names what is wrong with its options", function()
    assert.raises({ "bad argument #1 to 'random_teacher'", "unknown option 'setps'", "steps" },
      function() random_teacher { data = train, test = test, setps = 3 } end)
    assert.raises({ "test must be a dataset with x and y", "nil" },
      function() random_teacher { data = train } end)
    assert.raises({ "alpha", "0..1", "2" }, function() run { alpha = 2 } end)
    assert.raises({ "arch", "mlp", "resnet" }, function() run { arch = "resnet" } end)
    assert.raises({ "loss", "ce, mse", "huber" }, function() run { loss = "huber" } end)
    assert.raises({ "batch of 5000", "1078" }, function() run { batch = 5000 } end)
    assert.raises({ "unknown option 'width'", "prototypes" },
      function() run { head = { width = 3 } } end)
  end)

  it("says how far it came when an error stops it", function()
    local bar = { set = function() end, update = function() error "interrupted!" end }
    assert.raises({ "random teacher, seed 1, between steps 1 and 21 of 30", "interrupted!" },
      function() run { progress = bar } end)
  end)

  it("makes students of images better than their teachers #train", function()
    -- a quarter of the demo's steps on one seed; the demo itself reports the claim in full
    local images = assert(ssl.data.fashion_mnist { split = "train" })
    local unseen = assert(ssl.data.fashion_mnist { split = "test" })
    local few = unseen:subset(ssl.arange(1, 4000, 1, "int64"))
    local options = { data = images, test = few, steps = 200, probe_rows = 4000, log_every = 200 }
    local r = random_teacher(options)
    assert.is_true(r.student.knn > r.teacher.knn + 0.005)
    assert.is_true(r.student.linear > r.teacher.linear + 0.005)
    options.noise, options.teacher, options.pixels = true, r.teacher, r.pixels
    local noise = random_teacher(options)
    assert.is_true(noise.student.knn < r.student.knn)
  end)
end)

describe("distill.study", function()
  it("shares teachers and pixels between the runs, and prints a page", function()
    local d = ssl.data.digits():subset(ssl.arange(1, 200, 1, "int64"))
    local study = ssl.distill.study { data = d, test = d, steps = 2, batch = 8, seeds = { 1, 2 } }
    for i = 1, 2 do
      assert.equal(study.main[i].teacher, study.noise[i].teacher)
      assert.equal(study.main[i].pixels, study.fresh[1].pixels)
      assert.equal(1, study.fresh[i].settings.alpha)
      assert.is_true(study.noise[i].settings.noise)
      assert.equal(i, study.noise[i].settings.seed)
    end
    local page = tostring(study)
    for _, text in ipairs { "mean ± sd over 2 seeds", "raw pixels", "random teacher", "its student",
      "student of noise", "student, alpha = 1", "points on average" } do
      assert.is_truthy(page:find(text, 1, true), text)
    end
  end)

  it("names what is wrong with its options", function()
    assert.raises({ "bad argument #1 to 'study'", "seeds must be a list" },
      function() ssl.distill.study { seeds = 3 } end)
    assert.raises({ "unknown option 'sedes'" },
      function() ssl.distill.study { sedes = { 1 }, seeds = { 1 } } end)
  end)
end)
