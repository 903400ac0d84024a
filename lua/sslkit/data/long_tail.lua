-- Long-tailed classes out of balanced ones.

local check = require "sslkit.check"
local T = require "sslkit.tensor"

--- A part of a dataset in which the classes have sizes that fall exponentially, from the first to
-- the last: class k of K keeps floor(m imbalance^(-(k-1)/(K-1))) samples, where m is the mean size of
-- a class, or all it has. Which ones is drawn; they stay in order.
-- @param ds dataset with labels
-- @param options table: imbalance = how often the first is larger than the last, 1 or more (100);
-- seed = whole number (0)
-- @return dataset
-- @raise a dataset without labels, unknown options, an imbalance below 1
-- @source Y. Cui, M. Jia, T.-Y. Lin, Y. Song, S. Belongie 2019, "Class-balanced loss based on effective
-- number of samples", section 5.1
-- @example ssl.data.long_tail(ssl.data.digits(), {imbalance = 10}).y:bincount():size(1) --> 10
-- @example ssl.data.long_tail(ssl.data.digits(), {imbalance = 10}).y:bincount()[10] --> 17
local function long_tail(ds, options)
  if type(ds) ~= "table" or not ds.x or not ds.subset then
    check.fail(1, "dataset expected, got %s", check.kind(ds))
  end
  if not ds.y then check.fail(1, "a dataset with labels expected, got %s", tostring(ds)) end
  local o = check.options(2, options, { imbalance = 100, seed = 0 })
  local imbalance = check.number(2, "imbalance", o.imbalance, 1)
  local generator = T.generator(check.integer(2, "seed", o.seed))
  local n = #ds
  if n == 0 then return ds:subset {} end
  local classes = ds.classes and #ds.classes or ds.y:max():item()
  local kept = {}
  for k = 1, classes do
    local rows = ds.y:eq(k):nonzero():view(-1)
    local share = classes > 1 and (1 / imbalance) ^ ((k - 1) / (classes - 1)) or 1
    local wanted = math.min(#rows, math.floor(n / classes * share))
    local order = T.randperm(#rows, { generator = generator })
    kept[k] = rows:index(1, order:narrow(1, 1, wanted))
  end
  return (ds:subset((T.cat(kept):sort())))
end

return long_tail
