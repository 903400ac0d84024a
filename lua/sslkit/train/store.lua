-- The state of a run, to and from checkpoints.

local checkpoint = require "sslkit.train.checkpoint"
local core = require "sslkit.core"
local record = require "sslkit.train.record"
local T = require "sslkit.tensor"

local store = {}

local COUNTS = { "step", "epoch", "batch", "skipped", "seconds" }

-- What has a state of its own, by name; data only where they have one.
local function objects_of(run)
  local objects = { model = run.model, optimizer = run.optimizer, ema = run.ema }
  objects.generator = T.generator()
  if type(run.data) == "table" and run.data.state and run.data.load_state then
    objects.data = run.data
  end
  for name, v in pairs(run.state) do objects["state." .. tostring(name)] = v end
  return objects
end

--- How far a run is, so that nothing is saved twice.
-- @param run table
-- @return string
function store.place(run)
  return ("step %d, epoch %d, record %d"):format(run.step, run.epoch, #run.history)
end

-- "run.ckpt" of step 300 is "run-300.ckpt".
local function numbered(path, step)
  local name, extension = path:match "^(.*[^/])(%.[^./]*)$"
  return ("%s-%d%s"):format(name or path, step, extension or "")
end

--- Writes the run's checkpoint, and with `keep` one that bears its step's number, of which the
-- `keep` newest stay.
-- @param run table
function store.save(run)
  local data = { objects = {}, history = run.history, means = run.means, recent = run.recent }
  for name, object in pairs(objects_of(run)) do data.objects[name] = object:state() end
  for _, name in ipairs(COUNTS) do data[name] = run[name] end
  data.seconds = run.seconds + core.clock() - run.started
  if run.keep > 0 then
    if run.kept[#run.kept] ~= run.step then table.insert(run.kept, run.step) end
    local oldest = #run.kept > run.keep and table.remove(run.kept, 1)
    data.kept = run.kept
    checkpoint.write(numbered(run.checkpoint, run.step), data)
    if oldest then os.remove(numbered(run.checkpoint, oldest)) end
  end
  checkpoint.write(run.checkpoint, data)
  run.saved = store.place(run)
end

-- Loads the states of all objects, or of none: nil and a message.
local function load_objects(run, states)
  local objects, names, before = objects_of(run), {}, {}
  for name in pairs(objects) do
    names[#names + 1] = name
    if states[name] == nil then return nil, ("it has no state of '%s'"):format(name) end
  end
  table.sort(names, function(a, b) -- the model first: what else does not fit, does not fit it
    if a == "model" or b == "model" then return a == "model" and b ~= "model" end
    return a < b
  end)
  for name in pairs(states) do
    if not objects[name] then
      return nil, ("it has a state of '%s', which is not here"):format(name)
    end
  end
  for i, name in ipairs(names) do
    local object = objects[name]
    before[i] = object:state()
    local ok, message = pcall(object.load_state, object, states[name])
    if not ok then
      for k = 1, i do objects[names[k]]:load_state(before[k]) end
      local why = tostring(message):match "bad argument #%d to '[^']*' %((.*)%)$" or message
      return nil, ("its state of '%s' does not fit: %s"):format(name, why)
    end
  end
  return true
end

-- Is it what store.save has written?
local function is_whole(data)
  for _, name in ipairs(COUNTS) do
    if type(data[name]) ~= "number" then return false end
  end
  for _, name in ipairs { "objects", "history", "means", "recent" } do
    if type(data[name]) ~= "table" then return false end
  end
  return true
end

--- Brings a run to where a checkpoint was written.
-- @param run table
-- @param path string
-- @return true, or nil and a message, and then everything is as it was
function store.load(run, path)
  local data, message = checkpoint.read(path)
  if not data then return nil, message end
  if not is_whole(data) then return nil, path .. ": not a checkpoint of ssl.train" end
  local ok
  ok, message = load_objects(run, data.objects)
  if not ok then return nil, ("%s: %s"):format(path, message) end
  for _, name in ipairs(COUNTS) do run[name] = data[name] end
  run.history, run.means, run.recent = data.history, data.means, data.recent
  run.kept, run.saved = data.kept or {}, store.place(run)
  return true
end

--- A run that has done nothing yet.
-- @param run table
function store.begin(run)
  run.step, run.epoch, run.batch, run.skipped, run.seconds = 0, 1, 0, 0, 0.0
  run.history, run.means, run.recent, run.kept = {}, record.new(), {}, {}
end

return store
