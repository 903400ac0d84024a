-- Learning: optimisers, learning rates, moving averages.

local optim = { schedule = require "sslkit.optim.schedule" }

local PARTS = {
  "sgd", "adam", "lars", "lion", "frugal", "sam", "orthograd", "clip", "autolrs", "ema",
}

for _, part in ipairs(PARTS) do
  for name, f in pairs(require("sslkit.optim." .. part)) do optim[name] = f end
end

return optim
