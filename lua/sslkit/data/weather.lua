-- Four years of daily weather in two cities, cut into windows: short series of several channels.

local cells = require "sslkit.data.cells"
local check = require "sslkit.check"
local core = require "sslkit.core"
local dataset = require "sslkit.data.dataset"
local tabular = require "sslkit.data.tabular"
local T = require "sslkit.tensor"

local CHANNELS = { "precipitation", "temp_max", "temp_min", "wind" }
local CITIES = { "New York", "Seattle" }
local SEASONS = { "winter", "spring", "summer", "autumn" }
local LAST_TRAINING_YEAR = 2014
local DEFAULTS = { split = "train", window = 28, stride = 7, target = "season" }

local function column_of(sheet, name)
  for j, known in ipairs(sheet.names) do
    if known == name then return sheet.columns[j] end
  end
  return nil, ("no column '%s'"):format(name)
end

-- Of each city in order of time: the days of a split, as {month =, and the channels' values}; or nil
-- and a message.
local function read_days(path, split)
  local sheet, message = cells.read(path, { sep = ",", header = true })
  if not sheet then return nil, message end
  local columns = {}
  for i, name in ipairs { "location", "date", table.unpack(CHANNELS) } do
    columns[i], message = column_of(sheet, name)
    if not columns[i] then return nil, ("%s: %s"):format(path, message) end
  end
  local days = {}
  for _, city in ipairs(CITIES) do days[city] = {} end
  for i, line in ipairs(sheet.lines) do
    local city = days[columns[1][i]]
    local year, month = columns[2][i]:match "^(%d%d%d%d)%-(%d%d)%-%d%d$"
    if not city or not year then
      return nil, ("%s: line %d: no city or no date"):format(path, line)
    end
    if (tonumber(year) <= LAST_TRAINING_YEAR) == (split == "train") then
      local day = { month = tonumber(month) }
      for c = 1, #CHANNELS do
        day[c] = core.csv_number(columns[c + 2][i])
        if not day[c] then
          return nil, ("%s: line %d, column '%s': no number"):format(path, line, CHANNELS[c])
        end
      end
      city[#city + 1] = day
    end
  end
  return days
end

-- A window of days from `first` on, as the rows of its channels.
local function window_of(days, first, length)
  local rows = {}
  for c = 1, #CHANNELS do
    local row = {}
    for t = 1, length do row[t] = days[first + t - 1][c] end
    rows[c] = row
  end
  return rows
end

--- Daily precipitation (mm), highest and lowest temperature (degrees Celsius) and wind (m/s) of New
-- York and Seattle, in windows. Those for training are of the years 2012 to 2014, those for test of
-- 2015: no day is in both.
-- @param options table: split = "train" | "test" ("train"); window = days of a sample (28); stride =
-- days between the beginnings of two windows (7); target = "season" (of the day in the middle) |
-- "city" ("season"); root = folder of weather.csv ($SSLKIT_DATA/weather, or sslkit/weather in the
-- user's cache folder)
-- @return dataset: x = float32 [N,4,window], y = int64 [N], classes "winter", "spring", "summer",
-- "autumn" or "New York", "Seattle"; and the names of the four channels. Or nil, a message, and
-- "missing" where there is no such file
-- @raise unknown options, windows longer than a year
-- @source NOAA, "Global Historical Climatology Network daily", as in vega-datasets
-- @example ssl.data.weather{ root = "/nowhere" } --> nil
local function weather(options)
  local o = check.options(1, options, DEFAULTS, { root = true })
  check.one_of(1, "split", o.split, { "train", "test" })
  check.one_of(1, "target", o.target, { "season", "city" })
  local length = check.integer(1, "window", o.window, 1, 365)
  local stride = check.integer(1, "stride", o.stride, 1)
  local path, message, why = tabular.find(o.root, "weather")
  if not path then return nil, message, why end
  local days
  days, message = read_days(path, o.split)
  if not days then return nil, message end
  local x, y = {}, {}
  for k, city in ipairs(CITIES) do
    for first = 1, #days[city] - length + 1, stride do
      local month = days[city][first + length // 2].month
      x[#x + 1] = window_of(days[city], first, length)
      y[#y + 1] = o.target == "city" and k or month % 12 // 3 + 1
    end
  end
  if #x == 0 then return nil, ("%s: fewer than %d days"):format(path, length) end
  return dataset.new {
    x = T.tensor(x, "float32"), y = T.tensor(y, "int64"), name = "weather " .. o.split,
    classes = { table.unpack(o.target == "city" and CITIES or SEASONS) },
  }, { table.unpack(CHANNELS) }
end

return weather
