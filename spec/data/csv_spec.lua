-- Tables of numbers and text.
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("data.csv", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local FLOWERS = "length,colour,count,kind\n1.5,red,3,rose\n2,blue,4,iris\n0.5,red,5,rose\n"

  local function load(text, options)
    options = options or {}
    options.path = options.path or temp.write("t.csv", text)
    return ssl.data.csv(options)
  end

  local function fails(expected, text, options)
    local ds, message = load(text, options)
    assert.is_nil(ds)
    assert.truthy(message:find(expected, 1, true), message)
    assert.truthy(message:find("t.csv", 1, true))
  end

  it("keeps numbers, and gives every text a column", function()
    local ds, columns = assert(load(FLOWERS, { target = "kind", name = "flowers" }))
    assert.same({ "length", "colour=blue", "colour=red", "count" }, columns)
    assert.same({ { 1.5, 0, 1, 3 }, { 2, 1, 0, 4 }, { 0.5, 0, 1, 5 } }, ds.x:totable())
    assert.equal("float32", ds.x:dtype())
    assert.same({ 2, 1, 2 }, ds.y:totable())
    assert.same({ "iris", "rose" }, ds.classes)
    assert.equal("flowers: 3 samples of 4 float32, 2 classes: iris, rose", tostring(ds))
  end)

  it("takes the columns that it is told, by name and number", function()
    local ds, columns = assert(load(FLOWERS, { target = -1, columns = { 3, "length" } }))
    assert.same({ "count", "length" }, columns)
    assert.same({ { 3, 1.5 }, { 4, 2 }, { 5, 0.5 } }, ds.x:totable())
    ds = assert(load(FLOWERS, { columns = { 1 } }))
    assert.is_nil(ds.y)
    assert.same({ 3, 1 }, { ds.x:shape() })
    ds, columns = assert(load(FLOWERS, { target = 3, encode = "codes" }))
    assert.same({ "length", "colour", "kind" }, columns)
    assert.same({ { 1.5, 2, 2 }, { 2, 1, 1 }, { 0.5, 2, 2 } }, ds.x:totable())
    assert.same({ "3", "4", "5" }, ds.classes)
  end)

  it("orders classes that are numbers as numbers", function()
    local ds = assert(load("x,y\n1,10\n2,-3\n3,9\n4,10\n", { target = "y" }))
    assert.same({ "-3", "9", "10" }, ds.classes)
    assert.same({ 3, 1, 2, 3 }, ds.y:totable())
  end)

  it("knows a header where none of its cells is a number", function()
    local ds = assert(load("1,2,a\n3,4,b\n", { target = 3 }))
    assert.same({ { 1, 2 }, { 3, 4 } }, ds.x:totable())
    local _, columns = assert(load("1,2\n3,4\n"))
    assert.same({ "1", "2" }, columns)
    ds, columns = assert(load("a,b\n1,2\n", { header = false, encode = "codes" }))
    assert.same({ "1", "2" }, columns)
    assert.equal(2, #ds)
    ds, columns = assert(load("1990,1991\n1,2\n", { header = true }))
    assert.same({ "1990", "1991" }, columns)
    assert.equal(1, #ds)
  end)

  it("reads what other programs write", function()
    local text = '\xef\xbb\xbfname;x\r\n"a; ""b""\nc";1\r\n\r\n z ;-2e1\r\n'
    local ds = assert(load(text, { target = "name" }))
    assert.same({ 'a; "b"\nc', "z" }, ds.classes)
    assert.same({ { 1 }, { -20 } }, ds.x:totable())
    ds = assert(load("a\tb\n1\t2", {}))
    assert.same({ { 1, 2 } }, ds.x:totable())
    ds = assert(load("a|b\n1,5|2", { sep = "|", columns = { "b" } }))
    assert.same({ { 2 } }, ds.x:totable())
  end)

  it("reads gzipped files", function()
    local zlib = require "zlib"
    local path = temp.write("t.csv.gz", (zlib.deflate(6, 31)(FLOWERS, "finish")))
    assert.equal(3, #assert(load(nil, { path = path, target = "kind" })))
    temp.write("t.csv.gz", "no gzip")
    fails("t.csv.gz: ", nil, { path = path })
  end)

  it("wants to be told what stands for what is missing", function()
    local holes = "x,colour,y\n1,red,a\nNA,blue,a\n3,,b\n4,?,\n"
    fails("line 3, column 'x': no value; missing=number fills it in, missing=\"drop\"", holes)
    fails("line 4, column 'colour': no value", holes, { columns = { 2 } })
    local ds = assert(load(holes, { missing = -1, columns = { "x", "colour" } }))
    assert.same({ { 1, 0, 1 }, { -1, 1, 0 }, { 3, 0, 0 }, { 4, 0, 0 } }, ds.x:totable())
    fails("line 5, column 'y': no value", holes, { missing = -1, target = "y" })
    ds = assert(load(holes, { missing = "drop", target = "y" }))
    assert.same({ { 1, 1 } }, ds.x:totable())
    assert.same({ "a" }, ds.classes)
    ds = assert(load(holes, { missing = "drop", target = "y", columns = { 1 } }))
    assert.same({ 1, 2 }, ds.y:totable()) -- what is not used may be missing
    ds = assert(load(holes, { missing = 0, columns = { 2 }, encode = "codes" }))
    assert.same({ { 2 }, { 1 }, { 0 }, { 0 } }, ds.x:totable())
    fails("no row is complete", "x,y\n,1\n", { missing = "drop" })
  end)

  it("says what is wrong with a file, and where", function()
    fails("t.csv: line 3: 1 cells, expected 2", "a,b\n1,2\n3\n")
    fails("t.csv: line 6: 3 cells, expected 2", 'a,b\n"1\n\n",2\n\n3,4,5\n')
    fails("there are no rows in it", "")
    fails("there are no rows in it", "a,b\n")
    fails("there are no rows in it", "\n\n")
    fails("line 3, column 'y': 0.5 is no class: neither text nor a whole number",
      "x,y\n1,2\n3,0.5\n", { target = "y" })
    local many = { "day,x" }
    for i = 1, 257 do many[i + 1] = ("d%d,%d"):format(i, i) end
    many = table.concat(many, "\n")
    fails("column 'day' has 257 texts, too many for a column each: leave it out", many)
    assert.equal(257, #assert(load(many, { encode = "codes" })))
    local ds, message = ssl.data.csv { path = "/nowhere/t.csv" }
    assert.is_nil(ds)
    assert.equal("/nowhere/t.csv: No such file or directory", message)
  end)

  it("raises for a caller's bug", function()
    assert.raises({ "csv_spec.lua:", "#1 to 'csv' (target 'kin' is no column; known: length, "
      .. "colour, count, kind; did you mean 'kind'?)" }, function()
      load(FLOWERS, { target = "kin" })
    end)
    assert.raises("columns[2] must be in -4..4, got 5", function()
      load(FLOWERS, { columns = { 1, 5 } })
    end)
    assert.raises("target must be in 1..4, got 0", function() load(FLOWERS, { target = 0 }) end)
    assert.raises("target must be a whole number, got boolean true", function()
      load(FLOWERS, { target = true })
    end)
    assert.raises("no column is left for x", function() load("y\n1\n", { target = "y" }) end)
    assert.raises("path expected, got nil", function() ssl.data.csv {} end)
    assert.raises("unknown option 'targt'; known: ", function() load(FLOWERS, { targt = 1 }) end)
    assert.raises("sep must be one of", function() load(FLOWERS, { sep = "x" }) end)
    assert.raises("header must be true, false", function() load(FLOWERS, { header = 1 }) end)
    assert.raises("encode must be one of onehot, codes", function()
      load(FLOWERS, { encode = "one-hot" })
    end)
    assert.raises("missing must be a number or \"drop\", got string 'skip'", function()
      load(FLOWERS, { missing = "skip" })
    end)
    assert.raises("columns must be a list, got string 'x'", function()
      load(FLOWERS, { columns = "x" })
    end)
  end)
end)
