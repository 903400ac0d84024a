-- The type that a description begins with, as the Lua language server names it.

local types = {}

-- In this order: the first pattern that begins the description decides.
local BEGINS = {
  { "^list of lists", "table" },
  { "^list of tables", "table[]" },
  { "^list of {", "table[]" },
  { "^list of tensors", "sslkit.Tensor[]" },
  { "^list of gradients", "sslkit.Tensor[]" },
  { "^list of float", "sslkit.Tensor[]" },
  { "^list of parameters", "sslkit.Tensor[]" },
  { "^list of views", "sslkit.Tensor[]" },
  { "^table of tensors", "sslkit.Tensor[]" },
  { "^table of views", "sslkit.Tensor[]" },
  { "^list of numbers", "number[]" },
  { "^list of whole", "integer[]" },
  { "^list of names", "string[]" },
  { "^list of strings", "string[]" },
  { "^list", "table" },
  { "^table", "table" },
  { "^spectrum", "table" },
  { "^opened", "sslkit.Reader" },
  { "^nested table", "table" },
  { "^{", "table" },
  { "^string", "string" },
  { "^path", "string" },
  { "^\"float%d", "sslkit.dtype" },
  { "^\"", "string" },
  { "^letters", "string" },
  { "^dtype", "sslkit.dtype" },
  { "^boolean", "boolean" },
  { "^true", "boolean" },
  { "^false", "boolean" },
  { "^whole number", "integer" },
  { "^integer", "integer" },
  { "^count", "integer" },
  { "^dimension", "integer" },
  { "^index", "integer" },
  { "^indices", "integer" },
  { "^size", "integer" },
  { "^how many", "integer" },
  { "^columns", "integer" },
  { "^diagonal", "integer" },
  { "^%d+%.%.%d", "integer" },
  { "^number of", "integer" },
  { "^number", "number" },
  { "^share", "number" },
  { "^order", "number" },
  { "^function", "function" },
  { "^iterator", "function" },
  { "^constructor", "function" },
  { "^anything", "any" },
  { "^nothing", "nil" },
  { "^nil", "nil" },
}

-- Words that name a tensor, after others such as "float", "0-dim", "contiguous", or dtypes.
local TENSOR = {
  tensor = true, mask = true, view = true, leaf = true, vector = true, vectors = true,
  tensors = true, values = true,
}
local BEFORE = {
  ["float"] = true, float32 = true, float64 = true, int64 = true, uint8 = true, ["0-dim"] = true,
  ["1-D"] = true, ["2-D"] = true, contiguous = true, ascending = true, new = true, a = true,
  ["or"] = true, probabilities = true, another = true,
}

local function is_tensor(text)
  if text:find "^%a* ?%[" then return true end -- "[N,D]", "L [n,n]"
  if text:find "^\"" then return false end
  local seen = false
  for word in text:gmatch "[%w-]+" do
    if TENSOR[word] then return true end
    if not BEFORE[word] then break end
    seen = seen or word:find "^%l+%d+$" ~= nil or word == "probabilities"
  end
  return seen -- "int64 [N]", "probabilities [N,K]"
end

local kinds -- word -> class, of the kinds of objects

--- Lets words such as "dataset" stand for classes.
-- @param names table: word = class
function types.know(names) kinds = names end

local function single(text)
  if is_tensor(text) then return "sslkit.Tensor" end
  for _, pair in ipairs(BEGINS) do
    if text:find(pair[1]) then return pair[2] end
  end
  local word = text:match "^[%a]+"
  return kinds and word and (kinds[word] or kinds[word:gsub("s$", "")]) or nil
end

--- The type of what a description begins with.
-- @param text string, such as "float tensor [N,D], or a spectrum"
-- @return string or nil
function types.of(text) return (single(text)) end

local function without_article(text)
  for _, article in ipairs { "^%s+", "^an? ", "^the ", "^one ", "^another ", "^other ", "^new " } do
    text = text:gsub(article, "")
  end
  return text
end

-- The types of "count, list, loader", when all of them are types; otherwise that of the beginning.
local function of_list(text)
  local list = {}
  local function hide(inside) return (inside:gsub(",", "\0")) end
  local parts = text:gsub("%b[]", hide):gsub("%b()", hide):gsub("%b{}", hide)
  for part in parts:gmatch "[^,]+" do
    list[#list + 1] = single(without_article(part:gsub("%z", ","))) or "?"
  end
  for _, found in ipairs(list) do
    if found == "?" then return { single(without_article(text)) } end
  end
  return list
end

--- The union of all alternatives in a description: of what stands between "or", "|" and commas.
-- @param text string
-- @return string, "any" where nothing is recognised
function types.union(text)
  local first = text:gsub("[;:].*$", ""):gsub("%.%s.*$", ""):gsub(" | ", " or ")
  local union, seen = {}, {}
  for part in (first .. " or "):gmatch "(.-),? or " do
    for _, found in ipairs(of_list(part)) do
      if not seen[found] then union[#union + 1] = found end
      seen[found] = true
    end
  end
  return union[1] and table.concat(union, "|") or "any"
end

return types
