-- The operations that policies are made of: each one's name, options, and what it does to a batch.
-- They stand in tables, one file a family, below ops/.
--
-- A definition is a table: doc = one line; options = list of {name, default}, where no default means
-- required; check = function(o, fail) of the options' values; image, vector, series = true for the
-- batches it takes ([N,C,H,W], [N,D], [N,C,T]; all where none is named); shape = function(o, c, h, w)
-- -> c, h, w of the result or nil, message; and one of
--   rows  = function(o, c, h, w) -> list of rows {name of a C operation, numbers...} for the engine;
--           {"choose", rows, rows, ...} does one of several lists of rows; room = function of the
--           same that gives the floats that they need, where these are more than the image has
--   apply = function(x, o, draws) -> x, for the whole batch; scope = "batch" where its samples see
--           each other.

local check = require "sslkit.check"
local near = require "sslkit.near"
local text = require "sslkit.augment.value"

local registry = {}

local FAMILIES = {
  "flip", "geometry", "erase", "colour", "filter", "auto", "batch", "feature", "series", "tabular",
}

-- The names that they have elsewhere, torchvision's above all.
local aliases = {
  rrc = "random_resized_crop", random_horizontal_flip = "hflip", horizontal_flip = "hflip",
  random_vertical_flip = "vflip", vertical_flip = "vflip", random_rotation = "rotate",
  random_affine = "affine", random_erasing = "erase", color_jitter = "jitter",
  colour_jitter = "jitter", grayscale = "gray", random_grayscale = "gray", grey = "gray",
  color = "saturation", random_invert = "invert", normalise = "normalize", gaussian_blur = "blur",
  random_adjust_sharpness = "sharpness", random_solarize = "solarize",
  random_posterize = "posterize", random_equalize = "equalize",
  random_autocontrast = "autocontrast", gaussian_noise = "noise", rand_augment = "randaugment",
  trivial_augment_wide = "trivialaugment", trivial_augment = "trivialaugment",
  auto_augment = "autoaugment", bss = "style", specaugment = "spec_augment",
}

local known = {}

-- The definition with what it leaves to be understood: {"p", 1} among its options, and these by name.
local function complete(name, op)
  local options, by_name = {}, {}
  for _, option in ipairs(op.options or {}) do
    options[#options + 1], by_name[option[1]] = option, option
  end
  if not by_name.p then
    options[#options + 1] = { "p", 1 }
    by_name.p = options[#options]
  end
  local full = {}
  for field, value in pairs(op) do full[field] = value end
  full.name, full.options, full.by_name = name, options, by_name
  return full
end

for _, family in ipairs(FAMILIES) do
  for name, op in pairs(require("sslkit.augment.ops." .. family)) do
    known[name] = complete(name, op)
  end
end

local function names()
  local list = {}
  for name in pairs(known) do list[#list + 1] = name end
  table.sort(list)
  return list
end

--- The definition of an operation, or nil and what is wrong with the name.
function registry.find(name)
  if type(name) ~= "string" then
    return nil, ("the name of an operation expected, got %s"):format(check.kind(name))
  end
  local op = known[name] or known[aliases[name]]
  if op then return op end
  local all = names()
  for alias in pairs(aliases) do all[#all + 1] = alias end
  return nil, ("no operation '%s'%s"):format(name, near.hint(name, all))
end

--- What policies can be made of.
-- @return list of the names of all operations; tostring says what each does and which options it takes
-- @example local ops = ssl.augment.ops(); return table.concat(ops, " "):match "hflip" --> hflip
-- @example tostring(ssl.augment.ops()):match "hflip[^\n]*" --> hflip mirrors left and right (p=0.5)
function registry.ops()
  return setmetatable(names(), { __tostring = function(self)
    local lines, width = {}, 0
    for _, name in ipairs(self) do width = math.max(width, #name) end
    for i, name in ipairs(self) do
      local op, parts = known[name], {}
      for k, option in ipairs(op.options) do
        parts[k] = option[2] == nil and option[1] or option[1] .. "=" .. text.value(option[2])
      end
      lines[i] = ("%-" .. width .. "s  %s (%s)"):format(name, op.doc or "of your own",
        table.concat(parts, ", "))
    end
    return table.concat(lines, "\n")
  end })
end

local FIELDS = {
  doc = "string", options = "table", check = "function", image = "boolean", vector = "boolean",
  series = "boolean", shape = "function", room = "function", rows = "function",
  apply = "function", scope = "string", aliases = "table",
}

local function check_fields(op)
  for field, value in pairs(op) do
    local want = FIELDS[field]
    if not want then
      local all = {}
      for each in pairs(FIELDS) do all[#all + 1] = each end
      check.fail(2, "unknown field '%s'%s", tostring(field), near.hint(tostring(field), all))
    elseif type(value) ~= want then
      check.fail(2, "%s must be a %s, got %s", field, want, check.kind(value))
    end
  end
  if (op.rows ~= nil) == (op.apply ~= nil) then check.fail(2, "either rows or apply expected") end
  if op.scope and op.scope ~= "batch" then
    check.fail(2, "scope must be 'batch' or nil, got %s", check.kind(op.scope))
  end
  for i, option in ipairs(op.options or {}) do
    if type(option) ~= "table" or type(option[1]) ~= "string" then
      check.fail(2, "option %d must be {name, default}, got %s", i, check.kind(option))
    end
  end
end

--- Makes an operation of your own known to policies, under a name that none of ours has; a second
-- one of the same name takes the place of the first.
-- @param name string
-- @param op function(x, options, draws) that gives the batch back changed: x is float32 and may be
-- changed in place, options are those of the policy, draws(k) is a float64 tensor [N,k] in [0,1) that
-- depends on seed, epoch, sample and view alone, draws.batch(k) one [k] of the whole batch. Or a
-- table: apply = this function; options = list of {name, default} (default nil: required), so that
-- others are errors; check = function(options, fail); doc = one line; image, vector, series = true
-- for what it takes; shape = function(options, c, h, w) of the result; scope = "batch" where samples
-- see each other; rows = function(options, c, h, w) instead of apply, a list of rows for the engine
-- @raise names that are taken, and tables that are none
-- @example ssl.augment.register("fade", function(x, o) return x:mul_(o.by) end); return ssl.augment.compile{ {"fade", by = 0.5} }(ssl.ones(1, 1, 1, 2)) --> [[[[0.5, 0.5]]]] (1,1,1,2) float32
function registry.register(name, op)
  if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then
    check.fail(1, "name of letters, digits and _ expected, got %s", check.kind(name))
  end
  if aliases[name] or known[name] and not known[name].own then
    check.fail(1, "'%s' is an operation already", name)
  end
  if type(op) == "function" then
    known[name] = complete(name, { apply = op, open = true, own = true })
    return
  end
  if type(op) ~= "table" then
    check.fail(2, "function or table expected, got %s", check.kind(op))
  end
  check_fields(op)
  local full = complete(name, op)
  full.own = true
  known[name] = full
end

return registry
