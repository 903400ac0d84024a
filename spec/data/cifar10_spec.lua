-- CIFAR-10 in its three forms: small files of the same form, made here.
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("data.cifar10", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local PARTS = { "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5" }

  local function load(split) return ssl.data.cifar10 { root = temp.path ".", split = split } end

  local function fails(text, split)
    local ds, message, why = load(split)
    assert.is_nil(ds)
    assert.truthy(message:find(text, 1, true), message)
    return why
  end

  -- n images [n,3,32,32] whose values tell where they stand.
  local function images(n, start)
    local all = ssl.arange(0, n * 3072 - 1, 1, "int64") * 7 + start
    return (all % 251):byte():view(n, 3, 32, 32)
  end

  -- As a sheet: a row is an image, pixel by pixel.
  local function sheet(x)
    return x:view(#x, 3, 1024):transpose(1, 2):contiguous()
  end

  local function write_sheets(rows)
    for i, part in ipairs(PARTS) do
      assert(ssl.image.save(temp.path(part .. ".png"), sheet(images(rows, i))))
    end
    assert(ssl.image.save(temp.path "test_batch.png", sheet(images(rows, 9))))
    temp.write("train_lables.json", "[6,9,9,4,1,1,2,7,8,3]")
    temp.write("test_lables.json", "[3, 8]")
  end

  local function rows_of(x, labels)
    local rows = {}
    for i = 1, #x do rows[i] = string.char(labels[i]) .. x[i]:contiguous():tobytes() end
    return table.concat(rows)
  end

  it("reads the sheets of the npm package", function()
    write_sheets(2)
    local train = assert(load())
    assert.same({ 10, 3, 32, 32 }, { train.x:shape() })
    assert.equal("uint8", train.x:dtype())
    assert.same({ 7, 10, 10, 5, 2, 2, 3, 8, 9, 4 }, train.y:totable())
    assert.equal("int64", train.y:dtype())
    for i = 1, 5 do
      assert.is_true(ssl.equal(images(2, i), train.x:narrow(1, 2 * i - 1, 2 * i)))
    end
    assert.equal("airplane", train.classes[1])
    assert.equal("truck", train.classes[10])
    assert.equal("cifar10 train", train.name)
    local test = assert(load "test")
    assert.is_true(ssl.equal(images(2, 9), test.x))
    assert.same({ 4, 9 }, test.y:totable())
  end)

  it("reads the binary batches", function()
    for i, part in ipairs(PARTS) do
      temp.write(part .. ".bin", rows_of(images(2, i), { i, 0 }))
    end
    local train = assert(load())
    assert.same({ 2, 1, 3, 1, 4, 1, 5, 1, 6, 1 }, train.y:totable())
    assert.is_true(ssl.equal(images(2, 4), train.x:narrow(1, 7, 8)))
    temp.write("test_batch.bin", rows_of(images(3, 1), { 9, 0, 5 }))
    assert.same({ 10, 1, 6 }, assert(load "test").y:totable())
  end)

  it("prefers what get.lua has cached", function()
    write_sheets(2)
    assert(ssl.save(temp.path "train-x.npy", images(3, 0)))
    assert(ssl.save(temp.path "train-y.npy", ssl.tensor({ 0, 9, 5 }, "uint8")))
    local train = assert(load())
    assert.same({ 1, 10, 6 }, train.y:totable())
    assert.is_true(ssl.equal(images(3, 0), train.x))
    assert.equal(2, #assert(load "test")) -- of which there is no cache
  end)

  it("finds the files where the archives have them", function()
    local lfs = require "lfs"
    write_sheets(2)
    lfs.mkdir(temp.path "package")
    for _, name in ipairs(temp.names()) do
      if name ~= "package" then os.rename(temp.path(name), temp.path("package/" .. name)) end
    end
    local found = load "test"
    for name in lfs.dir(temp.path "package") do os.remove(temp.path("package/" .. name)) end
    assert.equal(2, #assert(found))
  end)

  it("says how to get the files", function()
    local why = fails "lua5.4 examples/data/get.lua cifar10 fetches it"
    assert.equal("missing", why)
    local _, message = ssl.data.cifar10 { root = "/nowhere", split = "test" }
    assert.equal("no test-x.npy, test_batch.bin or .png in /nowhere; lua5.4 examples/data/get.lua "
      .. "cifar10 fetches it", message)
  end)

  it("refuses sheets that are none", function()
    write_sheets(2)
    local bytes = temp.read "data_batch_3.png"
    temp.write("data_batch_3.png", bytes:sub(1, #bytes // 2))
    assert.is_nil(fails "data_batch_3.png: truncated PNG data")
    assert(ssl.image.save(temp.path "data_batch_3.png", ssl.zeros({ 3, 2, 1023 }, "uint8")))
    fails "data_batch_3.png: RGB with 1024 pixels in a row expected, got 1023 with 3 channels"
    assert(ssl.image.save(temp.path "data_batch_3.png", ssl.zeros({ 4, 2, 1024 }, "uint8")))
    fails "got 1024 with 4 channels"
    assert(ssl.image.save(temp.path "data_batch_3.png", ssl.zeros({ 1, 2, 1024 }, "uint8")))
    fails "got 1024 with 1 channels"
    assert(ssl.image.save(temp.path "data_batch_3.png", ssl.zeros({ 3, 1, 1024 }, "uint8")))
    fails "train_lables.json: 10 labels for 9 images"
    temp.write("data_batch_3.png", "hello")
    fails "data_batch_3.png: neither PNG nor JPEG"
    os.remove(temp.path "data_batch_3.png")
    fails "data_batch_3.png: No such file"
  end)

  it("refuses labels that are none", function()
    write_sheets(2)
    temp.write("test_lables.json", "[3, 10]")
    fails("test_lables.json: label 2 is 10, expected 0..9", "test")
    temp.write("test_lables.json", "[-1, 1]")
    fails("label 1 is -1, expected 0..9", "test")
    temp.write("test_lables.json", "[1, 2.5]")
    fails("label 2 is 2.5, expected 0..9", "test")
    temp.write("test_lables.json", '[1, "cat"]')
    fails("label 2 is cat, expected 0..9", "test")
    temp.write("test_lables.json", "[1]")
    fails("1 labels for 2 images", "test")
    temp.write("test_lables.json", "[1, ")
    fails("test_lables.json: no list of labels in JSON", "test")
    temp.write("test_lables.json", "[]")
    fails("0 labels for 2 images", "test")
    os.remove(temp.path "test_lables.json")
    fails("test_lables.json: No such file", "test")
  end)

  it("refuses batches and caches that are none", function()
    temp.write("test_batch.bin", rows_of(images(2, 1), { 1, 2 }):sub(1, -2))
    fails("test_batch.bin: 6145 bytes are no whole number of rows of 3073", "test")
    temp.write("test_batch.bin", "")
    fails("test_batch.bin: 0 bytes", "test")
    temp.write("test_batch.bin", rows_of(images(2, 1), { 1, 10 }))
    fails("test_batch.bin: label 10, expected 0..9", "test")
    assert(ssl.save(temp.path "test-x.npy", images(2, 0):float()))
    fails("test-x.npy: uint8 with 4 dimensions expected, got tensor (2,3,32,32) float32", "test")
    assert(ssl.save(temp.path "test-x.npy", images(2, 0)))
    fails("test-y.npy: No such file", "test")
    assert(ssl.save(temp.path "test-y.npy", ssl.tensor({ 1 }, "uint8")))
    fails("test-y.npy: 1 labels for 2 images", "test")
    assert(ssl.save(temp.path "test-x.npy", ssl.zeros({ 1, 3, 16, 16 }, "uint8")))
    fails("images of 3x32x32 expected, got 3x16x16", "test")
  end)

  it("raises for a caller's bug under its own name", function()
    assert.raises("#1 to 'cifar10' (unknown option 'splt'; known: root, split)", function()
      ssl.data.cifar10 { splt = "test" }
    end)
    assert.raises("split must be one of train, test, got string 'val'", function()
      ssl.data.cifar10 { split = "val" }
    end)
    assert.raises("root must be a folder, got number 3", function()
      ssl.data.cifar10 { root = 3 }
    end)
  end)
end)
