-- Numbers and strings as files hold them: nothing lost, nothing that a reader chokes on.

local plain = {}

--- A finite number in the fewest digits that give it back; a float does not look like an integer.
-- @param v number
-- @return string
-- @example require("sslkit.text.plain").number(0.1) --> 0.1
function plain.number(v)
  if math.type(v) == "integer" then return tostring(v) end
  local text
  for digits = 15, 17 do
    text = ("%%.%dg"):format(digits):format(v)
    if tonumber(text) == v then break end
  end
  if text:find(",", 1, true) then text = text:gsub(",", ".") end -- as some locales have it
  return text:find "[.e]" and text or text .. ".0"
end

--- A string whose bytes that are no UTF-8 are replaced by U+FFFD: JSON, XML and protocol buffers hold
-- nothing else.
-- @param s string
-- @return string
-- @example #require("sslkit.text.plain").utf8("a\xff") --> 4
function plain.utf8(s)
  local ok, bad = utf8.len(s)
  if ok then return s end
  local parts, from = {}, 1
  while not ok do
    parts[#parts + 1] = s:sub(from, bad - 1)
    from = bad + 1
    ok, bad = utf8.len(s, from)
  end
  parts[#parts + 1] = s:sub(from)
  return table.concat(parts, "\u{FFFD}")
end

return plain
