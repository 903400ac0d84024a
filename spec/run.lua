-- lua5.4 spec/run.lua [busted's options] [files]: runs busted in a process of its own, since a
-- crash must not pass for success, and closes with "N passed, N failed". The child's reporter
-- (spec/report.lua) leaves its counts in a file. Failed are also: errors outside of tests, a runner
-- that dies, and, where CI=true, what was skipped.

local lua = arg[-1]

if arg[1] == "--child" then
  table.remove(arg, 1)
  require "busted.runner" { standalone = false }
  return
end

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local tally = os.tmpname()
local words = { lua, arg[0], "--child", "-o", "spec/report.lua", "-Xoutput", tally }
for i = 1, #arg do words[#words + 1] = arg[i] end
for i = 1, #words do words[i] = quote(words[i]) end
-- Only the child runs under what is to be preloaded (the sanitizers), not the shell in between.
local preload = os.getenv "PRELOAD"
if preload then table.insert(words, 1, "env LD_PRELOAD=" .. quote(preload)) end

local ended, how, code = os.execute(table.concat(words, " "))

local passed, failed, skipped, running = 0, 0, 0, "its start"
for line in io.lines(tally) do
  local p, f, s, file = line:match "^(%d+) (%d+) (%d+) (.*)$"
  passed, failed, skipped, running = tonumber(p), tonumber(f), tonumber(s), file
end
os.remove(tally)

if running ~= "" then
  print(("\nthe runner died in %s (%s %d)"):format(running, how, code))
  failed = failed + 1
elseif not ended and failed == 0 then
  print(("the runner failed after its last test (%s %d)"):format(how, code))
  failed = 1
elseif passed + failed + skipped == 0 then
  print("no test ran")
  failed = 1
end
if skipped > 0 then
  local fatal = os.getenv "CI" == "true"
  print(("%d skipped%s"):format(skipped, fatal and ", which counts as failed here" or ""))
  if fatal then failed = failed + skipped end
end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
