-- SVG to PNG, by librsvg's rsvg-convert.

local png = {}

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

-- A name that no option can be mistaken for.
local function plain(path) return path:find "^%-" and "./" .. path or path end

-- The output of a command, and its exit code.
local function run(command)
  local ok, pipe = pcall(io.popen, command, "r")
  if not ok or not pipe then return "no process can be started", 1 end
  local output = pipe:read "a"
  local _, _, code = pipe:close()
  return output, code
end

local function write(path, content)
  local file, message = io.open(path, "wb")
  if not file then return nil, message end
  local ok, problem = file:write(content)
  local closed = file:close()
  if ok and closed then return true end
  return nil, problem or path .. ": cannot be written"
end

--- Writes an SVG document as PNG, whole or not at all.
-- @param path of the PNG
-- @param content the document
-- @param scale pixels a unit of the document
-- @return true, or nil and a message
function png.write(path, content, scale)
  -- both temporary files stand beside the PNG, whose folder must take it anyway
  local base = plain(path) .. "." .. tostring({}):match "(%w+)$" .. ".tmp"
  local source, target = base .. ".svg", base .. ".png"
  local ok, message = write(source, content)
  if not ok then
    os.remove(source)
    return nil, path .. ": " .. message:gsub("^.*: ", "")
  end
  local output, code = run(("rsvg-convert --zoom=%.6f --output=%s %s 2>&1"):format(
    scale, quote(target), quote(source)))
  os.remove(source)
  if code == 0 then ok, message = os.rename(target, path) else ok = nil end
  if ok then return true end
  os.remove(target)
  if code == 127 then
    return nil, path .. ": rsvg-convert is missing (Debian: librsvg2-bin)"
  end
  message = message or output:match "[^\n]+" or ("rsvg-convert ended with %s"):format(code)
  return nil, path .. ": " .. message:gsub("^.*%.tmp%.[sp][vn]g: ", "")
end

return png
