-- Multilayer perceptrons.

local check = require "sslkit.check"
local activation = require "sslkit.nn.activation"
local linear = require "sslkit.nn.linear"
local norm = require "sslkit.nn.norm"
local sequential = require "sslkit.nn.sequential"
local shape = require "sslkit.nn.shape"

local M = {}

local ACTIVATIONS = { relu = "ReLU", gelu = "GELU", silu = "SiLU", tanh = "Tanh" }

--- Linear layers with normalisation and activation between them; inputs [N, ...] are flattened
-- first.
-- @param options table: sizes = list of widths, {inputs, ..., outputs}; norm = "batch" or nil (nil);
-- activation = "relu", "gelu", "silu" or "tanh" ("relu"); activate_last = is the last layer
-- normalised and activated too (false); dtype ("float32"); generator (the default one)
-- @return module: [N, ...] -> [N, outputs]
-- @example ssl.nn.mlp{sizes = {4, 8, 2}}(ssl.ones(3, 4)):size(2) --> 2
function M.mlp(options)
  options = check.options(1, options,
    { activation = "relu", activate_last = false, dtype = "float32" },
    { sizes = true, norm = true, generator = true })
  local sizes = options.sizes
  if type(sizes) ~= "table" or #sizes < 2 then
    check.fail(1, "sizes = {inputs, ..., outputs} expected, got %s", check.kind(sizes))
  end
  if not ACTIVATIONS[options.activation] then
    check.one_of(1, "activation", options.activation, { "gelu", "relu", "silu", "tanh" })
  end
  if options.norm ~= nil then check.one_of(1, "norm", options.norm, { "batch" }) end
  local parts, dtype = { shape.Flatten() }, { dtype = options.dtype }
  local draw = { dtype = options.dtype, generator = options.generator }
  for i = 1, #sizes - 1 do
    parts[#parts + 1] = linear.Linear(sizes[i], sizes[i + 1], draw)
    if i < #sizes - 1 or options.activate_last then
      if options.norm then parts[#parts + 1] = norm.BatchNorm1d(sizes[i + 1], dtype) end
      parts[#parts + 1] = activation[ACTIVATIONS[options.activation]]()
    end
  end
  return sequential.Sequential(table.unpack(parts))
end

return M
