-- strict(html): nil where a page is well formed, or else what is wrong first; then its elements in
-- order, {name=, attributes=, text= (what stands directly in it), parent=}. Stricter than HTML: every
-- element is closed in order, every attribute quoted, every & the beginning of an entity.

local VOID = { meta = true, img = true, br = true }
local RAW = { script = true, style = true } -- hold text alone

local function attributes_of(source)
  local attributes = {}
  local rest = source:gsub('%s+([%w:_.-]+)="([^"<]*)"', function(name, value)
    if attributes[name] then attributes.twice = name end
    attributes[name] = value
    return ""
  end)
  rest = rest:gsub("%s+([%w-]+)", function(name)
    attributes[name] = true
    return ""
  end)
  return attributes, rest:gsub("[%s/]+$", "")
end

local function bad_text(text)
  local rest = text:gsub("&%a+;", ""):gsub("&#%d+;", "")
  return rest:find "[&<>]"
end

return function(html)
  local elements, stack, ids = {}, {}, {}
  local at = html:match "^<!DOCTYPE html>\n()"
  if not at then return "no doctype", elements end
  while at <= #html do
    local from, to, close, name, source, empty = html:find("<(/?)(%w+)([^<>]-)(/?)>", at)
    local text = html:sub(at, from and from - 1)
    if bad_text(text) then return "not escaped: " .. text:sub(1, 80), elements end
    local top = stack[#stack]
    if top then top.text = top.text .. text end
    if not from then break end
    at = to + 1
    if close == "/" then
      if not top or top.name ~= name then
        return ("</%s> closes %s"):format(name, top and top.name or "nothing"), elements
      end
      stack[#stack] = nil
    else
      local attributes, rest = attributes_of(source)
      if rest ~= "" then return "attributes: " .. rest, elements end
      if attributes.twice then return "attribute twice: " .. attributes.twice, elements end
      local id = attributes.id
      if id and ids[id] then return "id twice: " .. id, elements end
      if id then ids[id] = true end
      local element = { name = name, attributes = attributes, text = "", parent = top }
      elements[#elements + 1] = element
      if RAW[name] then
        local finish = html:find("</" .. name .. ">", at, true)
        element.text, at = html:sub(at, finish - 1), finish + #name + 3
      elseif not VOID[name] and empty == "" then
        stack[#stack + 1] = element
      end
    end
  end
  if #stack > 0 then return stack[#stack].name .. " is not closed", elements end
  return nil, elements
end
