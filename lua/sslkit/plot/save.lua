-- Figures as files: SVG, PNG, and their data as CSV.

local check = require "sslkit.check"
local core = require "sslkit.core"
local csv = require "sslkit.text.csv"
local png = require "sslkit.plot.png"

-- The rule for all figures: what the path's end says.
local function write(fig, path, ending, options)
  if ending == "csv" then
    return (core.write_atomic(path, { csv.table(fig:data()) }))
  elseif ending == "svg" then
    return core.write_atomic(path, { fig:svg() })
  end
  return png.write(path, fig:svg(), options.scale)
end

--- Writes a figure, whole or not at all.
-- @param fig anything with svg() and data()
-- @param path string that ends in .svg, .png or .csv
-- @param options {data = write the .csv beside, too, scale = pixels of a PNG per pixel of the
-- figure}
-- @return true, or nil and a message
local function save(fig, path, options)
  if type(path) ~= "string" then check.fail(2, "path expected, got %s", check.kind(path)) end
  options = check.options(3, options, { data = false, scale = 2 })
  check.number(3, "scale", options.scale, 0.1, 20)
  local base, ending = path:match "^(.*)%.(%w+)$"
  ending = ending and ending:lower()
  if ending ~= "svg" and ending ~= "png" and ending ~= "csv" then
    return nil, path .. ": unknown extension; known: .svg, .png, .csv"
  end
  local ok, message = write(fig, path, ending, options)
  if ok and options.data and ending ~= "csv" then
    ok, message = write(fig, base .. ".csv", "csv", options)
  end
  if not ok then return nil, message end
  return true
end

return save
