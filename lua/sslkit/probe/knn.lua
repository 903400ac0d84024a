-- The nearest neighbours' vote.

local core = require "sslkit.core"
local check = require "sslkit.check"
local task = require "sslkit.probe.engine.task"

local DEFAULTS = { temperature = 0.07, metric = "cosine", leave_one_out = false }

-- Distances are weighed by their reciprocals unless the user says otherwise: a temperature that suits
-- cosines would leave one neighbour.
local function settings_of(options)
  local o = check.options(5, options, DEFAULTS, { k = true, weights = true })
  check.one_of(5, "metric", o.metric, { "cosine", "l2" })
  check.number(5, "temperature", o.temperature)
  if o.temperature <= 0 then check.fail(5, "temperature must be above 0, got %g", o.temperature) end
  local cosine = o.metric == "cosine"
  o.weights = o.weights or cosine and "exp" or "inverse"
  check.one_of(5, "weights", o.weights,
    cosine and { "exp", "uniform" } or { "exp", "uniform", "inverse" })
  return o
end

--- Nearest neighbour probe: the k nearest training rows vote, by exact search. Weights: "exp",
-- exp(cosine / temperature), or for distances exp(-d^2 / (2 temperature)), which is the same on unit
-- rows; "uniform", a majority, whose ties go to the class that is nearer in sum; "inverse" (l2),
-- 1 / (d + 1e-5). Remaining ties go to the lowest class.
-- @param train_z float tensor [n,D]
-- @param train_y int64 [n], any labels
-- @param test_z tensor [m,D] of train_z's dtype; nil with leave_one_out
-- @param test_y int64 [m]; nil with leave_one_out
-- @param options {k=20 (or all that there are), temperature=0.07, metric="cosine" or "l2",
-- weights="exp" (l2: "inverse"), leave_one_out=false (each training row by the others)}
-- @return table {accuracy=, per_class=[K], predictions=[m], scores=[m,K] (weights relative to the
-- nearest's), classes=[K], n=, settings=}
-- @raise when k is too large; on NaN or Inf, naming the row
-- @source Wu et al. 2018, "Unsupervised feature learning via non-parametric instance discrimination", CVPR
-- @example local z = ssl.tensor{{1, 0}, {0, 1}}; local y = ssl.tensor({7, 3}, "int64"); return ssl.probe.knn(z, y, z, y, {k=1}) --> accuracy 1.0000 on 2 (knn, k=1, cosine)
local function knn(train_z, train_y, test_z, test_y, options)
  local o = settings_of(options)
  if o.leave_one_out and test_z ~= nil then
    check.fail(3, "nil expected with leave_one_out, got %s", check.kind(test_z))
  end
  local t = task.new(train_z, train_y, test_z, test_y, o.leave_one_out)
  local most = o.leave_one_out and t.n - 1 or t.n
  o.k = check.integer(5, "k", o.k or math.max(1, math.min(20, most)), 1)
  if o.k > most then
    check.fail(5, "k must be %s n = %d, got %d", o.leave_one_out and "less than" or "at most", t.n,
      o.k)
  end
  local index, score = core.neighbours(t.test_x, t.x, o.k, o.metric)
  local votes, winner = core.knn_vote(index, score, t.y, t.k, o.metric, o.weights, o.temperature)
  local summary = ("knn, k=%d, %s%s"):format(o.k, o.metric, o.leave_one_out and ", left out" or "")
  return task.result(t, winner, votes, o, summary)
end

return knn
