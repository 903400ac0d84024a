-- A log as a page shows it: what a terminal would have left standing, and of a long one both ends.

local log = {}

local LONGEST = 2000 -- bytes of a line

-- Without escapes of the terminal; of what was overwritten, progress bars above all, the last.
local function cleaned(line)
  line = line:gsub("\27%[[%d;?]*[ -/]*[@-~]", ""):gsub("\27%].-[\7\27]\\?", ""):gsub("\r+$", "")
  line = line:match "[^\r]*$"
  if #line <= LONGEST then return line end
  local last = utf8.offset(line, 0, LONGEST + 1) - 1 -- not in the middle of a character
  return ("%s… (%d bytes left out)"):format(line:sub(1, last), #line - last)
end

--- The lines of a text that are shown, and how many there are.
-- @param text string
-- @param head, tail how many lines are kept at the beginning and at the end
-- @return string, the number of lines
function log.shorten(text, head, tail)
  local all, count = {}, 0
  for line in (text:gsub("\n$", "") .. "\n"):gmatch "(.-)\n" do
    count = count + 1
    all[count] = line
  end
  local out = {}
  for i, line in ipairs(all) do
    local left_out = count - head - tail
    if left_out <= 0 or i <= head or i > count - tail then
      out[#out + 1] = cleaned(line)
    elseif i == head + 1 then
      out[#out + 1] = ("… %d line%s left out …"):format(left_out, left_out == 1 and "" or "s")
    end
  end
  return table.concat(out, "\n"), count
end

return log
