-- NT-Xent, the loss of SimCLR.

local core = require "sslkit.core"
local check = require "sslkit.check"
local reduce = require "sslkit.losses.reduction"
local views = require "sslkit.losses.views"
local T = require "sslkit.tensor"

local M = {}

local function check_list(list)
  if type(list) ~= "table" or #list < 2 then
    check.fail(1, "embeddings [N,D] of a view, or a list of two and more, expected, got %s",
      type(list) == "table" and ("a list of %d"):format(#list) or check.kind(list))
  end
  for _, z in ipairs(list) do views.check(1, z, list[1]) end
  return list
end

--- Contrasts each view of a sample with all views of the others in the batch: the mean over all anchors
-- i of logsumexp_{k ~= i}(z_i z_k / t) - z_i z_pos / t, z of length 1. With more than two views the
-- last term is the mean over all positives (the "out" form of supervised contrast).
-- @param z1 float tensor [N,D], embeddings of one view; or a list of V >= 2 views, and no z2
-- @param z2 float tensor [N,D], embeddings of the other
-- @param options {temperature=0.5, normalize=true (rows to length 1), reduction="mean" | "sum" |
-- "none"}
-- @return 0-dim tensor in nats; [V N], view by view, with reduction="none"
-- @raise on shapes that differ, fewer than two samples, temperatures not above 0, and a result that is
-- not finite
-- @source Chen et al. 2020, "A simple framework for contrastive learning", equation 1; van den Oord
-- et al. 2018; several views: Khosla et al. 2020, equation 2
-- @example ssl.losses.ntxent(ssl.eye(2), ssl.eye(2)):item() --> 0.239545
function M.ntxent(z1, z2, options)
  local list = z1
  if core.is_tensor(z1) then
    list = { views.check(1, z1), views.check(2, z2, z1) }
  else
    check_list(list)
    options = z2
  end
  local argn = core.is_tensor(z1) and 3 or 2
  options = check.options(argn, options,
    { temperature = 0.5, normalize = true, reduction = "mean" })
  local temperature = check.number(argn, "temperature", options.temperature, 0)
  if temperature == 0 then check.fail(argn, "temperature must be above 0, got 0") end
  local n, count = core.size(list[1], 1), #list
  if n < 2 then check.fail(1, "two samples at least expected, got %s", core.describe(list[1])) end
  local z = T.cat(list)
  if options.normalize then z = views.unit(z) end
  local itself = T.eye(n * count, "uint8")
  local s = T.masked_fill(T.matmul(z, T.transpose(z, 1, 2)) / temperature, itself, -math.huge)
  -- the positives of an anchor are all views of its sample, less itself
  local views_of = T.reshape(z, { count, n, -1 })
  local others = T.sum(views_of, 1, true) - views_of
  local positive = T.sum(T.reshape(views_of * others, { n * count, -1 }), 2)
  local rows = T.logsumexp(s, 2) - positive / ((count - 1) * temperature)
  if options.reduction ~= "none" then
    views.finite(core.sum(rows), table.unpack(argn == 3 and list or { z }))
  end
  return (reduce(argn, rows, options.reduction))
end

return M
