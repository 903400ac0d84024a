-- What the command line wants of the sweeps of a script that it runs, over what the script says: workers,
-- interrupt, retry = run failed trials again, resume = only go on with what is there.

return {}
