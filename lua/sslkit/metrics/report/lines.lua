-- A report as lines: from its numbers alone, so that what was kept as JSON can be shown, too.

local entries = require "sslkit.metrics.report.entries"

local lines = { entries = entries }

-- Why a value is missing, in the report's words.
local function reason(entry, r)
  local reasons = type(r.reasons) == "table" and r.reasons or {}
  return reasons[entry.key]
end

--- The value of an entry in a report; nil where there is none, NaN for JSON's null.
function lines.value(entry, r)
  local of = r
  if entry.of then of = r[entry.of] end
  local v = type(of) == "table" and of[entry.key]
  if not v then return nil end
  return type(v) == "number" and v or 0 / 0
end

--- All lines: {entry=, value=, text=, note=, healthy=, mark=, meaning=, reason= (of NaN)}. One row is
-- not judged.
function lines.of(r)
  local out = {}
  for _, entry in ipairs(entries) do
    local v = lines.value(entry, r)
    if v then
      local line = { entry = entry, value = v }
      if v ~= v then
        line.text, line.reason = "nan", reason(entry, r)
      else
        line.text, line.note = entry.show(v, r)
        line.healthy = entry.healthy and entry.healthy(r)
        if entry.judge and r.n > 1 then line.mark, line.meaning = entry.judge(v, r) end
      end
      out[#out + 1] = line
    end
  end
  return out
end

return lines
