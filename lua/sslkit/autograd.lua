-- The tape. Every differentiable operation on a tensor that needs gradients leaves a node on its
-- result:
--   { name=, rule=, args={...}, out=, versions={...} }
-- and a leaf (requires_grad) has { leaf=true, grad= }. Values that the rule does not read are not
-- kept: a stand-in of their shape bears their node. Nor are those that are easily made `again`. backward() walks the nodes from the loss in
-- reverse order and asks each rule (grads/) for the gradients of its arguments. Rules are
-- written with tensor operations, so that under create_graph they leave nodes of their own, and
-- second derivatives come by themselves.

local core = require "sslkit.core"
local check = require "sslkit.check"
local hook = require "sslkit.tensor.hook"
local rules = require "sslkit.grads"
local T = require "sslkit.tensor"

local autograd = {}

local node_of, set_node, version, recording = core.node, core.set_node, core.version, core.recording

recording(true)

-- {== Recording =============================================================

local function is_float(t)
  local dtype = core.dtype(t)
  return dtype == "float32" or dtype == "float64"
end

-- An index key, a list of sizes: the caller may fill his table with other numbers before backward.
-- None of them is deep, and one that holds itself has no end.
local function copied(v, depth)
  if type(v) ~= "table" then return v end
  if depth == 4 then check.raise "tables nested too deep for the tape" end
  local new = {}
  for key, value in pairs(v) do new[key] = copied(value, depth + 1) end
  return new
end

-- Can the node's result be made again? Not from what would have to be made again itself.
local function can_make(node) return node.rule.again and not node.again and not node.freed end

-- Called by every operation with its result and arguments (hook.lua). Integers have no gradients.
local function record(name, out, ...)
  local needed = false
  for i = 1, select("#", ...) do
    if node_of((select(i, ...))) then needed = true break end
  end
  if not needed or not recording() or not is_float(out) then return end
  local rule = rules[name]
  if not rule then check.raise("%s has no gradient; use :detach() to pass it by", name) end
  local args, saved, versions, again = table.pack(...), rule.saved, {}, nil
  for i = 1, args.n do
    local a = args[i]
    local node = node_of(a)
    if node and not node.leaf and (not saved[i] or can_make(node)) then
      args[i] = core.stand_in(a)
      if saved[i] then
        again = again or {}
        again[#again + 1] = i
      end
    elseif saved[i] and core.is_tensor(a) then
      versions[i] = version(a)
    else
      args[i] = copied(a, 0)
    end
  end
  if saved[0] then versions[0] = version(out) end
  set_node(out, { name = name, rule = rule, args = args, out = saved[0] and out, again = again,
    versions = versions })
end

local guard = { __close = function(self) recording(self.before) end }

-- Recording as `on` says until the value is closed.
local function switched(on) return setmetatable({ before = recording(on) }, guard) end

-- A function, or what is called like one, such as a module.
function autograd.check_callable(argn, f)
  if type(f) ~= "function" and not (getmetatable(f) or {}).__call then
    check.fail(argn, "function expected, got %s", check.kind(f))
  end
end

local check_callable = autograd.check_callable

--- Without the tape: `no_grad(f, ...)` returns what f(...) does; `local _ <close> = ssl.no_grad()`
-- lasts for the block. However f is left, the tape is then as it was.
-- @param f function or module, or nothing
-- @param ... its arguments
-- @return f's results, or a value to be closed
-- @example local w = ssl.ones(1):requires_grad(); return ssl.no_grad(function() return (w * 2):needs_grad() end) --> false
function autograd.no_grad(...)
  if select("#", ...) == 0 then return switched(false) end
  local f = ...
  check_callable(1, f)
  local _ <close> = switched(false)
  return core.callback(f, select(2, ...))
end

-- ==}

-- {== Walking back ==========================================================

local FREED = "a graph was freed by an earlier backward; keep it with {retain_graph = true}, or "
  .. ":detach() what comes from it"

-- Nodes reachable from the root, each after all that it was made of; by a stack of our own, because
-- graphs are deep. What lies below a node that was freed is not known any more, so that its
-- gradients would silently be missing, unless it is wanted itself.
local function order(root, targets)
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
      if node.freed and not (targets and targets[node]) then
        check.raise(FREED)
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

-- Those of the sorted that were made of a target or are one, and the set of the former.
local function between(sorted, targets)
  local kept, made = {}, {}
  for _, t in ipairs(sorted) do
    local node = node_of(t)
    for i = 1, node.args and node.args.n or 0 do
      local below = node_of(node.args[i])
      if below and (targets[below] or made[below]) then made[node] = true end
    end
    if made[node] or targets[node] then kept[#kept + 1] = t end
  end
  return kept, made
end

-- Values that the rule reads must be what they were when the operation ran, or be made again.
local function check_values(node)
  for _, i in ipairs(node.again or {}) do
    if node_of(node.args[i]).freed then check.raise(FREED) end
  end
  for i, v in pairs(node.versions or {}) do
    local t = i == 0 and node.out or node.args[i]
    if version(t) ~= v then
      check.raise("a value that %s needs was changed in place since (%s)", node.name,
        core.describe(t))
    end
  end
end

-- The values that the node's rule reads and that were not kept.
local function make_again(node)
  for _, i in ipairs(node.again or {}) do
    local below = node_of(node.args[i])
    local value = below.rule.again(table.unpack(below.args, 1, below.args.n))
    set_node(value, below)
    node.args[i] = value
  end
end

-- Walks from root, whose gradient is seed, and hands deliver(node, gradient) the gradient of every
-- node; with targets (a set of nodes) only the way to them is gone. All is checked before anything
-- is delivered.
local function run(root, seed, create_graph, retain, deliver, targets)
  local gradient, sorted, made = { [node_of(root)] = seed }, order(root, targets), nil
  if targets then sorted, made = between(sorted, targets) end
  for _, t in ipairs(sorted) do check_values(node_of(t)) end
  local _ <close> = switched(create_graph)
  for k = #sorted, 1, -1 do
    local t = sorted[k]
    local node = node_of(t)
    local g = gradient[node]
    gradient[node], sorted[k] = nil, nil
    if g then deliver(node, g) end
    if not node.leaf and (not made or made[node]) then
      local args = node.args
      if g then make_again(node) end
      local results = g and table.pack(node.rule.backward(g, node.out or t,
        table.unpack(args, 1, args.n)))
      for i = 1, g and results.n or 0 do
        local below = results[i] and node_of(args[i])
        if below then
          local sum = gradient[below]
          gradient[below] = sum and sum + results[i] or results[i]
        end
      end
      if not retain then node.freed, node.args, node.out, node.versions = true, nil, nil, nil end
    end
  end
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

local function check_loss(t)
  check.tensor(1, t, { dtype = "float" })
  if not node_of(t) then
    check.fail(1, "%s is not on the tape: nothing that it came from requires_grad",
      core.describe(t))
  end
end

--- Gradients of a scalar with respect to all leaves that it came from, added to their `grad()`.
-- @param loss float tensor with one element (any shape with `gradient`)
-- @param options {gradient=tensor of the loss's shape (1), create_graph=false, retain_graph=boolean
-- (create_graph)}
-- @raise when a needed value was changed in place since, when the graph is freed already
-- @example local w = ssl.tensor{3}:requires_grad(); (w * w):sum():backward(); return w:grad():item() --> 6.0
function T.backward(loss, options)
  check_loss(loss)
  options = check.options(2, options, { create_graph = false },
    { gradient = true, retain_graph = true })
  local seed = options.gradient
  if seed then
    check.tensor(2, seed, { dtype = core.dtype(loss) }, "gradient")
    if not core.same_shape(seed, loss) then
      check.fail(2, "gradient %s does not fit the loss %s", core.describe(seed),
        core.describe(loss))
    end
  elseif core.numel(loss) ~= 1 then
    check.fail(1, "a loss of one element expected, got %s; pass {gradient = ...}",
      core.describe(loss))
  else
    seed = T.ones_like(loss)
  end
  local retain = options.retain_graph
  if retain == nil then retain = options.create_graph end
  local taken = { [core.storage(seed)] = true }
  run(loss, seed, options.create_graph, retain, function(node, g)
    if node.leaf then node.grad = own(node.grad and node.grad + g or g, taken) end
  end)
end

-- ==}

-- {== Leaves ================================================================

--- Marks a leaf: gradients with respect to it are kept in `grad()`. In place;
-- `requires_grad(false)` takes it back.
-- @param t float tensor
-- @param on boolean (true)
-- @return t
-- @example ssl.ones(2):requires_grad():is_leaf() --> true
function T.requires_grad(t, on)
  check.tensor(1, t, { dtype = "float" })
  if on ~= nil and type(on) ~= "boolean" then
    check.fail(2, "boolean expected, got %s", check.kind(on))
  end
  local node = node_of(t)
  if on == false then
    if node and not node.leaf then
      check.fail(1, "the result of %s is no leaf; use :detach()", node.name)
    end
    set_node(t, nil)
  elseif not node then
    set_node(t, { leaf = true })
  end
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
    if g ~= nil and not core.same_shape(check.tensor(2, g, { dtype = core.dtype(t) }), t) then
      check.fail(2, "gradient %s does not fit %s", core.describe(g), core.describe(t))
    end
    node.grad = g
  end
  return node and node.grad
end

-- ==}

-- {== Functions =============================================================

-- The inputs as a list of tensors on the tape: what is there already stays what it is, so that a
-- function may use it by name (a module its parameters) as well as by argument.
local function check_inputs(argn, inputs)
  local list = core.is_tensor(inputs) and { inputs } or inputs
  if type(list) ~= "table" or #list == 0 then
    check.fail(argn, "tensor or list of tensors expected, got %s",
      type(list) == "table" and "a table without any" or check.kind(list))
  end
  local leaves = {}
  for i, x in ipairs(list) do
    check.tensor(argn, x, { dtype = "float" })
    leaves[i] = node_of(x) and x or T.requires_grad(core.detach(x))
  end
  return leaves
end

local function gradients(f, leaves, create_graph)
  local targets, found, out = {}, {}, {}
  for _, x in ipairs(leaves) do targets[node_of(x)] = true end
  local loss
  do
    local _ <close> = switched(true)
    loss = f(table.unpack(leaves))
  end
  if not core.is_tensor(loss) or not is_float(loss) or core.numel(loss) ~= 1 then
    check.fail(1, "the function must return a float tensor with one element, got %s",
      check.kind(loss))
  end
  if node_of(loss) then
    run(loss, T.ones_like(loss), create_graph, create_graph, function(node, g)
      if targets[node] then found[node] = g end
    end, targets)
  end
  for i, x in ipairs(leaves) do out[i] = found[node_of(x)] or false end
  return out
end

--- Gradients of a function with respect to its inputs, without touching any `grad()`. Inputs that
-- are on the tape already may be used in the function by name: `ssl.grad(function() return
-- net(x):sum() end, net:parameters())`.
-- @param f function of the inputs that returns a tensor with one element
-- @param inputs list of float tensors (or one)
-- @param options {create_graph=false: true puts the gradients on the tape themselves}
-- @return list of gradients (or one), false where the loss does not depend on an input
-- @example ssl.grad(function(x) return (x * x):sum() end, ssl.tensor{3}):item() --> 6.0
function autograd.grad(f, inputs, options)
  check_callable(1, f)
  local leaves = check_inputs(2, inputs)
  options = check.options(3, options, { create_graph = false })
  local out = gradients(f, leaves, options.create_graph)
  if core.is_tensor(inputs) then return out[1] end
  return out
end

--- The Hessian of f times a vector, by differentiating the gradient once more.
-- @param f function of the parameters that returns a tensor with one element
-- @param params list of float tensors (or one)
-- @param v list of tensors like params (or one)
-- @return list of tensors like params (or one)
-- @source Pearlmutter 1994, "Fast exact multiplication by the Hessian"
-- @example ssl.hvp(function(x) return (x ^ 3):sum() end, ssl.tensor{2}, ssl.tensor{1}):item() --> 12.0
function autograd.hvp(f, params, v)
  check_callable(1, f)
  local leaves, along = check_inputs(2, params), core.is_tensor(params) and { v } or v
  if type(along) ~= "table" or #along ~= #leaves then
    check.fail(3, "one tensor a parameter expected, got %s", check.kind(v))
  end
  for i, p in ipairs(leaves) do
    if not core.same_shape(check.tensor(3, along[i], { dtype = core.dtype(p) }), p) then
      check.fail(3, "%s does not fit the parameter %s", core.describe(along[i]), core.describe(p))
    end
  end
  local product = gradients(function()
    local sum = T.zeros({}, core.dtype(leaves[1]))
    for i, g in ipairs(gradients(f, leaves, true)) do
      if g then sum = sum + T.sum(g * along[i]) end
    end
    return sum
  end, leaves, false)
  for i, p in ipairs(leaves) do product[i] = product[i] or T.zeros_like(p) end
  if core.is_tensor(params) then return product[1] end
  return product
end

-- ==}

hook.record = record

return autograd
