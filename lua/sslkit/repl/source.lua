-- What was typed, as code: an expression whose values are to be shown, or statements.

local tokens = require "sslkit.repl.tokens"

local source = {}

local OPENS = {
  ["function"] = 1, ["do"] = 1, ["if"] = 1, ["repeat"] = 1, ["end"] = -1, ["until"] = -1,
}

-- The text with changes = list of {from=, to=, text=} made, which are in order.
local function changed(text, changes)
  local parts, at = {}, 1
  for _, change in ipairs(changes) do
    parts[#parts + 1] = text:sub(at, change.from - 1)
    parts[#parts + 1] = change.text
    at = change.to + 1
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

-- Reads the names behind `local` at list[i], each perhaps with an attribute. Gives the place behind
-- them, the attributes as changes, and the last name; nil where one is to be closed.
local function read_names(list, i)
  local changes = {}
  while true do
    i = i + 1
    local last = list[i]
    if not last or last.kind ~= "name" then return nil end
    local open, word, close = list[i + 1], list[i + 2], list[i + 3]
    if open and open.text == "<" and close and close.text == ">" then
      if word.text == "close" then return nil end
      changes[#changes + 1] = { from = open.from, to = close.to, text = "" }
      last, i = close, i + 3
    end
    i = i + 1
    if not list[i] or list[i].text ~= "," then return i, changes, last end
  end
end

--- The text with its outermost `local`s made global, so that they are still there for the next
-- input: a session is one block. Variables to be closed stay local. No line gets another number.
-- @param text string
-- @return string
function source.keep_locals(text)
  if not text:find("local", 1, true) then return text end
  local list, depth, changes = {}, 0, {}
  for _, token in ipairs(tokens.split(text)) do
    if token.kind ~= "comment" then list[#list + 1] = token end
  end
  for i, token in ipairs(list) do
    depth = depth + (token.kind == "keyword" and OPENS[token.text] or 0)
    if depth == 0 and token.text == "local" and token.kind == "keyword" then
      local drop = { from = token.from, to = token.to, text = "" }
      local behind, attributes, last = read_names(list, i)
      if list[i + 1] and list[i + 1].text == "function" then
        changes[#changes + 1] = drop
      elseif behind then
        changes[#changes + 1] = drop
        table.move(attributes, 1, #attributes, #changes + 1, changes)
        if not list[behind] or list[behind].text ~= "=" then
          changes[#changes + 1] = { from = last.to + 1, to = last.to, text = " = nil" }
        end
      end
    end
  end
  return changed(text, changes)
end

local function pass(...) return ... end

-- An expression as a function. It is not returned as it stands: a call would be a tail call, and the
-- place where it was made could not be told any more.
local function as_call(text, name, env)
  local expression = text:gsub(";%s*$", "")
  local f = load("local _pass = ... return _pass(" .. expression .. "\n)", name, "t", env)
  return f and function() return f(pass) end
end

--- Compiles what was typed.
-- @param text string
-- @param env table of its globals
-- @param name of the chunk, for messages ("=input")
-- @return function; and, for an expression whose values are not to be shown (a `;` ends it),
-- "quiet". Or nil and a message; or nil, nil when more lines are needed
function source.compile(text, env, name)
  name = name or "=input"
  text = text:gsub("^(%s*)=", "%1") -- as lua5.1 had it
  local f, expected = load("return " .. text, name, "t", env)
  if f then return as_call(text, name, env) or f, text:find ";%s*$" and "quiet" or "value" end
  local unfinished = expected:find "<eof>$" -- `1 +` is no statement at all
  local message
  f, message = load(source.keep_locals(text), name, "t", env)
  if f then return f, "value" end
  local broken = message:find "unfinished string" -- which must end in its line
  if not broken and (unfinished or message:find "<eof>$") then return nil, nil end
  return nil, message
end

return source
