-- The config of a script: its defaults, and over them what files, the environment and the command
-- line say.

local arguments = require "sslkit.config.arguments"
local check = require "sslkit.check"
local file = require "sslkit.config.file"
local problem = require "sslkit.config.problem"
local record = require "sslkit.config.record"
local schema = require "sslkit.config.schema"
local show = require "sslkit.config.show"
local T = require "sslkit.tensor"
local values = require "sslkit.config.values"

local PREFIX = "SSLKIT_"
-- Variables that mean something else, whatever a key is called.
local TAKEN = { SSLKIT_DATA = true, SSLKIT_PROGRESS = true, SSLKIT_HISTORY = true }
local LINE = "command line"

-- The arguments of the process's script; none where there is no script.
local function of_process()
  local list = rawget(_G, "arg")
  return type(list) == "table" and list[-1] ~= nil and list or {}
end

local function variable(prefix, path) return prefix .. path:upper():gsub("%.", "_") end

local function add_files(state, paths)
  for _, path in ipairs(paths) do
    local found, message = file.read(path, state.schema)
    if not found then problem.raise("%s: %s", path, message) end
    state:set_all(found, path)
  end
end

local function add_environment(state, prefix)
  local owner = {}
  for _, path in ipairs(state.schema.leaves) do
    local name = variable(prefix, path)
    local text = not TAKEN[name] and os.getenv(name)
    if text and text ~= "" then
      if owner[name] then
        problem.raise("%s could mean %s or %s", name, owner[name], path)
      end
      owner[name] = path
      state:set_text(path, text, name)
    end
  end
end

-- Where values come from that are not the defaults.
local function note_of(state)
  return function(path)
    local source, default = state.sources[path], state.schema.defaults[path]
    if not source then return nil end
    return default == nil and source or source .. "; default " .. show.value(default)
  end
end

local USAGE = [[
usage: %s [KEY=VALUE ...] [--config FILE] [--set KEY=VALUE] [--out FOLDER]
       [--seed N] [--threads N] [--dry-run]

The config, with its defaults:

%s

KEY is a path, such as model.width. FILE is JSON, or Lua as above. Environment variables
%sKEY (MODEL_WIDTH for model.width) stand between the files and the command line.
--out FOLDER keeps the config and the versions in FOLDER/config.json, --dry-run shows
the config and stops.
]]

-- Says what was asked for, and ends the process.
local function tell(text)
  io.stdout:write(text, "\n")
  io.stdout:flush()
  os.exit(true)
end

local function answer(found, state, defaults, options, script)
  if found.help then
    tell(USAGE:format(script or "SCRIPT", show.lua(defaults, state.schema), options.env or ""))
  end
  if found.dry_run then tell(show.lua(state.config, state.schema, note_of(state))) end
end

local function check_list(what, list)
  if type(list) == "string" and what == "file" then list = { list } end
  if type(list) ~= "table" then
    check.fail(2, "%s must be a list of strings, got %s", what, check.kind(list))
  end
  for _, word in ipairs(list) do
    if type(word) ~= "string" then
      check.fail(2, "%s must be a list of strings, got a %s in it", what, check.kind(word))
    end
  end
  return list
end

local OPTIONS = { args = true, file = true, optional = true }

local function check_options(options)
  options = check.options(2, options, { env = PREFIX }, OPTIONS)
  if options.env and type(options.env) ~= "string" then
    check.fail(2, "env must be a prefix or false, got %s", check.kind(options.env))
  end
  if type(options.optional or {}) ~= "table" then
    check.fail(2, "optional must be a table from key to kind, got %s", check.kind(options.optional))
  end
  if options.args ~= nil then check_list("args", options.args) end
  if options.file ~= nil then options.file = check_list("file", options.file) end
  return options
end

--- The config of a script: a table of defaults with what the user wants over it. Later ones win:
-- the defaults, files (file=, then --config FILE), environment variables (SSLKIT_LR,
-- SSLKIT_MODEL_WIDTH), the command line (lr=0.1 model.width=128, or --set lr=0.1). A value has the
-- type of its default, and lists are replaced as a whole; a key that the defaults do not have is an
-- error that names the nearest. `lua5.4 script.lua` and `sslkit run script.lua` take the same
-- arguments: besides these, --out FOLDER (keeps the config, seed and versions in
-- FOLDER/config.json, which --config reads), --seed N and --threads N (ssl.seed, ssl.set_threads; a
-- key seed gets N, too), --dry-run (shows the config and ends the process) and --help.
--
-- Files are JSON (.json), or Lua that returns a table or assigns to names (`lr = 0.1`), without any
-- function at hand and with a limit to its steps. Words: true, false, yes, no, on, off; numbers; 1,2
-- or [1, 2] for lists; JSON for tables; strings as they are. {} as a default takes anything.
-- @param defaults table: keys are names; values numbers (1 takes whole numbers, 1.0 all), strings,
-- booleans, lists of these, or tables of further keys
-- @param options table: args = list of strings (the script's arguments, `arg`), file = path or list
-- of paths, env = prefix of the variables, or false for none ("SSLKIT_"), optional = table from key
-- to kind, for keys without a default: "string", "number", "integer", "boolean", "list", "table",
-- "any"
-- @return config, a new table of the defaults' form that tostring shows as Lua; and what is known of
-- the run: {out=, seed=, threads=, script=, arguments=, sources = table from key to where its value
-- came from}
-- @raise unknown keys, values of another type, files that cannot be read; all at the script's line
-- @example ssl.config({ lr = 0.1, model = { width = 64 } }, { args = {"model.width=128"} }).model.width --> 128
-- @example ssl.config({ sizes = {64, 10} }, { args = {"sizes=32,16,8"} }) --> sizes = { 32, 16, 8 }
local function config(defaults, options)
  options = check_options(options)
  local state = values.new(schema.new(defaults, options.optional), defaults)
  local list = options.args or of_process()
  local found, message = arguments.parse(list)
  if not found then problem.raise("%s: %s", LINE, message) end

  add_files(state, options.file or {})
  add_files(state, found.files)
  if options.env then add_environment(state, options.env) end
  for _, setting in ipairs(found.settings) do state:set_text(setting.path, setting.text, LINE) end
  if found.seed and state.schema.kinds.seed == "integer" then
    state:set("seed", found.seed, LINE .. ", --seed")
  end

  local given = state.config
  setmetatable(given, { __tostring = function(self) return show.lua(self, state.schema) end })
  local seed = found.seed or math.type(given.seed) == "integer" and given.seed or nil
  local run = {
    out = found.out, seed = seed, threads = found.threads,
    script = list[0], arguments = table.move(list, 1, #list, 1, {}), sources = state.sources,
  }
  answer(found, state, defaults, options, run.script)
  if found.seed then T.seed(found.seed) end
  if found.threads then T.set_threads(found.threads) end
  if run.out then
    local ok
    ok, message = record.write(given, run)
    if not ok then problem.raise("%s", message) end
  end
  return given, run
end

return config
