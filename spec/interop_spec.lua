-- examples/interop: arrays from NumPy to sslkit and back, and the same numbers from both.

local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local PYTHON = "/usr/bin/python3 examples/interop/%s %%s"

describe("examples/interop", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function()
    shell("rm -rf %s", temp.path "run")
    temp.remove()
  end)

  local function python(name) return shell(PYTHON:format(name), temp.path "run") end

  -- The script in this process, where the module is the one under test, with what it prints.
  local function measure()
    local lines = {}
    local env = setmetatable({ arg = { [0] = "measure.lua", temp.path "run" },
      print = function(s) lines[#lines + 1] = s end }, { __index = _G })
    assert(loadfile("examples/interop/measure.lua", "t", env))()
    return table.concat(lines, "\n")
  end

  it("agrees with NumPy, there and back", function()
    local code, output = python "write.py"
    assert.equal("write.py: 8 arrays as .npy, .npz and .safetensors\n", output)
    assert.equal(0, code)
    output = measure()
    assert.matches("measure.lua: 8 arrays, equal in all formats; z is 600 x 32\n", output)
    assert.matches("measure.lua: rankme %d+%.%d+, knn accuracy 0%.9%d* on 300", output)
    code, output = python "read.py"
    assert.equal(0, code, output)
    local _, agreements = output:gsub("agrees to", "")
    assert.equal(6, agreements, output)
    assert.matches("10 arrays from .npy, .npz and .safetensors, equal to what was written", output)

    -- and it can fail: one element in one format, then one number
    local path = temp.path "run/ours_white.npy"
    local white = assert(ssl.load(path))
    white[{ 600, 32 }] = white:at(600, 32) + 1e-12
    assert(ssl.save(path, white))
    code, output = python "read.py"
    assert.equal(1, code)
    assert.matches("AssertionError: white", output)
    measure()
    assert.equal(0, (python "read.py"))
    local file = assert(io.open(temp.path "run/results.json", "r+"))
    local record = file:read "a"
    file:seek "set"
    file:write((record:gsub('"rankme":%d%d', '"rankme":99')))
    file:close()
    code, output = python "read.py"
    assert.equal(1, code, output)
    assert.matches("RankMe: off by", output)
  end)

  it("says which folder it wants", function()
    local env = setmetatable({ arg = {} }, { __index = _G })
    assert.raises("usage: lua5.4 measure.lua FOLDER",
      (assert(loadfile("examples/interop/measure.lua", "t", env))))
  end)
end)
