local lazy = require "sslkit.lazy"

describe("a lazy module", function()
  local prefix = "spec_lazy_parts"
  local loads

  before_each(function()
    loads = {}
    for _, name in ipairs { "one", "two" } do
      package.loaded[prefix .. "." .. name] = nil
      package.preload[prefix .. "." .. name] = function()
        loads[#loads + 1] = name
        return { name = name, three = 3 }
      end
    end
  end)

  after_each(function()
    for _, name in ipairs { "one", "two" } do
      package.preload[prefix .. "." .. name], package.loaded[prefix .. "." .. name] = nil, nil
    end
  end)

  it("loads a part on its first use", function()
    local m = lazy.module(prefix, "one two three=two")
    assert.same({}, loads)
    assert.equal("one", m.one.name)
    assert.equal(m.one, m.one)
    assert.same({ "one" }, loads)
    assert.equal(3, m.three)
    assert.same({ "one", "two" }, loads)
    assert.is_nil(m.four)
    assert.is_nil(m[1])
  end)

  it("loads all of them for who runs through it", function()
    local m, names = lazy.module(prefix, "one two three=two"), {}
    for name, value in pairs(m) do names[name] = value end
    assert.equal("one", names.one.name)
    assert.equal("two", names.two.name)
    assert.equal(3, names.three)
  end)
end)
