-- Small runs for the specs of ssl.train: a model, a loader of the digits, a loss.

local ssl = require "sslkit"

local runs = {}

local digits = ssl.data.digits():subset(ssl.arange(1, 200, 1, "int64"))

function runs.net(norm)
  ssl.seed(5)
  return ssl.nn.mlp { sizes = { 64, 16, 10 }, norm = norm }
end

function runs.loader(options)
  options = options or {}
  options.batch, options.seed = options.batch or 32, options.seed or 1
  return ssl.data.loader(digits, options)
end

function runs.loss(net, batch)
  return ssl.losses.cross_entropy(net(batch.x:flatten(2)), batch.y)
end

-- Options with everything that a run needs, and more of them over it.
function runs.options(more)
  local o = { data = runs.loader(), loss = runs.loss, optimizer = { "adam", lr = 0.01 } }
  for name, v in pairs(more or {}) do o[name] = v end
  o.model = o.model or runs.net()
  return o
end

-- Are two states, of models or what else, the same to the bit?
function runs.same(a, b)
  if ssl.nn.is_module(a) then a, b = a:state(), b:state() end
  for name, t in pairs(a) do
    if not ssl.equal(t, b[name]) then return false end
  end
  return true
end

return runs
