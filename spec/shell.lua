-- shell(command, ...) runs a shell command, formatted with quoted arguments, in a clean
-- environment: nothing preloaded, and nothing of the make or the Lua paths that run the specs.
-- Gives its exit code and its output.

local function quote(v) return "'" .. tostring(v):gsub("'", "'\\''") .. "'" end

return function(command, ...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = quote(words[i]) end
  local script = command:format(table.unpack(words, 1, words.n))
  local clean = 'env -i PATH="$PATH" HOME=/nonexistent sh -c %s 2>&1; echo $?'
  local pipe = io.popen(clean:format(quote(script)))
  local text = pipe:read "a"
  pipe:close()
  local output, code = text:match "^(.-)(%d+)\n$"
  return tonumber(code), output
end
