-- Batches of a dataset. The order of an epoch is a pure function of the seed and the epoch's
-- number, so a loader's whole state is three numbers, and a resumed run sees the same batches.
-- Where the views are made by a policy that can work behind our back, the next batch is made while
-- the caller has this one.

local augment = require "sslkit.augment"
local check = require "sslkit.check"
local core = require "sslkit.core"
local named = require "sslkit.augment.named"
local T = require "sslkit.tensor"

--- Batches of a dataset, for the generic for.
-- @kind Loader
-- @luals operator len: integer
-- @luals overload fun(): sslkit.Tensor, sslkit.Tensor, sslkit.Tensor
local Loader = {}
Loader.__index = Loader

local loader = {}

-- mean or std as a tensor that broadcasts over [B,C,...].
local function per_channel(name, value, x)
  if type(value) == "table" then value = T.tensor(value) end
  if type(value) == "number" then return value end
  check.tensor(2, value, { dim = 1 }, "normalize." .. name)
  local channels = x:dim() > 1 and x:size(2) or 1
  if #value ~= 1 and #value ~= channels then
    check.fail(2, "normalize.%s has %d numbers for %d channels", name, #value, channels)
  end
  local shape = { 1, #value }
  for d = 3, x:dim() do shape[d] = 1 end
  return value:to("float32"):view(shape)
end

local function normalizer(given, x)
  if given == nil then return nil end
  local options = check.options(2, given, { mean = 0, std = 1 })
  return { mean = per_channel("mean", options.mean, x), std = per_channel("std", options.std, x) }
end

local function compiled(f) return type(f) == "table" and f.start ~= nil end

local function augmentation(given)
  if type(given) == "string" or type(given) == "table" and not getmetatable(given) then
    return augment.compile(named.canonical(2, given))
  end
  if given ~= nil and type(given) ~= "function" and not (getmetatable(given) or {}).__call then
    check.fail(2, "augment must be a policy or a function, got %s", check.kind(given))
  end
  return given
end

--- Batches of a dataset. `for x1, ..., xV, y, index in loader do` runs one epoch: x are V views
-- [B,C,H,W], float32 (uint8 samples divided by the dataset's levels; floats as they are), y the
-- labels int64 [B] (nil without labels), index the numbers of the samples int64 [B].
-- @param ds dataset
-- @param options table: batch = samples a batch (256); shuffle (true); seed = whole number (drawn
-- from the default generator); drop_last = leave out an incomplete last batch (false); views =
-- count (1, or as many as the policy has); augment = policy of ssl.augment (its name, a table, or
-- compiled), or function(batch as stored, {seed=, index=, view=, epoch=, batch=, levels=}) that
-- returns float32; normalize = {mean=, std=}, numbers or one for each channel; prefetch = make the
-- next batch ahead, by a policy and with two threads or more (true)
-- @return loader: #loader batches an epoch, loader:state(), loader:load_state(s)
-- @raise unknown options
-- @example #ssl.data.loader(ssl.data.digits(), {batch = 256}) --> 8
-- @example for x, y in ssl.data.loader(ssl.data.digits(), {batch = 4}) do return #x end --> 4
function loader.new(ds, options)
  if type(ds) ~= "table" or not core.is_tensor(ds.x) then
    check.fail(1, "dataset expected, got %s", check.kind(ds))
  end
  local self = check.options(2, options,
    { batch = 256, shuffle = true, drop_last = false, prefetch = true },
    { seed = true, augment = true, normalize = true, views = true })
  self.batch = check.integer(2, "batch", self.batch, 1)
  self.augment = augmentation(self.augment)
  local views = compiled(self.augment) and self.augment.views or 1
  self.views = check.integer(2, "views", self.views or views, 1)
  if compiled(self.augment) and views > 1 and self.views > views then
    check.fail(2, "views = %d, but the policy has %d", self.views, views)
  end
  self.seed = check.integer(2, "seed", self.seed or T.randint(0, (1 << 31) - 1, { 1 }):item())
  self.normalize = normalizer(self.normalize, ds.x)
  self.dataset, self.epoch, self.position = ds, 1, 0
  return setmetatable(self, Loader)
end

function Loader:__tostring()
  return ("loader of %d samples: %d batches of %d, %s, epoch %d"):format(#self.dataset.x, #self,
    self.batch, self.shuffle and "shuffled with seed " .. self.seed or "in order", self.epoch)
end

function Loader:__len()
  local n = #self.dataset.x
  return self.drop_last and n // self.batch or (n + self.batch - 1) // self.batch
end

-- The samples of the epoch in the order in which they come.
local function order_of(self)
  local n = #self.dataset.x
  if not self.shuffle then return T.arange(1, n, 1, "int64") end
  return T.randperm(n, { generator = T.generator(self.seed):split(self.epoch) })
end

-- The samples of a batch, by its position in the epoch; nil behind the last.
local function index_of(self, position)
  if position >= #self then return nil end
  local first = position * self.batch + 1
  return self.order:narrow(1, first, math.min(first + self.batch - 1, #self.dataset.x))
end

local function settings(self, position, index, view)
  return { seed = self.seed, index = index, view = view, epoch = self.epoch, batch = position + 1,
    levels = self.dataset.levels }
end

-- The views of a batch in the making, where that can be ahead of their use.
local function begin(self, position)
  local index = index_of(self, position)
  if not (index and self.prefetch and compiled(self.augment) and core.threads() > 1) then
    return nil
  end
  local pending = { position = position, seed = self.seed, epoch = self.epoch,
    augment = self.augment }
  for view = 1, self.views do
    local options = settings(self, position, index, view)
    options.rows = index
    pending[view] = self.augment:start(self.dataset.x, options)
  end
  return pending
end

-- What was begun, if it is this batch.
local function ahead(self, position)
  local pending = self.pending
  self.pending = nil
  if pending and pending.position == position and pending.epoch == self.epoch
    and pending.seed == self.seed and pending.augment == self.augment then
    return pending
  end
end

-- One view of the samples x, stored as they are in the dataset.
local function made(self, x, options)
  if self.augment then return self.augment(x, options) end
  if x:dtype() == "uint8" then return x:to("float32"):div_(self.dataset.levels or 255) end
  return options.view == 1 and x or x:clone() -- views share nothing: one may be changed in place
end

-- All views of a batch.
local function views_of(self, position, index)
  local pending, normalize, out = ahead(self, position), self.normalize, {}
  local x = not pending and self.dataset.x:index(1, index)
  for view = 1, self.views do
    local z = pending and pending[view]:finish()
      or made(self, x, settings(self, position, index, view))
    out[view] = normalize and (z - normalize.mean) / normalize.std or z
  end
  return out
end

-- The generic for calls the loader with no control value when it begins, and with the batch before
-- otherwise. An epoch that was left by break is over; one that was loaded goes on.
function Loader:__call(_, control)
  if control == nil then
    if self.running then self.epoch, self.position = self.epoch + 1, 0 end
    self.running, self.order = true, order_of(self)
  end
  local index = index_of(self, self.position)
  if not index then
    self.epoch, self.position, self.running, self.order = self.epoch + 1, 0, false, nil
    return nil
  end
  local ds, out = self.dataset, views_of(self, self.position, index)
  self.position = self.position + 1
  self.pending = begin(self, self.position)
  out[self.views + 1], out[self.views + 2] = ds.y and ds.y:index(1, index), index
  return table.unpack(out, 1, self.views + 2)
end

--- Where the loader stands: enough to go on with exactly the batches that would have come.
-- @return table: epoch = number of the epoch in progress or next, from 1; position = batches of it
-- that were given; seed
-- @example ssl.data.loader(ssl.data.digits(), {seed = 7}):state().position --> 0
function Loader:state()
  return { epoch = self.epoch, position = self.position, seed = self.seed }
end

--- Goes to a state: the next `for` gives the rest of its epoch.
-- @param state table that state() gave, of a loader with the same options
-- @return the loader
-- @raise a state that lacks a number
-- @example ssl.data.loader(ssl.data.digits()):load_state{epoch=2, position=3, seed=7}.epoch --> 2
function Loader:load_state(state)
  local s = check.options(2, state, {}, { epoch = true, position = true, seed = true })
  self.epoch = check.integer(2, "epoch", s.epoch, 1)
  self.position = check.integer(2, "position", s.position, 0, #self)
  self.seed = check.integer(2, "seed", s.seed)
  self.running, self.order, self.pending = false, nil, nil
  return self
end

return loader
