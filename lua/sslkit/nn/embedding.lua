-- A table of vectors, one for each of a set of numbers.

local core = require "sslkit.core"
local check = require "sslkit.check"
local initialise = require "sslkit.nn.initialise"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

local Embedding = {}

function Embedding:init(num, dim, options)
  self.num, self.dim = check.integer(1, "num", num, 1), check.integer(2, "dim", dim, 1)
  options = check.options(3, options, { dtype = "float32" },
    { padding_idx = true, generator = true })
  local padding = options.padding_idx
  if padding ~= nil then
    self.padding_idx = check.integer(3, "padding_idx", padding, 1, num)
  end
  local weight = T.zeros({ num, dim }, options.dtype)
  initialise.normal_(weight, { generator = options.generator })
  if padding then core.fill_(core.select(weight, 1, padding), 0) end
  self.weight = weight:requires_grad()
end

function Embedding:forward(index)
  check.tensor(1, index, { dtype = "int64" }, "numbers")
  local shape = { core.shape(index) }
  shape[#shape + 1] = self.dim
  local flat = T.reshape(index, { -1 })
  local outside = core.logical_or(core.lt(flat, 1), core.gt(flat, self.num))
  if core.numel(flat) > 0 and core.item(core.any(outside)) == 1 then
    check.fail(1, "%d is outside 1..%d", flat[core.item(core.argmax(outside))], self.num)
  end
  local rows = T.index(self.weight, 1, flat)
  if self.padding_idx then
    rows = T.where(core.unsqueeze(core.eq(flat, self.padding_idx), 2), T.detach(rows), rows)
  end
  return (T.reshape(rows, shape))
end

function Embedding:extra()
  local padding = self.padding_idx
  return ("%d, %d%s"):format(self.num, self.dim, padding and ", padding_idx=" .. padding or "")
end

--- Row k of a learned table for each number k in 1..num; initial values standard normal. The row
-- padding_idx starts as zeros and gets no gradient.
-- @param num whole number, the rows of the table
-- @param dim whole number, their width
-- @param options {padding_idx=whole number, dtype="float32", generator=}
-- @return module: int64 [...] -> [..., dim]
-- @raise on numbers outside 1..num
-- @example ssl.nn.Embedding(10, 4)(ssl.tensor({{1, 10}}, "int64")):size(3) --> 4
M.Embedding = module.kind("Embedding", Embedding)

return M
