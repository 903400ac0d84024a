-- The ranks of features by which plasticity is watched, side by side.

local check = require "sslkit.check"
local moments = require "sslkit.metrics.engine.moments"
local numerical_rank = require "sslkit.metrics.numerical_rank"
local participation_ratio = require "sslkit.metrics.participation_ratio"
local rankme = require "sslkit.metrics.rankme"
local result = require "sslkit.metrics.engine.result"
local rows = require "sslkit.metrics.engine.rows"
local spectrum = require "sslkit.metrics.engine.spectrum"
local srank = require "sslkit.metrics.srank"

-- The four of a spectrum, under their names with `suffix`.
local function ranks(info, s, delta, suffix)
  local center, alone = s.center, s.center and s.n == 1
  local function put(name, value) info[name .. suffix] = alone and 0 / 0 or value end
  put("srank", srank(s, { center = center, delta = delta }))
  put("entropy_rank", rankme(s, { center = center }))
  put("participation_ratio", participation_ratio(s, { center = center }))
  put("numerical_rank", numerical_rank(s, { center = center }))
  if alone then info.undefined = "centred: one row has no variance" end
end

--- Four ranks of features: srank (the fewest singular values that make up 1 - delta of their sum),
-- entropy_rank (exp of the entropy of their shares, which is RankMe), participation_ratio and
-- numerical_rank; of the features as they are, and with _centred behind the name of the centred ones.
-- @param z float tensor [N,D], an accumulator, a spectrum (whose centring alone is read), or an opened
-- .npy file
-- @param options {delta=0.01 (of srank), nan="error", "skip" or "propagate"}
-- @return table that prints well {srank=, entropy_rank=, participation_ratio=, numerical_rank=,
-- srank_centred=, ..., n=, d=, warn= (for N < 4D), ...}
-- @raise on NaN or Inf, naming the row
-- @source Kumar, Agarwal, Ghosh, Levine 2021, ICLR; Roy, Vetterli 2007, EUSIPCO; Gao, Ganguli 2015
-- @example local r = ssl.metrics.feature_rank(ssl.tensor{3, 2, 0.5, 0.03, 0.01}:diag()); return r.srank --> 3
-- @example ssl.metrics.feature_rank(ssl.tensor{3, 2, 0.5, 0.03, 0.01}:diag()).entropy_rank --> 2.603103
local function feature_rank(z, options)
  local o = check.options(2, options, { delta = 0.01, nan = "error" })
  local delta, info = check.number(2, "delta", o.delta, 0, 1), {}
  check.one_of(2, "nan", o.nan, rows.POLICIES)
  local both = { false, true }
  if spectrum.is(z) then both = { z.center } end
  if moments.is(z) and z.center ~= nil then both = { z.center } end
  for _, center in ipairs(both) do
    local s, reason = spectrum.of(1, z, { center = center, nan = o.nan })
    if not s then
      for _, name in ipairs { "srank", "entropy_rank", "participation_ratio", "numerical_rank" } do
        info[name], info[name .. "_centred"] = 0 / 0, 0 / 0
      end
      info.undefined = reason
      return result.page("feature_rank", info)
    end
    info.n, info.d = s.n, s.d
    if s.skipped > 0 then info.n_skipped = s.skipped end
    if not s.certified then info.certified = false end
    ranks(info, s, delta, center and "_centred" or "")
  end
  if info.n < 4 * info.d then
    info.warn = ("N = %d is less than 4 D = %d: the sample limits the ranks"):format(
      info.n, 4 * info.d)
  end
  return result.page("feature_rank", info)
end

return feature_rank
