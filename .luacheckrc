std = "lua54"
max_line_length = 100
max_comment_line_length = 200 -- an @example is one line
files["spec"] = { std = "lua54+busted" }
ignore = { "581" } -- not (x < y) is not x >= y where NaN may come
