-- Policies that draw their operations, against torchvision's.

local auto = require "sslkit.augment.ops.auto"
local fixture = dofile "spec/fixtures/augment_auto.lua"
local ssl = require "sslkit"
local tables = require "sslkit.augment.tables"

-- In torchvision's order, which is that of the groups.
local PLACE = {}
for i, name in ipairs { "identity", "shear_x", "shear_y", "translate_x", "translate_y", "rotate",
  "brightness", "saturation", "contrast", "sharpness", "posterize", "solarize", "autocontrast",
  "equalize" } do
  PLACE[name] = i
end

local function bytes(hex)
  return ssl.frombytes(hex:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end),
    "uint8", { 1, 3, fixture.h, fixture.w })
end

-- The rows of an operation of a policy for one bin of strengths, and what else the policy needs.
local function rows_of(policy, name, bin)
  local o = { num_ops = 1, magnitude = bin, bins = 31, interp = "nearest", fill = 0, p = 1 }
  if name == "invert" then return { { "invert" } } end -- of AutoAugment alone, without a strength
  if policy == "autoaugment" then o.bins = 10 end -- its strengths are RandAugment's, in ten bins
  local op = policy == "trivialaugment" and auto.trivialaugment or auto.randaugment
  local group = op.rows(o, 3, fixture.h, fixture.w)[1][1 + PLACE[name]]
  local row = group[1]
  if row and policy == "trivialaugment" and row[4] == 31 then
    row[2] = row[2] + (row[3] - row[2]) * bin / 30 -- that bin and no other
    row[3], row[4] = row[2], 0
  end
  return group
end

local given
ssl.augment.register("given_rows", { image = true, rows = function() return given end })
local one = { { "given_rows" } }

describe("the operations of automatic policies", function()
  it("are torchvision's, for fixed strengths", function()
    local image, count = bytes(fixture.image), 0
    for _, case in ipairs(fixture.cases) do
      local policy, name, bin, sign, want = table.unpack(case)
      given = rows_of(policy, name, bin)
      for _, row in ipairs(given) do
        if row[5] == 1 then row[2], row[3], row[5] = sign * row[2], sign * row[3], 0 end
      end
      local y = ssl.augment.compile(one)(image)
      local at = table.concat({ policy, name, bin, sign }, " ")
      if type(want) == "string" then
        -- moves and thresholds on bytes: exact
        assert.tensor_near(bytes(want), (y * 255):round():to "uint8", 0, at)
        assert.is_true((y * 255 - bytes(want):float()):abs():max():item() < 1e-4, at)
      else
        want = ssl.tensor(want):view(1, 3, fixture.h, fixture.w)
        assert.is_true((y - want):abs():max():item() < 1.1e-5, at) -- the fixture has five digits
      end
      count = count + 1
    end
    assert.is_true(count > 120)
  end)

  it("move by whole pixels, up to 32", function()
    local wide = ssl.zeros { 1, 1, 40, 40 }
    wide[{ 1, 1, 1, 1 }] = 1
    for bin = 0, 30 do
      for _, name in ipairs { "translate_x", "translate_y" } do
        given = rows_of("trivialaugment", name, bin)
        given[1][5] = 0
        local y = ssl.augment.compile(one)(wide)
        local right = name == "translate_x" and 32 * bin // 30 or 0
        local down = name == "translate_y" and 32 * bin // 30 or 0
        assert.equal(1, y:at(1, 1, 1 + down, 1 + right), name .. " " .. bin)
      end
    end
  end)

  it("are AutoAugment's, of all its tables", function()
    for name, pairs_of in pairs(fixture.tables) do
      local o = { table = name, interp = "nearest", fill = 0 }
      local choice = auto.autoaugment.rows(o, 3, 32, 32)
      assert.equal(25, #pairs_of)
      assert.equal(26, #choice[1])
      for i, pair in ipairs(pairs_of) do
        local ours = tables.by_name[name][i]
        assert.equal(2, #ours)
        for k, words in ipairs(pair) do
          local op, p, bin = words:match "(%S+) (%S+) (%S+)"
          local step, row = ours[k], choice[1][1 + i][k]
          assert.equal(op, step.op)
          assert.equal(op, row[1])
          assert.equal(tonumber(p), step.p)
          assert.equal(step.p, row.p)
          assert.equal(tonumber(bin), step.magnitude)
        end
      end
    end
  end)
end)

describe("randaugment", function()
  local n = 6000
  local flat = ssl.full({ n, 3, 2, 2 }, 0.25)

  -- The share of samples that an operation alone can have made of flat gray ones.
  local function share(policy, value, options)
    local y = ssl.augment.compile { policy } (flat, options)
    local near = (y - value):abs():lt(1e-4):float():mean { 2, 3, 4 }
    return near:eq(1):float():mean():item()
  end

  it("draws each operation as often, and both signs", function()
    -- brightness is the only one that makes 0.25 (1 +- 0.27) of it; 5 standard deviations
    local p = { "randaugment", num_ops = 1 }
    assert.near(1 / 28, share(p, 0.25 * 1.27), 0.012)
    assert.near(1 / 28, share(p, 0.25 * 0.73), 0.012)
  end)

  it("does several, independently", function()
    local p = { "randaugment", num_ops = 2 }
    -- brighter twice
    assert.near(1 / 784, share(p, 0.25 * 1.27 * 1.27), 0.0024)
  end)

  it("follows the samples' strengths", function()
    local p = { "randaugment", num_ops = 1, magnitude = { 10, 30 }, follow = true }
    local function strength(s) return { strength = ssl.full({ n }, s) } end
    assert.equal(1, share(p, 0.25, strength(0)))
    -- at 1: 30 of 30, that is 0.9
    assert.near(1 / 28, share(p, 0.25 * 1.9, strength(1)), 0.012)
    -- at a half it is done half of the time, by 20 of 30
    assert.near(1 / 56, share(p, 0.25 * 1.6, strength(0.5)), 0.009)
    assert.equal(0, share(p, 0.25 * 1.9, strength(0.5)))
  end)

  it("takes images with one channel, of one pixel, and odd sizes", function()
    for _, size in ipairs { { 1, 1, 1 }, { 3, 1, 1 }, { 3, 5, 9 }, { 1, 28, 28 } } do
      local x = ssl.rand { 40, size[1], size[2], size[3] }
      for _, op in ipairs { "randaugment", "trivialaugment", "autoaugment",
        { "autoaugment", table = "imagenet" }, { "autoaugment", table = "svhn" } } do
        local y = ssl.augment.compile { op } (x)
        assert.same({ x:shape() }, { y:shape() })
        assert.is_true(y:isfinite():all():item() == 1)
        assert.is_true(y:min():item() >= -1e-6 and y:max():item() <= 1 + 1e-6)
      end
    end
  end)

  it("refuses options that make no sense", function()
    local function fails(message, op) assert.raises(message, ssl.augment.compile, { op }) end
    fails("num_ops must be a whole number in 1..14, got 0", { "randaugment", num_ops = 0 })
    fails("magnitude must be in 0..30, or a range of these, got 31",
      { "randaugment", magnitude = 31 })
    fails("magnitude must be a number or {low, high}", { "randaugment", magnitude = { 9, 3 } })
    fails("magnitude must be a number or {low, high}", { "randaugment", magnitude = { 9 } })
    fails("num_ops must be a whole number in 1..14, got 2", { "randaugment", num_ops = "2" })
    fails("fill must be a number, got black", { "randaugment", fill = "black" })
    fails("follow must be true or false, got yes", { "randaugment", follow = "yes" })
    fails("interp must be nearest or bilinear, got cubic", { "trivialaugment", interp = "cubic" })
    fails("bins must be a whole number in 2..1000, got 1", { "trivialaugment", bins = 1 })
    fails("table must be one of cifar10, imagenet, svhn, got imagenett; did you mean 'imagenet'?",
      { "autoaugment", table = "imagenett" })
    assert.raises("1 or 3 channels expected, got 2", ssl.augment.compile { "randaugment" },
      ssl.zeros(1, 2, 4, 4))
  end)
end)
