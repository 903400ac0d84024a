-- Gradient rules of sorting: what was read at a place goes back there.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

for _, name in ipairs { "sort", "topk" } do
  tools.part(name, { 3 }, function(out, g, dim, indices) core.scatter_(out, dim, indices, g) end,
    T.gather)
end
