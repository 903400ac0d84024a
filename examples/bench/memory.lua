-- RankMe of a file larger than one likes to hold: 4 million rows of 128 columns, 2 GB, written here
-- block by block and read block by block. What counts is the peak of the process's resident memory.

local bench <close> = dofile((arg[0]:match "^.*/" or "") .. "harness.lua").open(arg)
local core = require "sslkit.core"
local ssl = require "sslkit"

local N, D, BLOCK, LIMIT = 4000000, 128, 16384, 200
local NAME = ("rankme of a file/%dx%d"):format(N, D)

-- The file's header (format 1.0), which says how many rows there will be.
local HEADER = 128
local function header()
  local dict = ("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }"):format(N, D)
  return ("\x93NUMPY\1\0" .. string.pack("<I2", HEADER - 10) .. dict
    .. (" "):rep(HEADER - 11 - #dict) .. "\n")
end

-- Rows with a common offset and a spectrum that falls.
local function make(path)
  local file <close> = assert(io.open(path, "wb"))
  local generator, scale = ssl.generator(1), ssl.arange(1, D) ^ -0.5
  assert(file:write(header()))
  for first = 1, N, BLOCK do
    local n = math.min(BLOCK, N - first + 1)
    local block = ssl.randn({ n, D }, { generator = generator }):mul_(scale):add_(1)
    assert(file:write(block:tobytes()))
  end
end

if bench:wants(NAME) then
  local path <close> = setmetatable({ bench.folder .. "/large.npy" },
    { __close = function(self) os.remove(self[1]) end })
  make(path[1])
  local seconds, value = {}, nil
  for i = 1, bench.runs do
    local file = assert(ssl.io.npy.open(path[1]))
    local start = core.clock()
    value = ssl.metrics.rankme(file)
    seconds[i] = core.clock() - start
    file:close()
  end
  table.sort(seconds)
  local took, peak = seconds[#seconds // 2 + 1], core.peak_rss() / 1e6
  bench:report { name = NAME, ours = took, unit = "s", peer_name = "", check = value }
  bench:report { name = NAME .. " peak memory", ours = peak, peer = LIMIT, unit = "MB",
    ratio = LIMIT / peak, peer_name = "what is allowed" }
end
