-- Kullback-Leibler divergence.

local core = require "sslkit.core"
local check = require "sslkit.check"
local reduce = require "sslkit.losses.reduction"
local T = require "sslkit.tensor"

local M = {}

--- KL(p || q) = sum_k p_k (log p_k - log q_k) a row, 0 log 0 = 0.
-- @param log_q float tensor [N,K] of log-probabilities (log_softmax of logits)
-- @param p probabilities [N,K] of the same dtype
-- @param options {reduction="mean" | "sum" | "none"}; the mean is over rows (PyTorch's "batchmean")
-- @return 0-dim tensor, or [N]; in nats
-- @raise where a mean or sum is not finite, naming the row
-- @source Kullback and Leibler 1951, eq. 2.4
-- @example ssl.losses.kl(ssl.zeros(1, 2):log_softmax(), ssl.tensor{{1, 0}}):item() --> 0.693147
function M.kl(log_q, p, options)
  check.tensor(1, log_q, { dtype = "float", dim = 2 }, "log-probabilities [N,K]")
  check.tensor(2, p, { dtype = core.dtype(log_q) }, "probabilities")
  if not core.same_shape(log_q, p) then
    check.fail(2, "probabilities %s do not fit %s", core.describe(p), core.describe(log_q))
  end
  options = check.options(3, options, { reduction = "mean" })
  local present = T.gt(core.detach(p), 0)
  local rows = T.sum(p * (T.log(T.where(present, p, 1)) - T.where(present, log_q, 0)), 2)
  return (reduce(3, rows, options.reduction))
end

return M
