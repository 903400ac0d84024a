-- Tables of a page: the same form as ssl.text.table, with cells that may carry more than a text.

local check = require "sslkit.check"
local html = require "sslkit.page.html"

local CELL = { text = true, value = true, note = true, class = true }
local CLASSES = { "good", "warn", "bad" }
-- What a colour says is said by a sign, too.
local SIGNS = { warn = { "▲", "warning" }, bad = { "✖", "bad" } }

local SPECIAL = { nan = 0 / 0, ["-nan"] = 0 / 0, inf = math.huge, ["-inf"] = -math.huge }

-- The number that a text shows: alone, with a short unit, or with its spread.
local function number_of(s)
  if SPECIAL[s] then return SPECIAL[s] end
  return tonumber(s) or tonumber(s:match "^([+-]?[%d.]+) ?%S?%S?%S?$")
    or tonumber(s:match "^([+-]?[%d.]+) ?± ?[%d.]+$")
end

local function plain(v)
  if v ~= v then return "nan" end -- never -nan
  return tostring(v)
end

-- A cell as {text=, value= (number, or nil where it has none), note=, class=, blank=}.
local function cell_of(given, where)
  local cell = { text = given }
  if type(given) == "table" and getmetatable(given) == nil then
    for key in pairs(given) do
      if not CELL[key] then
        check.fail(2, "%s: unknown field '%s'; known: class, note, text, value", where, plain(key))
      end
    end
    cell = { text = given.text, value = given.value, note = given.note, class = given.class }
    if cell.class then check.one_of(2, where .. ": class", cell.class, CLASSES) end
    if cell.value ~= nil and type(cell.value) ~= "number" then
      check.fail(2, "%s: value must be a number, got %s", where, check.kind(cell.value))
    end
    if cell.text == nil then cell.text = cell.value end
  end
  if type(cell.text) == "number" then cell.value = cell.value or cell.text end
  cell.text = cell.text == nil and "" or plain(cell.text)
  cell.value = cell.value or number_of(cell.text)
  cell.blank = cell.value == nil and (cell.text == "" or cell.text == "-" or cell.text == "–")
  return cell
end

local function content_of(cell)
  local text = html.escape(cell.text)
  local sign = SIGNS[cell.class]
  if sign then
    text = ('<span role="img" aria-label="%s">%s</span> '):format(sign[2], sign[1]) .. text
  end
  if cell.note then text = text .. "<small>" .. html.escape(plain(cell.note)) .. "</small>" end
  return text
end

-- What the column is sorted by, where that is not just what the cell shows.
local function sort_key(cell, numeric)
  if not numeric then return (cell.class or cell.note) and cell.text or nil end
  if cell.blank then return "" end
  if cell.class or cell.note or tonumber(cell.text) ~= cell.value then
    if cell.value ~= cell.value then return "nan" end
    return ("%.17g"):format(cell.value)
  end
end

-- Rows of cells, the number of columns, and for each column whether it is one of numbers. A row may
-- have holes.
local function read(options)
  local rows, count = {}, 0
  local function read_row(given, where)
    local cells = {}
    for at, value in pairs(given) do
      if math.type(at) == "integer" and at > 0 then
        cells[at] = cell_of(value, ("%s, column %d"):format(where, at))
        count = math.max(count, at)
      end
    end
    return cells
  end
  local header = options.header and read_row(options.header, "header")
  for i, given in ipairs(options.rows) do
    if type(given) ~= "table" then
      check.fail(2, "row %d must be a table, got %s", i, check.kind(given))
    end
    rows[i] = read_row(given, "row " .. i)
    rows[i].section = given.section
  end
  return header, rows, count
end

local function is_numeric(rows, column)
  local seen = false
  for _, cells in ipairs(rows) do
    local cell = cells[column]
    if cell and not cell.blank then
      if not cell.value then return false end
      seen = true
    end
  end
  return seen
end

local BLANK = { text = "", blank = true }

local function row_html(cells, columns)
  local out = {}
  for column, about in ipairs(columns) do
    local cell = cells[column] or BLANK
    local class = about.right and (cell.class and "n " .. cell.class or "n") or cell.class
    local heads = column == 1 and not about.numeric and cells[1]
    out[column] = html.element(heads and "th" or "td", {
      scope = heads and "row", class = class, ["data-v"] = sort_key(cell, about.numeric),
    }, content_of(cell))
  end
  return "<tr>" .. table.concat(out) .. "</tr>"
end

local function section_html(name, count)
  return ('<tr class="section"><th scope="rowgroup" colspan="%d"><span>%s</span></th></tr>'):format(
    count, html.escape(plain(name)))
end

-- One body for each section, so that rows are sorted inside theirs.
local function body_html(rows, columns)
  local out = { "<tbody>" }
  for i, cells in ipairs(rows) do
    if cells.section ~= nil then
      if i > 1 then out[#out + 1] = "</tbody><tbody>" end
      out[#out + 1] = section_html(cells.section, #columns)
    else
      out[#out + 1] = row_html(cells, columns)
    end
  end
  out[#out + 1] = "</tbody>"
  return table.concat(out, "\n")
end

local function header_html(header, columns)
  local out = {}
  for column, about in ipairs(columns) do
    local cell = header[column]
    out[column] = html.element(cell and "th" or "td", {
      scope = cell and "col", class = about.right and "n", ["data-numeric"] = about.numeric,
    }, cell and content_of(cell) or "")
  end
  return "<thead><tr>" .. table.concat(out) .. "</tr></thead>"
end

--- The HTML of a table; argument 2 of the caller is to blame for what is wrong with it.
-- @param spec as of ssl.text.table, with caption, sort = false for one that is not to be sorted;
-- a cell may be {text=, value=, note=, class="good" | "warn" | "bad"}, a row {section=name}
-- @return string
return function(spec)
  local options = check.options(2, spec, { align = "", sort = true },
    { rows = true, header = true, caption = true })
  if type(options.rows) ~= "table" then
    check.fail(2, "rows must be a list of rows, got %s", check.kind(options.rows))
  end
  if options.header ~= nil and type(options.header) ~= "table" then
    check.fail(2, "header must be a list of names, got %s", check.kind(options.header))
  end
  if type(options.align) ~= "string" then
    check.fail(2, "align must be a string of letters l and r, got %s", check.kind(options.align))
  end
  local header, rows, count = read(options)
  local columns = {}
  for column = 1, count do
    local letter = options.align:sub(column, column)
    local numeric = is_numeric(rows, column)
    columns[column] = { numeric = numeric, right = letter == "r" or letter ~= "l" and numeric }
  end
  local parts = {}
  if options.caption then
    parts[1] = "<caption>" .. html.escape(plain(options.caption)) .. "</caption>"
  end
  if header then parts[#parts + 1] = header_html(header, columns) end
  parts[#parts + 1] = body_html(rows, columns)
  local sortable = options.sort and header and #rows > 1
  return html.element("div", {
    class = "scroll", tabindex = 0, role = "region",
    ["aria-label"] = plain(options.caption or "table"),
  }, html.element("table", { class = sortable and "sort" }, table.concat(parts, "\n")))
end
