-- Self-attention. One operation on the tape, so that of the scores, heads x L x L of them for each
-- sample, only the softmax is kept, and queries, keys and values get their gradients in one tensor.

local core = require "sslkit.core"
local check = require "sslkit.check"
local drop = require "sslkit.nn.drop"
local hook = require "sslkit.tensor.hook"
local linear = require "sslkit.nn.linear"
local module = require "sslkit.nn.module"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local M = {}

-- [N,L,heads * d] -> [N,heads,L,d], a view
local function by_head(x, heads)
  local N, L, D = core.shape(x)
  return T.transpose(T.reshape(x, { N, L, heads, D // heads }), 2, 3)
end

-- qkv [N,L,3 * heads * d] -> queries, keys, values [N,heads,L,d], views
local function split(qkv, heads)
  local D = core.size(qkv, 3) // 3
  local function third(i) return by_head(T.narrow(qkv, 3, (i - 1) * D + 1, i * D), heads) end
  return third(1), third(2), third(3)
end

local function turned(x) return T.transpose(x, -1, -2) end

-- [N,heads,L,L]: how much each place looks at each other; the share of a row is 1.
local function shares(q, k)
  return T.softmax(T.matmul(q * core.size(q, -1) ^ -0.5, turned(k)))
end

-- qkv [N,L,3 D] -> [N,L,D]; of the shares, some are dropped with probability `rate`, unless that is 0.
local function attention(qkv, heads, rate)
  local out, p, state
  do
    local plain = T.detach(qkv)
    local N, L, D = core.shape(plain)
    local q, k, v = split(plain, heads)
    p = shares(q, k)
    local kept = p
    if rate > 0 then kept, state = drop.next(p, rate, T.generator()) end
    out = T.reshape(T.transpose(T.matmul(kept, v), 2, 3), { N, L, D // 3 })
  end
  if hook.record then hook.record("attention", out, qkv, heads, rate, state, p) end
  return out
end

-- With S the scores before the softmax P = softmax(S), and O = P V: dP = dO V^T and
-- dS = P (dP - rowsum(P dP)), where that sum is also the sum of O dO along a head.
tools.rule("attention", { 0, 1, 4, 5 }, function(g, out, qkv, heads, rate, state, p)
  local function dropped(x) return state and drop.again(x, rate, state) or x end
  local q, k, v = split(qkv, heads)
  if core.recording() then p = shares(q, k) end -- for the gradient of this gradient
  local dout = by_head(g, heads)
  local dot = T.sum(dout * by_head(out, heads), -1, true)
  local dp = dropped(T.matmul(dout, turned(v)))
  local ds = p * (dp - dot) * core.size(q, -1) ^ -0.5
  local dv = T.matmul(turned(dropped(p)), dout)
  local parts = { T.matmul(ds, k), T.matmul(turned(ds), q), dv }
  for i, t in ipairs(parts) do parts[i] = T.transpose(t, 2, 3) end
  return T.reshape(T.stack(parts, 3), { core.shape(qkv) })
end)

local Attention = {}

function Attention:init(dim, options)
  self.dim = check.integer(1, "dim", dim, 1)
  options = check.options(2, options, { heads = 8, bias = true, dropout = 0, dtype = "float32" },
    { generator = true })
  self.heads = check.integer(2, "heads", options.heads, 1)
  if dim % self.heads ~= 0 then
    check.fail(2, "%d heads do not share %d columns equally", self.heads, dim)
  end
  self.dropout = check.number(2, "dropout", options.dropout, 0, 1)
  local rest = { bias = options.bias, dtype = options.dtype, generator = options.generator }
  self.qkv = linear.Linear(dim, 3 * dim, rest)
  self.proj = linear.Linear(dim, dim, rest)
end

function Attention:forward(x)
  local weight = self.qkv.weight
  check.tensor(1, x, { dtype = core.dtype(weight), dim = 3 }, "input [N,L,D]")
  if core.size(x, 3) ~= self.dim then
    check.fail(1, "input (N,L,%d) expected, got %s", self.dim, core.describe(x))
  end
  return self.proj(attention(self.qkv(x), self.heads, self.training and self.dropout or 0))
end

function Attention:extra() return ("%d, heads=%d"):format(self.dim, self.heads) end

--- Multi-head self-attention: every place of a sequence gets a mean of the values of all places,
-- weighted by the softmax of query times key / sqrt(width of a head). The rows of `qkv` are those of
-- the queries, then the keys, then the values, as in torch.nn.MultiheadAttention's in_proj.
-- @param dim width, a multiple of heads
-- @param options {heads=8, bias=true (of both layers), dropout=0 (of the weights, in training),
-- dtype="float32", generator=}
-- @return module: x [N, L, dim] -> [N, L, dim]
-- @source Vaswani et al. 2017, "Attention is all you need", eq. 1
-- @example ssl.nn.Attention(4, {heads = 2})(ssl.ones(1, 3, 4)):size(2) --> 3
M.Attention = module.kind("Attention", Attention)

return M
