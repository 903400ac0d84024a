-- sslkit: look inside self-supervised learning. The front door: tensors at once, every other part
-- on first use.

local T = require "sslkit.tensor"

local ssl = {
  _VERSION = "sslkit " .. require "sslkit.version",
  _DESCRIPTION = "look inside self-supervised learning",
}

-- Where names live that are not tensor functions. A whole module, or one function of it.
local modules = {
  data = "sslkit.data", metrics = "sslkit.metrics", probe = "sslkit.probe", nn = "sslkit.nn",
  optim = "sslkit.optim", losses = "sslkit.losses", distill = "sslkit.distill",
  plot = "sslkit.plot", io = "sslkit.io", image = "sslkit.image", text = "sslkit.text",
  log = "sslkit.log", progress = "sslkit.progress", linalg = "sslkit.linalg", page = "sslkit.page",
  postprocess = "sslkit.postprocess", report = "sslkit.report",
  func = "sslkit.func", help = "sslkit.help", config = "sslkit.config", repl = "sslkit.repl",
  sweep = "sslkit.sweep",
  augment = "sslkit.augment",
}
local functions = {
  load = "sslkit.io", save = "sslkit.io",
  no_grad = "sslkit.autograd", grad = "sslkit.autograd", hvp = "sslkit.autograd",
  gradcheck = "sslkit.gradcheck", train = "sslkit.train",
}

-- The tape is loaded by its first use.
for _, name in ipairs { "requires_grad", "backward", "grad", "is_leaf", "needs_grad" } do
  T[name] = T[name] or function(...)
    require "sslkit.autograd"
    return T[name](...)
  end
end

for name, f in pairs(T) do -- but ssl.grad is the function of functions, t:grad() the method, and
  if not name:find "^_" and name ~= "grad" and name ~= "log" then ssl[name] = f end -- ssl.log more
end

return setmetatable(ssl, {
  lazy = { modules, functions }, -- every name that loads something, for help and completion
  __index = function(self, name)
    local value
    if modules[name] then value = require(modules[name])
    elseif functions[name] then value = require(functions[name])[name] end
    rawset(self, name, value)
    return value
  end,
})
