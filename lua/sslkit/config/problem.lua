-- What is wrong with the values that a user gave, not with the script: the command line tells the
-- two apart.

local check = require "sslkit.check"

local problem = {}

--- Raises at the script's line, and remembers the message.
function problem.raise(message, ...)
  problem.last = message:format(...)
  check.raise("%s", problem.last)
end

return problem
