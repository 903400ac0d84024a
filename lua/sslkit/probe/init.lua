-- Probes: what can be read off frozen representations with labels.

return {
  knn = require "sslkit.probe.knn",
  logistic = require "sslkit.probe.logistic",
  ridge = require "sslkit.probe.ridge",
}
