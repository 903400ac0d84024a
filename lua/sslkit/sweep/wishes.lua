-- What the command line wants of the sweeps of a script that it runs, over what the script says: workers,
-- interrupt (commanded = true: Ctrl-C is the sweep's unless it says otherwise), and, of the sweep in the folder `only` (of all where there is none), retry = run failed trials
-- again, resume = only go on with what is there.

local wishes = {}

--- Is a wish for this sweep?
-- @param name "retry" or "resume"
-- @param path of its store, or nil
-- @return true or false
function wishes.are(name, path)
  return wishes[name] and (wishes.only == nil or wishes.only == path) or false
end

return wishes
