-- command({"report", path}, {stdin = text, env = {LR = "1"}, folder = path, shell = '%s | head -1'})
-- runs the script `sslkit` as a process: its exit code, stdout and stderr. Without stdin it finds it
-- closed; what steers colours and configs in the environment of the tests does not reach it.

local script = package.searchpath("sslkit.check", package.path):gsub("sslkit/check%.lua$", "")
  .. "bin/sslkit"

local CLEAN = { "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "SSLKIT_LR", "SSLKIT_MODEL_WIDTH" }

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local function take(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  os.remove(path)
  return text
end

return function(words, options)
  options = options or {}
  local parts = { "env" }
  for _, name in ipairs(CLEAN) do parts[#parts + 1] = "-u " .. name end
  for name, value in pairs(options.env or {}) do
    parts[#parts + 1] = name .. "=" .. quote(value)
  end
  parts[#parts + 1] = "lua5.4 " .. quote(script)
  for _, word in ipairs(words) do parts[#parts + 1] = quote(word) end
  local line = table.concat(parts, " ")

  local out, err, input = os.tmpname(), os.tmpname(), nil
  local from = "<&-"
  if options.stdin then
    input = os.tmpname()
    local file = assert(io.open(input, "wb"))
    file:write(options.stdin)
    file:close()
    from = "<" .. input
  end
  if options.shell then line = "{ " .. options.shell:format(line) .. "; }" end
  if options.folder then line = "cd " .. quote(options.folder) .. " && " .. line end
  local _, _, code = os.execute(("( %s ) %s >%s 2>%s"):format(line, from, out, err))
  if input then os.remove(input) end
  return code, take(out), take(err)
end
