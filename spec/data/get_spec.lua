-- examples/data/get.lua, and where the datasets find what it keeps; npm is a script of the test's.
local lfs = require "lfs"
local temporary = require "spec.io.temporary"

local NPM = [[#!/bin/sh
[ "$1 $2 $3" = "pack --silent @observablehq/sample-datasets@1.0.1" ] || exit 1
mkdir package && cp "$FAKE" package/penguins.csv && tar czf x.tgz package && rm -r package
]]

describe("examples/data/get.lua", function()
  local temp

  before_each(function()
    temp = temporary()
    temp.write("npm", NPM)
    assert(os.execute("chmod +x " .. temp.path "npm"))
    assert(lfs.mkdir(temp.path "home"))
  end)

  after_each(function()
    os.execute("rm -rf " .. temp.path "home")
    temp.remove()
  end)

  -- What a command prints, and its exit status.
  local function run(command)
    local line = ("FAKE=%s SSLKIT_DATA= XDG_CACHE_HOME=%s PATH=%s:$PATH %s 2>&1"):format(
      temp.path "table.csv", temp.path "home", temp.path ".", command)
    local pipe = io.popen(line)
    local text = pipe:read "a"
    local _, _, status = pipe:close()
    return text, status
  end

  local function get(words) return run("lua5.4 examples/data/get.lua " .. words) end

  local function write_table(rows)
    local lines = { "species,mass" }
    for i = 1, rows do lines[i + 1] = (i % 2 == 0 and "Adelie," or "Gentoo,") .. i end
    temp.write("table.csv", table.concat(lines, "\n"))
  end

  it("keeps what it fetched where it is found, and fetches it once", function()
    write_table(333)
    local text, status = get "penguins"
    assert.equal(0, status, text)
    assert.truthy(text:find("penguins: in " .. temp.path "home/sslkit/penguins", 1, true), text)
    local found = run [[lua5.4 -e "print((require 'sslkit'.data.penguins()))"]]
    assert.equal("penguins: 333 samples of 1 float32, 2 classes: Adelie, Gentoo\n", found)
    write_table(10)
    text, status = get "penguins"
    assert.equal(0, status)
    assert.truthy(text:find("penguins: already in", 1, true), text)
    for name in lfs.dir(temp.path "home/sslkit") do
      assert.falsy(name:find "^get", "the download is left")
    end
  end)

  it("refuses what is not what it should be", function()
    write_table(10)
    local text, status = get "penguins"
    assert.equal(1, status)
    assert.truthy(text:find("penguins: 10 rows, expected 333", 1, true), text)
    assert.is_nil(lfs.attributes(temp.path "home/sslkit/penguins/penguins.csv"))
    text, status = get "mnist"
    assert.equal(1, status)
    assert.truthy(text:find("mnist: this command failed: cd ", 1, true), text)
  end)

  it("tells how it is used", function()
    for _, words in ipairs { "", "penguin", "penguins cifar" } do
      local text, status = get(words)
      assert.equal(2, status)
      assert.truthy(text:find("usage: lua5.4 examples/data/get.lua NAME... [--force]; the names: "
        .. "cifar10 diamonds fashion_mnist mnist penguins weather", 1, true), text)
    end
  end)

  it("is looked for in $SSLKIT_DATA first", function()
    local text = run [[SSLKIT_DATA=/mine lua5.4 -e "print(require 'sslkit'.data.penguins())"]]
    assert.truthy(text:find("no penguins.csv in /mine/penguins", 1, true), text)
    text = run [[SSLKIT_DATA= XDG_CACHE_HOME= HOME=/me lua5.4 -e "
      print(require 'sslkit'.data.cifar10())"]]
    assert.truthy(text:find("in /me/.cache/sslkit/cifar10; ", 1, true), text)
  end)
end)
