-- sslkit compare A.npy B.npy ...: embeddings side by side.

local arrays = require "sslkit.cli.arrays"
local json = require "sslkit.text.json"
local report = require "sslkit.cli.report"

local compare = {
  name = "compare",
  summary = "Measure several embeddings side by side",
  description = "Measures several embeddings of the same items and shows them side by side.",
  examples = {
    "sslkit compare epoch1.npy epoch10.npy --labels y.npy",
    "sslkit compare runs/*/Z.npy --html compare.html",
  },
}

function compare.define(command)
  command:argument "Z"
    :args "2+"
    :description "Embeddings, as for `sslkit report`; FILE.npz:NAME takes one array."
  command:option "--labels"
    :argname "<y>"
    :description "A label for each row, the same for all."
  arrays.options(command)
  command:flag "--json"
    :description "One JSON object on stdout instead of the table."
  command:option "--html"
    :argname "<file>"
    :description "Write the comparison there as an HTML page, too."
end

function compare.run(given, out)
  local names, reports = arrays.names(given.Z), {}
  for i, path in ipairs(given.Z) do
    reports[i] = report.measure(out, path, given, out.clean(names[i]))
  end
  local result = require("sslkit").metrics.compare(reports)
  local page = given.json and json.encode(result) or result:page { width = out.columns(math.huge) }
  out:write(page .. "\n")
  report.save(out, given.html, result)
end

return compare
