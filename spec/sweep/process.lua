-- Sweeps in processes of their own, for tests that kill: run(temp, source, options) runs a script with
-- `store`, the folder, as its first argument; gives its exit code (128 and the signal, where one ended
-- it) and its output. start(...) does not wait: it gives the process's number.

local process = {}

local function quote(s) return "'" .. tostring(s):gsub("'", "'\\''") .. "'" end

local function command_of(temp, source, options)
  local words = { "env", "SSLKIT_PROGRESS=off" }
  for name, value in pairs(options.env or {}) do words[#words + 1] = quote(name .. "=" .. value) end
  words[#words + 1] = options.before or ""
  local script = temp.write("sweep.lua", source)
  for _, word in ipairs { "lua5.4", script, temp.path "store", temp.path "ran" } do
    words[#words + 1] = quote(word)
  end
  return table.concat(words, " ")
end

function process.run(temp, source, options)
  local pipe = io.popen("{ (" .. command_of(temp, source, options or {})
    .. ") 2>&1; echo $?; } 2>/dev/null") -- but for "Killed", which the shell says
  local text = pipe:read "a"
  pipe:close()
  local output, code = text:match "^(.-)(%d+)\n$"
  return math.tointeger(tonumber(code)), output
end

function process.start(temp, source, options)
  local pipe = io.popen("exec 2>&1; " .. command_of(temp, source, options or {})
    .. " >" .. quote(temp.path "output") .. " & echo $!")
  local pid = math.tointeger(pipe:read "n")
  pipe:close()
  return pid
end

-- Waits until f() is true; fails after some seconds.
function process.wait(f, what)
  for _ = 1, 500 do
    if f() then return end
    os.execute "sleep 0.02"
  end
  error("in vain waited for " .. what)
end

-- Is a process there, and no zombie?
function process.is_alive(pid)
  local file <close> = io.open(("/proc/%d/status"):format(pid))
  local text = file and file:read "a"
  return text ~= nil and not text:find "State:%s*[ZX]"
end

-- The lines of a file in the folder, none where it is missing.
function process.lines(temp, name)
  local list = {}
  local file <close> = io.open(temp.path(name))
  if file then
    for line in file:lines() do list[#list + 1] = line end
  end
  return list
end

return process
