-- HTML text: escaping, elements, bytes in an address.

local base64 = require "sslkit.text.base64"

local html = {}

local ENTITIES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}
local UNKNOWN = "\u{FFFD}" -- stands for what HTML has no character for

local function valid_utf8(s)
  local parts, from = {}, 1
  while true do
    local length, bad = utf8.len(s, from)
    if length then break end
    parts[#parts + 1] = s:sub(from, bad - 1) .. UNKNOWN
    from = bad + 1
  end
  return table.concat(parts) .. s:sub(from)
end

--- Text that may stand in an element or in an attribute.
-- @param s string, any bytes
-- @return string
function html.escape(s)
  if s:find "[\x80-\xff]" then s = valid_utf8(s):gsub("\xC2[\x80-\x9F]", UNKNOWN) end
  s = s:gsub("\r\n?", "\n"):gsub("[%z\1-\8\11\12\14-\31\127]", UNKNOWN)
  return (s:gsub("[&<>\"']", ENTITIES))
end

--- One element.
-- @param name string
-- @param attributes table of name = string, number or true; what is nil or false is left out
-- @param content string, already escaped (none: an element that has no end)
-- @return string
function html.element(name, attributes, content)
  local parts = {}
  for key, value in pairs(attributes) do
    if value == true then parts[#parts + 1] = " " .. key
    elseif value then parts[#parts + 1] = (' %s="%s"'):format(key, html.escape(tostring(value))) end
  end
  table.sort(parts)
  local start = "<" .. name .. table.concat(parts) .. ">"
  return content and start .. content .. "</" .. name .. ">" or start
end

--- The address of a file that is in the page itself.
-- @param kind its media type
-- @param bytes string
-- @return string
function html.data_uri(kind, bytes)
  return ("data:%s;base64,%s"):format(kind, base64(bytes))
end

return html
