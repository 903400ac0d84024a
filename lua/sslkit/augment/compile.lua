-- Policies at work: a compiled policy is called with a batch and gives its views.

local check = require "sslkit.check"
local core = require "sslkit.core"
local describe = require "sslkit.augment.describe"
local draws = require "sslkit.augment.draws"
local job_of = require("sslkit.augment.job").read
local named = require "sslkit.augment.named"
local plan = require "sslkit.augment.plan"
local registry = require "sslkit.augment.registry"
local T = require "sslkit.tensor"

--- A policy that is ready for batches. What becomes of a sample depends on (seed, epoch, number of
-- the sample, view) alone: never on the batch that it is in, on its order or on the number of
-- threads. Each operation has random numbers of its own, so that taking one out leaves what the others
-- do as it was. Only operations that let samples see each other (mixup, style) depend on the batch.
-- @kind Augmenter, augmenter
-- @luals overload fun(batch: sslkit.Tensor, options?: table): sslkit.Tensor, ...
local Augmenter = {}
Augmenter.__index = Augmenter

local compile = {}

-- {== Running ==============================================================================

-- The batch in floats that are nobody else's: an operation in Lua may change them in place.
local function own_floats(job)
  local x = job.whole and job.x or job.x:index(1, job.rows)
  if core.dtype(x) == "uint8" then return x:to("float32"):div_(job.levels) end
  if core.dtype(x) == "float64" then return x:detach():to "float32" end
  return job.whole and x:detach():clone() or x:detach()
end

-- The result of a run, shaped as what went in.
local function shaped(y, dim)
  local n, c, _, w = y:shape()
  if dim == 3 then return y:view(n, c, w) end
  return dim == 2 and y:view(n, w) or y
end

-- What the engine is called with for a run: on the batch as it came, or on floats x.
local function arguments(run, job, view, x)
  local from = x or job.x
  local rows = x and T.arange(1, #x, 1, "int64") or job.rows
  if from:dim() < 4 then
    local c, h, w = plan.size(from)
    from = from:contiguous():view(#from, c, h, w)
  end
  return from, rows, job.index, run.list, run.size, run.room, { job.seed, job.epoch, view },
    job.levels, job.strength
end

local function check_result(y, n, p, x, fail_here)
  if not core.is_tensor(y) or core.dtype(y) ~= "float32" or y:dim() < 2 or #y ~= n then
    fail_here("float32 tensor of %d samples expected of it, got %s", n, check.kind(y))
  end
  if p < 1 and y:numel() * #x ~= x:numel() * n then
    fail_here("p must be 1 where the size changes: %s becomes %s", core.describe(x),
      core.describe(y))
  end
  return y
end

-- An operation in Lua, on the samples that draw it.
local function do_step(step, job, view, x)
  local op, o = step.op, plan.in_pixels(step.o, job.input.h, job.input.w)
  local fail_here = plan.failing(step, job.fail)
  plan.check_kind(op, x, fail_here)
  local own = draws.new(job, view, step.slot, job.index)
  if o.p == 1 then return check_result(op.apply(x, o, own), #x, 1, x, fail_here) end
  if op.scope == "batch" then
    if own.batch_first() >= o.p then return x end
    return check_result(op.apply(x, o, own), #x, o.p, x, fail_here)
  end
  local chosen = own.first():lt(o.p):nonzero():view(-1)
  if #chosen == 0 then return x end
  local part = draws.new(job, view, step.slot, job.index:index(1, chosen))
  local y = check_result(op.apply(x:index(1, chosen), o, part), #chosen, o.p, x, fail_here)
  x[chosen] = y
  return x
end

-- The operations from number `at` on; x are floats of our own, or nil where none was done yet.
local function finish(recipe, job, view, x, at)
  local steps = recipe.steps
  repeat
    local step = steps[at]
    if step and not step.op.rows then
      x, at = do_step(step, job, view, x or own_floats(job)), at + 1
    else
      local from = x or job.x
      local run = plan.run(recipe, at, from, job.input, job.fail)
      x = shaped(core.augment(arguments(run, job, view, x)), from:dim())
      at = run.after
    end
  until at > #steps
  return x
end

-- Calls f(recipe, view) for the views that are asked for; gives its results as a list.
local function each_view(self, job, f)
  local out = {}
  if job.view then
    local recipe = self.recipes[1]
    for _, each in ipairs(self.recipes) do
      if job.view >= each.first then recipe = each end
    end
    return { f(recipe, job.view) }
  end
  for _, recipe in ipairs(self.recipes) do
    for view = recipe.first, recipe.first + recipe.n - 1 do out[view] = f(recipe, view) end
  end
  return out
end

-- ==}

--- The views of a batch.
-- @param batch uint8 or float tensor [N,C,H,W] of images, floats from 0 (black) to 1; some policies
-- take series [N,C,T] or vectors [N,D]
-- @param options table: seed = whole number (0); index = int64 [N], numbers of the samples (1..N);
-- epoch = whole number (1); view = number of the one view to make (all of the policy's); batch =
-- number of the batch, for operations that let samples see each other (the number of its first
-- sample); rows = int64 [n], the rows of the batch to take, as they stand (all); levels = what uint8
-- is divided by (255); strength = float tensor [N] in 0..1 for operations that follow it (1)
-- @return float32 tensor [N,C,H,W], one for each view
-- @raise batches of a shape that an operation of the policy does not take, unknown options
-- @example ssl.augment.compile{ {"hflip", p = 1} }(ssl.tensor{{{{0, 0.5, 1}}}}) --> [[[[1.0000, 0.5000, 0.0000]]]] (1,1,1,3) float32
-- @example ssl.augment.compile{ n = 2, {"hflip"} }(ssl.data.digits().x, {levels = 16, seed = 7}):amax() --> 1.0
function Augmenter:__call(batch, options)
  local job = job_of(self, 1, batch, options)
  return table.unpack(each_view(self, job, function(recipe, view)
    return finish(recipe, job, view, nil, 1)
  end))
end

--- Begins to make the views of a batch on another thread; meanwhile the batch must stay as it is.
-- The operations in Lua that a policy may have, and all behind them, are done by finish().
-- @param batch as for the call itself
-- @param options {seed=0, index=, epoch=1, view=, batch=, rows=, levels=255, strength=}, as for the call
-- @return table with finish(), which gives what the call would have given, once
-- @raise as the call does
-- @example ssl.augment.compile{ {"hflip", p = 1} }:start(ssl.tensor{{{{0, 0.5, 1}}}}):finish() --> [[[[1.0000, 0.5000, 0.0000]]]] (1,1,1,3) float32
function Augmenter:start(batch, options)
  local job = job_of(self, 2, batch, options)
  local begun = each_view(self, job, function(recipe, view)
    local first = recipe.steps[1]
    if not first.op.rows then return { recipe = recipe, view = view } end
    local run = plan.run(recipe, 1, job.x, job.input, job.fail)
    local pending = core.augment_start(arguments(run, job, view))
    return { recipe = recipe, view = view, pending = pending, after = run.after }
  end)
  return { finish = function()
    local out = {}
    for i, part in ipairs(begun) do
      local x, at = nil, 1
      if part.pending then
        x, at = shaped(core.augment_finish(part.pending), batch:dim()), part.after
      end
      local done = at > #part.recipe.steps
      out[i] = done and x or finish(part.recipe, job, part.view, x, at)
    end
    return table.unpack(out)
  end }
end

--- One line for each operation, with all its options.
-- @return string
-- @example ssl.augment.compile{ {"hflip"} }:describe() --> custom (dialect tv, 1 view) hflip p=0.5
function Augmenter:describe() return describe.policy(self.policy) end

--- The policy as plain data: strings, numbers, booleans and tables that are lists or have names
-- alone, ready for JSON and for ssl.augment.compile.
-- @return table of its own
-- @example ssl.augment.compile{ {"hflip"} }:totable().views[1].ops[1].op --> hflip
function Augmenter:totable() return named.canonical(1, self.policy) end

function Augmenter:__tostring() return self:describe() end

-- Operations with their slots: the name, and how many of it stand before.
local function steps_of(view)
  local steps, count = {}, {}
  for i, o in ipairs(view.ops) do
    count[o.op] = (count[o.op] or 0) + 1
    steps[i] = { at = i, o = o, op = registry.find(o.op), slot = o.op .. "#" .. count[o.op] }
  end
  return steps
end

--- A policy made ready for batches.
-- @param policy name of a preset or policy in any form; see ssl.augment.policy
-- @return augmenter: p(batch, options) gives the views, p:start(batch, options) begins with them,
-- p:describe(), p:totable(); p.views = how many views it gives, p.policy = its canonical form
-- @raise names that are unknown, options that make no sense
-- @example ssl.augment.compile{ {"hflip", p = 1} }(ssl.tensor{{{{0, 0.5, 1}}}}):totable()[1][1][1][1] --> 1.0
-- @example ssl.augment.compile "simclr".views --> 2
function compile.compile(policy)
  local self = { policy = named.canonical(1, policy), recipes = {}, views = 0 }
  for i, view in ipairs(self.policy.views) do
    self.recipes[i] = { steps = steps_of(view), n = view.n, first = self.views + 1, runs = {} }
    self.views = self.views + view.n
  end
  named.of[self] = self.policy
  return setmetatable(self, Augmenter)
end

-- So that errors have a name for what was called, where the caller has none.
compile.augmenter = Augmenter.__call

return compile
