-- What the benchmark topics share. A topic measures our side and a peer on the same inputs, turn by
-- turn, and prints one JSON object a line; a table for the reader goes to stderr.
--
--   local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
--   local z = ssl.randn(25600, 512)
--   local peer = bench:peer("peer_metrics.py", bench:file(z))
--   bench:compare { name = "rankme/25600x512", peer_name = "torch.linalg.svdvals float32",
--     ours = function() return ssl.metrics.rankme(z) end, peer = peer "rankme_svd" }
--
-- Options of every topic: --threads 1, --runs 5, --only PATTERN (a Lua pattern, found in the name).

local cjson = require "cjson"
local clock = require("sslkit.core").clock
local ssl = require "sslkit"

local Bench = {}
Bench.__index = Bench

local line = "%-40s %16s %16s %8s %9s  %s\n"

local function quote(s) return "'" .. tostring(s):gsub("'", "'\\''") .. "'" end

local function median(list)
  table.sort(list)
  local mid = #list // 2
  return #list % 2 == 1 and list[mid + 1] or (list[mid] + list[mid + 1]) / 2
end

local function option(self, name, value)
  if name == "--only" then
    self.only = value
  elseif name == "--threads" or name == "--runs" then
    self[name:sub(3)] = assert(math.tointeger(tonumber(value)), name .. ": whole number expected")
  else
    error("unknown option '" .. name .. "'; known: --threads, --runs, --only", 0)
  end
end

-- The inputs that are written for the peers stand in a folder of the bench, and go with it.
local function open(args)
  local self = setmetatable({ threads = 1, runs = 5, files = 0, pipes = {} }, Bench)
  for i = 1, #args, 2 do option(self, args[i], args[i + 1]) end
  ssl.set_threads(self.threads)
  self.folder = os.tmpname()
  self.peers = args[0]:match "^.*/" and args[0]:match "^.*/" .. "peers/" or "peers/"
  assert(os.execute(("rm %s && mkdir %s"):format(self.folder, self.folder)))
  io.stderr:write(line:format("", "ours", "peer", "ratio", "check", "peer's name"))
  return self
end

-- A peer ends when nobody writes to it any more, and those that started later hold its pipe too: the
-- last goes first, and none before the end.
function Bench:__close()
  for i = #self.pipes, 1, -1 do
    self.pipes[i].to:close()
    self.pipes[i].from:close()
  end
  os.execute("rm -r " .. quote(self.folder))
end

-- Writes a tensor for the peers; gives the path.
function Bench:file(tensor)
  self.files = self.files + 1
  local path = ("%s/%d.npy"):format(self.folder, self.files)
  assert(ssl.save(path, tensor))
  return path
end

-- Starts a peer, a Python program that runs the job named on each line of its standard input
-- (peers/serve.py). Gives a function from the job's name to a function that runs it once:
-- {seconds=, value=}.
function Bench:peer(program, ...)
  local words = { quote(self.peers .. program) }
  for _, word in ipairs { ... } do words[#words + 1] = quote(word) end
  local fifo = self.folder .. "/fifo"
  assert(os.execute("mkfifo " .. quote(fifo)))
  local command = "OMP_NUM_THREADS=%d /usr/bin/python3 -B %s --threads %d --serve <%s"
  local from = assert(io.popen(command:format(
    self.threads, table.concat(words, " "), self.threads, quote(fifo))))
  local to = assert(io.open(fifo, "w"))
  os.remove(fifo)
  table.insert(self.pipes, { to = to, from = from })
  if from:read() ~= "ready" then
    error(program .. " did not start; `make bench-deps` installs what the peers need", 0)
  end
  return function(job)
    return function()
      to:write(job, "\n")
      to:flush()
      return cjson.decode(from:read() or error(program .. " died in " .. job, 0))
    end
  end
end

local function number(x, format)
  return x and x == x and math.abs(x) < math.huge and (format or "%.6g"):format(x) or "null"
end

local function text(s) return (cjson.encode(s):gsub("\\/", "/")) end

-- Prints one result: {name=, ours=, peer=, unit=, ratio=, peer_name=, check=}, where known with gflops=
-- and peak_share=.
function Bench:report(row)
  local json = {}
  for _, field in ipairs {
    { "name", text(row.name) }, { "ours", number(row.ours) }, { "peer", number(row.peer) },
    { "unit", text(row.unit) }, { "ratio", number(row.ratio) },
    { "threads", tostring(self.threads) }, { "peer_name", text(row.peer_name) },
    { "check", number(row.check) }, { "gflops", row.gflops and number(row.gflops) },
    { "peak_share", row.peak_share and number(row.peak_share) },
  } do
    json[#json + 1] = field[2] and ('"%s": %s'):format(field[1], field[2])
  end
  print("{" .. table.concat(json, ", ") .. "}")
  io.stdout:flush()
  local function cell(x) return number(x, "%.3g") end
  io.stderr:write(line:format(row.name, cell(row.ours) .. " " .. row.unit,
    cell(row.peer) .. " " .. row.unit, cell(row.ratio), cell(row.check), row.peer_name))
end

local function plain(v) return type(v) == "userdata" and v:item() or v end

-- The difference of two results, relative where they are large; nil where there are none.
local function difference(a, b)
  a, b = plain(a), plain(b)
  if type(a) ~= "number" or type(b) ~= "number" then return nil end
  return math.abs(a - b) / math.max(1, math.abs(b))
end

-- A peer's threads stay awake for some milliseconds after their work (libgomp's do), and would have
-- the processors that ours are measured on.
local REST = 0.02

local function rest()
  local start = clock()
  repeat until clock() - start > REST
end

-- Is any of these cases asked for? Inputs that take long to make are made only then.
function Bench:wants(...)
  for _, name in ipairs { ... } do
    if not self.only or name:find(self.only) then return true end
  end
  return false
end

-- Measures one case: after a warm-up of both, `runs` turns each, of which the medians count. `ours`
-- gives its result, `peer` is what Bench:peer gives; check(our result, the peer's) replaces the
-- difference of the two. With `count`, the unit is a rate, such as "images/s": count / seconds. With
-- `flops`, the operations that it takes, also how many a second those are, and which share of `peak`.
function Bench:compare(case)
  if not self:wants(case.name) then return end
  local ours, theirs, result, answer = {}, {}, case.ours(), case.peer()
  for i = 1, self.runs do
    collectgarbage()
    if self.threads > 1 then rest() end
    local start = clock()
    result = case.ours()
    ours[i] = clock() - start
    answer = case.peer()
    theirs[i] = answer.seconds
  end
  local a, b = median(ours), median(theirs)
  local count = case.count
  self:report {
    name = case.name, peer_name = case.peer_name, unit = case.unit or "s",
    ours = count and count / a or a, peer = count and count / b or b, ratio = b / a,
    check = (case.check or difference)(result, answer.value),
    gflops = case.flops and case.flops / a / 1e9,
    peak_share = case.flops and case.flops / a / case.peak,
  }
end

return { open = open }
