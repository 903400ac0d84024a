-- Mixtures of the samples of a batch, with what became of their labels.

local check = require "sslkit.check"
local compile = require "sslkit.augment.compile"
local core = require "sslkit.core"
local draws = require "sslkit.augment.draws"
local mixing = require "sslkit.augment.mixing"
local registry = require "sslkit.augment.registry"
local single = require "sslkit.augment.single"
local T = require "sslkit.tensor"

local mix = {}

-- The lambda that callers see: a number, or a tensor [N].
local function lambda_of(drawn, n)
  if #drawn.lambda == 1 and n ~= 1 then return drawn.lambda[1] end
  return T.tensor(drawn.lambda, "float32")
end

-- Labels as rows of shares, [N,K] of the dtype of x.
local function check_targets(x, y, classes)
  if core.dtype(check.tensor(2, y, nil, "labels")) ~= "int64" then
    check.tensor(2, y, { dtype = "float", dim = 2 }, "labels int64 [N] or targets")
    if classes ~= nil then check.fail(3, "classes are for labels, targets have their own") end
  else
    check.tensor(2, y, { dim = 1 }, "labels")
    local low, high = 1, 0
    if #y > 0 then low, high = y:amin():item(), y:amax():item() end
    classes = classes == nil and math.max(high, 1) or check.integer(3, "classes", classes, 1)
    if low < 1 or high > classes then
      check.fail(2, "labels must be in 1..%d, got %d..%d", classes, low, high)
    end
    y = y:one_hot(classes)
  end
  if #y ~= #x then check.fail(2, "labels of %d samples expected, got %d", #x, #y) end
  return y:to(core.dtype(x))
end

local function run(name, x, y, options, least_dim, kinds)
  check.tensor(1, x, { dtype = "float" }, "batch")
  if x:dim() < least_dim or (kinds and x:dim() ~= least_dim) then
    check.fail(1, "batch %s expected, got %s", kinds or "[N,...]", core.describe(x))
  end
  local o, own = single.read(3, name, options, #x, { classes = true })
  local targets = y ~= nil and check_targets(x, y, o.classes) or nil
  if y == nil and o.classes ~= nil then check.fail(3, "classes are for labels, there are none") end
  if #x == 0 then return x, targets, 1, T.empty({ 0 }, "int64") end
  local op = registry.find(name)
  local drawn = op.draw(x, o, own)
  local mixed = op.mix(x, drawn)
  if targets then
    local keep = mixing.beside(drawn.lambda, targets, core.dtype(targets))
    targets = targets * keep + T.index(targets, 1, drawn.permutation) * (1 - keep)
  end
  return mixed, targets, lambda_of(drawn, #x), drawn.permutation
end

local function give(mixed, targets, lambda, permutation)
  if targets then return mixed, targets, lambda, permutation end
  return mixed, lambda, permutation
end

--- Each sample mixed with another one of its batch: lambda x + (1 - lambda) x[permutation], labels
-- alike. Gradients go through.
-- @param x float tensor [N,...]
-- @param y int64 labels [N] from 1, float targets [N,K], or nil
-- @param options {alpha=1, per="batch", classes=count, seed=0, epoch=1, view=1, index=int64 [N],
-- batch=number}: lambda is of Beta(alpha, alpha), one "batch" or one for each "sample"; classes is K
-- (the largest label); the others name the random numbers, as a policy's call does
-- @return mixed samples; with labels: targets [N,K]; lambda, a number or float32 [N]; permutation
-- int64 [N]
-- @raise on labels out of range, and other numbers of them than of samples
-- @source Zhang, Cisse, Dauphin, Lopez-Paz 2018, "mixup: Beyond empirical risk minimization"
-- @example local x, t = ssl.augment.mixup(ssl.eye(2), ssl.tensor({1, 2}, "int64")); return ssl.allclose(x, t) --> true
-- @example local x, lambda, p = ssl.augment.mixup(ssl.rand(8, 3)); return #p == 8 and lambda > 0 and lambda < 1 --> true
function mix.mixup(x, y, options) return give(run("mixup", x, y, options, 1)) end

--- Each image with a box of another one of its batch; its labels are mixed by the true areas. The box
-- has the share 1 - lambda of the area, of Beta(alpha, alpha), where it lies inside the image.
-- @param x float tensor [N,C,H,W]
-- @param y int64 labels [N] from 1, float targets [N,K], or nil
-- @param options {alpha=1, per="batch", classes=count, seed=0, epoch=1, view=1, index=int64 [N],
-- batch=number}: one box for the "batch" or one for each "sample"; the others as for ssl.augment.mixup
-- @return mixed images; with labels: targets [N,K]; lambda, the share that each image keeps: a number
-- or float32 [N]; permutation int64 [N]
-- @raise on labels out of range, and other numbers of them than of samples
-- @source Yun et al. 2019, "CutMix: Regularization strategy to train strong classifiers", equation 2
-- @example local x, lambda, p = ssl.augment.cutmix(ssl.ones(4, 3, 8, 8)); return x:mean():item() --> 1.0
function mix.cutmix(x, y, options)
  return give(run("cutmix", x, y, options, 4, "[N,C,H,W]"))
end

--- What the operations of a policy that mix samples (mixup, cutmix, fmix) have drawn: a policy gives
-- the mixed samples alone. The random numbers are drawn again from their names, so the options must be
-- those of the policy's call.
-- @param policy name, table or compiled policy
-- @param view tensor that the policy gave
-- @param options {seed=0, epoch=1, view=1, index=int64 [N], batch=number}, as for the call; view is
-- which of the policy's views it is
-- @return list of tables {op = name, lambda = number or float32 [N], permutation = int64 [N]}, one for
-- each such operation; lambda is 1 where the batch did not draw it (p)
-- @raise views that the policy does not have
-- @example local p, x = ssl.augment.compile{ {"mixup"} }, ssl.eye(4); local m = ssl.augment.mixed(p, p(x))[1]; return ssl.allclose(p(x), x * m.lambda + x[m.permutation] * (1 - m.lambda)) --> true
function mix.mixed(policy, view, options)
  local compiled = compile.compile(policy)
  check.tensor(2, view, nil, "view")
  if view:dim() < 2 then
    check.fail(2, "what a policy gave expected, got %s", core.describe(view))
  end
  local names = { seed = true, epoch = true, view = true, index = true, batch = true }
  local o = check.options(3, options, {}, names)
  local key = single.key(3, o, #view)
  if #compiled.recipes > 1 then check.integer(3, "view", key.view, 1, compiled.views) end
  local recipe
  for _, each in ipairs(compiled.recipes) do
    if key.view >= each.first then recipe = each end
  end
  local list = {}
  for _, step in ipairs(recipe.steps) do
    if step.op.draw then
      local own = draws.new(key, key.view, step.slot, key.index)
      local drawn = { lambda = { 1 }, permutation = T.arange(1, #view, 1, "int64") }
      if #view > 0 and (step.o.p == 1 or own.batch_first() < step.o.p) then
        drawn = step.op.draw(view, step.o, own)
      end
      list[#list + 1] = { op = step.op.name, lambda = lambda_of(drawn, #view),
        permutation = drawn.permutation }
    end
  end
  return list
end

return mix
