-- Gradient rules of parts of matrices and of the pseudo-inverse.

local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule = tools.rule

rule("triu", {}, function(g, _, _, k) return T.triu(g, k) end)
rule("tril", {}, function(g, _, _, k) return T.tril(g, k) end)

local function turned(x) return T.transpose(x, -1, -2) end

-- Of Golub and Pereyra's derivative, -P dA P + P P^T dA^T (1 - A P) + (1 - P A) dA^T P^T P.
rule("pinv", { 0, 1 }, function(g, p, a)
  local gt, pt = turned(g), turned(p)
  local left = gt - T.matmul(a, T.matmul(p, gt))
  local right = gt - T.matmul(T.matmul(gt, p), a)
  return T.matmul(T.matmul(left, p), pt) + T.matmul(pt, T.matmul(p, right))
    - T.matmul(pt, T.matmul(g, pt))
end)
