-- Trials by state and by value: with the index, without it, and with a broken one.

local index = require "sslkit.sweep.index"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local QUERIES = {
  {}, { most = 3 }, { state = "ok" }, { state = "failed" }, { state = "error", most = 1 },
  { by = "value" }, { by = "value", state = "ok", most = 2 }, { by = "loss" },
  { by = "loss", state = "ok" }, { by = "value", state = "pruned" }, { most = 0 },
}

describe("queries", function()
  local temp, study
  setup(function()
    temp = temporary()
    local function sweep(options)
      local all = {
        space = { a = { 3, 1, 2, 5, 4, 7, 6 } }, workers = 0, progress = false, objective = "score",
        run = function(config)
          if config.a == 2 then error "two" end
          return { score = config.a == 4 and 0 / 0 or config.a, loss = config.a % 3 }
        end,
      }
      for name, v in pairs(options) do all[name] = v end
      return (assert(ssl.sweep(all)))
    end
    study = {
      kept = sweep { store = temp.path "s" }, plain = sweep {},
      least = sweep { store = temp.path "m", direction = "minimize" },
      plain_least = sweep { direction = "minimize" },
    }
  end)
  teardown(function() os.execute("rm -rf '" .. temp.path "" .. "'") end)

  local function numbers(s, options)
    local list = {}
    for i, row in ipairs(s:trials(options)) do list[i] = row.config.a end
    return list
  end

  it("give what is asked for, best first", function()
    local plain = study.plain
    assert.same({ 3, 1, 2, 5, 4, 7, 6 }, numbers(plain))
    assert.same({ 7, 6, 5, 3, 1, 2, 4 }, numbers(plain, { by = "value" }))
    assert.same({ 7, 6 }, numbers(plain, { by = "value", most = 2 }))
    assert.same({ 2 }, numbers(plain, { state = "failed" }))
    assert.same({ 3, 6, 1, 4, 7, 5, 2 }, numbers(plain, { by = "loss" })) -- less is better of it
    assert.same({ 3, 6, 1, 4, 7, 5, 2 }, numbers(study.plain_least, { by = "loss" }))
    for _, s in ipairs { plain, study.kept } do
      assert.raises("no trial has a value 'none' to sort by", s.trials, s, { by = "none" })
      assert.raises("no trial has a value", s.trials, s, { by = "value'; DROP TABLE trials; --" })
    end
    assert.same({ 1, 3, 5, 6, 7, 2, 4 }, numbers(study.plain_least, { by = "value" }))
  end)

  local function the_same_by_the_index()
    for _, options in ipairs(QUERIES) do
      assert.same(numbers(study.plain, options), numbers(study.kept, options))
      assert.same(numbers(study.plain_least, options), numbers(study.least, options))
    end
  end

  it("give the same by the index", function()
    the_same_by_the_index()
    local ids = assert(index.select(study.kept._store, { by = "value", most = 1 }, false))
    assert.same({ study.kept:best().id }, ids)
  end)

  it("give the same where the index was lost, damaged or of another sweep", function()
    local path = temp.path "s/index.db"
    assert(os.remove(path))
    the_same_by_the_index()
    for _, text in ipairs { "no database", "" } do
      local file <close> = assert(io.open(path, "wb"))
      file:write(text)
      file:close()
      the_same_by_the_index()
    end
    os.execute(("cp '%s' '%s'"):format(temp.path "m/index.db", path))
    the_same_by_the_index()
    assert.truthy(index.select(study.kept._store, {}, false))
  end)

  it("see what is new", function()
    local path = temp.path "grown"
    local function sweep(list)
      return assert(ssl.sweep {
        store = path, space = { a = list }, workers = 0, progress = false, objective = "score",
        run = function(config) return config.a end,
      })
    end
    assert.same({ 2, 1 }, numbers(sweep { 1, 2 }, { by = "value" }))
    assert.same({ 3, 2, 1 }, numbers(sweep { 1, 2, 3 }, { by = "value" }))
    assert.same({ 3, 2, 1 }, numbers(assert(ssl.sweep.open(path)), { by = "value" }))
  end)

  it("work without the library", function()
    local known = package.loaded.DBI
    package.loaded.DBI, package.preload.DBI = nil, function() error "none" end
    local ids = index.select(study.kept._store, {}, false)
    local list = numbers(study.kept, { by = "value" })
    package.loaded.DBI, package.preload.DBI = known, nil
    assert.is_nil(ids)
    assert.same(numbers(study.plain, { by = "value" }), list)
  end)

  it("are readable for other programs", function()
    numbers(study.kept, { by = "value" })
    local DBI = require "DBI"
    local db = assert(DBI.Connect("SQLite3", temp.path "s/index.db"))
    local statement = assert(db:prepare("SELECT t.id, t.config, n.value FROM trials t "
      .. "JOIN numbers n ON n.id = t.id AND n.name = ? WHERE t.value = ?"))
    assert(statement:execute("loss", 7))
    local row = statement:fetch(false)
    statement:close()
    db:close()
    assert.same({ study.kept:best().id, 1 }, { row[1], row[3] })
    assert.matches('"a": ?7', row[2])
  end)

  it("are checked", function()
    local s = study.plain
    assert.raises("state must be one of ok, pruned, error, timeout, oom, killed, running, "
      .. "interrupted, failed, got string 'good'", function() s:trials { state = "good" } end)
    assert.raises("by must be the name of a value, got number 1",
      function() s:trials { by = 1 } end)
    assert.raises("most must be in 0..inf, got -1", function() s:trials { most = -1 } end)
    assert.raises("unknown option 'sort'", function() s:trials { sort = 1 } end)
  end)
end)
