-- The version of sslkit: the one place where it stands.

return "0.1.0"
