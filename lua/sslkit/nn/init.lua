-- Networks: layers, models, and modules of your own.

local module = require "sslkit.nn.module"

local nn = {
  init = require "sslkit.nn.initialise", module = module.module, is_module = module.is_module,
}

for _, part in ipairs { "linear", "conv", "activation", "norm", "sequential", "mlp" } do
  for name, value in pairs(require("sslkit.nn." .. part)) do nn[name] = value end
end

return nn
