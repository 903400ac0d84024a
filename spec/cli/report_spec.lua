-- sslkit report and compare: what NumPy wrote, measured; and what to say when it does not fit.

local cjson = require "cjson"
local command = require "spec.cli.command"
local lfs = require "lfs"
local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

-- Ten clusters of 20 rows, as a NumPy user has them: labels are 0..9.
local NUMPY = [[
import numpy as np, sys
folder = sys.argv[1] + "/"
r = np.random.default_rng(0)
y = np.arange(200) % 10
z = ((2 * r.normal(size=(10, 16)))[y] + r.normal(size=(200, 16))).astype(np.float32)
np.save(folder + "Z.npy", z)
np.save(folder + "y.npy", y)
np.save(folder + "half.npy", z.astype(np.float16))
np.save(folder + "fortran.npy", np.asfortranarray(z.astype(np.float64)))
np.save(folder + "yfloat.npy", y.astype(np.float64))
np.save(folder + "ycolumn.npy", y[:, None].astype(np.uint8))
np.save(folder + "ytext.npy", np.array(list("abcdefghij"))[y])
np.savez(folder + "both.npz", z=z, y=y)
np.savez_compressed(folder + "one.npz", z)
np.savetxt(folder + "Z.csv", z, delimiter=",")
]]

describe("sslkit report", function()
  local temp, z
  setup(function()
    temp = temporary()
    local code, output = shell("/usr/bin/python3 -c %s %s", NUMPY, temp.path "")
    assert.equal(0, code, output)
    z = assert(ssl.load(temp.path "Z.npy"))
  end)
  teardown(function()
    temp.remove()
    z = nil
  end)

  local function run(...) return command({ "report", ... }, { folder = temp.path "" }) end

  -- The exit code is 1, nothing is on stdout, and the message is one line with this text.
  local function refuses(text, ...)
    local code, out, err = run(...)
    assert.same({ 1, "" }, { code, out }, err)
    assert.truthy(err:find("^sslkit report: "), err)
    assert.truthy(err:find(text, 1, true), err)
    assert.equal(1, select(2, err:gsub("\n", "")), err)
  end

  local function json(...)
    local code, out, err = run(...)
    assert.equal(0, code, err)
    assert.equal(1, select(2, out:gsub("\n", "")), out)
    return cjson.decode(out), err
  end

  it("prints a page for a NumPy user's files", function()
    local code, out, err = run("Z.npy", "--labels", "y.npy")
    assert.same({ 0, "" }, { code, err })
    assert.truthy(out:find "^Z.npy: 200 x 16 float32\nhealthy")
    assert.truthy(out:find "\nok  RankMe")
    assert.truthy(out:find "\nok  kNN accuracy +100.0 %%")
    assert.is_nil(out:find("\27", 1, true))
    for line in out:gmatch "[^\n]+" do assert.is_true(#line <= 80, line) end
    assert.truthy(select(2, command({ "report", "Z.npy" }, {
      folder = temp.path "", env = { FORCE_COLOR = "1" },
    })):find("\27[", 1, true))
  end)

  it("gives the library's numbers as JSON", function()
    local found, err = json("Z.npy", "--labels", "y.npy", "--json")
    assert.equal("", err)
    assert.near(ssl.metrics.rankme(z), found.rankme, 1e-9)
    assert.near(ssl.metrics.uniformity(z), found.uniformity, 1e-9)
    assert.equal(1, found.knn)
    assert.same({ 200, 16, "Z.npy", "float32" }, { found.n, found.d, found.name, found.dtype })
    assert.equal("mine", json("Z.npy", "--json", "--name", "mine").name)
  end)

  it("writes what is undefined as null", function()
    assert(ssl.save(temp.path "row.npy", ssl.ones(1, 4)))
    local code, out = run("row.npy", "--json")
    assert.equal(0, code)
    assert.is_nil(out:find "[:,%[] *%-?[ni][an][nf]")
    assert.equal(1, cjson.decode(out).n)
  end)

  it("takes labels in every form that NumPy gives them", function()
    local expected = json("Z.npy", "--labels", "y.npy", "--json")
    for _, name in ipairs { "yfloat.npy", "ycolumn.npy", "both.npz:y" } do
      assert.equal(expected.ridge, json("Z.npy", "--labels", name, "--json").ridge, name)
    end
  end)

  it("takes arrays in every form that NumPy gives them", function()
    local expected = json("Z.npy", "--json").rankme
    for _, name in ipairs { "fortran.npy", "both.npz:z", "one.npz", "Z.csv" } do
      assert.near(expected, json(name, "--json").rankme, 1e-4, name)
    end
    assert.near(expected, json("half.npy", "--json").rankme, 1e-2)
    assert.near(expected, json("both.npz", "--key", "z", "--json").rankme, 1e-4)
  end)

  it("compares with views", function()
    assert(ssl.save(temp.path "views.npy", z:double()))
    assert.near(0, json("Z.npy", "--views", "views.npy", "--json").alignment, 1e-12)
    refuses("Z.npy: ", "Z.npy", "--views", "row.npy")
  end)

  it("writes a page of HTML", function()
    local code, out, err = run("Z.npy", "--html", "page.html")
    assert.equal(0, code)
    assert.truthy(out:find "^Z.npy: ")
    assert.equal("sslkit report: wrote page.html\n", err)
    assert.truthy(temp.read "page.html":find "^<!DOCTYPE html>")
    assert.equal("", select(3, run("-q", "Z.npy", "--html", "page.html")))
    code, out, err = run("Z.npy", "--json", "--html", "nowhere/page.html")
    assert.equal(1, code)
    assert.truthy(cjson.decode(out).rankme)
    assert.equal("sslkit report: nowhere/page.html: No such file or directory\n", err)
  end)

  it("says which array is meant", function()
    refuses("both.npz holds several arrays: y (200) int64, z (200,16) float32; choose one: "
      .. "both.npz:z", "both.npz")
    refuses("choose one: both.npz:y", "Z.npy", "--labels", "both.npz")
    refuses("both.npz: no array 'w'; there are: y, z", "both.npz", "--key", "w")
    refuses("Z.npy: only .npz and .safetensors files hold arrays with names", "Z.npy", "--key", "z")
  end)

  it("says what to do with other shapes and types", function()
    assert(ssl.save(temp.path "images.npy", ssl.randint(0, 255, { 40, 3, 2, 2 }):to "uint8"))
    refuses("images.npy is (40,3,2,2) uint8: a report needs one row of features for each item; "
      .. "--flatten makes rows of 12", "images.npy")
    local found, err = json("images.npy", "--flatten", "--json")
    assert.equal(12, found.d)
    assert.equal("sslkit report: images.npy is uint8, converted to float32\n", err)
    assert(ssl.save(temp.path "flat.npy", ssl.ones(5)))
    refuses("flat.npy is (5) float32: a report needs rows of features, [N,D]", "flat.npy")
    assert(ssl.save(temp.path "none.npy", ssl.ones(0, 5)))
    refuses("none.npy is (0,5) float32: there is nothing in it", "none.npy")
  end)

  it("says what is wrong with labels", function()
    refuses("ytext.npy: dtype '<U1' is not supported", "Z.npy", "--labels", "ytext.npy")
    refuses("np.unique(y, return_inverse=True)", "Z.npy", "--labels", "ytext.npy")
    assert(ssl.save(temp.path "short.npy", ssl.ones(199, "int64")))
    refuses("short.npy: 199 labels for the 200 rows of Z.npy", "Z.npy", "--labels", "short.npy")
    refuses("Z.npy is (200,16) float32: one label a row expected", "Z.npy", "--labels", "Z.npy")
    for _, odd in ipairs { 2.5, 0 / 0, math.huge } do
      local y = ssl.ones(200)
      y[3] = odd
      assert(ssl.save(temp.path "odd.npy", y))
      refuses("odd.npy: row 3 is " .. (odd ~= odd and "nan" or tostring(odd)), "Z.npy", "--labels",
        "odd.npy")
    end
  end)

  it("names the row that holds NaN, and the way on", function()
    local holes = z:clone()
    holes[{ 17, 3 }] = 0 / 0
    assert(ssl.save(temp.path "holes.npy", holes))
    refuses("holes.npy: row 17 ", "holes.npy")
    refuses("; --nan skip leaves such rows out", "holes.npy")
    assert.equal(199, json("holes.npy", "--nan", "skip", "--json").n)
  end)

  it("shows the way to an error on request", function()
    assert(ssl.save(temp.path "holes.npy", ssl.full({ 3, 3 }, 1 / 0)))
    local code, _, err = run("holes.npy", "-v")
    assert.equal(1, code)
    assert.truthy(err:find("stack traceback:", 1, true))
    assert.is_nil(select(3, run("holes.npy")):find("traceback", 1, true))
  end)

  it("says what is wrong with files", function()
    refuses("nowhere.npy: No such file or directory", "nowhere.npy")
    refuses("Z.xyz: unknown extension; known: .npy", "Z.xyz")
    temp.write("cut.npy", temp.read "Z.npy":sub(1, 500))
    refuses("cut.npy: truncated", "cut.npy")
    temp.write("text.npy", "this is no array")
    refuses("text.npy: ", "text.npy")
  end)

  it("bears any file name", function()
    for _, name in ipairs {
      "a b.npy", "$(touch pwned).npy", "'quoted'.npy", "数据.npy", "-dash.npy",
    } do
      local bytes = temp.read "Z.npy"
      temp.write(name, bytes)
      local found = json("--json", "--", name)
      assert.equal(name, found.name)
    end
    assert.is_nil(lfs.attributes(temp.path "pwned"))
    local bad = "esc\27[31m\nape\xff.npy"
    temp.write(bad, temp.read "Z.npy")
    local code, out = run(bad)
    assert.equal(0, code)
    assert.is_nil(out:find("\27", 1, true))
    assert.truthy(json(bad, "--json").rankme)
    refuses("no; such??.npy: No such file", "no\nsuch\27\a.npy")
  end)

  it("needs no stdin, and ends", function()
    local code = command({ "report", "Z.npy" }, { folder = temp.path "", shell = "timeout 60 %s" })
    assert.equal(0, code)
  end)
end)

describe("sslkit compare", function()
  local temp
  setup(function()
    temp = temporary()
    ssl.seed(1)
    local z = ssl.randn(120, 8)
    assert(ssl.save(temp.path "good.npy", z))
    assert(ssl.save(temp.path "flat.npy", z * ssl.tensor { 1, 1, 0, 0, 0, 0, 0, 0 }))
    assert(ssl.save(temp.path "y.npy", ssl.arange(0, 119, 1, "int64") % 3))
  end)
  teardown(function() temp.remove() end)

  local function run(...) return command({ "compare", ... }, { folder = temp.path "" }) end

  it("shows embeddings side by side", function()
    local code, out, err = run("good.npy", "flat.npy", "--labels", "y.npy")
    assert.same({ 0, "" }, { code, err })
    assert.truthy(out:find "^ +good +flat *\n")
    assert.truthy(out:find("RankMe", 1, true))
    assert.truthy(out:find("kNN accuracy", 1, true))
  end)

  it("tells them apart by as much of their paths as that takes", function()
    local code, out = run("good.npy", "./good.npy", "flat.npy", temp.path "flat.npy", "--json")
    assert.equal(0, code)
    local found = cjson.decode(out)
    local seen = {}
    for i, report in ipairs(found.reports) do
      assert.is_nil(seen[report.name])
      seen[report.name] = i
    end
    assert.equal(4, #found.reports)
    assert.equal(1, seen.good)
    assert.near(found.reports[1].rankme, found.reports[2].rankme, 0)
  end)

  it("writes a page of HTML", function()
    local code, _, err = run("good.npy", "flat.npy", "--html", "page.html")
    assert.same({ 0, "sslkit compare: wrote page.html\n" }, { code, err })
    assert.truthy(temp.read "page.html":find("flat", 1, true))
  end)

  it("names the file that is wrong", function()
    local code, out, err = run("good.npy", "nowhere.npy")
    assert.same({ 1, "" }, { code, out })
    assert.equal("sslkit compare: nowhere.npy: No such file or directory\n", err)
  end)
end)
