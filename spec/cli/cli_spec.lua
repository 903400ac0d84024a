-- The command line as a process: what all commands share.

local command = require "spec.cli.command"
local cjson = require "cjson"
local temporary = require "spec.io.temporary"
local version = require "sslkit.version"

local VERBS = { "report", "compare", "run", "repl", "help", "doctor", "completion" }

describe("sslkit", function()
  it("tells its version", function()
    local code, out, err = command { "--version" }
    assert.same({ 0, "sslkit " .. version .. "\n", "" }, { code, out, err })
    assert.equal("sslkit " .. version .. "\n", select(2, command { "report", "--version" }))
  end)

  it("helps on stderr and fails when nothing is asked", function()
    local code, out, err = command {}
    assert.equal(2, code)
    assert.equal("", out)
    for _, verb in ipairs(VERBS) do
      assert.truthy(err:find("\n   " .. verb .. " ", 1, true), verb)
    end
  end)

  it("helps on each command, with an example", function()
    for _, verb in ipairs(VERBS) do
      local code, out, err = command { verb, "--help" }
      assert.equal(0, code, verb)
      assert.equal("", err)
      assert.truthy(out:find("Usage: sslkit " .. verb, 1, true), verb)
      assert.truthy(out:find "\nExamples:\n[^\n]*sslkit ", verb)
      for line in out:gmatch "[^\n]+" do assert.is_true(#line <= 80, line) end
      assert.equal(out, select(2, command { "help", verb }))
      assert.equal(out, select(2, command { verb, "-h" }))
    end
  end)

  it("names the command that was meant", function()
    local code, out, err = command { "reprot", "Z.npy" }
    assert.equal(2, code)
    assert.equal("", out)
    assert.equal("sslkit: unknown command 'reprot'; did you mean 'report'? (try: sslkit --help)\n",
      err)
    assert.truthy(select(3, command { "xyzzy" }):find("known: report, compare, run", 1, true))
  end)

  it("names the option that was meant", function()
    local code, _, err = command { "report", "Z.npy", "--label", "y.npy" }
    assert.equal(2, code)
    assert.equal("sslkit report: unknown option '--label'; did you mean '--labels'? "
      .. "(try: sslkit report --help)\n", err)
    assert.truthy(select(3, command { "report", "Z.npy", "--jsno" }):find("'--json'", 1, true))
    assert.truthy(select(3, command { "report", "--verbos" }):find("'--verbose'", 1, true))
  end)

  it("says what is missing or too much", function()
    local wrong = {
      [{ "report" }] = "sslkit report: missing argument 'Z'",
      [{ "report", "a", "b" }] = "sslkit report: too many arguments",
      [{ "report", "a", "--nan", "zero" }] = "must be one of 'error', 'skip'",
      [{ "compare", "a.npy" }] = "argument 'Z' requires at least 2 arguments",
      [{ "completion", "tcsh" }] = "must be one of 'bash', 'zsh', 'fish'",
      [{ "report", "a", "--labels" }] = "option '--labels' requires an argument",
      [{ "doctor", "--json=3" }] = "option '--json' does not take arguments",
    }
    for words, text in pairs(wrong) do
      local code, out, err = command(words)
      assert.equal(2, code, text)
      assert.equal("", out)
      assert.truthy(err:find(text, 1, true), err)
      assert.equal(1, select(2, err:gsub("\n", "")), err)
    end
  end)

  it("ends quietly when its reader has gone", function()
    local code, out, err = command({ "help", "ssl" }, { shell = "%s | head -1" })
    assert.same({ 0, "" }, { code, err })
    assert.truthy(out:find "^sslkit")
    -- a parent that ignores the signal leaves us the error
    err = select(3, command({ "help", "ssl" }, {
      shell = "trap '' PIPE; { %s; echo $? >&2; } | true",
    }))
    assert.truthy(err == "1\n" or err == "0\n", err)
  end)

  it("says when stdout takes no more", function()
    local code, _, err = command({ "--version" }, { shell = "%s >/dev/full" })
    assert.equal(1, code)
    assert.equal("sslkit: cannot write: No space left on device\n", err)
  end)

  it("names the library that it lacks", function()
    local hide = "package.preload.argparse = function() error 'not here' end"
    local temp = temporary()
    local path = temp.write("hide.lua", hide)
    local code, out, err = command({ "--version" }, { env = { LUA_INIT = "@" .. path } })
    temp.remove()
    assert.same({ 1, "" }, { code, out })
    assert.equal("sslkit: the command line needs the library argparse; apt-get install "
      .. "lua-argparse, or luarocks install argparse\n", err)
  end)
end)

describe("sslkit help", function()
  it("is the manual of the library, too", function()
    local code, out, err = command { "help", "rankme" }
    assert.same({ 0, "" }, { code, err })
    assert.truthy(out:find("ssl.metrics.rankme", 1, true))
    assert.is_nil(out:find("\27", 1, true))
  end)

  it("is coloured where that is forced", function()
    local _, out = command({ "help", "rankme" }, { env = { FORCE_COLOR = "1" } })
    assert.truthy(out:find("\27[", 1, true))
  end)

  it("shows names near to one that it does not know", function()
    local code, out, err = command { "help", "rankmee" }
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("^sslkit help: nothing is called 'rankmee'"), err)
    assert.truthy(err:find("ssl.metrics.rankme", 1, true))
    code = command { "help", "" }
    assert.equal(0, code)
  end)
end)

describe("sslkit doctor", function()
  it("tells what is there", function()
    local code, out, err = command { "doctor" }
    assert.same({ 0, "" }, { code, err })
    for _, text in ipairs {
      "sslkit        " .. version, "Lua           Lua 5.4", "BLAS          OpenBLAS",
      "LAPACK        3.",
      "ok    lua-cjson", "ok    digits", "ok    matrix product", "All that is needed is here.",
    } do assert.truthy(out:find(text, 1, true), text .. "\n" .. out) end
  end)

  it("tells it as JSON", function()
    local code, out = command { "doctor", "--json" }
    assert.equal(0, code)
    local found = cjson.decode(out)
    assert.is_true(found.ok)
    assert.equal(version, found.sslkit)
    for _, test in ipairs(found.tests) do
      assert.is_true(test.ok, test.name)
      assert.is_true(test.error < 1e-3)
    end
    assert.equal("boolean", type(found.terminal.utf8))
    assert.is_false(found.terminal.colors)
  end)

  it("fails, and tells the cure, when something needed is missing", function()
    local temp = temporary()
    local path = temp.write("hide.lua", [[
      package.preload.luv = function() error "not here" end
      local odd = setmetatable({}, { __index = function() error "odd" end })
      package.preload.DBI = function() return odd end
      package.preload.cjson = function() error "not here" end]])
    local code, out = command({ "doctor" }, { env = { LUA_INIT = "@" .. path } })
    assert.equal(1, code)
    assert.truthy(out:find("FAIL  lua-cjson      missing, for safetensors, configs; apt-get "
      .. "install lua-cjson, or luarocks install lua-cjson", 1, true), out)
    assert.truthy(out:find("\n  -     luv            missing, for sweeps; apt-get", 1, true), out)
    assert.truthy(out:find "\n  ok    LuaDBI     *\n", out)
    assert.truthy(out:find("Something needed is wrong.", 1, true))
    temp.remove()
  end)
end)

describe("sslkit completion", function()
  it("gives bash our words", function()
    local code, out = command { "completion", "bash" }
    assert.equal(0, code)
    local temp = temporary()
    local path = temp.write("complete.bash", out, [[

      try() {
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        _sslkit; echo "${COMPREPLY[@]}"
      }
      try sslkit re
      try sslkit report --la
      try sslkit report --nan s
    ]])
    local pipe = io.popen("bash " .. path)
    local found = pipe:read "a"
    pipe:close()
    temp.remove()
    assert.equal("report repl\n--labels\nskip\n", found)
  end)

  it("knows the other shells", function()
    assert.truthy(select(2, command { "completion", "zsh" }):find "^#compdef sslkit\n")
    assert.truthy(select(2, command { "completion", "fish" }):find("complete -c sslkit", 1, true))
  end)
end)
