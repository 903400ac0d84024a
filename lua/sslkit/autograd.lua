-- The tape. Every differentiable operation on a tensor that needs gradients leaves a node on its
-- result:
--   { name=, rule=, args={...}, versions={...} }
-- and a leaf (requires_grad) has { leaf=true, grad= }. backward() walks the nodes from the loss in
-- reverse order and asks
-- each rule (grads.lua) for the gradients of its arguments. Rules are written with tensor
-- operations, so that under
-- create_graph they leave nodes of their own, and second derivatives come by themselves.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local rules = require "sslkit.grads"
local T = require "sslkit.tensor"

local autograd = {}

local node_of, set_node, version, recording = core.node, core.set_node, core.version, core.recording

recording(true)

-- Called by every operation with its result and arguments (hook.lua).
local function record(name, out, ...)
  local needed = false
  for i = 1, select("#", ...) do
    if node_of((select(i, ...))) then needed = true break end
  end
  if not needed or not recording() then return end
  local rule = rules[name]
  if not rule then check.raise("%s has no gradient; use :detach() to pass it by", name) end
  local args = table.pack(...)
  local versions = {}
  for _, i in ipairs(rule.saves) do
    local t = i == 0 and out or args[i]
    if core.is_tensor(t) then versions[i] = version(t) end
  end
  set_node(out, { name = name, rule = rule, args = args, versions = versions })
end

-- Values that the rule reads must be what they were when the operation ran.
local function check_versions(node, out)
  for i, v in pairs(node.versions) do
    local t = i == 0 and out or node.args[i]
    if version(t) ~= v then
      check.raise("a value that %s needs was changed in place since (%s)", node.name, core.describe(t))
    end
  end
end

-- Nodes reachable from the root, each after all nodes that lead to it; by a stack of our own,
-- because graphs are deep.
local function order(root)
  local sorted, state, stack = {}, {}, { root }
  while #stack > 0 do
    local t = stack[#stack]
    local node = node_of(t)
    if state[node] then
      stack[#stack] = nil
      if state[node] == "open" then
        state[node] = "done"
        sorted[#sorted + 1] = t
      end
    else
      state[node] = "open"
      if node.freed then
        check.raise("this graph was freed by an earlier backward; keep it with {retain_graph = true}")
      end
      for i = 1, node.args and node.args.n or 0 do
        local a = node.args[i]
        local below = node_of(a)
        if below and not state[below] then stack[#stack + 1] = a end
      end
    end
  end
  return sorted
end

-- A leaf owns its gradient: what shares storage with another gradient, or is an expanded view, is
-- copied.
local function own(g, taken)
  local id = core.storage(g)
  if taken[id] or not core.is_contiguous(g) then
    g = T.clone(g)
    id = core.storage(g)
  end
  taken[id] = true
  return g
end

-- Walks from root, whose gradient is seed, and hands deliver(node, gradient) the gradient of every
-- node.
local function run(root, seed, create_graph, retain, deliver)
  local gradient = { [node_of(root)] = seed }
  local sorted = order(root)
  local before = recording(create_graph)
  local ok, message = pcall(function()
    for k = #sorted, 1, -1 do
      local t = sorted[k]
      local node = node_of(t)
      local g = gradient[node]
      gradient[node] = nil
      if g then deliver(node, g) end
      if g and not node.leaf then
        check_versions(node, t)
        local results = table.pack(node.rule.backward(g, t, table.unpack(node.args, 1, node.args.n)))
        for i = 1, results.n do
          local below = results[i] and node_of(node.args[i])
          if below then
            local sum = gradient[below]
            gradient[below] = sum and sum + results[i] or results[i]
          end
        end
      end
      if not node.leaf and not retain then node.freed, node.args, node.versions = true, nil, {} end
    end
  end)
  recording(before)
  if not ok then error(message, 0) end
end

local function check_loss(t)
  check.tensor(1, t, { dtype = "float" })
  if not node_of(t) then check.fail(1, "%s is not on the tape: nothing that it came from requires_grad", core.describe(t)) end
end

--- Gradients of a scalar with respect to all leaves that it came from, added to their `grad()`.
-- @param loss float tensor with one element (any shape with `gradient`)
-- @param options {gradient=tensor of the loss's shape (1), create_graph=false,
-- retain_graph=create_graph}
-- @raise when a needed value was changed in place since, when the graph is freed already
-- @example local w = ssl.tensor{3}:requires_grad(); (w * w):sum():backward(); return w:grad():item() --> 6.0
function T.backward(loss, options)
  check_loss(loss)
  options = check.options(2, options, { create_graph = false }, { gradient = true, retain_graph = true })
  local seed = options.gradient
  if seed then
    check.tensor(2, seed, { dtype = core.dtype(loss) }, "gradient")
    if not core.same_shape(seed, loss) then
      check.fail(2, "gradient %s does not fit the loss %s", core.describe(seed), core.describe(loss))
    end
  elseif core.numel(loss) ~= 1 then
    check.fail(1, "a loss of one element expected, got %s; pass {gradient = ...}", core.describe(loss))
  else seed = T.ones_like(loss) end
  local retain = options.retain_graph
  if retain == nil then retain = options.create_graph end
  local taken = { [core.storage(seed)] = true }
  run(loss, seed, options.create_graph, retain, function(node, g)
    if node.leaf then node.grad = node.grad and own(node.grad + g, taken) or own(g, taken) end
  end)
end

--- Marks a leaf: gradients with respect to it are kept in `grad()`. In place;
-- `requires_grad(false)` takes it back.
-- @param t float tensor
-- @param on boolean (true)
-- @return t
-- @example ssl.ones(2):requires_grad():is_leaf() --> true
function T.requires_grad(t, on)
  check.tensor(1, t, { dtype = "float" })
  local node = node_of(t)
  if on == false then
    if node and not node.leaf then check.fail(1, "the result of %s is no leaf; use :detach()", node.name) end
    set_node(t, nil)
  elseif not node then set_node(t, { leaf = true }) end
  return t
end

--- Is the tensor a leaf, that is, not the result of a recorded operation?
-- @param t tensor
-- @return boolean
-- @example ssl.ones(2):is_leaf() --> true
function T.is_leaf(t)
  local node = node_of(check.tensor(1, t))
  return not node or node.leaf == true
end

--- Is the tensor on the tape?
-- @param t tensor
-- @return boolean
-- @example ssl.ones(2):needs_grad() --> false
function T.needs_grad(t) return node_of(check.tensor(1, t)) ~= nil end

--- The gradient that backward left on a leaf, or nil. Given a second argument, sets it (nil
-- clears).
-- @param t leaf
-- @param ... new gradient of t's shape and dtype, or nil
-- @return tensor or nil
-- @example ssl.ones(2):requires_grad():grad() --> nil
function T.grad(t, ...)
  local node = node_of(check.tensor(1, t))
  if select("#", ...) > 0 then
    local g = ...
    if not node or not node.leaf then check.fail(1, "a leaf that requires_grad expected") end
    if g ~= nil and (not core.same_shape(check.tensor(2, g, { dtype = core.dtype(t) }), t)) then
      check.fail(2, "gradient %s does not fit %s", core.describe(g), core.describe(t))
    end
    node.grad = g
  end
  return node and node.grad
end

local guard = { __close = function(self) recording(self.before) end }

--- Without the tape: `no_grad(f)` runs f and returns its results; `local _ <close> = ssl.no_grad()`
-- lasts for the block.
-- @param f function, or nil
-- @return f's results, or a value to be closed
-- @example local w = ssl.ones(1):requires_grad(); return ssl.no_grad(function() return (w * 2):needs_grad() end) --> false
function autograd.no_grad(f)
  local before = recording(false)
  if f == nil then return setmetatable({ before = before }, guard) end
  local results = table.pack(pcall(f))
  recording(before)
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

--- Gradients of a function, without touching any `grad()`: the values are what f's loss depends on.
-- @param f function of the inputs that returns a tensor with one element
-- @param inputs list of float tensors (or one)
-- @param options {create_graph=false}
-- @return list of gradients (or one), false where the loss does not depend on an input
-- @example ssl.grad(function(x) return (x * x):sum() end, ssl.tensor{3}):item() --> 6.0
function autograd.grad(f, inputs, options)
  if type(f) ~= "function" then check.fail(1, "function expected, got %s", check.kind(f)) end
  local single = core.is_tensor(inputs)
  local list = single and { inputs } or inputs
  if type(list) ~= "table" then check.fail(2, "tensor or list of tensors expected, got %s", check.kind(inputs)) end
  options = check.options(3, options, { create_graph = false })
  local views, place, out = {}, {}, {}
  for i, x in ipairs(list) do
    check.tensor(2, x, { dtype = "float" })
    -- without create_graph the inputs are leaves of their own; with it they stay where they are on
    -- the tape
    views[i] = options.create_graph and node_of(x) and x or T.requires_grad(core.detach(x))
    place[node_of(views[i])] = i
    out[i] = false
  end
  local before = recording(true)
  local ok, loss = pcall(f, table.unpack(views))
  recording(before)
  if not ok then error(loss, 0) end
  check.tensor(1, loss, { dtype = "float" }, "the function's result")
  if node_of(loss) then
    if core.numel(loss) ~= 1 then check.fail(1, "the function must return one element, got %s", core.describe(loss)) end
    run(loss, T.ones_like(loss), options.create_graph, options.create_graph, function(node, g)
      local i = place[node]
      if i then out[i] = g end
    end)
  end
  return single and out[1] or not single and out
end

--- The Hessian of f times a vector, by differentiating the gradient once more.
-- @param f function of the parameters that returns a tensor with one element
-- @param params list of float tensors (or one)
-- @param v list of tensors like params (or one)
-- @return list of tensors like params (or one)
-- @source Pearlmutter 1994, "Fast exact multiplication by the Hessian"
-- @example ssl.hvp(function(x) return (x ^ 3):sum() end, ssl.tensor{2}, ssl.tensor{1}):item() --> 12.0
function autograd.hvp(f, params, v)
  local single = core.is_tensor(params)
  local list = single and { params } or params
  local along = single and { v } or v
  local leaves = {}
  for i, p in ipairs(list) do leaves[i] = T.requires_grad(core.detach(p)) end
  local product = autograd.grad(function(...)
    local g = autograd.grad(f, { ... }, { create_graph = true })
    local sum
    for i = 1, #list do
      local term = g[i] and T.sum(g[i] * along[i])
      sum = sum and term and sum + term or sum or term
    end
    return sum or T.sum(... * 0)
  end, leaves)
  for i, p in ipairs(list) do product[i] = product[i] or T.zeros_like(p) end
  return single and product[1] or product
end

hook.record = record
rules.record = record

return autograd
