-- The folder of a sweep: what it holds, and what becomes of it after damage.

local lfs = require "lfs"
local ssl = require "sslkit"
local store = require "sslkit.sweep.store"
local temporary = require "spec.io.temporary"

describe("the store of a sweep", function()
  local temp, runs
  before_each(function()
    temp, runs = temporary(), {}
  end)
  after_each(function() os.execute("rm -rf '" .. temp.path "" .. "'") end)

  local function sweep(options)
    local all = {
      store = temp.path "s", space = { a = { 1, 2, 3 } }, workers = 0, progress = false,
      run = function(config, trial)
        runs[#runs + 1] = config.a
        trial:report(5, config.a / 2):report(10, config.a)
        return { rankme = config.a, loss = -config.a }
      end,
    }
    for name, v in pairs(options or {}) do all[name] = v end
    return (assert(ssl.sweep(all)))
  end

  local function journal() return temp.path "s/journal.jsonl" end

  local function read(path)
    local file <close> = assert(io.open(path, "rb"))
    return file:read "a"
  end

  local function write(path, text)
    local file <close> = assert(io.open(path, "wb"))
    file:write(text)
  end

  -- Everything that a study tells, but for where and when.
  local function found(study)
    local list = {}
    for i, row in ipairs(study:trials()) do
      list[i] = { row.id, row.number, row.replicate, row.seed, row.state, row.config, row.value,
        row.values, row.reports }
    end
    return list
  end

  it("keeps every trial in the journal and in a folder of its own", function()
    local study = sweep()
    for _, row in ipairs(study:trials()) do
      local result = require("sslkit.sweep.codec").decode(
        read(temp.path("s/trials/" .. row.id .. "/result.json")))
      for _, name in ipairs { "id", "config", "seed", "value", "values", "reports", "state", "host",
        "seconds", "peak_memory", "started", "finished" } do
        assert.same(row[name], result[name], name)
      end
      assert.equal(ssl.build().version, result.versions.sslkit)
      assert.equal(study.name, result.name)
      assert.same({ { 5, row.config.a / 2 }, { 10, row.config.a } }, result.reports)
      assert.equal("integer", math.type(result.config.a))
      assert.is_true(row.peak_memory > 1e6 and row.seconds >= 0)
    end
    local session = study:session()
    assert.equal(lfs.currentdir(), session.directory)
    assert.equal(math.type(session.pid), "integer")
    assert.same({ a = { kind = "choice", values = { 1, 2, 3 } } }, session.space)
  end)

  it("is gone on with, not run again", function()
    local first = found(sweep())
    assert.same(first, found(sweep()))
    assert.same(first, found(assert(ssl.sweep.open(temp.path "s"))))
    assert.same({ 1, 2, 3 }, runs)
  end)

  it("mends a line that was torn, wherever it was cut", function()
    local whole = found(sweep())
    local text = read(journal())
    for _, cut in ipairs { 1, 2, 30, 200 } do
      write(journal(), text:sub(1, -1 - cut))
      runs = {}
      assert.same(whole, found(sweep()), cut)
      assert.same({}, runs) -- the result stands in the folder
      for line in io.lines(journal()) do assert.matches("^{.*}$", line) end
    end
  end)

  it("runs again what has left neither an end nor a result", function()
    local whole = found(sweep())
    local text, id = read(journal()), whole[3][1]
    write(journal(), (text:gsub('[^\n]*"kind": "end"[^\n]*\n$', "")))
    assert(os.remove(temp.path("s/trials/" .. id .. "/result.json")))
    assert.equal("interrupted", ssl.sweep.open(temp.path "s"):trials()[3].state)
    assert.equal("ok", ssl.sweep.open(temp.path "s"):trials()[2].state)
    runs = {}
    assert.same(whole, found(sweep()))
    assert.same({ 3 }, runs)
  end)

  local function by_id(list)
    table.sort(list, function(a, b) return a[1] < b[1] end)
    return list
  end

  it("is made again from the folders when the journal is lost", function()
    local whole = by_id(found(sweep()))
    assert(os.remove(journal()))
    runs = {}
    assert.same(whole, by_id(found(sweep())))
    assert.same({}, runs)
  end)

  it("is made again from the journal when the folders are lost", function()
    local study = sweep()
    local id = study:trials()[2].id
    local path = temp.path("s/trials/" .. id .. "/result.json")
    local before = read(path)
    write(path, "") -- as after a power cut
    assert.same({ taken = 0, written = 1 }, study:recover())
    assert.equal(before, read(path))
    os.execute("rm -rf '" .. temp.path "s/trials" .. "'")
    assert.same({ taken = 0, written = 3 }, study:recover())
    assert.equal(before, read(path))
    assert.same({ taken = 0, written = 0 }, study:recover())
  end)

  it("survives lines that are damaged", function()
    local whole = by_id(found(sweep()))
    local text = read(journal())
    local lines = {}
    for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
    for i = 1, #lines do
      local kept = lines[i]
      lines[i] = "\0\0\0garbage"
      write(journal(), table.concat(lines, "\n") .. "\n")
      runs = {}
      assert.same(whole, by_id(found(sweep())), i)
      assert.same({}, runs, i)
      lines[i] = kept
    end
  end)

  it("keeps NaN and infinity", function()
    local study = sweep { run = function(config)
      local all = { 0 / 0, math.huge, -math.huge }
      return { rankme = all[config.a], other = -all[config.a] }
    end }
    for _, s in ipairs { study, assert(ssl.sweep.open(temp.path "s")) } do
      local rows = s:trials()
      assert.is_true(rows[1].value ~= rows[1].value)
      assert.is_true(rows[1].values.other ~= rows[1].values.other)
      assert.equal(math.huge, rows[2].value)
      assert.equal(math.huge, rows[3].values.other)
      assert.equal(2, s:best().config.a) -- a NaN is never best
    end
  end)

  it("lets one process write, and others look", function()
    local opened = assert(store.open(temp.path "s"))
    local study, message = ssl.sweep {
      store = temp.path "s", space = { a = 1 }, workers = 0, run = function() return 1 end,
    }
    assert.is_nil(study)
    assert.matches("journal.jsonl: the sweep is being run by another process$", message)
    opened:close()
    assert.equal(1, #ssl.sweep {
      store = temp.path "s", space = { a = 1 }, workers = 0, run = function() return 1 end,
      progress = false,
    }:trials())
  end)

  it("says what is wrong with a folder", function()
    local path = temp.write("file", "x")
    local study, message = ssl.sweep {
      store = path .. "/s", space = { a = 1 }, workers = 0, run = function() return 1 end,
    }
    assert.is_nil(study)
    assert.matches("file", message)
    study, message = ssl.sweep.open(temp.path "none")
    assert.is_nil(study)
    assert.matches("none/journal.jsonl: No such file or directory$", message)
    assert.raises("bad argument #1 to 'open' (path expected, got nil)", ssl.sweep.open)
  end)

  it("keeps what a trial saves", function()
    local study = sweep { space = { a = 1 }, run = function(_, trial)
      trial:save("weights", { w = ssl.arange(1, 3) })
      trial:save("weights", { w = ssl.arange(1, 4) })
      trial:save("z.npy", ssl.eye(2))
      return 1
    end }
    local row = study:trials()[1]
    assert.same({ "weights.safetensors", "z.npy" }, row.artefacts)
    local folder = temp.path("s/trials/" .. row.id .. "/")
    assert.tensor_near({ 1, 2, 3, 4 }, ssl.load(folder .. "weights.safetensors").w)
    assert.tensor_near({ { 1, 0 }, { 0, 1 } }, ssl.load(folder .. "z.npy"))
  end)
end)
