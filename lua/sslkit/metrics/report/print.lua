-- A report as a page of text: 80 columns wide, and no longer than a screen.

local lines = require "sslkit.metrics.report.lines"
local text = require "sslkit.text"

local SIGNS = { ok = "ok", warn = "!", bad = "!!" }
local COLORS = { ok = "green", warn = "yellow", bad = "red" }
local VERDICTS = { healthy = "green", warnings = "yellow", collapsed = "red" }

local LINES = 45

-- Words behind a sign, in lines of at most `columns` columns.
local function wrap(sign, s, columns)
  local out, line = {}, sign
  for word in s:gmatch "%S+" do
    if #line > #sign and text.width(line) + 1 + text.width(word) > columns then
      out[#out + 1] = line
      line = (" "):rep(#sign)
    end
    line = #line > #sign and line .. " " .. word or line .. word
  end
  out[#out + 1] = line
  return out
end

-- A line for each value; the undefined ones stand below, with their reasons.
local function defined(all)
  local list = {}
  for _, line in ipairs(all) do
    if line.value == line.value then list[#list + 1] = line end
  end
  return list
end

local function widths(all)
  local width = { text = 0, label = 0, note = 0 }
  for _, line in ipairs(all) do
    width.text = math.max(width.text, text.width(line.text))
    width.label = math.max(width.label, text.width(line.entry.label))
    width.note = math.max(width.note, text.width(line.note or ""))
  end
  return width
end

local function heading(r)
  local size = ("%s: %d x %d %s"):format(r.name, r.n, r.d, r.dtype)
  local more = {}
  if r.n_skipped then more[1] = ("%d rows skipped"):format(r.n_skipped) end
  if r.n_used < r.n then
    more[#more + 1] = ("pairs and labels: %d rows, seed %d"):format(r.n_used, r.settings.seed)
  end
  return #more > 0 and size .. " (" .. table.concat(more, "; ") .. ")" or size
end

-- "nan: why (what)", once for each reason.
local function reasons_of(all)
  local list, names = {}, {}
  for _, line in ipairs(all) do
    local why = line.reason
    if why and not names[why] then
      list[#list + 1], names[why] = why, {}
    end
    if why then table.insert(names[why], line.entry.label) end
  end
  for i, why in ipairs(list) do
    list[i] = ("nan: %s (%s)"):format(why, table.concat(names[why], ", "))
  end
  return list
end

-- Warnings, then reasons, wrapped: as many as there is room for, and how many are left.
local function remarks(r, all, columns, room)
  local items, out = {}, {}
  for _, warning in ipairs(r.warnings) do items[#items + 1] = wrap(" !  ", warning, columns) end
  for _, reason in ipairs(reasons_of(all)) do items[#items + 1] = wrap("    ", reason, columns) end
  for i, item in ipairs(items) do
    local needed = #out + #item + (i < #items and 1 or 0) -- the last line may have to say the rest
    if needed > room then
      local left = #items - i + 1
      out[#out + 1] = ("    and %d more, in warnings and reasons of the report"):format(left)
      break
    end
    table.move(item, 1, #item, #out + 1, out)
  end
  return out
end

--- The page.
-- @param r report
-- @param paint function(text, style) -> text
-- @param columns width
-- @return string without a newline at its end
return function(r, paint, columns)
  local all = lines.of(r)
  local shown = defined(all)
  local width = widths(shown)
  local out, section = {}, nil
  local function add(sign, s, style)
    for _, line in ipairs(wrap(sign, s, columns)) do
      out[#out + 1] = style and paint(line, style) or line
    end
  end
  add("", heading(r), "bold")
  add("", r.summary, VERDICTS[r.verdict])
  out[#out + 1] = ""
  for _, line in ipairs(shown) do
    if line.entry.section ~= section then
      local gap = (" "):rep(width.label + width.text + width.note + 11 - #line.entry.section)
      out[#out + 1] = paint(line.entry.section, "bold")
        .. (section and "" or gap .. paint("healthy", "dim"))
      section = line.entry.section
    end
    local sign = text.pad(SIGNS[line.mark] or "", 2, "right")
    if line.mark then sign = paint(sign, COLORS[line.mark]) end
    local cells = sign .. "  " .. text.pad(line.entry.label, width.label) .. "  "
      .. text.pad(line.text, width.text, "right") .. "  "
    local rest = text.pad(line.note or "", width.note) .. "   " .. (line.healthy or "")
    rest = rest:gsub("%s+$", "")
    out[#out + 1] = (cells .. (rest ~= "" and paint(rest, "dim") or "")):gsub("%s+$", "")
  end
  local below = remarks(r, all, columns, LINES - 1 - #out)
  if #below > 0 then out[#out + 1] = "" end
  return table.concat(table.move(below, 1, #below, #out + 1, out), "\n")
end
