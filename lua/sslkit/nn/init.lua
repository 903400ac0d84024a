-- Modules and models.

local nn = { init = require "sslkit.nn.initialise" }

for _, part in ipairs { "module", "linear", "activation", "norm", "sequential", "mlp" } do
  for name, value in pairs(require("sslkit.nn." .. part)) do
    if type(value) == "function" and name ~= "kind" and name ~= "describe" then nn[name] = value end
  end
end

return nn
