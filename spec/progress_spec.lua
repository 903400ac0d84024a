local ssl = require "sslkit"
local progress = require "sslkit.progress"

-- A stream that remembers, and a clock that stands still until it is told.
local function stage(options)
  local now, parts = 100, {}
  local stream = {
    write = function(_, ...)
      for i = 1, select("#", ...) do parts[#parts + 1] = (select(i, ...)) end
    end,
    flush = function() end,
  }
  local all = { stream = stream, clock = function() return now end, columns = 60 }
  for name, value in pairs(options or {}) do all[name] = value end
  return {
    options = all,
    pass = function(seconds) now = now + seconds end,
    text = function() return table.concat(parts) end,
    take = function()
      local text = table.concat(parts)
      parts = {}
      return text
    end,
  }
end

-- What SSLKIT_PROGRESS and the locale say, for one test.
local getenv = os.getenv
local function environment(values)
  os.getenv = function(name) -- luacheck: ignore 122
    if values[name] ~= nil then return values[name] or nil end
    return getenv(name)
  end
end

describe("progress", function()
  after_each(function() os.getenv = getenv end) -- luacheck: ignore 122

  local function bars(unicode)
    environment { SSLKIT_PROGRESS = "bar", LC_ALL = unicode and "C.UTF-8" or "C" }
  end

  local function lines() environment { SSLKIT_PROGRESS = "lines" } end

  it("runs through counts, lists, functions and loaders", function()
    environment { SSLKIT_PROGRESS = "off" }
    local seen = {}
    for i in ssl.progress(3) do seen[#seen + 1] = i end
    for i, v in ssl.progress { "a", "b" } do seen[#seen + 1] = i .. v end
    for word in ssl.progress(("x y"):gmatch "%a") do seen[#seen + 1] = word end
    assert.same({ 1, 2, 3, "1a", "2b", "x", "y" }, seen)
    for _ in ssl.progress(0) do error "no step" end
    for _ in ssl.progress {} do error "no step" end
    local loader = ssl.data.loader(ssl.data.digits(), { batch = 500, seed = 1 })
    local bar, rows = ssl.progress(loader), 0
    assert.equal(4, #bar)
    for x, y, index in bar do
      assert.equal(#x, #y)
      assert.equal(#x, #index)
      rows = rows + #x
    end
    assert.equal(1797, rows)
    assert.equal(4, bar.n)
    assert.is_true(bar.closed)
    for _ in bar do rows = rows - 1 end -- again, from the beginning
    assert.equal(1793, rows)
    assert.equal(3, loader:state().epoch)
  end)

  it("draws a bar as tqdm does", function()
    bars(true)
    local s = stage { label = "train", columns = 80 }
    local bar = progress.new(100, s.options)
    assert.equal("\rtrain:   0%|" .. (" "):rep(43) .. "| 0/100 [00:00<?, ?it/s]\x1b[K", s.take())
    s.pass(0.05)
    bar:update(1)
    assert.equal("", s.take()) -- too soon
    s.pass(11.95)
    bar:set { loss = 0.4137777, top = 3, name = "x" }
    bar:update(36)
    local text = s.take()
    assert.equal("\rtrain:  37%|", text:sub(1, 13))
    local status = "37/100 [00:12<00:20,  3.08it/s, loss=0.4138, name=x, top=3]"
    assert.truthy(text:find(status, 1, true), text)
    s.pass(0.01)
    bar:close()
    bar:close()
    text = s.take()
    assert.truthy(text:find "^\r\x1b%[Jtrain:  37%%|.*37/100 %[00:12<00:20,  3%.08it/s.*%]\n$")
    bar:update(1)
    assert.equal("", s.take())
  end)

  it("fills the bar by eighths, or by signs without UTF-8", function()
    for _, unicode in ipairs { true, false } do
      bars(unicode)
      local s = stage { columns = 52 }
      local bar = progress.new(64, s.options)
      local shown = {}
      for i = 1, 64 do
        s.pass(1)
        s.take()
        bar:update()
        shown[i] = s.text():match "|(.-)|"
        assert.equal(51, ssl.text.width((s.text():gsub("[\r]", ""):gsub("\x1b%[K", ""))))
      end
      bar:close()
      -- 14 columns are left for the bar
      assert.equal((unicode and "█" or "#"):rep(14), shown[64])
      assert.equal((unicode and "███▌" or "###") .. (" "):rep(unicode and 10 or 11), shown[16])
    end
  end)

  it("is never wider than the terminal", function()
    bars(true)
    for columns = 1, 60 do
      local s = stage { columns = columns, label = "données" }
      local bar = progress.new(10, s.options)
      s.pass(1)
      bar:update(5)
      bar:close()
      for line in s.text():gsub("\x1b%[%d*%a", ""):gmatch "[^\r\n]+" do
        assert.is_true(ssl.text.width(line) < math.max(columns, 2), line)
      end
    end
  end)

  it("shows counts and times as they are", function()
    bars(false)
    local function shown(total, options, seconds, by)
      local s = stage(options)
      local bar = progress.new(total, s.options)
      s.take()
      s.pass(seconds)
      bar:update(by)
      bar:close()
      return s.take():match "^\r(.-)\x1b"
    end
    assert.equal("37it [00:12,  3.08it/s]", shown(nil, {}, 12, 37))
    assert.equal("1it [00:10, 10.00s/it]", shown(nil, {}, 10, 1))
    assert.truthy(shown(10, {}, 3675, 5):find("5/10 [1:01:15<1:01:15, 735.00s/it]", 1, true))
    assert.truthy(shown(10, {}, 1, 20):find("100%|", 1, true))
    assert.truthy(shown(0, {}, 1, 0):find("100%|", 1, true))
    assert.truthy(shown(2e6, { scale = true, unit = "B" }, 10, 1234567)
      :find("1.23M/2.00M [00:10<00:06, 123kB/s]", 1, true))
    assert.equal("999it [00:01, 999it/s]", shown(nil, { scale = true }, 1, 999))
  end)

  it("smooths the rate, and ends with the average", function()
    bars(false)
    local s = stage()
    local bar = progress.new(1000, s.options)
    local n, t = 0, 0 -- tqdm's two averages
    for _, step in ipairs { { 10, 1 }, { 30, 2 }, { 5, 0.5 } } do
      s.pass(step[2])
      s.take()
      bar:update(step[1])
      n, t = 0.3 * step[1] + 0.7 * n, 0.3 * step[2] + 0.7 * t
      assert.truthy(s.text():find(("%5.2fit/s"):format(n / t), 1, true), s.text())
    end
    s.take()
    bar:close()
    assert.truthy(s.text():find(("%5.2fit/s"):format(45 / 3.5), 1, true), s.text())
  end)

  it("stacks bars, and wipes the inner ones", function()
    bars(false)
    local s = stage()
    local outer = progress.new(2, s.options)
    s.take()
    local inner = progress.new(3, s.options)
    assert.truthy(s.take():find "^\n\r  0%%|.*\x1b%[K\x1b%[1A\r$")
    inner:close()
    local text = s.take()
    assert.truthy(text:find "^\r\x1b%[J\r  0%%|.* 0/2 ")
    assert.is_nil(text:find("0/3", 1, true))
    outer:write "a line"
    assert.truthy(s.take():find "^\r\x1b%[Ja line\n\r  0%%|.*0/2 ")
    local kept = progress.new(3, stage({ stream = s.options.stream, leave = true }).options)
    s.take()
    kept:close()
    assert.truthy(s.take():find "^\r\x1b%[J  0%%|.* 0/3 .*\n\r  0%%|.* 0/2 ")
    outer:close()
    assert.truthy(s.take():find "0/2 .*\n$")
    local next_one = progress.new(1, s.options) -- on the first line again
    assert.truthy(s.take():find "^\r  0%%")
    next_one:close()
  end)

  it("closes on break and on an error", function()
    bars(false)
    local s = stage()
    for i in progress(5, s.options) do
      if i == 3 then break end
    end
    assert.truthy(s.take():find " 2/5 .*\n$")
    pcall(function()
      for _ in progress(5, s.options) do error "oh" end
    end)
    assert.truthy(s.take():find " 0/5 .*\n$")
    do
      local bar <close> = progress.new(5, s.options)
      bar:update(4)
    end
    assert.truthy(s.take():find " 4/5 .*\n$")
  end)

  it("writes few plain lines where there is no terminal", function()
    lines()
    local s = stage { label = "steps" }
    local bar = progress.new(1000, s.options)
    for _ = 1, 1000 do
      s.pass(0.125)
      bar:update()
    end
    bar:set { loss = 0.5 }
    bar:close()
    local text = s.text()
    assert.is_nil(text:find "[\r\x1b]")
    local stamp = "%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d steps: "
    local rows = {}
    for row in text:gmatch "[^\n]+" do rows[#rows + 1] = row:match("^" .. stamp .. "(.*)$") end
    assert.equal(5, #rows, text) -- each 30 s of 125 s, and the summary
    assert.equal("24% 240/1000 [00:30<01:35,  8.00it/s]", rows[1])
    assert.equal("1000/1000 in 02:05, 8.00it/s, loss=0.5", rows[5])
  end)

  it("waits for 5 percent where 30 s are less", function()
    lines()
    local s = stage()
    local bar = progress.new(1000, s.options)
    for _ = 1, 100 do
      s.pass(10)
      bar:update()
    end
    assert.equal(2, select(2, s.text():gsub("\n", "\n"))) -- at 50 and at 100 of 1000
    s.take()
    local unknown = progress.new(nil, s.options)
    for _ = 1, 100 do
      s.pass(1)
      unknown:update()
    end
    assert.equal(3, select(2, s.text():gsub("\n", "\n"))) -- each 30 s
    assert.truthy(s.text():find("90it [01:30,  1.00it/s]", 1, true))
  end)

  it("is silent when off, but for what it is asked to write", function()
    environment { SSLKIT_PROGRESS = "off" }
    local s = stage()
    for _ in progress(5, s.options) do s.pass(100) end
    local bar = progress.new(3, s.options)
    assert.equal("", s.text())
    bar:write("a line"):close()
    assert.equal("a line\n", s.text())
  end)

  it("takes what is no terminal for a log", function()
    environment { SSLKIT_PROGRESS = false }
    local file = io.tmpfile()
    for _ in progress(5, { stream = file }) do end -- luacheck: ignore 542
    file:seek "set"
    local text = file:read "a"
    assert.truthy(text:find "^%d+%-%d+%-%d+ %d+:%d+:%d+ 5/5 in 00:00, .*it/s\n$", text)
  end)

  it("costs little between two drawings", function()
    environment { SSLKIT_PROGRESS = "lines" }
    local start = os.clock()
    for _ in progress(100000, { stream = io.tmpfile() }) do end -- luacheck: ignore 542
    -- 0.35 microseconds a step on an idle machine
    assert.is_true((os.clock() - start) / 100000 < (os.getenv "SANITIZE" and 1e-4 or 3e-6))
  end)

  it("says what is wrong", function()
    local expected = "#1 to 'progress' (count, list or iterator expected, got "
    assert.raises({ "progress_spec.lua:", expected .. "nil)" }, function() ssl.progress() end)
    assert.raises("count must be in 0..inf, got -1", function() ssl.progress(-1) end)
    assert.raises(expected .. "number 2.5)", function() ssl.progress(2.5) end)
    assert.raises("unknown option 'lable'", function() ssl.progress(3, { lable = "x" }) end)
    assert.raises("total must be a finite number, got string 'x'", function()
      ssl.progress.new "x"
    end)
    environment { SSLKIT_PROGRESS = "always" }
    assert.raises("SSLKIT_PROGRESS must be one of auto, bar, lines, off, got string 'always'",
      function() ssl.progress(3) end)
    environment { SSLKIT_PROGRESS = "off" }
    local bar = progress.new(3)
    assert.raises("#1 to 'set' (table of fields expected, got string 'loss')", function()
      bar:set("loss", 0.1)
    end)
  end)
end)
