-- The tensor: one table of functions, which are the methods too, and the operators.

local core = require "sslkit.core"
local check = require "sslkit.check"
local version = require "sslkit.version"

require "sslkit.tensor.make"
require "sslkit.tensor.shape"
require "sslkit.tensor.join"
require "sslkit.tensor.index"
require "sslkit.tensor.unary"
require "sslkit.tensor.binary"
require "sslkit.tensor.replace"
require "sslkit.tensor.reduce"
require "sslkit.tensor.norm"
require "sslkit.tensor.sort"
require "sslkit.tensor.quantile"
require "sslkit.tensor.scan"
require "sslkit.tensor.histogram"
require "sslkit.tensor.einsum"
require "sslkit.tensor.meshgrid"
require "sslkit.tensor.conv"
require "sslkit.tensor.print"

local T = core.methods

require "sslkit.linalg.product"
require "sslkit.linalg.matrix"
require "sslkit.linalg.distance"
require "sslkit.random"

-- Operators without their options: Lua hands a metamethod nothing more.
local function operator(f) return function(a, b) return f(a, b) end end

local meta = core.meta
meta.__add, meta.__sub = operator(T.add), operator(T.sub)
meta.__mul, meta.__div = operator(T.mul), operator(T.div)
meta.__idiv, meta.__mod, meta.__pow = operator(T.floordiv), operator(T.mod), operator(T.pow)
meta.__band, meta.__bor = operator(T.bit_and), operator(T.bit_or)
meta.__unm = function(a) return T.neg(a) end
meta.__bnot = function(a) return T.bit_not(a) end
meta.__len = core.len
meta.__tostring = T.tostring

--- The most bytes that this Lua state may hold, tensors and all; an allocation beyond it raises.
-- @param bytes number (80 % of the memory that was available at load); 0 takes the limit away
-- @return number: the limit before
-- @example local old = ssl.set_memory_limit(1e9); return ssl.set_memory_limit(old) --> 1000000000.0
function T.set_memory_limit(bytes)
  local old = core.memory_limit()
  core.memory_limit(check.number(1, "bytes", bytes, 0))
  return old
end

--- Lets go of the scratch blocks that wait for reuse.
-- @example ssl.release_workspace() --> nil
function T.release_workspace() core.release_workspace() end

--- Threads that a computation may use, the caller's own included. Results do not depend on it, but
-- for the last bits of decompositions of a matrix with 800 rows and columns or more.
-- @param n 1..64
-- @example ssl.set_threads(ssl.get_threads()) --> nil
function T.set_threads(n) core.threads(check.integer(1, "threads", n, 1, 64)) end

--- Threads that a computation may use.
-- @return integer
-- @example ssl.get_threads() >= 1 --> true
function T.get_threads() return core.threads() end

--- What this build is made of.
-- @return table of version (of sslkit), lua (release whose headers it was built with), compiler,
-- blas (OpenBLAS's own description), blas_core (the kernels that it chose for this processor),
-- lapack (version), simd (what the own kernels run on: "avx512", "avx2" or "baseline"), threads
-- @example ssl.build().version == ssl._VERSION:match "%S+$" --> true
-- @example type(ssl.build().blas) --> string
function T.build()
  local b = core.build()
  b.version = version
  return b
end

-- Linux says how much memory could still be had; elsewhere there is no limit until one is set.
local function default_limit()
  local f = io and io.open("/proc/meminfo", "r")
  if not f then return 0 end
  local kib = f:read("a"):match("MemAvailable:%s*(%d+)")
  f:close()
  return kib and 0.8 * 1024 * tonumber(kib) or 0
end

core.memory_limit(default_limit())

return T
