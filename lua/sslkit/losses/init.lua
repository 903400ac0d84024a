-- Losses: objectives that training makes small.

local losses = {}

for _, part in ipairs {
  "cross_entropy", "kl", "mse", "ntxent", "vicreg", "barlow_twins",
} do
  for name, f in pairs(require("sslkit.losses." .. part)) do losses[name] = f end
end

return losses
