-- examples/augment_search.lua: policies drawn at random and judged without labels.

local cjson = require "cjson"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("examples/augment_search.lua", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function search(...)
    local lines = {}
    local words = { arg = { ... }, print = function(s) lines[#lines + 1] = s end }
    assert(loadfile("examples/augment_search.lua", "t", setmetatable(words, { __index = _G })))()
    return table.concat(lines, "\n")
  end

  it("prints the policies from the best, and keeps that one", function()
    local path = temp.path "best.json"
    local text = search("3", "1", path)
    local places = {}
    for place in text:gmatch "\n +(%d+)  +[%d.]+  +[%d.]+  +%-[%d.]+  +[%d.]+  %a" do
      places[#places + 1] = place
    end
    assert.same({ "1", "2", "3" }, places)
    assert.matches("rank correlation .*score +%-?[%d.]+\n", text)
    local best = ssl.augment.compile(cjson.decode(temp.read "best.json"))
    assert.truthy(text:find(best:describe(), 1, true))
    assert.equal(text, search("3", "1", path)) -- the same numbers every time
  end)
end)
