-- Neural collapse: what happens to the features of a classifier that is trained beyond zero error. They
-- fall onto the means of their classes (NC1), these become the corners of a simplex (NC2), the weights
-- of the classifier line up with them (NC3), and it decides by the nearest of them (NC4).

local core = require "sslkit.core"
local check = require "sslkit.check"
local classes = require "sslkit.metrics.engine.classes"
local result = require "sslkit.metrics.engine.result"
local separation = require "sslkit.metrics.engine.separation"
local T = require "sslkit.tensor"

local NAN, EPS = 0 / 0, 2.0 ^ -52
local BLOCK = 4096
local VARIANTS = { "pinv", "quotient" }

local function total(t) return core.item(core.sum(t)) end

local function norm(t) return math.sqrt(total(core.square(t))) end

-- The sums of squares within classes along the columns of v: of the rows, without a D x D matrix, or of
-- the scatter that an accumulator has.
local function within_along(v, given, c)
  if not given then
    local scatter = c.scatter + c.scatter:triu(1):t()
    return (scatter:matmul(v) * v):sum(1):clamp(0, math.huge)
  end
  local within = T.zeros({ core.size(v, 2) }, "float64")
  classes.deviations(given.z, given.id, c.mean, function(block)
    within:add_(block:matmul(v):square():sum(1))
  end)
  return within
end

-- trace(S_W S_B^+) / K: along each direction in which the means lie apart, the variance within classes
-- over theirs.
local function pinv(given, c, apart)
  local _, s, vh = core.svd(apart, false)
  local values, axes = s:totable(), 0
  local floor = math.max(c.k, c.d) * EPS * values[1] * values[1]
  while axes < math.min(c.k - 1, #values) and values[axes + 1] ^ 2 > floor do axes = axes + 1 end
  if axes == 0 then return NAN end
  local within = within_along(vh:narrow(1, 1, axes):t(), given, c)
  return total(within / s:narrow(1, 1, axes):square()) / c.n
end

-- The angles and lengths of the centred means, and how far they are from a simplex.
local function simplex(info, k, apart)
  local lengths = apart:square():sum(2):sqrt()
  local mean = total(lengths) / k
  info.nc2_equinorm = math.sqrt(total((lengths - mean):square()) / k) / mean
  local unit = T.normalize(apart, 2)
  local off = core.logical_not(T.eye(k, "uint8"))
  local cosines = core.masked_select(unit:matmul(unit:t()), off)
  local average = core.item(core.mean(cosines))
  info.nc2_equiangularity = math.sqrt(core.item(core.mean((cosines - average):square())))
  info.nc2_max_angle = core.item(core.mean((cosines + 1 / (k - 1)):abs()))
  local gram = apart:matmul(apart:t())
  local ideal = (T.eye(k, "float64") - 1 / k) / math.sqrt(k - 1)
  info.nc2 = norm(gram / norm(gram) - ideal)
end

-- Of pairs of classes, their variances over the squared distance of their means; or why not.
local function cdnv(info, c)
  local v = c.square / c.count:double()
  local distance = core.cdist(c.mean, c.mean, 2):square()
  local ratio = (v:unsqueeze(2) + v:unsqueeze(1)) / (2 * distance)
  ratio:diagonal():fill_(0)
  info.cdnv = total(ratio) / (c.k * (c.k - 1))
  if info.cdnv == math.huge then info.warn = "two class means coincide" end
  if info.cdnv ~= info.cdnv then return "cdnv: two classes are one point" end
end

-- W as a float64 matrix with a row for each class that is there: in ascending order of their labels,
-- or, where it has more rows, those that the labels number.
local function weights(w, c)
  check.tensor(3, w, { dtype = "float", dim = 2 }, "W")
  if core.size(w, 1) < c.k or core.size(w, 2) ~= c.d then
    check.fail(3, "W (%d,%d), a row a class, expected, got %s", c.k, c.d, core.describe(w))
  end
  w = core.contiguous(core.detach(w))
  local bad = core.nonfinite_row(w)
  if bad then check.fail(3, "row %d of W holds a NaN or an infinity", bad) end
  local count, rows = core.size(w, 1), T.arange(1, c.k, 1, "int64")
  if count > c.k then
    rows = c.classes
    local first, last = rows:at(1), rows:at(-1)
    if first < 1 or last > count then
      check.fail(3, "W has %d rows for %d classes: labels in 1..%d expected, got %d", count, c.k,
        count, first < 1 and first or last)
    end
  end
  return w:double(), rows
end

local function bias(b, w)
  if b == nil then return nil end
  check.tensor(3, b, { dtype = "float", dim = 1 }, "b")
  if core.len(b) ~= core.len(w) then
    check.fail(3, "b (%d), one a row of W, expected, got %s", core.len(w), core.describe(b))
  end
  b = core.detach(b):double()
  if not core.all_finite(b) then check.fail(3, "b holds a NaN or an infinity") end
  return b
end

-- How often the classifier and the nearest class mean disagree.
local function disagreement(given, c, w, b, rows)
  local differ = 0
  for first = 1, given.n, BLOCK do
    local z = given.z:narrow(1, first, math.min(first + BLOCK - 1, given.n)):double()
    local scores = (z * given.unit):matmul(w:t())
    if b then scores = scores + b end
    local nearest = core.argmin(core.cdist(z, c.mean, 2), 2)
    differ = differ + total(core.ne(core.argmax(scores, 2), core.take(rows, 1, nearest)))
  end
  return differ / given.n
end

local function classifier(info, given, c, apart, o)
  local w, rows = weights(o.W, c)
  local b = bias(o.b, w)
  local own = core.take(w, 1, rows)
  if o.center_w then own = own - own:mean(1) end
  info.nc3 = norm(own / norm(own) - apart / norm(apart))
  info.nc3_squared = info.nc3 ^ 2
  if given then
    info.nc4 = disagreement(given, c, w, b, rows)
  else
    info.nc4 = NAN
    info.undefined = info.undefined or "nc4: it takes the rows, which an accumulator does not have"
  end
end

local function undefined(info, reason, o)
  for _, name in ipairs { "nc1", "nc1_quotient", "nc2", "nc2_equinorm", "nc2_equiangularity",
    "nc2_max_angle", "cdnv" } do
    info[name] = info[name] or NAN
  end
  if o.W then info.nc3, info.nc3_squared, info.nc4 = NAN, NAN, NAN end
  info.undefined = reason
  return result.page("neural_collapse", info)
end

--- The signs of neural collapse, all of which go to 0. nc1: variance within classes in units of that
-- of their means, trace(S_W S_B^+) / K; nc1_quotient: trace(S_W) / trace(S_B); nc2: distance of the
-- centred class means' Gram matrix from that of a simplex, with nc2_equinorm (spread of their lengths),
-- nc2_equiangularity (standard deviation of their cosines) and nc2_max_angle (mean distance of these
-- from -1 / (K - 1)); cdnv: mean over pairs of classes of their variance over the squared distance of
-- their means. With a classifier: nc3, distance of its weights from the centred means, each scaled to
-- length 1, and nc3_squared; nc4, how often it decides otherwise than the nearest class mean.
-- @param F float tensor [N,D], the features; or an accumulator with classes, and then nc4 is NaN
-- @param y int64 [N], the labels (nil with an accumulator)
-- @param options {W= [K,D] (weights of the last layer: a row a class, in ascending order of the labels,
-- or, if it has more rows, row k for label k), b= [K] (its bias), center_w=false (nc3 of W about the mean
-- of its rows), weighted=false (the centre is the mean of the class means; true: of all rows),
-- variant="pinv" or "quotient" (what nc1 is), nan="error", "skip" or "propagate"}
-- @return table that prints well; what is undefined is NaN, with the reason in `undefined`
-- @raise on NaN or Inf, naming the row, on labels that are not int64 or not one a row, and on a W or b
-- that does not fit
-- @source Papyan, Han, Donoho 2020, "Prevalence of neural collapse during the terminal phase of deep learning training", PNAS; Galanti, Gyorgy, Hutter 2021 (cdnv)
-- @example ssl.metrics.neural_collapse(ssl.tensor{{2, 0}, {0, 0}, {-2, 0}, {0, 0}}, ssl.tensor({1, 1, 2, 2}, "int64")).nc1 --> 0.5
-- @example ssl.metrics.neural_collapse(ssl.tensor{{1, 0}, {-1, 0}}, ssl.tensor({1, 2}, "int64"), {W=ssl.tensor{{3, 0}, {-3, 0}}}).nc4 --> 0.0
local function neural_collapse(F, y, options)
  local o = check.options(3, options, {
    center_w = false, weighted = false, variant = "pinv", nan = "error",
  }, { W = true, b = true })
  check.one_of(3, "variant", o.variant, VARIANTS)
  if o.b ~= nil and o.W == nil then check.fail(3, "b given without W") end
  local info = { variant = o.variant, weighted = o.weighted }
  local c, given = separation.accumulated(F, y), nil
  if not c then
    local reason
    given, reason = separation.rows(F, y, o.nan)
    if not given then return undefined(info, reason, o) end
    c = classes.of(given)
    if given.skipped > 0 then info.n_skipped = given.skipped end
  end
  info.n, info.d, info.n_classes = c.n, c.d, c.k
  if c.k == 1 then return undefined(info, "one class has no other", o) end
  info.undefined = cdnv(info, c)
  local apart = c.mean - c:center(o.weighted)
  local spread = total(core.square(apart))
  if spread == 0 then return undefined(info, "all class means coincide", o) end
  info.nc1_quotient = total(c.square) / c.n / (spread / c.k)
  info.nc1 = o.variant == "pinv" and pinv(given, c, apart) or info.nc1_quotient
  simplex(info, c.k, apart)
  if o.W ~= nil then classifier(info, given, c, apart, o) end
  return result.page("neural_collapse", info)
end

return neural_collapse
