-- Logs: what a run has measured, record by record. A log is a few functions over a file; all take the
-- same records, tables of names and values.

local T = require "sslkit.tensor"

local log = {
  all = require("sslkit.log.all").all,
  csv = require("sslkit.log.csv").csv,
  jsonl = require("sslkit.log.jsonl").jsonl,
  read = require("sslkit.log.read").read,
  tensorboard = require("sslkit.log.tensorboard").tensorboard,
  text = require("sslkit.log.text").text,
}

--- The natural logarithm, since NumPy's and PyTorch's users find it under this name; `t:log()` is the
-- same. Next to it are the logs: `ssl.log.jsonl`, `csv`, `tensorboard`, `text`, `all` and `read`.
-- @param t float tensor
-- @param options table: out = tensor for the result
-- @return tensor
-- @example ssl.log(ssl.tensor{1, 0}) --> [  0., -inf] (2) float32
local function natural(_, ...) return (T.log(...)) end

return setmetatable(log, { __call = natural })
