-- examples/sweep_rankme.lua and examples/lr_transfer.lua: small versions of both, from end to end.

local temporary = require "spec.io.temporary"

describe("examples of sweeps", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function()
    os.execute(("rm -rf '%s'"):format(temp.path "out"))
    temp.remove()
  end)

  -- Runs an example; gives its exit code, and what it has printed, with what went wrong.
  local function run(name, ...)
    local words = { "SSLKIT_PROGRESS=off lua5.4 examples/" .. name, ... }
    local pipe = io.popen(table.concat(words, " ") .. " 2>&1; echo $?")
    local text = pipe:read "a"
    pipe:close()
    local output, code = text:match "^(.-)(%d+)\n$"
    return math.tointeger(tonumber(code)), output
  end

  -- How many trials a sweep has begun, in all its runs.
  local function begun(store)
    local _, count = temp.read(store .. "/journal.jsonl"):gsub('"kind": "start"', "")
    return count
  end

  it("choose hyper-parameters without labels, and go on where they were #train", function()
    local folder = temp.path "out"
    local code, output = run("sweep_rankme.lua", folder, 6, 2, "digits")
    assert.same({ 0, output }, { code, output })
    for _, metric in ipairs { "rankme", "nesum", "uniformity", "alignment", "features_rankme" } do
      -- a loss for each method, and their mean: none is negative, for nothing beats the oracle
      assert.matches("\n" .. metric .. "  +%d[%d.]+  +%d[%d.]+  +%d[%d.]+  +%d[%d.]+\n", output)
    end
    assert.matches("<svg.*barlow_twins.*</svg>", temp.read "out/rankme.svg")
    for _, method in ipairs { "barlow_twins", "vicreg", "ntxent" } do
      assert.matches("^<!DOCTYPE html>.*</html>", temp.read("out/" .. method .. ".html"))
      assert.equal(2, begun("out/" .. method .. "-digits-2"))
    end
    assert.same({ 0, output }, { run("sweep_rankme.lua", folder, 6, 2, "digits") })
    assert.equal(2, begun "out/vicreg-digits-2") -- nothing ran again
  end)

  it("find the best learning rate at each width #train", function()
    local code, output = run("lr_transfer.lua", temp.path "out", 3, "8,16", "digits")
    assert.same({ 0, output }, { code, output })
    for _, row in ipairs { "standard +8", "standard +16", "mup +8", "mup +16" } do
      assert.matches("\n" .. row .. "  +2%^%-%d+  +%d[%d.]+  +%d[%d.]+  +%d[%d.]+\n", output)
    end
    assert.matches("<svg.*width 16.*</svg>", temp.read "out/lr_transfer.svg")
    assert.matches("^<!DOCTYPE html>.*</html>", temp.read "out/report.html")
    assert.equal(40, begun "out/trials-digits-3")
  end)

  it("is in the README, too", function()
    local file <close> = assert(io.open "README.md")
    local section = file:read("a"):match "\n## Many runs\n(.-)\n## "
    local script = section:match "\n\n(    local ssl .-)\n\n    %$ lua5.4 sweep.lua"
    script = script:gsub("trials = 24", "trials = 3"):gsub("steps = 200", "steps = 2")
    temp.write("sweep.lua", (script:gsub("\n    ", "\n")))
    local pipe = io.popen(("cd '%s' && SSLKIT_PROGRESS=off lua5.4 sweep.lua 2>&1"):format(
      temp.path ""))
    local output = pipe:read "a"
    pipe:close()
    os.execute(("rm -rf '%s'"):format(temp.path "sweeps"))
    assert.matches("^chosen by rankme: %x+ with accuracy 0%.%d+\nbest by accuracy: ", output)
    assert.matches("\nlr +", output)
    assert.matches("^<!DOCTYPE html>", temp.read "report.html")
  end)

  it("say what they cannot do", function()
    local want = "sweep_rankme: the number of trials must be 6 or more, that of steps 1 or more\n"
    assert.same({ 1, want }, { run("sweep_rankme.lua", temp.path "out", 5) })
    assert.equal(1, (run("lr_transfer.lua", temp.path "out", 0)))
  end)
end)
