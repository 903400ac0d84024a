-- Metrics: what a representation is worth, without labels and with them.

return {
  accumulator = require "sslkit.metrics.accumulator",
  alignment = require "sslkit.metrics.alignment",
  collapse = require "sslkit.metrics.collapse",
  compare = require "sslkit.metrics.compare",
  condition = require "sslkit.metrics.condition",
  effective_rank = require "sslkit.metrics.effective_rank",
  matrix_entropy = require "sslkit.metrics.matrix_entropy",
  nesum = require "sslkit.metrics.nesum",
  numerical_rank = require "sslkit.metrics.numerical_rank",
  participation_ratio = require "sslkit.metrics.participation_ratio",
  rankme = require "sslkit.metrics.rankme",
  report = require "sslkit.metrics.report",
  spectrum = require "sslkit.metrics.spectrum",
  srank = require "sslkit.metrics.srank",
  stable_rank = require "sslkit.metrics.stable_rank",
  uniformity = require "sslkit.metrics.uniformity",
}
