-- examples/plots.lua: a figure of every kind on a page.

local plot = require "sslkit.plot"
local temporary = require "spec.io.temporary"

describe("examples/plots.lua", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  it("draws every kind of figure on one page", function()
    local words = { arg = { temp.path "plots.html" }, print = function() end }
    assert(loadfile("examples/plots.lua", "t", setmetatable(words, { __index = _G })))()
    local page = temp.read "plots.html"
    local _, figures = page:gsub("<figure", "")
    for name in pairs(plot) do
      if name ~= "column" and name ~= "colormap" then
        assert.is_truthy(page:find(">" .. name, 1, true), name)
        figures = figures - 1
      end
    end
    assert.equal(0, figures)
  end)
end)
