-- sslkit repl: an interactive prompt with ssl at hand.

local repl = {
  name = "repl",
  summary = "An interactive prompt, with ssl at hand",
  description = "An interactive prompt: ssl is loaded, Tab completes, NAME? helps, Ctrl-D leaves. "
    .. "A script that is given runs first; its globals are there at the prompt.",
  examples = { "sslkit repl", "sslkit repl prepare.lua", "echo 'ssl.eye(2)' | sslkit repl" },
}

function repl.define(command)
  command:argument "script"
    :args "?"
    :description "A Lua script to run before."
  command:argument "arguments"
    :args "*"
    :description "What the script finds in `arg`."
end

function repl.run(given, out)
  local words
  if given.script then
    local file, message = io.open(given.script, "rb")
    if not file then out:fail("%s", message) end
    file:close()
    local count = #given.arguments
    words = table.move(given.arguments, 1, count, 1, { [0] = given.script, [-1] = "sslkit" })
  end
  rawset(_G, "arg", words) -- for ssl.config; this command's own words are nobody's business
  out:flush()
  local fine = require("sslkit").repl { script = given.script, arguments = given.arguments }
  return fine and 0 or out.FAILED
end

return repl
