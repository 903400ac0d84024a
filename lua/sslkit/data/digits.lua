-- The 8x8 handwritten digits that come with the library.

local dataset = require "sslkit.data.dataset"
local T = require "sslkit.tensor"

local SIDE = 8
local LINE = SIDE * SIDE + 2 -- the pixels, the digit, the end of the line

--- Handwritten digits, embedded in the library: 1797 images of 8x8 pixels with values 0..16.
-- @return dataset: x = uint8 [1797,1,8,8], y = int64 [1797] (digit + 1), classes "0".."9", levels
-- 16
-- @source E. Alpaydin, C. Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI, test set
-- @example #ssl.data.digits() --> 1797
-- @example ssl.data.digits() --> digits: 1797 samples of 1x8x8 uint8 0..16, 10 classes: 0, 1...
local function digits()
  local lines = require "sslkit.data.digits_pixels"
  local codes = T.frombytes(lines, "uint8", { #lines // LINE, LINE }):to "int64"
  local classes = {}
  for digit = 0, 9 do classes[digit + 1] = tostring(digit) end
  local pixels = codes:narrow(2, 1, LINE - 2) - ("A"):byte()
  return dataset.new {
    x = pixels:to("uint8"):reshape(#pixels, 1, SIDE, SIDE),
    y = (codes:select(2, LINE - 1) - ("0"):byte() + 1),
    classes = classes,
    name = "digits",
    levels = 16,
  }
end

return digits
