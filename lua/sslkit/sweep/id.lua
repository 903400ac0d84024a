-- What trials are called, and what their random numbers begin with: both follow from what they are, so
-- that the same config has the same id in every sweep, and a grown grid keeps its old results.

local sha256 = require "sslkit.sweep.sha256"

local id = {}

-- Mixes the bits of an integer: one bit of difference changes half of them.
local function mix(x)
  x = (x ~ x >> 30) * 0xbf58476d1ce4e5b9
  x = (x ~ x >> 27) * 0x94d049bb133111eb
  return x ~ x >> 31
end

--- The id of a trial.
-- @param canonical the config as canonical JSON
-- @param replicate number of the repetition, from 1
-- @return 12 hexadecimal digits
-- @example #require("sslkit.sweep.id").of('{"lr":0.1}', 1) --> 12
function id.of(canonical, replicate)
  return (sha256(("%s\n%d"):format(canonical, replicate)):sub(1, 12))
end

--- The seed of a trial: 48 bits, which JSON holds exactly.
-- @param sweep_seed integer
-- @param trial_id string
-- @return integer
-- @source Steele, Lea and Flood 2014, SplitMix64, for the mixing
-- @example math.type(require("sslkit.sweep.id").seed(0, "0123456789ab")) --> integer
function id.seed(sweep_seed, trial_id)
  return mix(mix(sweep_seed + 0x9e3779b97f4a7c15) ~ tonumber(trial_id, 16)) >> 16
end

return id
