-- Folders of pictures.
local lfs = require "lfs"
local fixture = require "spec.fixtures.data"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("data.image_folder", function()
  local temp, folders

  before_each(function()
    temp, folders = temporary(), {}
  end)

  after_each(function()
    for i = #folders, 1, -1 do
      for name in lfs.dir(folders[i]) do os.remove(folders[i] .. "/" .. name) end
      lfs.rmdir(folders[i])
    end
    temp.remove()
  end)

  local function folder(name)
    assert(lfs.mkdir(temp.path(name)))
    folders[#folders + 1] = temp.path(name)
  end

  local function picture(name, value, height, width)
    local x = ssl.full({ 3, height or 4, width or 5 }, value, "uint8")
    assert(ssl.image.save(temp.path(name), x))
  end

  local function load(options)
    options = options or {}
    options.path = temp.path "."
    return ssl.data.image_folder(options)
  end

  local function fails(text, options)
    local ds, message = load(options)
    assert.is_nil(ds)
    assert.truthy(message:find(text, 1, true), message)
  end

  local function two_classes()
    folder "dog"
    folder "cat"
    folder "dog/deep"
    picture("dog/2.png", 20)
    picture("dog/deep/1.png", 30)
    picture("cat/9.png", 10)
    picture("stray.png", 1)
    temp.write("cat/notes.txt", "no picture")
  end

  it("takes the folders for classes, in order", function()
    two_classes()
    local ds, paths = assert(load())
    assert.same({ 3, 3, 4, 5 }, { ds.x:shape() })
    assert.same({ 10, 20, 30 }, ds.x:select(2, 3):select(2, 4):select(2, 5):totable())
    assert.same({ 1, 2, 2 }, ds.y:totable())
    assert.same({ "cat", "dog" }, ds.classes)
    assert.same({ temp.path "./cat/9.png", temp.path "./dog/2.png", temp.path "./dog/deep/1.png" },
      paths)
    assert.same({ 3, 1, 4, 5 }, { assert(load { channels = 1 }).x:shape() })
  end)

  it("wants a size where there are several", function()
    two_classes()
    picture("dog/3.png", 40, 6, 5)
    fails("dog/3.png: 6x5 pixels, where ")
    fails("cat/9.png has 4x5; size= brings all to one")
    local ds = assert(load { size = 3 })
    assert.same({ 4, 3, 3, 3 }, { ds.x:shape() })
    assert.same({ 10, 20, 40, 30 }, ds.x:select(2, 1):select(2, 1):select(2, 1):totable())
    assert.same({ 4, 3, 8, 2 }, { assert(load { size = { 8, 2 } }).x:shape() })
  end)

  it("resizes as Pillow does, and takes the middle", function()
    folder "a"
    local p = fixture.picture
    local x = ssl.tensor(p.pixels, "uint8"):view(3, p.height, p.width)
    assert(ssl.image.save(temp.path "a/1.png", x))
    local case = fixture.resized[1]
    -- 9x13 that covers 4x6 is 4x6: the share of width that is cut off is less than a pixel
    local ds = assert(load { size = { case.height, case.width } })
    assert.tensor_near(case.out, ds.x:float():flatten(1), 1.01) -- Pillow rounds between its passes
    -- and one that only has to be cut
    ds = assert(load { size = { 9, 9 } })
    assert.is_true(ssl.equal(x:narrow(3, 3, 11), ds.x[1]))
  end)

  it("refuses what is no such folder", function()
    fails "no folder for a class in it"
    folder "empty"
    fails "empty: no picture in it"
    temp.write("empty/broken.png", "hello")
    fails "empty/broken.png: neither PNG nor JPEG"
    local ds, message = ssl.data.image_folder { path = "/nowhere" }
    assert.is_nil(ds)
    assert.equal("/nowhere: No such file or directory", message)
    ds, message = ssl.data.image_folder { path = temp.path "empty/broken.png" }
    assert.is_nil(ds)
    assert.truthy(message:find("broken.png: no folder", 1, true))
  end)

  it("raises for a caller's bug", function()
    assert.raises({ "image_folder_spec.lua:", "#1 to 'image_folder' (path expected, got nil)" },
      function() ssl.data.image_folder {} end)
    assert.raises("size must be in 1..inf, got 0", function() load { size = 0 } end)
    assert.raises("size must be a number or {height, width}", function() load { size = { 3 } } end)
    assert.raises("channels must be in 1..4, got 5", function() load { channels = 5 } end)
    assert.raises("unknown option 'sise'; known: ", function() load { sise = 3 } end)
  end)
end)
