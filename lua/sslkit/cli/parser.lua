-- The command line's grammar, on argparse: the options of all commands, and errors in one line.

local near = require "sslkit.near"
local ui = require "sslkit.cli.ui"

local parser = {}

local MISSING = "the command line needs the library argparse; apt-get install lua-argparse, or "
  .. "luarocks install argparse"

--- The library behind all this.
-- @return module, or nil and a message
function parser.library()
  local found, argparse = pcall(require, "argparse")
  if found then return argparse end
  return nil, MISSING
end

-- The names of a parser's options, and of those around it.
local function options_of(command)
  local names = {}
  while command do
    for _, option in ipairs(command._options or {}) do
      for _, name in ipairs(option._aliases or {}) do
        if #name > 2 then names[#names + 1] = name end
      end
    end
    command = command._parent
  end
  return names
end

local function verbs_of(verbs)
  local names = {}
  for i, verb in ipairs(verbs) do names[i] = verb.name end
  return names
end

-- argparse's message in one line, with the nearest name where a name is wrong.
local function explain(message, command, verbs)
  message = message:gsub("\nDid you mean.*", "")
  local option, verb = message:match "unknown option '(.*)'", message:match "unknown command '(.*)'"
  if option then return message .. near.hint(option, options_of(command)) end
  if verb then
    local names = verbs_of(verbs)
    local hint = near.hint(verb, names)
    return message .. (hint ~= "" and hint or "; known: " .. table.concat(names, ", "))
  end
  return message
end

local function full_name(command)
  local name = command._name
  return command._parent and full_name(command._parent) .. " " .. name or name
end

-- The end of parsing before its result: {help = text}, {version = true} or {wrong = message}, with
-- the name of the command.
local function leave(what) error(what, 0) end

local function add_common(command)
  command:flag "-h --help"
    :description "Show this help and exit."
    :action(function() leave { help = command } end)
end

local function add_verb(root, verb)
  local command = root:command(verb.name)
    :summary(verb.summary .. ".")
    :description(verb.description)
    :epilog("Examples:\n  " .. table.concat(verb.examples, "\n  "))
    :add_help(false)
  verb.define(command)
  add_common(command)
end

--- The whole grammar.
-- @param verbs list of the commands' modules
-- @return argparse's parser
function parser.new(verbs)
  local root = assert(parser.library())("sslkit", "Look inside self-supervised learning.")
    :add_help(false)
    :command_target "verb"
    :epilog("`sslkit help COMMAND` or `sslkit COMMAND --help` tells more, with an example.\n"
      .. "`sslkit help NAME` is the manual of the library: sslkit help rankme.")
  local columns = ui.columns()
  root:help_max_width(columns):usage_max_width(columns):help_description_margin(24)
  for _, verb in ipairs(verbs) do add_verb(root, verb) end
  root:flag "-v --verbose"
    :description "Show where an error came from."
  root:flag "-q --quiet"
    :description "No notes on stderr."
  root:flag "--version"
    :description "Show the version and exit."
    :action(function() leave { version = true } end)
  add_common(root)
  function root.error(command, message)
    leave { wrong = explain(message, command, verbs), name = full_name(command) }
  end
  return root
end

--- What a command line says.
-- @param root of `new`
-- @param list of strings
-- @return table of argparse: verb, options and arguments; or nil and what came in between: {help =
-- parser}, {version = true}, {wrong = message, name = command}
function parser.parse(root, list)
  local ok, result = pcall(root.parse, root, list)
  if ok then return result end
  if type(result) ~= "table" then error(result, 0) end
  return nil, result
end

return parser
