-- Penguins, diamonds and weather: on small files of the same form.
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("data.penguins and data.diamonds", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  it("read the table in their folder", function()
    temp.write("penguins.csv", "species,island,culmen_length_mm,culmen_depth_mm,flipper_length_mm,"
      .. "body_mass_g,sex\nAdelie,Dream,39.1,18.7,181,3750,MALE\nGentoo,Biscoe,NaN,NaN,NaN,NaN,\n"
      .. "Gentoo,Biscoe,46,13,210,4200,FEMALE\n")
    local ds, columns = assert(ssl.data.penguins { root = temp.path "." })
    assert.equal("penguins: 2 samples of 8 float32, 2 classes: Adelie, Gentoo", tostring(ds))
    assert.same({ "island=Biscoe", "island=Dream", "culmen_length_mm", "culmen_depth_mm",
      "flipper_length_mm", "body_mass_g", "sex=FEMALE", "sex=MALE" }, columns)
    assert.tensor_near({ 0, 1, 39.1, 18.7, 181, 3750, 0, 1 }, ds.x[1], 1e-5)
    temp.write("diamonds.csv", "carat,cut,color\n0.2,Ideal,E\n0.3,Fair,D\n")
    ds, columns = assert(ssl.data.diamonds { root = temp.path "." })
    assert.same({ 2, 1 }, ds.y:totable())
    assert.same({ "carat", "color=D", "color=E" }, columns)
  end)

  it("say how to get it, and what is wrong with it", function()
    for _, name in ipairs { "penguins", "diamonds", "weather" } do
      local ds, message, why = ssl.data[name] { root = "/nowhere" }
      assert.is_nil(ds)
      assert.equal(("no %s.csv in /nowhere; lua5.4 examples/data/get.lua %s fetches it"):format(
        name, name), message)
      assert.equal("missing", why)
      assert.raises({
        "tabular_spec.lua:", "#1 to '" .. name .. "' (unknown option 'rot'; known: ",
      }, function() ssl.data[name] { rot = 1 } end)
      assert.raises("root must be a folder, got number 1", function()
        ssl.data[name] { root = 1 }
      end)
    end
    temp.write("diamonds.csv", "carat,cut\n0.2,Ideal\n0.3\n")
    local ds, message = ssl.data.diamonds { root = temp.path "." }
    assert.is_nil(ds)
    assert.truthy(message:find("diamonds.csv: line 3: 1 cells, expected 2", 1, true))
  end)
end)

describe("data.weather", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  -- Every day of some years, of both cities, numbered.
  local function write(years, change)
    local lines, day = { "location,date,precipitation,temp_max,temp_min,wind,weather" }, 0
    for _, city in ipairs { "Seattle", "New York" } do
      for _, year in ipairs(years) do
        for month = 1, 12 do
          for d = 1, 28 do
            day = day + 1
            lines[#lines + 1] = ("%s,%d-%02d-%02d,%d,%d,%d,1.5,sun"):format(
              city, year, month, d, day, -day, month)
          end
        end
      end
    end
    local text = table.concat(lines, "\n") .. "\n"
    temp.write("weather.csv", change and text:gsub(change[1], change[2], 1) or text)
  end

  local function load(options)
    options = options or {}
    options.root = temp.path "."
    return ssl.data.weather(options)
  end

  it("cuts each city's days into windows", function()
    write { 2014, 2015 }
    local ds, channels = assert(load { window = 28, stride = 28 })
    assert.same({ 24, 4, 28 }, { ds.x:shape() })
    assert.same({ "precipitation", "temp_max", "temp_min", "wind" }, channels)
    -- New York comes first, whose days are behind Seattle's two years of 336 days
    assert.same({ 673, 674 }, ds.x[{ 1, 1, { 1, 2 } }]:totable())
    assert.same({ -701, -702 }, ds.x[{ 2, 2, { 1, 2 } }]:totable())
    assert.same({ 1, 28 }, ds.x[{ 13, 1, { 1, 28, 27 } }]:totable())
    -- winter is December to February
    assert.same({ 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 1 }, ds.y:narrow(1, 1, 12):totable())
    assert.same({ "winter", "spring", "summer", "autumn" }, ds.classes)
    local city = assert(load { window = 28, stride = 28, target = "city" })
    assert.same({ 1, 1, 2, 2 }, city.y[{ { 11, 14 } }]:totable())
    assert.same({ "New York", "Seattle" }, city.classes)
  end)

  it("keeps the days of training and test apart", function()
    write { 2013, 2014, 2015 }
    local function days(split)
      local seen = {}
      local ds = assert(load { split = split, window = 10, stride = 3 })
      for _, v in ipairs(ds.x:select(2, 1):reshape(#ds * 10):totable()) do seen[v] = true end
      return seen
    end
    local train, test = days "train", days "test"
    assert.is_true(train[1] and train[670] and test[673] and true)
    for day in pairs(test) do assert.is_nil(train[day]) end
  end)

  it("says what is wrong with the file, and where", function()
    local function fails(text, options)
      local ds, message = load(options)
      assert.is_nil(ds)
      assert.truthy(message:find(text, 1, true), message)
    end
    write({ 2014 }, { "Seattle,2014%-01%-02,2,", "Seattle,2014-01-02,x," })
    fails "weather.csv: line 3, column 'precipitation': no number"
    write({ 2014 }, { "Seattle,2014%-01%-02", "Seattle,today" })
    fails "weather.csv: line 3: no city or no date"
    write({ 2014 }, { "Seattle,2014%-01%-02", "Paris,2014-01-02" })
    fails "weather.csv: line 3: no city or no date"
    write({ 2014 }, { "wind", "gusts" })
    fails "weather.csv: no column 'wind'"
    write { 2014 }
    fails("fewer than 28 days", { split = "test" })
  end)

  it("raises for a caller's bug", function()
    assert.raises("target must be one of season, city, got string 'town'", function()
      load { target = "town" }
    end)
    assert.raises("window must be in 1..365, got 400", function() load { window = 400 } end)
    assert.raises("stride must be in 1..inf, got 0", function() load { stride = 0 } end)
    assert.raises("split must be one of train, test", function() load { split = "val" } end)
  end)
end)
