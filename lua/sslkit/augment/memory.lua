-- How strongly each sample is to be changed, from how hard it has been: what a contrastive loss finds
-- hard to remember, rare samples above all, is shown in stronger views.

local check = require "sslkit.check"
local T = require "sslkit.tensor"

--- A memory of the losses of single samples.
-- @kind Memory, memory
-- @field momentum number
local Memory = {}
Memory.__index = Memory

local memory = {}

local FIELDS = { loss = "float64", known = "uint8", seen = "uint8", weight = "float64" }
local NAMES = { "loss", "known", "seen", "weight" }

--- A memory of per-sample losses that says how strongly each sample is to be changed. Each loss is a
-- moving average over epochs. When all samples have given a loss, or m:refresh() is called, the
-- strengths of the next epoch are made from the averages m: z = (m - mean) / std, and
-- w = (z / max |z| + 1) / 2; in the first epoch, and for samples that gave no loss, they are 0, and 0.5
-- where all losses are alike.
-- @param options table: size = number of samples; momentum = share of the old average (0.97)
-- @return memory: m:update(index, losses), m:strength(index), m:refresh(), m:state(), m:load_state(s)
-- @raise sizes below 1, momentum outside 0..1, unknown options
-- @source Zhou, Yao, Wang, Han, Zhang 2022, "Contrastive learning with boosted memorization", eqs. 3 to 5
-- @example local m, all = ssl.augment.memory{size = 3}, ssl.arange(1, 3, 1, "int64"); return m:update(all, ssl.tensor{1, 2, 4}):strength(all) --> [0.1000, 0.4000, 1.0000] (3) float64
function memory.memory(options)
  local o = check.options(1, options, { momentum = 0.97 }, { size = true })
  local n = check.integer(1, "size", o.size, 1)
  check.number(1, "momentum", o.momentum, 0, 1)
  return setmetatable({
    momentum = o.momentum,
    loss = T.zeros({ n }, "float64"),     -- the moving averages
    known = T.zeros({ n }, "uint8"),      -- has the sample ever given a loss?
    seen = T.zeros({ n }, "uint8"),       -- and since the strengths were made?
    weight = T.zeros({ n }, "float64"),   -- the strengths
  }, Memory)
end

local function check_index(self, index)
  check.tensor(2, index, { dtype = "int64", dim = 1 }, "index")
  if #index == 0 then return end
  local low, high = index:amin():item(), index:amax():item()
  if low < 1 or high > #self.loss then
    check.fail(2, "samples must be in 1..%d, got %d..%d", #self.loss, low, high)
  end
end

--- Takes the losses of a batch.
-- @param index int64 [N], the samples' numbers; none of them twice
-- @param losses float tensor [N], finite
-- @return the memory
-- @raise numbers out of range, losses that are not finite
-- @example local m = ssl.augment.memory{size = 9}; return m:update(ssl.tensor({7}, "int64"), ssl.tensor{2}) --> memory of the losses of 9 samples, 1 of them known
function Memory:update(index, losses)
  check_index(self, index)
  check.tensor(3, losses, { dtype = "float", dim = 1 }, "losses")
  if #losses ~= #index then
    check.fail(3, "losses of %d samples expected, got %d", #index, #losses)
  end
  if #index == 0 then return self end
  local new = losses:detach():to "float64"
  if not (new:abs():amax():item() < math.huge) then check.fail(3, "losses must be finite") end
  local b, old = self.momentum, self.loss:index(1, index)
  local average = old * b + new * (1 - b)
  self.loss[index] = T.where(self.known:index(1, index):eq(1), average, new)
  self.known[index], self.seen[index] = 1, 1
  if self.seen:amin():item() == 1 then self:refresh() end
  return self
end

--- Makes the strengths of the next epoch from the losses so far; needed where batches leave samples
-- out, since otherwise the last sample of an epoch does it.
-- @return the memory
-- @example local m = ssl.augment.memory{size = 2}; m:update(ssl.tensor({1}, "int64"), ssl.tensor{3}); return m:refresh():strength(ssl.tensor({1, 2}, "int64")) --> [0.5000, 0.0000] (2) float64
function Memory:refresh()
  local known = self.known:eq(1):nonzero():view(-1)
  self.seen:zero_()
  self.weight:zero_()
  if #known == 0 then return self end
  local loss = self.loss:index(1, known)
  local away = loss - loss:mean():item() -- the standard deviation falls out of z / max |z|
  local most = away:abs():amax():item()
  self.weight[known] = most > 0 and away / (2 * most) + 0.5 or 0.5
  return self
end

--- How strongly samples are to be changed: what a compiled policy takes as strength.
-- @param index int64 [N], the samples' numbers
-- @return float64 [N] in 0..1
-- @raise numbers out of range
-- @example ssl.augment.memory{size = 3}:strength(ssl.tensor({2}, "int64")) --> [0.] (1) float64
function Memory:strength(index)
  check_index(self, index)
  return (self.weight:index(1, index))
end

--- All that the memory knows.
-- @return table of tensors: loss, known, seen, weight
-- @example ssl.augment.memory{size = 3}:state().loss --> [0., 0., 0.] (3) float64
function Memory:state()
  local s = {}
  for _, name in ipairs(NAMES) do s[name] = self[name]:clone() end
  return s
end

--- Goes to a state.
-- @param state table that state() of a memory of this size gave
-- @return the memory
-- @raise a state of another size
-- @example local m = ssl.augment.memory{size = 3}; return m:load_state(m:state()).momentum --> 0.97
function Memory:load_state(state)
  local s = check.options(2, state, {}, FIELDS)
  for _, name in ipairs(NAMES) do
    check.tensor(2, s[name], { dtype = FIELDS[name], dim = 1 }, name)
    if #s[name] ~= #self.loss then
      check.fail(2, "%s of %d samples expected, got %d", name, #self.loss, #s[name])
    end
  end
  for _, name in ipairs(NAMES) do self[name] = s[name]:clone() end
  return self
end

function Memory:__tostring()
  return ("memory of the losses of %d samples, %d of them known"):format(#self.loss,
    self.known:to("int64"):sum():item())
end

return memory
