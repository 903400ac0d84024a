-- Learning: optimisers, learning rates, moving averages.

local optim = { schedule = require "sslkit.optim.schedule" }

for _, part in ipairs { "adam", "sgd", "ema" } do
  for name, f in pairs(require("sslkit.optim." .. part)) do optim[name] = f end
end

return optim
