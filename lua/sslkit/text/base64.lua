-- Bytes as text: base64 (RFC 4648).

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Two digits at a time, of 12 bits: a table that waits for the first use.
local two

local function digit_pairs()
  local all = {}
  for high = 1, 64 do
    for low = 1, 64 do
      all[(high - 1) * 64 + low - 1] = DIGITS:sub(high, high) .. DIGITS:sub(low, low)
    end
  end
  return all
end

--- Bytes in base64.
-- @param bytes string
-- @return string
-- @example require "sslkit.text.base64" "any" --> YW55
-- @example require "sslkit.text.base64" "a" --> YQ==
local function base64(bytes)
  local missing = -#bytes % 3
  two = two or digit_pairs()
  local out = (bytes .. ("\0"):rep(missing)):gsub("...", function(three)
    local a, b, c = three:byte(1, 3)
    return two[a << 4 | b >> 4] .. two[(b & 15) << 8 | c]
  end)
  return out:sub(1, #out - missing) .. ("="):rep(missing)
end

return base64
