-- Products of batches and with vectors: by whatever way the kernel takes them, they are those of
-- their matrices, for any number of threads.

local reference = require "spec.tensor.reference"
local ssl = require "sslkit"

-- Sums of up to 400 products of numbers near 1, in another order: each rounding is at most half a
-- unit of the sum.
local TOLERANCE = { float32 = 400 * 2.0 ^ -24 * 60, float64 = 400 * 2.0 ^ -53 * 60 }

local function rows_and_columns(a, b) -- as sums over an explicit dimension, in float64
  return (a:double():unsqueeze(-1) * b:double():unsqueeze(-3)):sum(-2)
end

local function agrees(a, b)
  local out = a:matmul(b)
  assert.tensor_near(rows_and_columns(a, b), out:double(), TOLERANCE[a:dtype()])
  return out
end

describe("matmul", function()
  it("of many small matrices is that of each", function()
    math.randomseed(12)
    for round = 1, 60 do
      local dtype = round % 2 == 0 and "float32" or "float64"
      local m, k, n = math.random(1, 9), math.random(1, 9), math.random(1, 9)
      local batch = { math.random(1, 4), math.random(1, 30) }
      local function operand(rows, columns)
        local shape = ({ { rows, columns }, { batch[2], rows, columns },
          { batch[1], 1, rows, columns }, { batch[1], batch[2], rows, columns } })[math.random(4)]
        return reference.strided(shape, dtype, true)
      end
      agrees(operand(m, k), operand(k, n))
    end
  end)

  it("of a batch with one matrix is one product, where the rows lie evenly", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local a, b = ssl.randn({ 6, 5, 7 }, dtype), ssl.randn({ 7, 3 }, dtype)
      local out = agrees(a, b)
      for i = 1, 6 do
        assert.tensor_near(a[i]:matmul(b), out[i], TOLERANCE[dtype])
      end
      agrees(a[{ {}, { 2, 2 } }], b)
      agrees(ssl.randn({ 3, 90, 80 }, dtype), ssl.randn({ 80, 85 }, dtype))
      agrees(a:transpose(1, 2), b) -- and where they do not
      agrees(a[{ {}, { 2, 4 } }], b)
      agrees(a:transpose(2, 3):contiguous():transpose(2, 3), b)
      agrees(a, b:unsqueeze(1))
      agrees(a, b:unsqueeze(1):unsqueeze(1))
      agrees(a[{ { 1, 1 } }]:expand(4, 5, 7), b)
    end
  end)

  it("with a vector is the same for rows, columns and their strides", function()
    for _, dtype in ipairs { "float32", "float64" } do
      local big = ssl.randn({ 400, 300 }, dtype)
      local v = ssl.randn({ 300, 2 }, dtype)
      for _, a in ipairs { big, big:t():contiguous():t(), big[{ { 1, 399, 2 }, {} }] } do
        for _, x in ipairs { v[{ {}, 1 }], v[{ {}, 2 }]:contiguous(), v[{ { -1, 1, -1 }, 1 }] } do
          local want = rows_and_columns(a, x:unsqueeze(2)):squeeze(2)
          assert.tensor_near(want, a:matmul(x):double(), TOLERANCE[dtype])
          assert.tensor_near(want, x:matmul(a:t()):double(), TOLERANCE[dtype])
          assert.tensor_near(want:unsqueeze(2), a:matmul(x:unsqueeze(2)):double(), TOLERANCE[dtype])
        end
      end
      local out = ssl.full({ 400 }, 0 / 0, dtype) -- what lay in out does not matter
      big:matmul(v[{ {}, 1 }], { out = out })
      assert.tensor_near(big:matmul(v[{ {}, 1 }]), out, 0)
    end
  end)

  it("does not depend on the number of threads", function()
    local threads = ssl.get_threads()
    for _, sizes in ipairs {
      { { 300, 500 }, { 500, 400 } }, { { 1500, 90 }, { 90, 130 } }, { { 60, 200 }, { 200, 1900 } },
      { { 900, 700 }, { 700 } }, { { 700 }, { 700, 900 } }, { { 40, 30, 50 }, { 40, 50, 60 } },
    } do
      local a, b = ssl.randn(sizes[1]), ssl.randn(sizes[2])
      ssl.set_threads(1)
      local alone = a:matmul(b)
      for n = 2, 5 do
        ssl.set_threads(n)
        assert.is_true(ssl.equal(alone, a:matmul(b)))
      end
    end
    ssl.set_threads(threads)
  end)
end)
