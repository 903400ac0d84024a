-- MNIST and Fashion-MNIST: on small files of the same form, and on the real ones where they are.
local core = require "sslkit.core"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("data.mnist and data.fashion_mnist", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function root() return temp.path "." end

  local function fails(text, options, which)
    options = options or {}
    options.root = options.root or root()
    local ds, message = ssl.data[which or "mnist"](options)
    assert.is_nil(ds)
    assert.truthy(message:find(text, 1, true), message)
  end

  -- Four images of 2x3 pixels and their labels, both perhaps something else.
  local function make(prefix, images, labels, suffix)
    images = images or ssl.arange(0, 23, 1, "int64"):byte():view(4, 2, 3)
    labels = labels or ssl.tensor({ 9, 0, 3, 3 }, "uint8")
    assert(ssl.save(temp.path(prefix .. "-images-idx3-ubyte" .. (suffix or "")), images))
    assert(ssl.save(temp.path(prefix .. "-labels-idx1-ubyte" .. (suffix or "")), labels))
  end

  it("read both splits, gzipped or not, with labels from 1", function()
    make "train"
    make("t10k", nil, ssl.tensor({ 1, 1, 1, 0 }, "uint8"), ".gz")
    local train = assert(ssl.data.mnist { root = root() })
    assert.same({ 4, 1, 2, 3 }, { train.x:shape() })
    assert.same({ { 6, 7, 8 }, { 9, 10, 11 } }, train.x[{ 2, 1 }]:totable())
    assert.same({ 10, 1, 4, 4 }, train.y:totable())
    assert.equal("int64", train.y:dtype())
    assert.equal("mnist train", train.name)
    local test = assert(ssl.data.fashion_mnist { root = root(), split = "test" })
    assert.same({ 2, 2, 2, 1 }, test.y:totable())
    assert.equal("trouser", test.classes[2])
    assert.equal(10, #test.classes)
  end)

  it("prefer what get.lua has cached", function()
    make "train"
    assert(ssl.save(temp.path "train-x.npy", ssl.ones({ 2, 1, 5, 5 }, "uint8")))
    assert(ssl.save(temp.path "train-y.npy", ssl.tensor({ 8, 0 }, "uint8")))
    local ds = assert(ssl.data.mnist { root = root() })
    assert.same({ 2, 1, 5, 5 }, { ds.x:shape() })
    assert.same({ 9, 1 }, ds.y:totable())
    assert(ssl.save(temp.path "train-x.npy", ssl.ones({ 2, 5, 5 }, "uint8")))
    fails "train-x.npy: uint8 with 4 dimensions expected, got tensor (2,5,5) uint8"
  end)

  it("find the names with a dot", function()
    make "train"
    for _, what in ipairs { "images-idx3", "labels-idx1" } do
      os.rename(temp.path("train-" .. what .. "-ubyte"),
        temp.path("train-" .. what:gsub("%-idx", ".idx") .. "-ubyte"))
    end
    assert.equal(4, #assert(ssl.data.mnist { root = root() }))
  end)

  it("say where they looked, and how to get the files", function()
    fails("no train-images-idx3-ubyte in /nowhere; lua5.4 examples/data/get.lua mnist fetches it",
      { root = "/nowhere" })
    fails("no t10k-images-idx3-ubyte in /nowhere; apt-get install dataset-fashion-mnist",
      { root = "/nowhere", split = "test" }, "fashion_mnist")
    make "train"
    os.remove(temp.path "train-labels-idx1-ubyte")
    fails "no train-labels-idx1-ubyte in"
  end)

  it("refuse files that do not fit", function()
    make("train", nil, ssl.tensor({ 1, 2, 3 }, "uint8"))
    fails "train-labels-idx1-ubyte: 3 labels for 4 images"
    make("train", nil, ssl.tensor({ 1, 2, 3, 10 }, "uint8"))
    fails "train-labels-idx1-ubyte: label 10, expected 0..9"
    make("train", ssl.zeros({ 4, 6 }, "uint8"))
    fails "images-idx3-ubyte: uint8 with 3 dimensions expected, got tensor (4,6) uint8"
    make("train", ssl.zeros { 4, 2, 3 })
    fails "uint8 with 3 dimensions expected, got tensor (4,2,3) float32"
    make("train", nil, ssl.zeros({ 4, 1 }, "uint8"))
    fails "labels-idx1-ubyte: uint8 with 1 dimensions expected"
    make "train"
    temp.write("train-images-idx3-ubyte", temp.read("train-images-idx3-ubyte"):sub(1, -2))
    fails "train-images-idx3-ubyte: truncated"
    temp.write("train-images-idx3-ubyte", "PNG, in truth")
    fails "not an idx file"
    make("train", ssl.zeros({ 0, 2, 3 }, "uint8"), ssl.zeros({ 0 }, "uint8"))
    assert.equal(0, #assert(ssl.data.mnist { root = root() }))
  end)

  it("raise for a caller's bug under their own names", function()
    assert.raises("#1 to 'mnist' (unknown option 'splt'; known: root, split)", function()
      ssl.data.mnist { splt = "test" }
    end)
    assert.raises("#1 to 'fashion_mnist' (split must be one of train, test, got string 'val')",
      function() ssl.data.fashion_mnist { split = "val" } end)
    assert.raises("root must be a folder, got number 3", function()
      ssl.data.mnist { root = 3 }
    end)
  end)

  it("read Debian's Fashion-MNIST", function()
    local test = assert(ssl.data.fashion_mnist { split = "test" })
    assert.same({ 10000, 1, 28, 28 }, { test.x:shape() })
    assert.same({ 10, 3, 2, 2, 7, 2, 5, 7, 6, 8 }, test.y:narrow(1, 1, 10):totable())
    local start = core.clock()
    local train = assert(ssl.data.fashion_mnist())
    local seconds = core.clock() - start
    assert.equal(60000, #train)
    assert.same({ 10, 1, 1, 4, 1, 3, 8, 3, 6, 6 }, train.y:narrow(1, 1, 10):totable())
    -- the mean and deviation in use, 0.2860 and 0.3530 of the range, up to those of a sixth of it
    local x = train.x:narrow(1, 1, 10000):to "float32" / 255
    assert.near(0.2860, x:mean():item(), 0.002)
    assert.near(0.3530, x:std():item(), 0.002)
    -- zlib itself takes 0.8 s of it on a laptop of 2020
    assert.is_true(seconds < (os.getenv "SANITIZE" and 60 or 8), seconds)
  end)
end)
