-- Plots: each function makes a figure, which saves itself as SVG, PNG or CSV and prints itself in a
-- terminal.

return {
  bar = require "sslkit.plot.bar",
  histogram = require "sslkit.plot.histogram",
  scatter = require "sslkit.plot.scatter",
  spectrum = require "sslkit.plot.spectrum",
  line = require "sslkit.plot.line",
  column = require "sslkit.plot.column",
  heatmap = require "sslkit.plot.heatmap",
  contour = require "sslkit.plot.contour",
  landscape = require "sslkit.plot.landscape",
  image_grid = require "sslkit.plot.image_grid",
  parallel = require "sslkit.plot.parallel",
  colormap = require("sslkit.plot.colormap").of,
}
