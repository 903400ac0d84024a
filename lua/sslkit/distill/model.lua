-- An encoder with the projection head of DINO: the architecture of the random-teacher study.

local core = require "sslkit.core"
local check = require "sslkit.check"
local nn = require "sslkit.nn"

local M = {}

-- Weights N(0, gain^2 / fan_in), biases 0, everything else as it is.
local function initialise(self, gain, generator)
  for _, entry in ipairs(self:named_parameters()) do
    local name, p = entry[1], entry[2]
    if core.dim(p) >= 2 then nn.init.kaiming_normal_(p, { gain = gain, generator = generator })
    elseif name:find "bias$" then nn.init.constant_(p, 0) end
  end
  return self
end

local function build_encoder(arch, inputs)
  if nn.is_module(arch) then return arch:clone() end
  check.one_of(1, "arch (or pass a module)", arch, { "mlp" })
  return nn.mlp { sizes = { inputs, 256, 256, 256, 256, 256 }, activate_last = true }
end

local function build_head(head, width)
  local parts, inp = {}, width
  for _, out in ipairs(head.hidden) do
    parts[#parts + 1] = nn.Linear(inp, out)
    parts[#parts + 1] = nn.GELU()
    inp = out
  end
  parts[#parts + 1] = nn.Linear(inp, head.bottleneck)
  parts[#parts + 1] = nn.L2Norm()
  local options = { normalize = head.weight_norm }
  parts[#parts + 1] = nn.WeightNormLinear(head.bottleneck, head.prototypes, options)
  return nn.Sequential(table.unpack(parts))
end

local Model = nn.module {
  name = "EncoderWithHead",
  init = function(self, encoder, head)
    self.encoder = encoder
    self.head = head
  end,
  forward = function(self, x) return self.head(self.encoder(x)) end,
  features = function(self, x) return self.encoder(x) end,
}

-- A model with parameters drawn from the generator. `width` is what the encoder gives for one
-- sample.
function M.build(arch, head, sample, generator)
  local encoder = build_encoder(arch, core.numel(sample))
  encoder = initialise(encoder, math.sqrt(2), generator)
  local width = core.size(encoder:clone():eval()(sample), 2)
  return Model(encoder, initialise(build_head(head, width), 1, generator))
end

return M
