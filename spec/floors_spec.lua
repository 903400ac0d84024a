-- The floors of the house: a file uses what lies on floors below its own, and its own folder or
-- module. What the C floors may not do is in .ci/lint.sh.

local lfs = require "lfs"

local floors = {
  [4] = "core dnnl mpi version",
  [5] = "check lazy near",
  [6] = "tensor random linalg text",
  [6.5] = "io image", -- makes and reads tensors, and nothing on their own floor needs it
  [7] = "autograd grads gradcheck func",
  [8] = "nn optim losses",
  [8.5] = "augment",
  [9] = "data", -- its loaders make views
  [9.5] = "probe", -- a report on a representation says what the labels say of it
  [10] = "metrics",
  [10.5] = "postprocess", -- turns to the axes that metrics find
  [11] = "distill landscape prune soup risk attribution unlearn ood calibrate scaling",
  [12] = "log plot progress page config dist",
  [12.2] = "train", -- keeps a log and shows its progress
  [12.3] = "sweep", -- shows plots and pages, and takes Ctrl-C as training does
  [12.5] = "report",
  [13] = "init",
  [13.2] = "help", -- shows all that init opens
  [13.5] = "repl cli",
}

-- A file that stands higher than its folder, which loads it when it is used.
local higher = { ["sslkit.augment.show"] = 12.1 }

-- Files that are parts of one thing.
local part_of = { random = "tensor", linalg = "tensor", grads = "autograd", gradcheck = "autograd",
  func = "autograd" }

local floor_of = {}
for floor, units in pairs(floors) do
  for unit in units:gmatch "%S+" do floor_of[unit] = floor end
end

local root = package.searchpath("sslkit.check", package.path):match "^(.*)/"

-- Calls f(path, module name, unit): the unit is the folder or file right below lua/sslkit.
local function each_file(f, folder, prefix)
  folder, prefix = folder or root, prefix or "sslkit"
  for entry in lfs.dir(folder) do
    local path, name = folder .. "/" .. entry, entry:match "^(.+)%.lua$"
    if name then
      local module = name == "init" and prefix or prefix .. "." .. name
      f(path, module, module:match "^sslkit%.([^.]+)" or "init")
    elseif not entry:find "^%." and lfs.attributes(path, "mode") == "directory" then
      each_file(f, path, prefix .. "." .. entry)
    end
  end
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

-- Calls f(unit) for each require "sslkit..."; a name that is put together at run time, "sslkit." ..
-- name, is the unit "".
local function each_require(text, f)
  for name in text:gmatch "require%s*%(?%s*[\"']sslkit([%w_.]*)" do
    f(name == "" and "init" or name:match "^%.([^.]*)")
  end
end

describe("floors", function()
  it("hold every file", function()
    each_file(function(path, _, unit)
      assert.is_truthy(floor_of[unit], path .. " stands on no floor of spec/floors_spec.lua")
    end)
  end)

  it("are left downwards only", function()
    local wrong = {}
    each_file(function(path, module, unit)
      local own = higher[module] or floor_of[unit] or 0
      each_require(read(path), function(used)
        local below = (floor_of[used] or used == "" and 12 or 99) < own
        local same = (part_of[used] or used) == (part_of[unit] or unit)
        if not same and not below then
          wrong[#wrong + 1] = ("%s (floor %s) uses '%s' (floor %s)"):format(
            path, own, used, floor_of[used])
        end
      end)
    end)
    assert.equal("", table.concat(wrong, "\n"))
  end)

  it("are seen in all the ways of writing require", function()
    local found = {}
    each_require([[
      local a = require "sslkit.check"      local b = require("sslkit.nn.linear")
      local c = require 'sslkit'            local d = require ( "sslkit." .. name )
    ]], function(unit) found[#found + 1] = unit end)
    assert.same({ "check", "nn", "init", "" }, found)
  end)

  -- A file that relies on another having been loaded before works in the tests and fails at a
  -- user's. Here each is the first to be loaded, in a process where nothing is worth keeping.
  it("let every module load first", function()
    local modules = {}
    each_file(function(_, module) modules[#modules + 1] = module end)
    local script = [[
      for name in ("%s"):gmatch "%%S+" do
        for loaded in pairs(package.loaded) do
          if loaded:find "^sslkit" then package.loaded[loaded] = nil end
        end
        local ok, message = pcall(require, name)
        if not ok then print(name .. ": " .. message:match "^[^\n]*") end
      end
      print "done"
    ]]
    local pipe = io.popen("lua5.4 -e '" .. script:format(table.concat(modules, " ")) .. "' 2>&1")
    local output = pipe:read "a"
    pipe:close()
    assert.equal("done\n", output)
  end)
end)
