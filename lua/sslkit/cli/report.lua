-- sslkit report Z.npy: whether an embedding is healthy, on a page.

local arrays = require "sslkit.cli.arrays"
local json = require "sslkit.text.json"

local report = {
  name = "report",
  summary = "Measure an embedding: rank, collapse, geometry, labels",
  description = "Measures an embedding, N rows of D features: rank, collapse and uniformity, with "
    .. "labels also what they say of it. Says what looks wrong.",
  examples = {
    "sslkit report Z.npy",
    "sslkit report Z.npy --labels y.npy --html report.html",
    "sslkit report e.npz:z --labels e.npz:y --json | jq .rankme",
  },
}

function report.define(command)
  command:argument "Z"
    :description "Embeddings: .npy, .npz, .safetensors or .csv. FILE.npz:NAME takes one array."
  command:option "--labels"
    :argname "<y>"
    :description "A label for each row: whole numbers of any values."
  command:option "--views"
    :argname "<Z2>"
    :description "Embeddings of the same items under another augmentation."
  command:option "--name"
    :argname "<text>"
    :description "What the page calls the embedding (the file)."
  command:option "--key"
    :argname "<name>"
    :description "The array to take from a .npz or .safetensors file."
  arrays.options(command)
  command:flag "--json"
    :description "One JSON object on stdout instead of the page."
  command:option "--html"
    :argname "<file>"
    :description "Write the report there as an HTML page, too."
end

--- The report on one file.
-- @param out ui
-- @param path string
-- @param given options of the command line
-- @param name what it is called
-- @return metric report
function report.measure(out, path, given, name)
  local ssl = require "sslkit"
  local z = arrays.rows(out, path, given)
  local n = z:shape()
  local labels = given.labels and arrays.labels(out, given.labels, n, path)
  local views = given.views and arrays.rows(out, given.views, given)
  if views and views:dtype() ~= z:dtype() then views = views:to(z:dtype()) end
  local options = { labels = labels, views = views, name = name }
  if given.nan == "skip" then options.nan = "skip" end
  return (out:try(function(message)
    local holes = message:find "%f[%a][Nn]a[Nn]%f[%A]" or message:find "%f[%a][Ii]nf"
    local advice = holes and given.nan ~= "skip" and "; --nan skip leaves such rows out" or ""
    return path .. ": " .. message:gsub("; see the option nan$", "") .. advice
  end, ssl.metrics.report, z, options))
end

--- Writes the HTML page, where one is wanted.
-- @param out ui
-- @param path string or nil
-- @param results report or list of reports
function report.save(out, path, results)
  if not path then return end
  local ok, message = require("sslkit").report(results):save(path)
  if not ok then out:fail("%s", message) end
  out:note("wrote %s", path)
end

function report.run(given, out)
  local result = report.measure(out, given.Z, given, out.clean(given.name or given.Z))
  if given.json then
    out:write(json.encode(result) .. "\n")
  else
    out:write(result:page { color = out.colored(), width = out.columns() } .. "\n")
  end
  report.save(out, given.html, result)
end

return report
