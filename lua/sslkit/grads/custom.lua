-- The gradient rule of functions that bring their own (func.lua): their first argument is that.

local tools = require "sslkit.grads.tools"

tools.rule("custom", {}, function(g, _, gradient) return false, gradient(g) end)
