-- A busted reporter: a line for each file, each failure as it happens, and for spec/run.lua, in the
-- file named by -Xoutput, the counts so far and the file that runs.

return function(options)
  local busted = require "busted"
  local count = { passed = 0, failed = 0, skipped = 0 }
  local before -- the counts at the start of the file

  local function tally(running)
    local file = assert(io.open(options.arguments[1], "w"))
    file:write(("%d %d %d %s\n"):format(count.passed, count.failed, count.skipped, running))
    file:close()
  end

  local function say(...)
    io.write(...)
    io.flush()
  end

  local function detail(what, element, text)
    local names = {}
    repeat
      table.insert(names, 1, element.name or element.descriptor)
      element = busted.parent(element)
    until not element or element.descriptor == "file" or element.descriptor == "suite"
    say("\n", what, " ", table.concat(names, " "), "\n", text, "\n")
  end

  local function file_start(file)
    before = { passed = count.passed, failed = count.failed, skipped = count.skipped }
    tally(file.name)
    return nil, true
  end

  local function file_end(file)
    local passed, failed = count.passed - before.passed, count.failed - before.failed
    local skipped = count.skipped - before.skipped
    if passed + failed + skipped > 0 then
      local problems = (failed > 0 and (", %d FAILED"):format(failed) or "")
        .. (skipped > 0 and (", %d skipped"):format(skipped) or "")
      say(("%s  %d ok%s  %.2f s\n"):format(file.name, passed, problems, file.duration))
    end
    return nil, true
  end

  local function test_end(_, _, status)
    if status == "success" then
      count.passed = count.passed + 1
    elseif status == "pending" then
      count.skipped = count.skipped + 1
    end
    return nil, true
  end

  local function problem(element, _, message, trace)
    count.failed = count.failed + 1
    detail("FAILED", element, tostring(message))
    if options.verbose and trace and trace.traceback then say(trace.traceback, "\n") end
    return nil, true
  end

  local function skip(element, _, message)
    detail("skipped", element, tostring(message))
    return nil, true
  end

  local function suite_end()
    tally ""
    return nil, true
  end

  local handler = {}
  function handler.subscribe()
    busted.subscribe({ "file", "start" }, file_start)
    busted.subscribe({ "file", "end" }, file_end)
    busted.subscribe({ "test", "end" }, test_end)
    busted.subscribe({ "failure" }, problem)
    busted.subscribe({ "error" }, problem)
    busted.subscribe({ "pending" }, skip)
    busted.subscribe({ "suite", "end" }, suite_end)
  end
  return handler
end
