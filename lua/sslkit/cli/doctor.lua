-- sslkit doctor: what this installation is made of, what it misses, and whether it computes right.

local color = require "sslkit.text.color"
local core = require "sslkit.core"
local facts = require "sslkit.cli.facts"
local json = require "sslkit.text.json"
local text = require "sslkit.text"

local doctor = {
  name = "doctor",
  summary = "What this installation is made of, and whether it works",
  description = "Shows versions, libraries, data sets and the terminal's abilities, and computes "
    .. "something to see whether it comes out right. Exit code 0 when all that is needed is there.",
  examples = { "sslkit doctor", "sslkit doctor --json" },
}

function doctor.define(command)
  command:flag "--json":description "One JSON object on stdout."
end

local GIB = 1 << 30

-- The first words of a block: name and value.
local function pairs_of(found)
  local limit = found.memory_limit
  return {
    { "sslkit", found.sslkit },
    { "Lua", found.lua },
    { "compiler", found.compiler },
    { "BLAS", ("%s; kernels for %s"):format(found.blas:match "^%S+ %S+", found.blas_core) },
    { "LAPACK", found.lapack },
    { "SIMD", found.simd },
    { "threads", found.threads },
    { "memory limit", limit > 0 and ("%.1f GiB"):format(limit / GIB) or "none" },
    { "oneDNN", found.onednn and "in this build" or "not in this build" },
    { "terminal", ("%s, %s, %s"):format(found.terminal.utf8 and "UTF-8" or "no UTF-8",
      found.terminal.colors and ("colours (%d bits)"):format(color.depth()) or "no colours",
      found.terminal.columns and found.terminal.columns .. " columns" or "width unknown") },
  }
end

local function mark(out, good, needed)
  local word = good and "ok" or needed and "FAIL" or "-"
  if not out.colored() then return word end
  return color.paint(word, good and "green" or needed and "red" or "dim")
end

local function add_lines(out, lines, title, list, tell)
  local widest = 0
  for _, item in ipairs(list) do widest = math.max(widest, text.width(item.name)) end
  lines[#lines + 1] = "\n" .. title
  for _, item in ipairs(list) do
    local shown = item.ok and "ok" or item.needed and "FAIL" or "-"
    lines[#lines + 1] = ("  %s%s  %s  %s"):format(mark(out, item.ok, item.needed),
      (" "):rep(4 - #shown), text.pad(item.name, widest), tell(item))
  end
end

local function page(out, found)
  local lines = {}
  for i, pair in ipairs(pairs_of(found)) do
    lines[i] = ("%s  %s"):format(text.pad(pair[1], 12), pair[2])
  end
  add_lines(out, lines, "Libraries", found.libraries, function(item)
    if item.ok then return item.version or "" end
    return ("missing, for %s; %s"):format(item.use, item.get)
  end)
  add_lines(out, lines, "Data", found.data, function(item)
    return item.ok and item.at or item.get
  end)
  add_lines(out, lines, "Self-test", found.tests, function(item)
    return item.message or ("off by %.1e, %.1f ms"):format(item.error, item.seconds * 1000)
  end)
  lines[#lines + 1] = found.ok and "\nAll that is needed is here." or "\nSomething needed is wrong."
  return table.concat(lines, "\n")
end

function doctor.run(given, out)
  local found = facts.gather()
  found.terminal = {
    utf8 = text.unicode(), colors = out.colored(), columns = core.columns(io.stdout),
  }
  out:write((given.json and json.encode(found) or page(out, found)) .. "\n")
  return found.ok and 0 or out.FAILED
end

return doctor
