-- What is done to finished representations before they are compared or used: constructors of
-- transforms that are fitted to rows and applied to rows.

local center = require "sslkit.postprocess.center"

return {
  center = center.center,
  l2 = require "sslkit.postprocess.l2",
  pca = require "sslkit.postprocess.pca",
  postman_pat = require "sslkit.postprocess.postman_pat",
  standardize = center.standardize,
  whiten = require "sslkit.postprocess.whiten",
}
