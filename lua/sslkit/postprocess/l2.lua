-- Rows of length 1.

local check = require "sslkit.check"
local transform = require "sslkit.postprocess.transform"

--- Divides each row by its length. There is nothing to learn: fit may be left out.
-- @param options {eps=1e-12 (a shorter row is divided by it instead; a row of zeros stays one)}
-- @return transform: fit(Z) returns itself, apply(Z)
-- @raise unknown options
-- @example ssl.postprocess.l2():apply(ssl.tensor{{3, 4}}):totable()[1][1] --> 0.6
local function l2(options)
  options = check.options(1, options, { eps = 1e-12 })
  check.number(1, "eps", options.eps, 0)
  return (transform.new("l2", options))
end

return l2
