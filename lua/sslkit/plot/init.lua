-- Plots: each function makes a figure, which saves itself as SVG and prints itself in a terminal.

return {
  line = require "sslkit.plot.line",
  column = require("sslkit.plot.figure").column,
}
