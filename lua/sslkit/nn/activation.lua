-- Modules without parameters.

local check = require "sslkit.check"
local module = require "sslkit.nn.module"
local T = require "sslkit.tensor"

local M = {}

local function plain(name, f)
  return module.kind(name, { forward = function(_, x) return f(x) end })
end

--- max(x, 0) as a module.
-- @return module
-- @example ssl.nn.ReLU()(ssl.tensor{-1, 2}):sum():item() --> 2.0
M.ReLU = plain("ReLU", T.relu)

--- x sigmoid(x) as a module.
-- @return module
-- @example ssl.nn.SiLU()(ssl.tensor{0}):item() --> 0.0
M.SiLU = plain("SiLU", T.silu)

--- The hyperbolic tangent as a module.
-- @return module
-- @example ssl.nn.Tanh()(ssl.tensor{0}):item() --> 0.0
M.Tanh = plain("Tanh", T.tanh)

--- 1 / (1 + e^-x) as a module.
-- @return module
-- @example ssl.nn.Sigmoid()(ssl.tensor{0}):item() --> 0.5
M.Sigmoid = plain("Sigmoid", T.sigmoid)

local GELU = {
  init = function(self, options)
    options = check.options(1, options, { approximate = "none" })
    self.approximate = check.one_of(1, "approximate", options.approximate, { "none", "tanh" })
  end,
  forward = function(self, x)
    if self.approximate == "tanh" then return T.gelu(x, { approximate = "tanh" }) end
    return T.gelu(x)
  end,
  extra = function(self) return self.approximate == "tanh" and "tanh" or "" end,
}

--- The Gaussian error linear unit as a module, exact unless {approximate="tanh"}.
-- @param options {approximate="none" | "tanh"}
-- @return module
-- @source Hendrycks and Gimpel 2016
-- @example ssl.nn.GELU()(ssl.tensor{0}):item() --> 0.0
M.GELU = module.kind("GELU", GELU)

return M
