-- The policies of well-known works: their published numbers, and that they run.

local cjson = require "cjson"
local json = require "sslkit.text.json"
local ssl = require "sslkit"

local policy, get = ssl.augment.policy, ssl.augment.get

-- The names of a view's operations.
local function names(p, view)
  local list = {}
  for i, o in ipairs(p.views[view].ops) do list[i] = o.op end
  return table.concat(list, " ")
end

-- Places of a policy with what is expected there.
local function has(p, expected)
  for place, value in pairs(expected) do
    assert.same(value, get(p, place), place)
  end
end

local BYOL = "random_resized_crop hflip jitter gray blur"

describe("the policy", function()
  it("simclr is Chen's, for CIFAR or for ImageNet", function()
    local small = policy("simclr", { size = 32 })
    assert.equal("random_resized_crop hflip jitter gray", names(small, 1))
    has(small, {
      ["views[1].n"] = 2, ["views[1].rrc.scale"] = { 0.08, 1 }, ["views[1].rrc.size"] = { 32, 32 },
      ["views[1].rrc.ratio"] = { 3 / 4, 4 / 3 }, ["views[1].hflip.p"] = 0.5,
      ["views[1].jitter.p"] = 0.8, ["views[1].jitter.b"] = 0.4, ["views[1].jitter.c"] = 0.4,
      ["views[1].jitter.s"] = 0.4, ["views[1].jitter.h"] = 0.1, ["views[1].gray.p"] = 0.2,
      ["views[1].jitter.dialect"] = "simclr",
    })
    assert.equal("simclr", small.dialect)
    assert.equal("input", get("simclr", "views[1].rrc.size"))
    assert.equal(0.4, get("simclr", "views[1].jitter.b"))
    local large = policy("simclr", { size = 224 })
    assert.equal(BYOL, names(large, 1))
    has(large, {
      ["views[1].jitter.b"] = 0.8, ["views[1].jitter.h"] = 0.2, ["views[1].blur.p"] = 0.5,
      ["views[1].blur.kernel"] = "0.1", ["views[1].blur.sigma"] = { 0.1, 2 },
    })
    assert.equal(0.4, get(policy("simclr", { size = 224, strength = 0.5 }), "views[1].jitter.s"))
    assert.equal(BYOL, names(policy("simclr", { blur = true }), 1))
    assert.equal("tv", get(policy("simclr", { dialect = "tv" }), "views[1].jitter.dialect"))
  end)

  it("byol is Grill's T and T'", function()
    local p = policy "byol"
    assert.equal(BYOL, names(p, 1))
    assert.equal(BYOL .. " solarize", names(p, 2))
    has(p, {
      ["views[1].jitter.b"] = 0.4, ["views[1].jitter.s"] = 0.2, ["views[1].jitter.h"] = 0.1,
      ["views[1].jitter.dialect"] = "byol", ["views[1].blur.p"] = 1, ["views[2].blur.p"] = 0.1,
      ["views[2].solarize.p"] = 0.2, ["views[2].solarize.threshold"] = 0.5,
      ["views[2].gray.p"] = 0.2, ["views[2].rrc.scale"] = { 0.08, 1 },
    })
  end)

  it("moco is Chen's, version 2", function()
    local p = policy "moco"
    assert.equal("random_resized_crop jitter gray pil_blur hflip", names(p, 1))
    has(p, {
      ["views[1].n"] = 2, ["views[1].rrc.scale"] = { 0.2, 1 }, ["views[1].rrc.interp"] = "bilinear",
      ["views[1].jitter.s"] = 0.4, ["views[1].jitter.h"] = 0.1, ["views[1].pil_blur.p"] = 0.5,
      ["views[1].pil_blur.radius"] = { 0.1, 2 },
    })
  end)

  it("barlow is Zbontar's, and vicreg the same", function()
    for _, name in ipairs { "barlow", "vicreg" } do
      local p = policy(name, { normalize = "imagenet" })
      assert.equal(name, p.name)
      assert.equal("random_resized_crop hflip jitter gray pil_blur solarize normalize", names(p, 2))
      has(p, {
        ["views[1].pil_blur.p"] = 1, ["views[2].pil_blur.p"] = 0.1, ["views[2].solarize.p"] = 0.2,
        ["views[2].solarize.threshold"] = 128 / 255, ["views[1].rrc.interp"] = "bicubic",
        ["views[1].normalize.preset"] = "imagenet", ["views[1].jitter.s"] = 0.2,
      })
    end
  end)

  it("dino is Caron's, with local crops or without", function()
    local p = policy("dino", { size = 224 })
    assert.equal(3, #p.views)
    has(p, {
      ["views[1].rrc.scale"] = { 0.4, 1 }, ["views[1].rrc.size"] = { 224, 224 },
      ["views[3].n"] = 8, ["views[3].rrc.scale"] = { 0.05, 0.4 },
      ["views[3].rrc.size"] = { 96, 96 }, ["views[3].pil_blur.p"] = 0.5,
      ["views[1].pil_blur.p"] = 1, ["views[2].pil_blur.p"] = 0.1, ["views[2].solarize.p"] = 0.2,
    })
    p = policy("dino", { locals = 0 })
    assert.equal(2, #p.views)
    assert.same({ 0.14, 1 }, get(p, "views[1].rrc.scale"))
    local views = { ssl.augment.compile "dino" (ssl.rand(2, 3, 32, 32)) }
    assert.equal(10, #views)
    assert.same({ 2, 3, 32, 32 }, { views[2]:shape() })
    assert.same({ 2, 3, 14, 14 }, { views[10]:shape() })
  end)

  it("cifar is solo-learn's, of five forms", function()
    local crop = "random_resized_crop"
    local p = policy "cifar"
    assert.equal(crop .. " jitter gray pil_blur hflip", names(p, 1))
    has(p, { ["views[1].n"] = 2, ["views[1].jitter.b"] = 0.8, ["views[1].jitter.h"] = 0.2,
      ["views[1].pil_blur.p"] = 0.5 })
    p = policy("cifar", { form = "symmetric_weak" })
    has(p, { ["views[1].n"] = 2, ["views[1].jitter.s"] = 0.4, ["views[1].jitter.h"] = 0.1 })
    p = policy("cifar", { form = "asymmetric" })
    assert.equal(crop .. " jitter gray hflip", names(p, 1))
    assert.equal(crop .. " jitter gray solarize hflip", names(p, 2))
    has(p, { ["views[2].solarize.p"] = 0.2, ["views[1].jitter.s"] = 0.2 })
    p = policy("cifar", { form = "ressl" })
    assert.equal(crop .. " jitter gray pil_blur hflip", names(p, 1))
    assert.equal(crop .. " hflip", names(p, 2))
    p = policy("cifar", { form = "reconstruction" })
    assert.equal(crop .. " hflip", names(p, 1))
    assert.equal(1, ssl.augment.compile(p).views)
    assert.raises("#2 to 'policy' (form must be one of symmetric", policy, "cifar", { form = "x" })
  end)

  it("mae, mnist, none and the automatic ones are there", function()
    assert.same({ 0.2, 1 }, get("mae", "views[1].rrc.scale"))
    assert.equal("random_resized_crop", names(policy "mnist", 1))
    assert.equal("identity", names(policy "none", 1))
    has(policy "randaugment", { ["views[1].randaugment.num_ops"] = 2,
      ["views[1].randaugment.magnitude"] = 9, ["views[1].randaugment.bins"] = 31 })
    has(policy("randaugment", { magnitude = 5 }), { ["views[1].randaugment.magnitude"] = 5 })
    assert.equal("trivialaugment", names(policy "trivial", 1))
    assert.equal("cifar10", get("autoaugment", "views[1].autoaugment.table"))
    assert.equal("svhn", get(policy("autoaugment", { table = "svhn" }),
      "views[1].autoaugment.table"))
    has(policy "bcl", { ["views[1].randaugment.follow"] = true,
      ["views[1].randaugment.magnitude"] = { 10, 30 } })
    has(policy("bcl", { num_ops = 2 }), { ["views[1].randaugment.magnitude"] = { 5, 30 } })
  end)

  it("of every name gives views of colours and grays, and comes back from JSON", function()
    local images = { ssl.rand { 5, 3, 32, 32 }, ssl.rand { 5, 1, 28, 28 } }
    local list = ssl.augment.presets()
    assert.equal(14, #list)
    for _, name in ipairs(list) do
      local p = policy(name)
      assert.equal(name, p.name)
      assert.same(p, policy(cjson.decode(json.encode(p))))
      local c = ssl.augment.compile(name)
      for _, x in ipairs(images) do
        for _, y in ipairs { c(x) } do
          assert.equal(5, #y)
          assert.equal(x:size(2), y:size(2))
          assert.is_true(y:isfinite():all():item() == 1)
          assert.is_true(y:min():item() > -1e-6 and y:max():item() < 1 + 1e-6)
        end
      end
    end
  end)

  it("takes options that it has, and no others", function()
    assert.raises("#2 to 'policy' (unknown option 'strenght'", policy, "simclr", { strenght = 1 })
    assert.raises("unknown option 'strength'", policy, "byol", { strength = 1 })
    assert.raises("size must be", policy, "byol", { size = 0 })
    assert.raises("#1 to 'policy' (no policy 'simcler'; did you mean 'simclr'?", policy, "simcler")
    assert.raises("dialect must be one of", policy, "byol", { dialect = "x" })
    assert.raises("preset must be one of", policy, "byol", { normalize = "x" })
  end)
end)
