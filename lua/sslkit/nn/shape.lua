-- Modules that compute nothing.

local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

--- x itself.
-- @return module
-- @example ssl.nn.Identity()(ssl.tensor{7}):item() --> 7.0
M.Identity = module.kind("Identity", { forward = function(_, x) return x end })

--- Everything but the first dimension merged into one.
-- @return module: [N, ...] -> [N, d]
-- @example ssl.nn.Flatten()(ssl.zeros(2, 3, 4)):size(2) --> 12
M.Flatten = module.kind("Flatten", { forward = function(_, x) return (T.flatten(x, 2)) end })

return M
