-- index.db: the trials of a store in SQLite, for queries, ours and anybody's. It holds nothing that the
-- journal does not, is brought up to date when it is asked, and may be deleted at any time.

local codec = require "sslkit.sweep.codec"
local core = require "sslkit.core"
local space = require "sslkit.sweep.space"

local index = {}

local TABLES = {
  "CREATE TABLE IF NOT EXISTS trials (id TEXT PRIMARY KEY, place INTEGER, number INTEGER, "
    .. "replicate INTEGER, seed INTEGER, state TEXT, value REAL, seconds REAL, host TEXT, "
    .. "started INTEGER, finished INTEGER, error TEXT, config TEXT)",
  "CREATE TABLE IF NOT EXISTS numbers (id TEXT, name TEXT, value REAL, PRIMARY KEY (id, name))",
  "CREATE TABLE IF NOT EXISTS journal (version INTEGER, bytes INTEGER, head TEXT)",
}
local VERSION = 1
local HEAD = 200 -- bytes by which a journal is known again

local function library()
  local found, DBI = pcall(require, "DBI")
  return found and DBI or nil
end

-- Closes statements, or else their database would stay open; on errors, too.
local function closing(...)
  local list = { ... }
  return setmetatable({}, {
    __close = function()
      for _, statement in ipairs(list) do statement:close() end
    end,
  })
end

local function run(db, sql, ...)
  local statement = assert(db:prepare(sql))
  local _ <close> = closing(statement)
  assert(statement:execute(...))
end

local function rows(db, sql, ...)
  local statement, list = assert(db:prepare(sql)), {}
  local _ <close> = closing(statement)
  assert(statement:execute(...))
  for row in statement:rows(false) do list[#list + 1] = row end
  return list
end

local function head_of(file) return assert(core.read_at(file, 0, HEAD)):match "^[^\n]*" end

-- How much of the journal the index has read; what belongs to another journal is forgotten.
local function bytes_read(db, head, size)
  local row = rows(db, "SELECT version, bytes, head FROM journal")[1]
  if row and row[1] == VERSION and row[3] == head and row[2] <= size then return row[2] end
  for _, name in ipairs { "trials", "numbers", "journal" } do run(db, "DELETE FROM " .. name) end
  run(db, "INSERT INTO journal VALUES (?, 0, ?)", VERSION, head)
  return 0
end

-- The ids that the journal's lines behind a position tell of, each once.
local function touched(file, from, size)
  local list, seen = {}, {}
  for line in assert(core.read_at(file, from, size - from)):gmatch "[^\n]+" do
    local record = codec.decode(line)
    local id = record and record.id
    if id and not seen[id] then
      list[#list + 1], seen[id] = id, true
    end
  end
  return list
end

-- Enters trials; `anew` where there can be nothing of them yet.
local function enter(db, opened, ids, anew)
  local place = {}
  for i, trial in ipairs(opened.known.trials) do place[trial.id] = i end
  local insert = assert(db:prepare
    "INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
  local number = assert(db:prepare "INSERT INTO numbers VALUES (?, ?, ?)")
  local forget = assert(db:prepare "DELETE FROM numbers WHERE id = ?")
  local _ <close> = closing(insert, number, forget)
  for _, id in ipairs(ids) do
    local t = opened.known.by_id[id]
    if t then
      if not anew then assert(forget:execute(id)) end
      assert(insert:execute(id, place[id], t.number, t.replicate, t.seed,
        t.finished and t.state or "started", t.value, t.seconds, t.host, t.started, t.finished,
        t.error, space.canonical(t.config)))
      for name, value in pairs(t.values or {}) do assert(number:execute(id, name, value)) end
    end
  end
end

local function update(db, opened)
  for _, sql in ipairs(TABLES) do run(db, sql) end
  local path = opened.path .. "/journal.jsonl"
  local file <close> = assert(io.open(path, "rb"))
  local size = opened.journal and opened.journal.size or opened.size
  local from = bytes_read(db, head_of(file), size)
  if from < size then
    enter(db, opened, touched(file, from, size), from == 0)
    run(db, "UPDATE journal SET bytes = ?", size)
  end
  assert(db:commit())
end

-- Calls f(db) with the index up to date. Nil where that cannot be: no library, no right to write.
local function with(opened, f, ...)
  local DBI = library()
  local found, db = pcall(DBI and DBI.Connect, "SQLite3", opened.path .. "/index.db")
  if not found or not db then return nil end
  local ok, result = pcall(function(...)
    run(db, "PRAGMA busy_timeout = 10000")
    db:autocommit(false)
    update(db, opened)
    return f(db, ...)
  end, ...)
  db:close()
  if ok then return result end
  return nil
end

local FAILED = "('error', 'timeout', 'oom', 'killed')"

-- The SELECT for a query, and the values that are bound in it.
local function statement_of(options, minimize)
  local sql, bound = { "SELECT t.id FROM trials t" }, {}
  local function add(text, ...)
    sql[#sql + 1] = text
    table.move({ ... }, 1, select("#", ...), #bound + 1, bound)
  end
  local value = "t.value"
  if options.by and options.by ~= "value" then
    value = "n.value"
    add("LEFT JOIN numbers n ON n.id = t.id AND n.name = ?", options.by)
  end
  if options.state == "failed" then
    add("WHERE t.state IN " .. FAILED)
  elseif options.state then
    add("WHERE t.state = ?", options.state)
  end
  if options.by then
    add(("ORDER BY %s IS NULL, %s %s, t.place"):format(value, value, minimize and "ASC" or "DESC"))
  else
    add "ORDER BY t.place"
  end
  if options.most then add("LIMIT ?", options.most) end
  return table.concat(sql, " "), bound
end

--- The ids of the trials that are asked for.
-- @param opened store
-- @param options table: state, by, most
-- @param minimize is less better?
-- @return list of ids, or nil where there is no index
function index.select(opened, options, minimize)
  local function select_ids(db)
    local sql, bound = statement_of(options, minimize)
    local ids = {}
    for i, row in ipairs(rows(db, sql, table.unpack(bound))) do ids[i] = row[1] end
    return ids
  end
  local ids = with(opened, select_ids)
  if ids or not library() then return ids end
  os.remove(opened.path .. "/index.db") -- damaged: the journal knows it all
  return with(opened, select_ids)
end

--- Makes the index anew, where there can be one.
-- @param opened store
-- @return true, or nil
function index.rebuild(opened)
  os.remove(opened.path .. "/index.db")
  return with(opened, function() return true end)
end

return index
