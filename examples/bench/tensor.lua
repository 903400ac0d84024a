-- Tensor operations against NumPy and PyTorch: float32, and 2000x2000 where a name says no other
-- size. A row for each peer; `check` is the largest difference of the two results.

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local ssl = require "sslkit"

local N = 2000
local CALLS = 20000 -- of the small operation in one measurement, as in the peer

local generator = ssl.generator(1)
local function randn(...) return ssl.randn({ ... }, { generator = generator }) end
local function randint(last, ...)
  return ssl.randint(1, last, { ... }, { generator = generator })
end

local a, b = randn(N, N), randn(N, N)
local p, q, s = randn(1024, 1024), randn(1024, 1024), randn(256, 1024)
local wide, pick, rows = randn(10000, 4096), randint(N, N, N), randint(N, N)
local x, y, tall = randn(N, 256), randn(N, 256), randn(N, 500)
local half = randn(1000, 1000)
local symmetric, small, room = half + half:transpose(1, 2), ssl.ones(2, 2), ssl.empty(N, N)

local files = {}
for name, tensor in pairs {
  a = a, b = b, p = p, q = q, s = s, wide = wide, pick = pick, rows = rows, x = x, y = y,
  tall = tall, symmetric = symmetric,
} do
  files[#files + 1] = name .. "=" .. bench:file(tensor)
end
local peer = bench:peer("peer_tensor.py", table.unpack(files))

local function largest_difference(job)
  return function(result)
    local theirs = assert(ssl.load(peer("save " .. job)().value))
    return (result - theirs:reshape(result:shape())):abs():max():item()
  end
end

-- The results of random numbers cannot be compared, but their deviations can.
local function deviation(job)
  return function(result)
    local theirs = assert(ssl.load(peer("save " .. job)().value))
    return math.abs(result:std():item() - theirs:std():item())
  end
end

-- A process gets its first blocks of a size from the system page by page, and the old ones back only
-- from the collector: some rounds go by before blocks are reused, as they are all the time later.
local function settle(f)
  for _ = 1, 4 do
    f()
    collectgarbage()
  end
end

local function compare(name, job, ours, case)
  case = case or {}
  if not bench.only or name:find(bench.only) then settle(ours) end
  for _, library in ipairs { "numpy", "torch" } do
    local theirs = library .. " " .. job
    bench:compare {
      name = name, peer_name = library, ours = ours, peer = peer(theirs),
      check = (case.check or largest_difference)(theirs), count = case.count, unit = case.unit,
    }
  end
end

local into = { out = room }
compare("add", "add", function() return a + b end)
compare("add out", "add out", function() return a:add(b, into) end)
compare("exp", "exp", function() return a:exp() end)
compare("exp out", "exp out", function() return a:exp(into) end)
compare("gelu", "gelu", function() return a:gelu() end)
compare("gelu out", "gelu out", function() return a:gelu(into) end)
compare("softmax of rows", "softmax", function() return a:softmax(2) end)
compare("sum over columns", "sum 1", function() return a:sum(1) end)
compare("sum over rows", "sum 2", function() return a:sum(2) end)
compare("sum over all", "sum", function() return a:sum() end)
compare("sort rows", "sort", function() return (a:sort(2)) end)
compare("topk 20/10000x4096", "topk", function() return (wide:topk(20, 2)) end)
compare("gather along 1", "gather 1", function() return a:gather(1, pick) end)
compare("gather along 2", "gather 2", function() return a:gather(2, pick) end)
compare("index rows", "index", function() return a[rows] end)
compare("matmul/1024x1024x1024", "matmul square", function() return p:matmul(q) end)
compare("matmul/256x1024x1024", "matmul flat", function() return s:matmul(q) end)
compare("transpose copy", "transpose", function() return a:transpose(1, 2):contiguous() end)
compare("cdist/2000x2000x256", "cdist", function() return ssl.linalg.cdist(x, y) end)
compare("svdvals/2000x500", "svdvals", function() return ssl.linalg.svdvals(tall) end)
compare("eigvalsh/1000", "eigvalsh", function() return ssl.linalg.eigvalsh(symmetric) end)
compare("add/2x2", "small", function()
  local out
  for _ = 1, CALLS do out = small + small end
  return out
end, { count = CALLS, unit = "calls/s" })
compare("randn", "randn", function() return ssl.randn(N, N) end, { check = deviation })
compare("cumsum of rows", "cumsum", function() return a:cumsum(2) end)
