-- Folders of .npy files that other programs wrote.
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("data.npy_folder", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function save(name, tensor) assert(ssl.save(temp.path(name .. ".npy"), tensor)) end

  local function load(options)
    options = options or {}
    options.path = temp.path "."
    return ssl.data.npy_folder(options)
  end

  local function fails(text, options)
    local ds, message = load(options)
    assert.is_nil(ds)
    assert.truthy(message:find(text, 1, true), message)
  end

  local function labels(list) return ssl.tensor(list, "int64") end

  it("reads samples and labels, from 0 or from 1", function()
    local x = ssl.rand(4, 3)
    save("x", x)
    local ds = assert(load())
    assert.is_true(ssl.equal(x, ds.x))
    assert.is_nil(ds.y)
    save("y", labels { 0, 2, 1, 2 })
    ds = assert(load { name = "mine" })
    assert.same({ 1, 3, 2, 3 }, ds.y:totable())
    assert.same({ "0", "1", "2" }, ds.classes)
    assert.equal("mine: 4 samples of 3 float32, 3 classes: 0, 1, 2", tostring(ds))
    save("y", labels { 1, 2, 3, 2 })
    ds = assert(load())
    assert.same({ 1, 2, 3, 2 }, ds.y:totable())
    assert.same({ "1", "2", "3" }, ds.classes)
    save("y", labels({ 1, 2, 3, 2 }):byte())
    assert.same({ 2, 3, 4, 3 }, assert(load { first = 0 }).y:totable())
    assert.same({ "0", "1", "2", "3" }, assert(load { first = 0 }).classes)
    assert.same({ "a", "b", "c", "d" }, assert(load { classes = { "a", "b", "c", "d" } }).classes)
    save("y", labels { -1, 1, 0, 1 })
    assert.same({ 1, 3, 2, 3 }, assert(load { first = -1 }).y:totable())
  end)

  it("reads a split, and one that is empty", function()
    save("x", ssl.rand(4, 3))
    save("test-x", ssl.ones({ 2, 1, 4, 4 }, "uint8"))
    save("test-y", labels { 0, 1 })
    local ds = assert(load { split = "test", levels = 1 })
    assert.same({ 2, 1, 4, 4 }, { ds.x:shape() })
    assert.equal(1, ds.levels)
    save("none-x", ssl.zeros(0, 3))
    save("none-y", ssl.zeros({ 0 }, "int64"))
    assert.equal(0, #assert(load { split = "none" }))
    fails("no train-x.npy", { split = "train" })
  end)

  it("reads a file for each class", function()
    save("dog", ssl.full({ 2, 3 }, 2))
    save("cat", ssl.full({ 1, 3 }, 1))
    temp.write("notes.txt", "nothing")
    local ds = assert(load())
    assert.same({ "cat", "dog" }, ds.classes)
    assert.same({ 1, 2, 2 }, ds.y:totable())
    assert.same({ 1, 2, 2 }, ds.x:select(2, 1):totable())
    save("eel", ssl.ones(2, 4))
    fails "eel.npy: tensor (2,4) float32 does not go with tensor (1,3) float32 of cat.npy"
    save("eel", ssl.ones({ 2, 3 }, "float64"))
    fails "eel.npy: tensor (2,3) float64 does not go with"
    save("eel", ssl.tensor(3))
    fails "eel.npy: a single number"
  end)

  it("refuses what does not fit", function()
    fails "no x.npy and no .npy file for a class"
    save("x", ssl.rand(3, 2))
    save("y", labels { 1, 2 })
    fails "y.npy: 2 labels for 3 samples"
    save("y", ssl.ones(3))
    fails "y.npy: labels, a row of whole numbers, expected, got tensor (3) float32"
    save("y", labels { { 1 }, { 2 }, { 3 } })
    fails "labels, a row of whole numbers, expected, got tensor (3,1) int64"
    save("y", labels { -1, 0, 1 })
    fails "y.npy: label -1, expected 0 or more; first= tells another beginning"
    save("y", labels { 0, 1, 2 })
    fails("y.npy: label 0, expected 1 or more", { first = 1 })
    fails("y.npy: label 2, but there are 2 classes from 0 on", { classes = { "a", "b" } })
    save("y", labels { 0, 1, 1 << 40 })
    fails "label 1099511627776 stands for no class"
    temp.write("y.npy", "no array")
    fails "y.npy: "
    temp.write("x.npy", "no array")
    fails "x.npy: "
    local ds, message = ssl.data.npy_folder { path = "/nowhere" }
    assert.is_nil(ds)
    assert.equal("/nowhere: No such file or directory", message)
  end)

  it("raises for a caller's bug", function()
    assert.raises({ "npy_folder_spec.lua:", "#1 to 'npy_folder' (path expected, got nil)" },
      function() ssl.data.npy_folder() end)
    assert.raises("unknown option 'clases'; known: ", function() load { clases = 1 } end)
    assert.raises("split must be a name, got number 1", function() load { split = 1 } end)
    assert.raises("first must be a whole number, got string 'a'", function()
      load { first = "a" }
    end)
  end)
end)
