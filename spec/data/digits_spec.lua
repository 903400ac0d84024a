local core = require "sslkit.core"
local ssl = require "sslkit"

describe("data.digits", function()
  it("has all images, with known values", function()
    local ds = ssl.data.digits()
    assert.same({ 1797, 1, 8, 8 }, { ds.x:shape() })
    assert.equal("uint8", ds.x:dtype())
    assert.equal(16, ds.levels)
    assert.equal(0, ds.x:min():item())
    assert.equal(16, ds.x:max():item())
    -- sums over the published file, digits.csv
    assert.equal(561718, ds.x:to("int64"):sum():item())
    assert.same({ 0, 0, 5, 13, 9, 1, 0, 0 }, ds.x[{ 1, 1, 1 }]:totable())
    assert.same({ 0, 0, 10, 14, 8, 1, 0, 0 }, ds.x[{ -1, 1, 1 }]:totable())
  end)

  it("has labels from 1, which the classes name", function()
    local ds = ssl.data.digits()
    local counts = {}
    for _, y in ipairs(ds.y:totable()) do counts[y] = (counts[y] or 0) + 1 end
    assert.same({ 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 }, counts)
    assert.same({ "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" }, ds.classes)
    assert.equal("int64", ds.y:dtype())
  end)

  it("makes new tensors each time, in a few milliseconds", function()
    local a, b = ssl.data.digits(), ssl.data.digits()
    a.x:fill_(0)
    assert.equal(16, b.x:max():item())
    local start = core.clock()
    for _ = 1, 10 do ssl.data.digits() end
    -- 1.3 ms each on an idle machine; the sanitizers and busy neighbours get their share
    assert.is_true((core.clock() - start) / 10 < (os.getenv "SANITIZE" and 1 or 0.05))
  end)
end)
