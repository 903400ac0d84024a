-- sslkit run script.lua key=value ...: a script with its config.

local script = require "sslkit.cli.script"

local run = {
  name = "run",
  summary = "Run a Lua script, with its config from files and words",
  description = "Runs a Lua script. One that asks for its config,\n"
    .. "  local config = ssl.config{ lr = 1e-3, model = { width = 64 } }\n"
    .. "gets these defaults with FILE, variables (SSLKIT_LR, SSLKIT_MODEL_WIDTH) and KEY=VALUE "
    .. "over them; later ones win. Words behind -- reach the script as they are.",
  examples = {
    "sslkit run train.lua lr=0.01 model.width=128 --out runs/1",
    "sslkit run train.lua --config base.json --dry-run",
    "sslkit run train.lua --config runs/1/config.json seed=2",
  },
}

function run.define(command)
  command:argument "script"
    :description "The script."
  command:argument "settings"
    :args "*"
    :argname "KEY=VALUE"
    :description "Values of its config, model.width=128 for a key in a table."
  command:option "--config"
    :argname "<file>"
    :count "*"
    :description "A config: JSON, or Lua that returns a table. Several: later ones win."
  command:option "--set"
    :argname "<key=value>"
    :count "*"
    :description "The same as KEY=VALUE."
  command:option "--out"
    :argname "<folder>"
    :description "Keep config, seed and versions in FOLDER/config.json; the script saves there."
  command:flag "--dry-run"
    :description "Show the config and where its values come from; run nothing."
  command:option "--threads"
    :argname "<n>"
    :description "Threads to compute with."
  command:option "--seed"
    :argname "<n>"
    :description "Seed of the random numbers, and of the config's key seed."
end

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end -- said when it is run
  local text = file:read "a"
  file:close()
  return text or ""
end

-- A script that never asks for its config would run in spite of --dry-run, and in vain take words.
local function check_asks(out, given)
  local asked = given.dry_run and "--dry-run" or #given.settings + #given.set > 0 and "KEY=VALUE"
    or #given.config > 0 and "--config"
  if not asked then return end
  local text = read(given.script)
  local reads = text:find "%f[%w_]arg%f[%W]" or text:find("...", 1, true)
  if text ~= "" and not text:find "config" and (given.dry_run or not reads) then
    out:usage("%s has no config, so %s means nothing to it; a script asks by ssl.config{...}",
      given.script, asked)
  end
end

-- A number for an option of ours, for scripts that have no config, too.
local function number(out, name, text, first, last)
  local n = math.tointeger(tonumber(text))
  if not n or first and n < first or last and n > last then
    out:usage("--%s %s; %s expected", name, text,
      last and ("a number in %d..%d"):format(first, last) or "a whole number")
  end
  return n
end

-- What `lua5.4 script.lua` would be given: ssl.config reads it there.
local function arguments_of(given)
  local list = table.move(given.settings, 1, #given.settings, 1, {})
  local function add(...) for _, word in ipairs { ... } do list[#list + 1] = word end end
  for _, path in ipairs(given.config) do add("--config", path) end
  for _, setting in ipairs(given.set) do add("--set", setting) end
  if given.out then add("--out", given.out) end
  if given.seed then add("--seed", given.seed) end
  if given.threads then add("--threads", given.threads) end
  if given.dry_run then add "--dry-run" end
  return list
end

function run.run(given, out)
  check_asks(out, given)
  local T = require "sslkit.tensor"
  if given.threads then T.set_threads(number(out, "threads", given.threads, 1, 64)) end
  if given.seed then T.seed(number(out, "seed", given.seed)) end
  return (script.run(out, given.script, arguments_of(given)))
end

return run
