-- Names to entries: exact, by their last part, or by what they were meant to be.

local index = require "sslkit.help.index"
local near = require "sslkit.near"

local lookup = {}

-- "ssl.metrics.rankme", "Tensor:sum" -> "metrics.rankme", "Tensor.sum"
local function bare(path)
  return (path:gsub("%(%)$", ""):gsub("^sslkit%.", ""):gsub("^ssl%.", ""):gsub(":", "."))
end

-- All names of an entry.
local function names_of(entry)
  local names = { bare(entry.path) }
  for _, path in ipairs(entry.also) do names[#names + 1] = bare(path) end
  if entry.method and entry.what == "function" then names[#names + 1] = "Tensor." .. entry.name end
  return names
end

-- Entries by how a name of theirs fits: the whole of it or its last part, with or without regard to
-- case, functions and modules before methods.
local function ranked(wanted)
  local ranks, folded = { {}, {}, {}, {}, {} }, wanted:lower()
  for _, entry in ipairs(index.get().entries) do
    local best
    local function rank(n) best = math.min(best or n, n) end
    local last = entry.what == "method" and 4 or 2
    for _, name in ipairs(names_of(entry)) do
      local lower = name:lower()
      if name == wanted then rank(1) end
      if name:sub(-#wanted - 1) == "." .. wanted then rank(last) end
      if lower == folded then rank(3) end
      if lower:sub(-#wanted - 1) == "." .. folded then rank(5) end
    end
    if best then table.insert(ranks[best], entry) end
  end
  return ranks
end

--- What a name stands for.
-- @param name string
-- @return list of entries, one if it is clear, and the list of others of which it is a part
function lookup.find(name)
  local found, others = nil, {}
  for _, list in ipairs(ranked(bare(name:match "^%s*(.-)%s*$"))) do
    if not found and list[1] then
      found = list
    else
      table.move(list, 1, #list, #others + 1, others)
    end
  end
  return found or {}, others
end

--- What is near to a name that nothing has, and what speaks of it.
-- @param name string
-- @return list of entries, at most 12
function lookup.near(name)
  local by_name, names, found, seen = {}, {}, {}, {}
  local function add(entry)
    if entry and not seen[entry] and #found < 12 then
      seen[entry] = true
      found[#found + 1] = entry
    end
  end
  local wanted = bare(name)
  local dotted = wanted:find(".", 1, true)
  for _, entry in ipairs(index.get().entries) do
    local key = dotted and names_of(entry)[1] or entry.name
    if not by_name[key] then
      by_name[key] = {}
      names[#names + 1] = key
    end
    table.insert(by_name[key], entry)
  end
  for _, other in ipairs(near.all(wanted, names)) do
    for _, entry in ipairs(by_name[other]) do add(entry) end
  end
  local word = wanted:lower()
  if #word >= 3 then
    for _, entry in ipairs(index.get().entries) do
      if entry.name:lower():find(word, 1, true) then add(entry) end
    end
    local whole = "%f[%w]" .. word:gsub("%p", "%%%0") .. "s?%f[%W]"
    for _, entry in ipairs(index.get().entries) do
      local text = entry.doc and entry.doc.text or entry.summary
      if text:lower():find(whole) then add(entry) end
    end
  end
  return found
end

return lookup
