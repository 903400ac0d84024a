-- A sum of what a part computes and of what it was given.

local check = require "sslkit.check"
local module = require "sslkit.nn.module"

local M = {}

local Residual = {}

function Residual:init(f, shortcut)
  if not module.is_module(f) then check.fail(1, "module expected, got %s", check.kind(f)) end
  if shortcut ~= nil and not module.is_module(shortcut) then
    check.fail(2, "module expected, got %s", check.kind(shortcut))
  end
  self.f = f -- first: parts are listed in the order of their assignment
  self.shortcut = shortcut
end

function Residual:forward(x) return self.f(x) + (self.shortcut and self.shortcut(x) or x) end

--- f(x) + x, or f(x) + shortcut(x) where f changes the shape.
-- @param f module
-- @param shortcut module or nil
-- @return module
-- @source He, Zhang, Ren, Sun 2016, "Deep residual learning for image recognition", eq. 1 and 2
-- @example ssl.nn.Residual(ssl.nn.ReLU())(ssl.tensor{-1, 2})[2] --> 4.0
M.Residual = module.kind("Residual", Residual)

return M
