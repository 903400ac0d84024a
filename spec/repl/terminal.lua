-- A program in a terminal: tmux with a socket of its own holds it, and tells what is on the screen.
--
--   local t = terminal("lua5.4 -e '...'", {NAME = "value"})
--   t.type "1 + 1\n"; t.key "C-c"; t.wait "pattern"; t.screen(); t.close()

local core = require "sslkit.core"
local shell = require "spec.shell"

local PATIENCE = 60 -- seconds: a machine may be slow

local function quote(v) return "'" .. tostring(v):gsub("'", "'\\''") .. "'" end

return function(command, environment)
  local socket = os.tmpname()
  os.remove(socket)
  local function tmux(words, ...)
    return shell("tmux -S " .. socket .. " -f /dev/null " .. words, ...)
  end

  local t = {}

  -- What is on the screen, without the empty lines at its end.
  function t.screen()
    local _, text = tmux "capture-pane -p -t main"
    return (text:gsub("%s+$", ""))
  end

  -- Waits until the screen shows a pattern.
  function t.wait(pattern)
    local limit = core.clock() + PATIENCE
    local text
    repeat
      text = t.screen()
      if text:find(pattern) then return text end
      shell "sleep 0.02"
    until core.clock() > limit
    error(("'%s' did not appear; the screen:\n%s"):format(pattern, text), 2)
  end

  function t.type(text)
    local line, rest = text:match "^(.-)\n(.*)$"
    if not line then line, rest = text, nil end
    if line ~= "" then tmux("send-keys -t main -l %s", line) end
    if rest then tmux "send-keys -t main Enter" end
    if rest and rest ~= "" then t.type(rest) end
  end

  function t.key(...)
    for _, name in ipairs { ... } do tmux("send-keys -t main %s", name) end
  end

  function t.close()
    tmux "kill-server"
    os.remove(socket)
  end

  local words = { "env", "LUA_PATH=" .. quote(package.path), "LUA_CPATH=" .. quote(package.cpath) }
  local preload = os.getenv "LD_PRELOAD" -- the sanitizers, for the program but not for tmux
  if preload then words[#words + 1] = "LD_PRELOAD=" .. quote(preload) end
  for name, value in pairs(environment or {}) do words[#words + 1] = name .. "=" .. quote(value) end
  words[#words + 1] = command .. "; echo ended with $?; exec sleep 1000"
  local code, output = tmux("new-session -d -s main -x 100 -y 50 %s", table.concat(words, " "))
  if code ~= 0 then error("tmux: " .. output, 2) end
  return t
end
