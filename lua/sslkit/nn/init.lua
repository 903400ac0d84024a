-- Networks: layers, models, and modules of your own.

local module = require "sslkit.nn.module"

local nn = {
  init = require "sslkit.nn.initialise", module = module.module, is_module = module.is_module,
}

for _, part in ipairs { "linear", "conv", "activation", "norm", "pool", "shape", "dropout",
  "embedding", "sequential", "mlp",
  "residual", "weight_norm", "attention", "transformer", "patch", "scattering",
  "models.vit", "models.resnet", "models.vgg",
} do
  for name, value in pairs(require("sslkit.nn." .. part)) do nn[name] = value end
end

return nn
