-- Dropout (Srivastava et al. 2014).

local check = require "sslkit.check"
local drop = require "sslkit.nn.drop"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

local Dropout = {}

function Dropout:init(p, options)
  self.p = check.number(1, "p", p == nil and 0.5 or p, 0, 1)
  local generator = check.options(2, options, {}, { generator = true }).generator
  if generator ~= nil and getmetatable(generator) ~= getmetatable(T.generator()) then
    check.fail(2, "generator expected, got %s", check.kind(generator))
  end
  self.generator = generator
end

function Dropout:forward(x)
  check.tensor(1, x, { dtype = "float" })
  if not self.training or self.p == 0 then return x end
  return (drop.next(x, self.p, self.generator or T.generator()))
end

function Dropout:extra() return tostring(self.p) end

--- In training each element becomes 0 with probability p, and is divided by 1 - p otherwise; in
-- evaluation mode x itself. Which ones depends on the generator alone, not on the number of threads.
-- @param p probability (0.5)
-- @param options {generator=}
-- @return module: the same shape
-- @source Srivastava et al. 2014
-- @example ssl.nn.Dropout(0.25):eval()(ssl.ones(4)):sum():item() --> 4.0
-- @example ssl.nn.Dropout(1)(ssl.ones(4)):sum():item() --> 0.0
M.Dropout = module.kind("Dropout", Dropout)

return M
