-- Bytes as text: base64 (RFC 4648).

local digits = {}
for i = 0, 63 do
  local all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  digits[i] = all:sub(i + 1, i + 1)
end

--- Bytes in base64.
-- @param bytes string
-- @return string
-- @example require "sslkit.text.base64" "any" --> YW55
-- @example require "sslkit.text.base64" "a" --> YQ==
local function base64(bytes)
  local missing = -#bytes % 3
  local out = (bytes .. ("\0"):rep(missing)):gsub("...", function(three)
    local a, b, c = three:byte(1, 3)
    return digits[a >> 2] .. digits[(a & 3) << 4 | b >> 4] .. digits[(b & 15) << 2 | c >> 6]
      .. digits[c & 63]
  end)
  return out:sub(1, #out - missing) .. ("="):rep(missing)
end

return base64
