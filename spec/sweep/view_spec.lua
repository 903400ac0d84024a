-- What a sweep shows while it runs.

local view = require "sslkit.sweep.view"

-- A stream that keeps what is written to it.
local function recorder()
  local text = {}
  return {
    write = function(self, ...)
      for _, part in ipairs { ... } do text[#text + 1] = part end
      return self
    end,
    flush = function() end,
    text = function() return table.concat(text) end,
  }
end

local plan = { left = function() return 7 end }
local trial = { id = "0123456789ab", config = { lr = 0.001, policy = { 1 } } }

local function shown(mode, f)
  local getenv, stream = os.getenv, recorder()
  os.getenv = function(name) -- luacheck: ignore 122
    if name == "SSLKIT_PROGRESS" then return mode end
    return getenv(name)
  end
  local made = view.new("grid", nil, stream)
  os.getenv = getenv -- luacheck: ignore 122
  made:watch(plan, function() return { id = "best", value = 12.5 } end)
  f(made)
  return stream.text()
end

local function a_failure(v)
  v:started(trial)
  v:reported(trial, 3, 0.25)
  trial.state, trial.error = "error", "no way"
  v:finished(trial, true)
  v:started(trial)
  v:finished(trial, false)
  v:close()
  v:close()
end

describe("the view of a sweep", function()
  it("is plain lines where there is no terminal: failures, and the end", function()
    local lines = {}
    for line in shown("auto", a_failure):gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.equal(2, #lines)
    assert.matches("^%d+%-%d+%-%d+ %d+:%d+:%d+ grid: trial 0123456789ab: error: no way$", lines[1])
    assert.matches(" grid: 1 done, 1 failed, 7 left, best 12.5 %(best%), ETA 00:00 in 00:00$",
      lines[2])
  end)

  it("is drawn in place on a terminal, with a line for each trial", function()
    local text = shown("bar", function(v)
      v:started(trial)
      v.frame = 0
      v:reported(trial, 3, 0.25)
      v:close()
    end)
    assert.is_truthy(text:find("grid: 0 done, 1 running, 7 left, best 12.5 (best)\n"
      .. "  0123456789ab 00:00 lr=0.001 policy=...\n\x1b[2A\r\x1b[J"
      .. "grid: 0 done, 1 running, 7 left, best 12.5 (best)\n"
      .. "  0123456789ab 00:00 step 3: 0.25 lr=0.001 policy=...\n\x1b[2A\r\x1b[J", 1, true), text)
  end)

  it("can be off", function()
    assert.equal("", shown("off", a_failure))
    local stream = recorder()
    a_failure(view.new("grid", false, stream))
    assert.equal("", stream.text())
  end)
end)
