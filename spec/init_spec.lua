-- The front door: what is there at once, and what comes on first use.

local ssl = require "sslkit"

describe("the module", function()
  it("tells its version and its build", function()
    assert.equal("sslkit " .. require "sslkit.version", ssl._VERSION)
    local build = ssl.build()
    assert.equal(ssl._VERSION, "sslkit " .. build.version)
    for _, name in ipairs { "blas", "blas_core", "simd", "compiler" } do
      assert.equal("string", type(build[name]), name)
      assert.is_truthy(build[name]:find "%w", name)
    end
    assert.is_truthy(build.lapack:find "^3%.%d+%.%d+$", build.lapack)
    assert.is_truthy(build.lua:find "^Lua 5%.4%.%d+$", build.lua)
    assert.is_truthy(build.version:find "^%d+%.%d+%.%d+$", build.version)
    assert.equal(ssl.get_threads(), build.threads)
  end)

  it("has no name that was not given to it", function()
    assert.is_nil(ssl.tensors)
  end)

  it("loads its parts on first use, and leaves the globals alone", function()
    local pipe = io.popen([[lua5.4 -e '
      local before = {}
      for name in pairs(_G) do before[name] = true end
      local ssl = require "sslkit"
      local early = package.loaded["sslkit.nn"] or package.loaded["sslkit.autograd"]
      local _ = ssl.nn
      local late = package.loaded["sslkit.nn"]
      for name in pairs(_G) do assert(before[name], name) end
      print(early, type(late))' 2>&1]])
    local output = pipe:read "a"
    pipe:close()
    assert.equal("nil\ttable\n", output)
  end)
end)
