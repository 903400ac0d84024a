-- The gradient rule of distances. It is a kernel where only its value is asked for, and made of
-- tensor operations where it goes on the tape: these take the room of all differences.

local core = require "sslkit.core"
local tools = require "sslkit.grads.tools"
local T = require "sslkit.tensor"

local rule, needs = tools.rule, tools.needs

-- What each distance changes with each difference t; 0 where there is none.
local function slopes(t, dist, p)
  dist = T.unsqueeze(dist, -1)
  local none = T.eq(T.detach(dist), 0)
  dist = T.where(none, math.huge, dist)
  if p == 2 then return t / dist end
  local sign = T.sign(T.detach(t))
  if p == 1 then return sign end
  if p == 0 then return t * 0 end
  if p == math.huge then
    local most = T.eq(T.abs(T.detach(t)), T.detach(dist)):to(core.dtype(t))
    return sign * most / T.maximum(T.sum(most, -1, true), 1)
  end
  local zero = T.eq(sign, 0)
  return T.where(zero, 0, sign * (T.where(zero, 1, T.abs(t)) / dist) ^ (p - 1))
end

rule("cdist", { 0, 1, 2 }, function(g, out, x, y, p)
  if core.recording() then
    local t = T.unsqueeze(x, -2) - T.unsqueeze(y, -3)
    local change = T.unsqueeze(g, -1) * slopes(t, out, p)
    return needs(x) and T.sum(change, -2), needs(y) and -T.sum(change, -3)
  end
  return needs(x) and core.cdist_slope(g, x, y, out, p, false),
    needs(y) and core.cdist_slope(g, x, y, out, p, true)
end)
