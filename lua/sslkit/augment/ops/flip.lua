-- Mirrors.

local ops = {}

ops.hflip = {
  doc = "mirrors left and right",
  options = { { "p", 0.5 } },
  image = true,
  rows = function() return { { "hflip" } } end,
}

ops.vflip = {
  doc = "mirrors top and bottom",
  options = { { "p", 0.5 } },
  image = true,
  rows = function() return { { "vflip" } } end,
}

ops.identity = {
  doc = "changes nothing",
  rows = function() return {} end,
}

return ops
