-- What a module is: a callable table. Assigning a field registers it: another module is a child, a
-- tensor that requires_grad is a parameter, any other tensor is a buffer; their order is that of
-- assignment. Modules own tensors and settings, and nothing of a forward pass stays in them.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local T = require "sslkit.tensor"

--- A network, or a layer of one: `net(x)` computes.
-- @kind Module, model, constructor
-- @field training boolean: training mode
-- @luals field [string] any
-- @luals overload fun(x: sslkit.Tensor): sslkit.Tensor
local Module = {}
local ORDER = {}       -- key of a module's list of field names
local PARAMETER = {}   -- key of a table: is the field of that name a parameter, trained or frozen?
local KIND = {}        -- key of its name, such as "Linear"

local module = { methods = Module }

--- Is this a module?
-- @param v anything
-- @return boolean
-- @example ssl.nn.is_module(ssl.nn.ReLU()) --> true
function module.is_module(v) return type(v) == "table" and rawget(v, ORDER) ~= nil end

local is_module = module.is_module

-- A new field. All names are kept, whatever their value: it may become a tensor later.
local function register(self, name, value)
  local node, parameter = core.node(value), rawget(self, PARAMETER)
  if node and not node.leaf then
    check.raise("'%s' is the result of %s; a module keeps leaves and constants, so :detach() it",
      tostring(name), node.name)
  end
  if parameter[name] == nil then table.insert(rawget(self, ORDER), name) end
  parameter[name] = node ~= nil
  rawset(self, name, value)
end

-- A kind of module: its constructor. `methods.init(self, ...)` fills a new one,
-- `methods.forward(self, x)` computes.
function module.kind(name, methods)
  local meta = { __name = "sslkit.nn." .. name, __newindex = register }
  meta.__index = function(_, key) return methods[key] or Module[key] end
  meta.__call = function(self, ...) return methods.forward(self, ...) end
  meta.__tostring = function(self) return module.describe(self) end
  return function(...)
    local self = { [ORDER] = {}, [PARAMETER] = {}, [KIND] = name, training = true }
    setmetatable(self, meta)
    if methods.init then methods.init(self, ...) end
    return self
  end
end

--- A kind of module of your own: `local Block = ssl.nn.module{ init = function(self, d) ... end,
-- forward = function(self, x) ... end }`, then `Block(64)`. Modules and tensors assigned to fields of
-- self in init become its children, parameters (requires_grad) and buffers.
-- @param methods table with forward(self, x), and optionally init(self, ...), name, and further
-- methods
-- @return constructor
-- @raise when forward is missing
-- @example local Twice = ssl.nn.module{ forward = function(_, x) return x * 2 end }; return Twice()(ssl.ones(1)):item() --> 2.0
function module.module(methods)
  if type(methods) ~= "table" or type(methods.forward) ~= "function" then
    check.fail(1, "table with a function 'forward' expected, got %s", check.kind(methods))
  end
  if methods.init ~= nil and type(methods.init) ~= "function" then
    check.fail(1, "init must be a function, got %s", check.kind(methods.init))
  end
  local name = methods.name or "module"
  if type(name) ~= "string" then
    check.fail(1, "name must be a string, got %s", check.kind(name))
  end
  return (module.kind(name, methods))
end

-- What methods begin with: net.parameters() for net:parameters() is an easy slip.
function module.check_self(self)
  if not is_module(self) then
    check.fail(1, "module expected, got %s; call its methods with a colon", check.kind(self))
  end
  return self
end

local check_self = module.check_self

-- Calls visit(name, holder, key) for every tensor below, names joined by dots.
local function walk(self, visit, prefix)
  prefix = prefix or ""
  for _, key in ipairs(rawget(check_self(self), ORDER)) do
    local value, name = rawget(self, key), prefix .. tostring(key)
    if is_module(value) then
      walk(value, visit, name .. ".")
    elseif core.is_tensor(value) then
      visit(name, self, key)
    end
  end
end

local function is_parameter(holder, key)
  return rawget(holder, PARAMETER)[key] or core.node(holder[key]) ~= nil
end

-- Parameters, or buffers; a tensor that stands in several places, once.
local function named(self, parameters)
  local list, seen = {}, {}
  walk(self, function(name, holder, key)
    local t = holder[key]
    if not seen[t] and is_parameter(holder, key) == parameters then
      list[#list + 1] = { name, t }
    end
    seen[t] = true
  end)
  return list
end

--- Parameters with their names, such as "0.weight", in order of construction.
-- @param self module
-- @return list of {name, tensor}; a tensor that stands in several places is listed once
-- @example ssl.nn.Linear(3, 2):named_parameters()[1][1] --> weight
function Module:named_parameters() return (named(self, true)) end

--- Parameters in order of construction.
-- @param self module
-- @return list of tensors
-- @example #ssl.nn.Linear(3, 2):parameters() --> 2
function Module:parameters()
  local list = {}
  for i, entry in ipairs(named(self, true)) do list[i] = entry[2] end
  return list
end

--- Buffers: tensors that belong to the state but are not trained, such as running statistics.
-- @param self module
-- @return list of {name, tensor}
-- @example #ssl.nn.BatchNorm1d(4):named_buffers() --> 2
function Module:named_buffers() return (named(self, false)) end

--- Switches gradients for all parameters on or off: off, they are frozen, and still parameters.
-- @param self module
-- @param on boolean (true)
-- @return self
-- @example ssl.nn.Linear(3, 2):requires_grad(false).weight:needs_grad() --> false
function Module:requires_grad(on)
  for _, entry in ipairs(named(self, true)) do T.requires_grad(entry[2], on) end
  return self
end

local function set_mode(self, training)
  rawset(check_self(self), "training", training)
  for _, key in ipairs(rawget(self, ORDER)) do
    local child = rawget(self, key)
    if is_module(child) then set_mode(child, training) end
  end
  return self
end

--- Training mode: batch statistics are used and updated.
-- @param self module
-- @param on boolean (true); false is eval()
-- @return self
-- @example ssl.nn.ReLU():train().training --> true
function Module:train(on) return (set_mode(self, on ~= false)) end

--- Evaluation mode: running statistics are used, nothing is updated.
-- @param self module
-- @return self
-- @example ssl.nn.ReLU():eval().training --> false
function Module:eval() return (set_mode(self, false)) end

--- Parameters and buffers by name, copied: plain data.
-- @param self module
-- @return table name -> tensor
-- @example ssl.nn.Linear(3, 2):state().weight:size(1) --> 2
function Module:state()
  local state = {}
  walk(self, function(name, holder, key) state[name] = core.clone(holder[key]) end)
  return state
end

--- Takes parameters and buffers from a state; nothing changes unless all names, shapes and dtypes
-- fit. A state of PyTorch's may be one: what its batch norms count, num_batches_tracked, is passed
-- over.
-- @param self module
-- @param state table name -> tensor
-- @return self
-- @raise on a missing or unknown name, a shape or dtype that differs
-- @example local a = ssl.nn.Linear(2, 2); return ssl.equal(ssl.nn.Linear(2, 2):load_state(a:state()).weight, a.weight) --> true
function Module:load_state(state)
  if type(state) ~= "table" then
    check.fail(2, "table of tensors expected, got %s", check.kind(state))
  end
  local known = {}
  walk(self, function(name, holder, key)
    local mine, given = core.describe(holder[key]), state[name]
    known[name] = holder[key]
    if not core.is_tensor(given) then
      check.fail(2, "tensor '%s' expected, got %s", name, check.kind(given))
    end
    if core.describe(given) ~= mine then
      check.fail(2, "'%s' is %s here, got %s", name, mine, core.describe(given))
    end
  end)
  for name in pairs(state) do
    if not known[name] and not tostring(name):find "num_batches_tracked$" then
      check.fail(2, "there is no '%s' in this module", tostring(name))
    end
  end
  autograd.no_grad(function()
    for name, t in pairs(known) do core.copy_(t, state[name]) end
  end)
  return self
end

-- A copy of a module, a tensor or a plain table and of all below; what stands in several places
-- (`done`) does so in the copy.
local function copied(v, done)
  if done[v] then return done[v] end
  if core.is_tensor(v) then
    done[v] = core.clone(v)
    if core.node(v) then T.requires_grad(done[v]) end
    return done[v]
  end
  if type(v) ~= "table" or getmetatable(v) and not is_module(v) then return v end
  local new = setmetatable({}, getmetatable(v))
  done[v] = new
  for key, value in next, v do rawset(new, key, copied(value, done)) end
  return new
end

--- A copy that shares nothing: parameters, buffers, settings, mode; without the gradients.
-- @param self module
-- @return module
-- @example local a = ssl.nn.Linear(2, 2); return a:clone().weight == a.weight --> false
function Module:clone() return (copied(check_self(self), {})) end

--- Converts all floating parameters and buffers. They become other tensors: an optimiser is made
-- after that, since one made before has the old ones.
-- @param self module
-- @param dtype "float32" or "float64"
-- @return self
-- @example ssl.nn.Linear(2, 2):to("float64").weight:dtype() --> float64
function Module:to(dtype)
  check.one_of(2, "dtype", dtype, { "float32", "float64" })
  local done = {}
  walk(self, function(_, holder, key)
    local old = holder[key]
    if core.dtype(old) == "float32" or core.dtype(old) == "float64" then
      local new = done[old] or core.to(core.detach(old), dtype)
      done[old] = new
      if core.node(old) then T.requires_grad(new) end
      rawset(holder, key, new)
    end
  end)
  return self
end

--- The gradients of all parameters forgotten.
-- @param self module
-- @return self
-- @example ssl.nn.Linear(2, 2):zero_grad().weight:grad() --> nil
function Module:zero_grad()
  for _, entry in ipairs(named(self, true)) do
    if core.node(entry[2]) then T.grad(entry[2], nil) end
  end
  return self
end

--- What the module computes before its head; a module that names no head computes it all.
-- @param self module
-- @param x tensor
-- @return tensor
-- @example ssl.nn.ReLU():features(ssl.ones(1, 2)):size(2) --> 2
function Module:features(x) return (check_self(self)(x)) end

--- Activations along the way, for layer by layer probes.
-- @param self module
-- @param x tensor
-- @return list of {name, tensor}; for a module without parts, its output alone
-- @example ssl.nn.ReLU():probe_points(ssl.ones(1, 2))[1][1] --> output
function Module:probe_points(x) return { { "output", check_self(self)(x) } } end

-- A module as text: one line a part, and the number of parameters below the outermost.
function module.describe(self, indent)
  local lines, inner = {}, (indent or "") .. "  "
  for _, key in ipairs(rawget(self, ORDER)) do
    local child = rawget(self, key)
    if is_module(child) then
      lines[#lines + 1] = ("%s(%s) %s"):format(inner, key, module.describe(child, inner))
    end
  end
  local inside = self.extra and self:extra() or ""
  if #lines > 0 then inside = ("\n%s\n%s"):format(table.concat(lines, "\n"), indent or "") end
  local text = ("%s(%s)"):format(self[KIND], inside)
  if indent then return text end
  local n = 0
  for _, entry in ipairs(named(self, true)) do n = n + core.numel(entry[2]) end
  return ("%s %d parameters"):format(text, n)
end

return module
