-- Code bases mean different things by the same words. A dialect is a table of what options are
-- where a policy of that dialect does not say otherwise; the canonical form has them all written
-- out.

local check = require "sslkit.check"
local near = require "sslkit.near"

local dialects = {}

-- TensorFlow's window, cubic curves whose overshoot is cut, and black around what is blurred.
local TF_CROP = { sampler = "tf", interp = "bicubic", clip = true }
local TF_BLUR = { pad = "zero" }

local PIL = { antialias = true, clip = true }

local known = {
  -- torchvision 0.14 on tensors
  tv = {},
  -- torchvision on Pillow images: filters that average when they shrink, Pillow's blur and greys
  pil = { random_resized_crop = PIL, resize = PIL, gray = { dialect = "pil" } },
  -- google-research/simclr, its second version: factors multiply; simclr1 adds brightness
  simclr = { jitter = { dialect = "simclr" }, random_resized_crop = TF_CROP, blur = TF_BLUR },
  simclr1 = { jitter = { dialect = "simclr1" }, random_resized_crop = TF_CROP, blur = TF_BLUR },
  -- deepmind-research/byol: brightness is added, contrast is by channel, saturation that of HSV
  byol = { jitter = { dialect = "byol" }, random_resized_crop = TF_CROP, blur = TF_BLUR },
}

--- The name, or nil and what is wrong with it.
function dialects.find(name)
  if known[name] then return name end
  local all = {}
  for each in pairs(known) do all[#all + 1] = each end
  table.sort(all)
  return nil, ("dialect must be one of %s, got %s%s"):format(table.concat(all, ", "),
    check.kind(name), near.hint(tostring(name), all))
end

--- What a dialect says of an operation: options by name.
function dialects.defaults(name, op) return known[name][op] or {} end

return dialects
