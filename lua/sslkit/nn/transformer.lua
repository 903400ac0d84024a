-- Blocks of transformers.

local check = require "sslkit.check"
local activation = require "sslkit.nn.activation"
local attention = require "sslkit.nn.attention"
local linear = require "sslkit.nn.linear"
local module = require "sslkit.nn.module"
local norm = require "sslkit.nn.norm"

local M = {}

-- Two layers, the same at every place.
local FeedForward = module.kind("FeedForward", {
  init = function(self, dim, hidden, options)
    self.fc1 = linear.Linear(dim, hidden, options)
    self.act = activation.GELU()
    self.fc2 = linear.Linear(hidden, dim, options)
  end,
  forward = function(self, x) return self.fc2(self.act(self.fc1(x))) end,
})

local TransformerBlock = {}

function TransformerBlock:init(dim, options)
  check.integer(1, "dim", dim, 1)
  options = check.options(2, options,
    { heads = 8, mlp_ratio = 4, dropout = 0, eps = 1e-6, dtype = "float32" },
    { generator = true })
  local ratio = check.number(2, "mlp_ratio", options.mlp_ratio, 0)
  local hidden = check.integer(2, "mlp_ratio * dim", math.floor(ratio * dim), 1)
  local draw = { dtype = options.dtype, generator = options.generator }
  local scaled = { eps = options.eps, dtype = options.dtype }
  self.norm1 = norm.LayerNorm(dim, scaled)
  self.attn = attention.Attention(dim, { heads = options.heads, dropout = options.dropout,
    dtype = options.dtype, generator = options.generator })
  self.norm2 = norm.LayerNorm(dim, scaled)
  self.mlp = FeedForward(dim, hidden, draw)
end

function TransformerBlock:forward(x)
  x = x + self.attn(self.norm1(x))
  return x + self.mlp(self.norm2(x))
end

--- Self-attention, then two linear layers with a GELU between; each is added to its input, which it
-- gets normalised.
-- @param dim width, a multiple of heads
-- @param options {heads=8, mlp_ratio=4 (width between the two layers over dim), dropout=0 (of the
-- attention), eps=1e-6 (of the norms), dtype="float32", generator=}
-- @return module: x [N, L, dim] -> [N, L, dim]
-- @source Vaswani et al. 2017, "Attention is all you need"; norms first: Dosovitskiy et al. 2021,
-- "An image is worth 16x16 words", eq. 2 and 3
-- @example ssl.nn.TransformerBlock(4, {heads = 2})(ssl.ones(1, 3, 4)):size(2) --> 3
M.TransformerBlock = module.kind("TransformerBlock", TransformerBlock)

return M
