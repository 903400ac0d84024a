-- One self-contained HTML page: headings, text, tables that sort, figures, pictures, logs. No file
-- beside it and no network; light or dark as the reader likes it, printable, readable on a phone.

local core = require "sslkit.core"
local check = require "sslkit.check"
local csv = require "sslkit.text.csv"
local html = require "sslkit.page.html"
local log = require "sslkit.page.log"
local style = require "sslkit.page.style"
local table_html = require "sslkit.page.table"

--- An HTML page that is filled part by part, each of which gives the page back.
-- @kind Page, page
local Page = { __name = "sslkit.Page" }
Page.__index = Page

local CONTENTS = 4       -- headings from which there is a table of contents
local ENLARGED = 320     -- pixels: smaller pictures are shown about so large,
local MOST = 16          -- at most so many times enlarged
local LARGEST_CSV = 1e6  -- bytes of a figure's data that the page carries

-- Nothing is loaded from anywhere, and the page says so.
local POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
  .. "img-src data:"

local function check_text(argn, what, v)
  if type(v) == "number" then return tostring(v) end
  if type(v) == "string" then return v end
  check.fail(argn, "%s must be a string, got %s", what, check.kind(v))
end

local function check_list(argn, what, v)
  if type(v) == "table" then return v end
  check.fail(argn, "%s must be a list, got %s", what, check.kind(v))
end

local function add(self, part)
  self.parts[#self.parts + 1] = part
  return self
end

-- A name for links to a heading, once in a page: letters and digits of the text.
local function anchor_of(self, text)
  local slug = text:lower():gsub("[%z\1-/:-`{-\127]+", "-"):gsub("^%-+", ""):gsub("%-+$", "")
  if slug == "" or not utf8.len(slug) then slug = "section" end
  local id, number = slug, 1
  while self.ids[id] do
    number = number + 1
    id = slug .. "-" .. number
  end
  self.ids[id] = true
  return id
end

--- A heading; a page with more than three gets a table of contents.
-- @param text string
-- @param level 2..6, at most one deeper than the heading above it (2); the title is level 1
-- @return the page
-- @example ssl.page("a"):heading("First results"):html():match '<h2 id="[^"]*"' --> <h2 id="first-results"
function Page:heading(text, level)
  text = check_text(2, "heading", text)
  local last = self.headings[#self.headings]
  level = check.integer(3, "level", level or 2, 2, 6)
  if level > (last and last.level or 1) + 1 then
    check.fail(3, "level %d under level %d: no level may be left out", level,
      last and last.level or 1)
  end
  local id = anchor_of(self, text)
  self.headings[#self.headings + 1] = { text = text, level = level, id = id }
  return add(self, ('<h%d id="%s">%s<a class="anchor" href="#%s" aria-hidden="true" tabindex="-1">#'
    .. "</a></h%d>"):format(level, html.escape(id), html.escape(text), html.escape(id), level))
end

--- A paragraph; empty lines in it begin another.
-- @param text string
-- @return the page
-- @example ssl.page("a"):text("1 < 2"):html():match "<p>.-</p>" --> <p>1 &lt; 2</p>
function Page:text(text)
  for paragraph in (check_text(2, "text", text) .. "\n\n"):gmatch "(.-)\n%s*\n" do
    if paragraph:find "%S" then add(self, "<p>" .. html.escape(paragraph) .. "</p>") end
  end
  return self
end

--- A list of short texts.
-- @param items list of strings
-- @param options table: ordered = with numbers (false)
-- @return the page
-- @example ssl.page("a"):list({"x", "y"}, {ordered = true}):html():match "<ol>%s<li>x" --> <ol> <li>x
function Page:list(items, options)
  check_list(2, "items", items)
  local name = check.options(3, options, { ordered = false }).ordered and "ol" or "ul"
  local out = {}
  for i, item in ipairs(items) do
    out[i] = "<li>" .. html.escape(check_text(2, "item " .. i, item)) .. "</li>"
  end
  if #out == 0 then return self end
  return add(self, html.element(name, {}, "\n" .. table.concat(out, "\n") .. "\n"))
end

--- A table. A click on a header sorts by its column: numbers by value, with NaN and missing ones
-- last.
-- @param spec table: rows = list of lists of cells; header = list of names; align = one letter l or r
-- for each column ("" lets the content decide); caption; sort = may it be sorted (true). A cell is a
-- string, a number, or {text=, value= (number to sort by), note= (small, below), class="good", "warn"
-- or "bad"}; a row {section=name} begins a section, inside which its rows are sorted
-- @return the page
-- @raise unknown options or classes, rows that are no tables
-- @example ssl.page("a"):table{header = {"model", "kNN"}, rows = { {"mlp", 0.9} }}:html():match "<td.-</td>" --> <td class="n">0.9</td>
function Page:table(spec)
  return add(self, table_html(spec))
end

-- Names inside a drawing must not meet those of another one in the page.
local function own_names(svg, prefix)
  return (svg:gsub('(%sid=")', "%1" .. prefix):gsub('(="url%(#)', "%1" .. prefix)
    :gsub('(href="#)', "%1" .. prefix))
end

local function pre_html(text)
  return '<pre tabindex="0"><code>' .. html.escape(text) .. "</code></pre>"
end

local function figure_html(content, caption, link)
  local text = caption and html.escape(caption) or ""
  if link then text = text .. (caption and " " or "") .. link end
  if text ~= "" then content = content .. "\n<figcaption>" .. text .. "</figcaption>" end
  return html.element("figure", {}, content)
end

-- A link that saves the data of a figure; nil where they are too many.
local function data_link(fig, name)
  local content = csv.table(fig:data())
  if #content > LARGEST_CSV then return nil end
  local address = html.data_uri("text/csv;charset=utf-8", content)
  return html.element("a", { download = name .. ".csv", href = address }, "data (CSV)")
end

--- A figure of ssl.plot, with a link that saves its data (up to a megabyte of them).
-- @param fig figure
-- @param caption string (none)
-- @return the page
-- @example ssl.page("a"):figure(ssl.plot.line(nil, {1, 2}), "up"):html():match "<figcaption>(%a+)" --> up
function Page:figure(fig, caption)
  if type(fig) ~= "table" or type(fig.svg) ~= "function" or type(fig.data) ~= "function" then
    check.fail(2, "figure of ssl.plot expected, got %s", check.kind(fig))
  end
  caption = caption and check_text(3, "caption", caption)
  self.figures = self.figures + 1
  local name = "figure-" .. self.figures
  local label = caption or fig.title and tostring(fig.title) or name
  local drawing = html.element("div", {
    class = "scroll", tabindex = 0, role = "img", ["aria-label"] = label,
  }, own_names(fig:svg { page = true }, name .. "."))
  return add(self, figure_html(drawing, caption, data_link(fig, name)))
end

--- A picture, as ssl.image.save would write it; a small one is shown enlarged.
-- @param t tensor [C,H,W], [H,W] or [N,C,H,W] (a grid)
-- @param caption string, also for those who do not see it (none)
-- @param options as of ssl.image.save
-- @return the page
-- @example ssl.page("a"):image(ssl.rand(1, 8, 8)):html():match '<img .-src="([^,]*)' --> data:image/png;base64
function Page:image(t, caption, options)
  caption = caption and check_text(3, "caption", caption)
  local bytes = require("sslkit.image").encode(t, options)
  local width, height = (">I4I4"):unpack(bytes, 17) -- of the PNG's first chunk
  local times = math.max(1, math.min(MOST, ENLARGED // math.max(width, height)))
  local picture = html.element("img", {
    src = html.data_uri("image/png", bytes), alt = caption or "picture", width = width * times,
    height = height * times, class = times > 1 and "pixels",
  })
  return add(self, figure_html(picture, caption))
end

--- A log that opens by a click. Escapes of the terminal are left out, of lines that were overwritten
-- the last stands, and of a long one the middle is left out.
-- @param title string
-- @param text string
-- @param options table: open = is it open (false); head, tail = lines that are kept at both ends (100,
-- 400)
-- @return the page
-- @example ssl.page("a"):log("run 1", "a\nb\nc", {head = 1, tail = 1}):html():match "<code>(.-)</code>" --> a … 1 line left out … c
function Page:log(title, text, options)
  title = check_text(2, "title", title)
  text = check_text(3, "text", text)
  local o = check.options(4, options, { open = false, head = 100, tail = 400 })
  local head = check.integer(4, "head", o.head, 0)
  local tail = check.integer(4, "tail", o.tail, 0)
  local shown, count = log.shorten(text, head, tail)
  local summary = ("<summary>%s <small>%d line%s</small></summary>\n"):format(
    html.escape(title), count, count == 1 and "" or "s")
  return add(self, html.element("details", { open = o.open and true }, summary .. pre_html(shown)))
end

--- Code or any text whose columns count.
-- @param text string
-- @return the page
-- @example ssl.page("a"):code("if a < b then"):html():match "<code>.-</code>" --> <code>if a &lt; b then</code>
function Page:code(text)
  return add(self, pre_html(check_text(2, "code", text)))
end

--- Names with their values, side by side.
-- @param facts list of {name, value}
-- @return the page
-- @example ssl.page("a"):facts{ {"rows", 10} }:html():match "<dt>.-</dd>" --> <dt>rows</dt><dd>10</dd>
function Page:facts(facts)
  local out = {}
  for i, fact in ipairs(check_list(2, "facts", facts)) do
    if type(fact) ~= "table" then
      check.fail(2, "fact %d must be {name, value}, got %s", i, check.kind(fact))
    end
    local name = check_text(2, "name of fact " .. i, fact[1])
    local value = fact[2] == nil and "" or tostring(fact[2])
    out[i] = ("<div><dt>%s</dt><dd>%s</dd></div>"):format(html.escape(name), html.escape(value))
  end
  if #out == 0 then return self end
  return add(self, html.element("dl", { class = "facts" }, "\n" .. table.concat(out, "\n") .. "\n"))
end

--- Something that the reader must not miss.
-- @param text string
-- @return the page
-- @example ssl.page("a"):warning("few rows"):html():match "<p class.-</p>" --> <p class="warning" role="note"><strong>Warning:</strong> few rows</p>
function Page:warning(text)
  text = html.escape(check_text(2, "text", text))
  return add(self, '<p class="warning" role="note"><strong>Warning:</strong> ' .. text .. "</p>")
end

-- The headings as nested lists.
local function contents(headings)
  local out, depth = { '<nav aria-label="Contents">' }, 1
  for _, heading in ipairs(headings) do
    if heading.level <= depth then out[#out + 1] = "</li>" end
    for _ = depth + 1, heading.level do out[#out + 1] = "<ul>" end
    for _ = heading.level + 1, depth do out[#out + 1] = "</ul></li>" end
    depth = heading.level
    out[#out + 1] = ('<li><a href="#%s">%s</a>'):format(html.escape(heading.id),
      html.escape(heading.text))
  end
  out[#out + 1] = "</li>" .. ("</ul></li>"):rep(depth - 2) .. "</ul></nav>"
  return table.concat(out, "\n")
end

--- The page as HTML.
-- @return string
-- @example ssl.page("a & b"):html():match "<title>.-</title>" --> <title>a &amp; b</title>
function Page:html()
  local title = html.escape(self.title)
  local out = {
    "<!DOCTYPE html>", html.element("html", { lang = self.lang }), "<head>",
    '<meta charset="utf-8">',
    '<meta http-equiv="Content-Security-Policy" content="' .. POLICY .. '">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">', '<meta name="generator" content="sslkit">',
    "<title>" .. title .. "</title>", "<style>\n" .. style.css .. "</style>", "</head>",
  }
  local navigation = #self.headings >= CONTENTS and contents(self.headings)
  out[#out + 1] = navigation and '<body class="toc">' or "<body>"
  out[#out + 1] = "<header>\n<h1>" .. title .. "</h1>"
  if self.subtitle then
    out[#out + 1] = '<p class="subtitle">' .. html.escape(self.subtitle) .. "</p>"
  end
  out[#out + 1] = "</header>\n" .. (navigation or "") .. "\n<main>"
  table.move(self.parts, 1, #self.parts, #out + 1, out)
  out[#out + 1] = "</main>\n<script>\n" .. style.script .. "</script>\n</body>\n</html>\n"
  return table.concat(out, "\n")
end

--- Writes the page, whole or not at all.
-- @param path string that ends in .html
-- @return true, or nil and a message
-- @example select(2, ssl.page("a"):save "/nowhere/a.html") --> /nowhere/a.html: No such file...
function Page:save(path)
  if type(path) ~= "string" then check.fail(2, "path expected, got %s", check.kind(path)) end
  if path:find("\0", 1, true) then check.fail(2, "a path cannot hold a zero byte") end
  if not path:lower():find "%.html?$" then
    return nil, path .. ": unknown extension; known: .html"
  end
  return core.write_atomic(path, { self:html() })
end

function Page:__tostring()
  return ("page '%s' of %d parts; :save \"x.html\" writes it"):format(self.title, #self.parts)
end

--- An HTML page that is one file: fill it by `heading text list table figure image log code facts
-- warning`, each of which gives the page back, then `save` it.
-- @param title string
-- @param options table: subtitle; lang = the language of its texts ("en")
-- @return page
-- @raise a title that is no string
-- @example ssl.page("Run 1"):heading "Results":table{header = {"seed", "kNN"}, rows = { {1, 0.91} }} --> page 'Run 1' of 2 parts; :save "x.html" writes it
local function page(title, options)
  local o = check.options(2, options, { lang = "en" }, { subtitle = true })
  return setmetatable({
    title = check_text(1, "title", title), lang = check_text(2, "lang", o.lang),
    subtitle = o.subtitle and check_text(2, "subtitle", o.subtitle),
    parts = {}, headings = {}, ids = {}, figures = 0,
  }, Page)
end

return page
