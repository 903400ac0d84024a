-- The tools that judge all else: what is missing is named and nothing more is installed, and a test
-- run never closes better than it went.

local shell = require "spec.shell"

local folder

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
  shell("chmod +x %s", folder .. "/" .. name)
end

local function run(command)
  return shell("PATH=%s:$PATH; " .. command, folder)
end

before_each(function()
  folder = os.tmpname()
  shell("rm %s && mkdir %s", folder, folder)
end)

after_each(function() shell("rm -r %s", folder) end)

describe(".ci/deps.sh", function()
  -- A lua5.4 without cjson, until apt-get has "installed" it.
  before_each(function()
    write("lua5.4", [[#!/bin/sh
      case "$*" in *cjson*) test -f "$0.cjson" || exit 1 ;; esac]])
    write("id", "#!/bin/sh\necho 0")
  end)

  it("installs what is missing, and only that", function()
    write("apt-get", [[#!/bin/sh
      case "$*" in *install*) touch "${0%/*}/lua5.4.cjson" ;; esac
      echo "apt-get $*"]])
    local code, output = run ".ci/deps.sh run"
    assert.equal(0, code)
    assert.matches("apt%-get [^\n]*update\n", output)
    assert.matches("install %-y %-%-no%-install%-recommends lua%-cjson\n", output)
    assert.same({ 0, "" }, { run ".ci/deps.sh run" })
  end)

  it("says what is missing where it may not install", function()
    write("apt-get", "#!/bin/sh\necho called")
    local code, output = run ".ci/deps.sh --check run"
    assert.equal(1, code)
    assert.matches("lua%-cjson %(LuaRocks: lua%-cjson%) %(Debian: lua%-cjson%)\n", output)
    assert.not_matches("called", output)
  end)

  it("goes on without what is good to have, and says so", function()
    write("lua5.4", "#!/bin/sh\n") -- all modules are there
    write("cc", "#!/bin/sh\nexit 1")
    write("apt-get", "#!/bin/sh\nexit 100")
    local code, output = run "CC=cc .ci/deps.sh run image"
    assert.equal(0, code)
    assert.matches("sslkit: going on without: libpng%-dev libjpeg%-dev", output)
    assert.equal(1, (run "CC=cc .ci/deps.sh --check image"))
  end)

  it("says so when apt-get fails", function()
    write("apt-get", "#!/bin/sh\nexit 100")
    local code, output = run ".ci/deps.sh run"
    assert.equal(1, code)
    assert.matches("apt%-get could not install lua%-cjson", output)
  end)
end)

describe("spec/run.lua", function()
  local function closing(environment, spec)
    write("x_spec.lua", spec)
    write("no_helper", "return {}")
    local command = "%s lua5.4 spec/run.lua -f %s/no_helper %s/x_spec.lua 2>/dev/null | tail -n 1"
    local _, output = shell(command:format(environment, folder, folder))
    return output
  end

  it("counts what passed and what failed", function()
    assert.equal("1 passed, 1 failed\n", closing("", [[
      it("passes", function() end)
      it("fails", function() assert.equal(1, 2) end)]]))
  end)

  it("counts errors outside of tests", function()
    assert.equal("0 passed, 1 failed\n", closing("", "error 'oops'"))
    assert.equal("0 passed, 1 failed\n", closing("", "syntax error"))
  end)

  it("counts a runner that dies, however quietly", function()
    assert.equal("0 passed, 1 failed\n", closing("", "it('x', function() os.exit(0) end)"))
  end)

  it("counts what was skipped where CI=true, and a run of nothing", function()
    local skipped = "it('x', function() end) pending('y')"
    assert.equal("1 passed, 0 failed\n", closing("", skipped))
    assert.equal("1 passed, 1 failed\n", closing("CI=true", skipped))
    assert.equal("0 passed, 1 failed\n", closing("", "-- nothing"))
  end)
end)
