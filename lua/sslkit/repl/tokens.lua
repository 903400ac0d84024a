-- Lua source as a list of tokens. It need not be complete: a string or comment that does not end is
-- the last token, and says so.

local tokens = {}

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat
  return then true until while]]):gmatch "%a+" do
  KEYWORDS[word] = true
end

--- The reserved words of Lua.
tokens.keywords = KEYWORDS

-- The last byte of a short string that begins at `from`, and whether it ends, as it must in its line.
local function end_of_string(text, from)
  local quote = text:sub(from, from)
  local at = from + 1
  while at <= #text do
    local c = text:sub(at, at)
    if c == quote then return at, true end
    if c == "\n" then return at - 1, false end
    at = at + (c == "\\" and 2 or 1)
  end
  return #text, false
end

-- The last byte of a long bracket that begins at `from`, and its level; nil when it does not end.
local function end_of_bracket(text, from, level)
  local _, last = text:find("]" .. level .. "]", from, true)
  return last
end

-- Kind, last byte and "does it end" of the token that begins at `at`, which is no space.
local function token_at(text, at)
  local level = text:match("^%-%-%[(=*)%[", at)
  if level then
    local last = end_of_bracket(text, at + 4 + #level, level)
    return "comment", last or #text, last ~= nil
  elseif text:find("^%-%-", at) then
    local stop = text:find("\n", at, true)
    return "comment", stop and stop - 1 or #text, stop ~= nil
  end
  level = text:match("^%[(=*)%[", at)
  if level then
    local last = end_of_bracket(text, at + 2 + #level, level)
    return "string", last or #text, last ~= nil
  elseif text:find("^[\"']", at) then
    return "string", end_of_string(text, at)
  end
  local word = text:match("^[%a_][%w_]*", at)
  if word then return KEYWORDS[word] and "keyword" or "name", at + #word - 1, true end
  local number = text:match("^0[xX][%x.]*[pP]?[+-]?%x*", at)
    or text:match("^%.?%d[%d.]*[eE][+-]?%d+", at) or text:match("^%.?%d[%d.]*", at)
  if number and not number:find "%.%.$" then return "number", at + #number - 1, true end
  if number then return "number", at + #number - 3, true end -- 1..x
  local mark = text:match("^%.%.%.", at) or text:match("^[.:=~<>/]=", at) or text:match("^%.%.", at)
    or text:match("^::", at) or text:match("^//", at) or text:match("^<<", at)
    or text:match("^>>", at)
  return "mark", at + (mark and #mark or 1) - 1, true
end

--- Cuts a text into tokens; comments are tokens, spaces are not.
-- @param text string
-- @return list of {kind = "name" | "keyword" | "number" | "string" | "comment" | "mark", text=,
-- from=, to=, open = true where a string or comment does not end}
function tokens.split(text)
  local list, at = {}, 1
  while true do
    at = text:find("%S", at)
    if not at then return list end
    local kind, to, ends = token_at(text, at)
    list[#list + 1] = {
      kind = kind, text = text:sub(at, to), from = at, to = to, open = not ends or nil,
    }
    at = to + 1
  end
end

return tokens
