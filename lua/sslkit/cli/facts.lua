-- What an installation is made of: libraries that are there, data sets, and a test of the arithmetic.

local core = require "sslkit.core"
local T = require "sslkit.tensor"

local facts = {}

-- {== Libraries ============================================================================

-- A version that a library tells in one of the usual ways.
local function usual_version(library)
  if type(library) ~= "table" then return nil end
  local version = library._VERSION or library.VERSION or library.version
  if type(version) == "function" then version = version() end
  return type(version) == "string" and (version:match "v?(%d+%.[%w.%-]+)%W*$" or version) or nil
end

local function program(name)
  for folder in (os.getenv "PATH" or ""):gmatch "[^:]+" do
    local path = folder .. "/" .. name
    local file = io.open(path, "rb")
    if file then
      file:close()
      return path
    end
  end
end

-- name, module, what for, how to get it; needed = nothing works without it; version = how to ask.
local LIBRARIES = {
  { "lua-cjson", "cjson", "safetensors, configs", "apt-get install lua-cjson, or luarocks install "
    .. "lua-cjson", needed = true },
  { "argparse", "argparse", "this command", "apt-get install lua-argparse, or luarocks install "
    .. "argparse" },
  { "luafilesystem", "lfs", "folders", "apt-get install lua-filesystem, or luarocks install "
    .. "luafilesystem" },
  { "lua-zlib", "zlib", "gzipped files", "apt-get install lua-zlib, or luarocks install lua-zlib" },
  { "sslkit.image", "sslkit.image.core", "PNG and JPEG", "apt-get install libpng-dev libjpeg-dev, "
    .. "and build sslkit again", version = function(library) return library.libraries end },
  { "luv", "luv", "sweeps", "apt-get install lua-luv, or luarocks install luv",
    version = function(library) return "libuv " .. library.version_string() end },
  { "LuaDBI", "DBI", "the trial database", "apt-get install lua-dbi-sqlite3, or luarocks install "
    .. "luadbi-sqlite3" },
}

local function libraries()
  local list = {}
  for i, entry in ipairs(LIBRARIES) do
    local ok, library = pcall(require, entry[2])
    local item = { name = entry[1], ok = ok, use = entry[3], get = entry[4] }
    item.needed = entry.needed or false
    if ok then
      local told, version = pcall(entry.version or usual_version, library)
      item.version = told and type(version) == "string" and version or nil
    end
    list[i] = item
  end
  local path = program "rsvg-convert"
  list[#list + 1] = {
    name = "readline", ok = core.can_edit(), use = "editing and completion at the prompt",
    get = "apt-get install libreadline8", needed = false,
  }
  list[#list + 1] = {
    name = "rsvg-convert", ok = path ~= nil, version = path, use = "plots as PNG",
    get = "apt-get install librsvg2-bin", needed = false,
  }
  return list
end

-- ==}

-- {== Data =================================================================================

local DATA = {
  { "digits", "in the module" },
  { "fashion_mnist", "28x28 clothes" },
  { "mnist", "28x28 digits" },
}

local function data_sets()
  local list = {}
  for i, entry in ipairs(DATA) do
    local name = entry[1]
    local ok, ds, message = pcall(function()
      local set = require("sslkit.data")[name]
      return set(name ~= "digits" and { split = "test" } or nil)
    end)
    list[i] = { name = name, ok = ok and ds ~= nil, at = entry[2], needed = false }
    if not list[i].ok then
      local first = tostring(ok and message or ds):match "^[^\n]*"
      list[i].get = first:gsub("^[^%s:]+:%d+: ", ""):gsub(":$", "")
    end
  end
  return list
end

-- ==}

-- {== Self-test ============================================================================

-- The difference to the product by three loops.
local function test_matmul()
  local a, b = T.randn({ 33, 21 }, "float64"), T.randn({ 21, 17 }, "float64")
  local c, x, y = a:matmul(b):totable(), a:totable(), b:totable()
  local worst = 0
  for i = 1, 33 do
    for j = 1, 17 do
      local sum = 0
      for k = 1, 21 do sum = sum + x[i][k] * y[k][j] end
      worst = math.max(worst, math.abs(sum - c[i][j]))
    end
  end
  return worst, 1e-12
end

-- How far the three factors are from the matrix.
local function test_svd()
  local linalg = require "sslkit.linalg"
  local a = T.randn({ 40, 24 }, "float64")
  local u, s, vt = linalg.svd(a)
  return (u * s):matmul(vt):sub(a):abs():max():item(), 1e-12
end

-- A large product on all threads, against the same in rows.
local function test_threads()
  local a = T.randn(512, 512)
  local whole = a:matmul(a)
  local part = a[{ { 1, 64 } }]:matmul(a)
  return whole[{ { 1, 64 } }]:sub(part):abs():max():item(), 1e-3
end

-- A sum of squares by the tape.
local function test_gradient()
  require "sslkit.autograd"
  local x = T.tensor { 1, 2, 3 }:requires_grad()
  x:square():sum():backward()
  return x:grad():sub(x:detach() * 2):abs():max():item(), 0
end

local TESTS = {
  { "matrix product", test_matmul }, { "singular values", test_svd },
  { "threads", test_threads }, { "gradient", test_gradient },
}

local function run_tests()
  local list = {}
  for i, entry in ipairs(TESTS) do
    local start = core.clock()
    local ok, off, most = pcall(entry[2])
    local item = { name = entry[1], needed = true, seconds = core.clock() - start }
    item.ok = ok and off <= most
    if ok then item.error = off else item.message = tostring(off):match "^[^\n]*" end
    list[i] = item
  end
  return list
end

-- ==}

local function all_good(...)
  for _, list in ipairs { ... } do
    for _, item in ipairs(list) do
      if item.needed and not item.ok then return false end
    end
  end
  return true
end

--- Everything that can be told.
-- @return table that JSON can hold; ok = nothing that is needed is missing or wrong
function facts.gather()
  local build = T.build()
  local found = {
    sslkit = build.version, lua = build.lua, compiler = build.compiler, blas = build.blas,
    blas_core = build.blas_core, lapack = build.lapack, simd = build.simd, threads = build.threads,
    memory_limit = core.memory_limit(),
    onednn = package.searchpath("sslkit.dnnl", package.cpath) ~= nil,
    libraries = libraries(), data = data_sets(), tests = run_tests(),
  }
  found.ok = all_good(found.libraries, found.tests)
  return found
end

return facts
