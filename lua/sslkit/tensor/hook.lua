-- Where the tape plugs in. Until autograd is loaded `record` is nil and an operation costs one
-- test; then every differentiable operation calls record(name, result, arguments...).

return { record = nil }
