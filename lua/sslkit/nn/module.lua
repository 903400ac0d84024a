-- What a module is: a callable table. Assigning a field registers it: another module is a child, a
-- tensor that
-- requires_grad is a parameter, any other tensor is a buffer; their order is that of assignment.
-- Modules own tensors and
-- settings, and nothing of a forward pass stays in them.

local core = require "sslkit.core"
local check = require "sslkit.check"
local autograd = require "sslkit.autograd"
local T = require "sslkit.tensor"

local Module = {}      -- methods of every module
local ORDER = {}       -- key of a module's list of registered names
local PARAMETER = {}   -- key of the set of those that are parameters, trained or frozen
local KIND = {}        -- key of its name, such as "Linear"

local module = { methods = Module }

--- Is this a module?
-- @param v anything
-- @return boolean
-- @example ssl.nn.is_module(ssl.nn.ReLU()) --> true
function module.is_module(v) return type(v) == "table" and rawget(v, ORDER) ~= nil end

local is_module = module.is_module

local function register(self, name, value)
  if is_module(value) or core.is_tensor(value) then
    local order = rawget(self, ORDER)
    order[#order + 1] = name
    rawget(self, PARAMETER)[name] = core.node(value) ~= nil
  end
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
    local self = setmetatable({ [ORDER] = {}, [PARAMETER] = {}, [KIND] = name, training = true }, meta)
    if methods.init then methods.init(self, ...) end
    return self
  end
end

--- A kind of module of your own: `local Block = ssl.nn.module{ init = function(self, d) ... end,
-- forward = function(self, x) ... end }`,
-- then `Block(64)`. Modules and tensors assigned to fields of self in init become its children,
-- parameters
-- (requires_grad) and buffers.
-- @param methods table with forward(self, x), and optionally init(self, ...), name, and further
-- methods
-- @return constructor
-- @raise when forward is missing
-- @example local Twice = ssl.nn.module{ forward = function(_, x) return x * 2 end }; return Twice()(ssl.ones(1)):item() --> 2.0
function module.module(methods)
  if type(methods) ~= "table" or type(methods.forward) ~= "function" then
    check.fail(1, "table with a function 'forward' expected, got %s", check.kind(methods))
  end
  return module.kind(methods.name or "module", methods)
end

-- Calls visit(name, holder, key) for every tensor below, names joined by dots.
local function walk(self, prefix, visit)
  for _, key in ipairs(rawget(self, ORDER)) do
    local value, name = rawget(self, key), prefix .. key
    if is_module(value) then walk(value, name .. ".", visit)
    elseif value ~= nil then visit(name, self, key) end
  end
end

local function is_parameter(holder, key) return rawget(holder, PARAMETER)[key] end

--- Parameters with their names, such as "0.weight", in order of construction.
-- @param self module
-- @return list of {name, tensor}
-- @example ssl.nn.Linear(3, 2):named_parameters()[1][1] --> weight
function Module:named_parameters()
  local list = {}
  walk(self, "", function(name, holder, key)
    if is_parameter(holder, key) then list[#list + 1] = { name, holder[key] } end
  end)
  return list
end

--- Parameters in order of construction.
-- @param self module
-- @return list of tensors
-- @example #ssl.nn.Linear(3, 2):parameters() --> 2
function Module:parameters()
  local list = {}
  for i, entry in ipairs(self:named_parameters()) do list[i] = entry[2] end
  return list
end

--- Buffers: tensors that belong to the state but are not trained, such as running statistics.
-- @param self module
-- @return list of {name, tensor}
-- @example #ssl.nn.BatchNorm1d(4):named_buffers() --> 2
function Module:named_buffers()
  local list = {}
  walk(self, "", function(name, holder, key)
    if not is_parameter(holder, key) then list[#list + 1] = { name, holder[key] } end
  end)
  return list
end

local function set_mode(self, training)
  rawset(self, "training", training)
  for _, key in ipairs(rawget(self, ORDER)) do
    local child = rawget(self, key)
    if is_module(child) then set_mode(child, training) end
  end
  return self
end

--- Training mode: batch statistics are used and updated.
-- @param self module
-- @return self
-- @example ssl.nn.ReLU():train().training --> true
function Module:train() return set_mode(self, true) end

--- Evaluation mode: running statistics are used, nothing is updated.
-- @param self module
-- @return self
-- @example ssl.nn.ReLU():eval().training --> false
function Module:eval() return set_mode(self, false) end

--- Parameters and buffers by name, copied: plain data.
-- @param self module
-- @return table name -> tensor
-- @example ssl.nn.Linear(3, 2):state().weight:size(1) --> 2
function Module:state()
  local state = {}
  walk(self, "", function(name, holder, key) state[name] = core.clone(holder[key]) end)
  return state
end

--- Takes parameters and buffers from a state; nothing changes unless all names, shapes and dtypes
-- fit.
-- @param self module
-- @param state table name -> tensor
-- @return self
-- @raise on a missing or unknown name, a shape or dtype that differs
-- @example local a = ssl.nn.Linear(2, 2); return ssl.equal(ssl.nn.Linear(2, 2):load_state(a:state()).weight, a.weight) --> true
function Module:load_state(state)
  if type(state) ~= "table" then check.fail(2, "table of tensors expected, got %s", check.kind(state)) end
  local known = {}
  walk(self, "", function(name, holder, key)
    known[name] = holder[key]
    local given = state[name]
    if not core.is_tensor(given) then check.fail(2, "tensor '%s' expected, got %s", name, check.kind(given)) end
    if core.describe(given) ~= core.describe(holder[key]) then
      check.fail(2, "'%s' is %s here, got %s", name, core.describe(holder[key]), core.describe(given))
    end
  end)
  for name in pairs(state) do
    if not known[name] then check.fail(2, "there is no '%s' in this module", tostring(name)) end
  end
  autograd.no_grad(function()
    for name, t in pairs(known) do core.copy_(t, state[name]) end
  end)
  return self
end

-- A copy of everything below; f makes the new tensor from the old one.
local function copied(self, f)
  local new = setmetatable({}, getmetatable(self))
  for key, value in next, self do
    if is_module(value) then value = copied(value, f)
    elseif core.is_tensor(value) then
      local t = f(value)
      value = core.node(value) and T.requires_grad(t) or t
    elseif key == ORDER or key == PARAMETER then
      local own = {}
      for k, v in pairs(value) do own[k] = v end
      value = own
    end
    rawset(new, key, value)
  end
  return new
end

--- A copy that shares nothing: parameters, buffers, mode.
-- @param self module
-- @return module
-- @example local a = ssl.nn.Linear(2, 2); return a:clone().weight == a.weight --> false
function Module:clone() return copied(self, core.clone) end

--- Converts all floating parameters and buffers, in place.
-- @param self module
-- @param dtype "float32" or "float64"
-- @return self
-- @example ssl.nn.Linear(2, 2):to("float64").weight:dtype() --> float64
function Module:to(dtype)
  check.one_of(2, "dtype", dtype, { "float32", "float64" })
  walk(self, "", function(_, holder, key)
    local old = holder[key]
    local new = core.to(core.detach(old), dtype)
    rawset(holder, key, core.node(old) and T.requires_grad(new) or new)
  end)
  return self
end

--- The gradients of all parameters forgotten.
-- @param self module
-- @return self
-- @example ssl.nn.Linear(2, 2):zero_grad().weight:grad() --> nil
function Module:zero_grad()
  for _, p in ipairs(self:parameters()) do T.grad(p, nil) end
  return self
end

--- What the module computes before its head; a module that names no head computes it all.
-- @param self module
-- @param x tensor
-- @return tensor
-- @example ssl.nn.ReLU():features(ssl.ones(1, 2)):size(2) --> 2
function Module:features(x) return self(x) end

--- Activations along the way, for layer by layer probes.
-- @param self module
-- @param x tensor
-- @return list of {name, tensor}; for a module without parts, its output alone
-- @example ssl.nn.ReLU():probe_points(ssl.ones(1, 2))[1][1] --> output
function Module:probe_points(x) return { { "output", self(x) } } end

-- A module as text: one line a part, and the number of parameters below the outermost.
function module.describe(self, indent)
  local lines, inner = {}, (indent or "") .. "  "
  for _, key in ipairs(rawget(self, ORDER)) do
    local child = rawget(self, key)
    if is_module(child) then lines[#lines + 1] = ("%s(%s) %s"):format(inner, key, module.describe(child, inner)) end
  end
  local extra = self.extra and self:extra() or ""
  local text = self[KIND] .. "(" .. extra .. ")"
  if #lines > 0 then text = self[KIND] .. "(\n" .. table.concat(lines, "\n") .. "\n" .. (indent or "") .. ")" end
  if indent then return text end
  local n = 0
  for _, p in ipairs(self:parameters()) do n = n + core.numel(p) end
  return ("%s %d parameters"):format(text, n)
end

return module
