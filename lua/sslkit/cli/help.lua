-- sslkit help: of the commands, and of everything in the library.

local help = {
  name = "help",
  summary = "Help on a command, or on anything in the library",
  description = "Shows what a command does, or the manual of a function, a method, a module or a "
    .. "kind of object of the library.",
  examples = {
    "sslkit help report", "sslkit help ssl.report", "sslkit help rankme", "sslkit help metrics",
    "sslkit help ssl",
  },
}

function help.define(command)
  command:argument "name"
    :args "?"
    :description "A command, or a name of the library; ssl: what there is."
end

-- The command's page, where there is a command of that name.
local function of_command(out, name)
  for _, command in ipairs(out.root._commands or {}) do
    if command._name == name then return command:get_help() end
  end
end

function help.run(given, out)
  if not given.name then
    out:write(out.root:get_help() .. "\n")
    return
  end
  local settings = { width = out.columns(), color = out.colored() }
  local page = of_command(out, given.name)
  if page then
    out:write(page .. "\n")
    return
  end
  local text, message = require("sslkit").help.text(given.name, settings)
  if not text then
    out:complain(message:match "^[^\n]*")
    io.stderr:write((message:gsub("^[^\n]*\n?", "")), message:find "\n" and "\n" or "")
    return out.FAILED
  end
  out:write((text:gsub("\n*$", "\n")))
end

return help
