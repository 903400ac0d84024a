-- How exact RankMe is by each route, on spectra that are easy and hard: the relative error against
-- singular values of the same stored numbers in float64, and beside it the bound that the certificate
-- gives for a Gram matrix. Where the bound is above 1e-6 (marked *), ssl.metrics.rankme takes another
-- route; its column is what a user gets.
--
--   lua5.4 examples/bench/accuracy.lua [--rows 4000] [--columns 256] [--threads 1] [--only PATTERN]
--
-- Prints a table to stderr, and one JSON object a line.

local cjson = require "cjson"
local core = require "sslkit.core"
local moments = require "sslkit.metrics.engine.moments"
local ssl = require "sslkit"
local tsqr = require "sslkit.metrics.engine.tsqr"

-- one run says it all: --runs is for the topics that measure time, and `make bench` gives it to all
local settings = { rows = 4000, columns = 256, threads = 1, runs = 1, only = "" }
for i = 1, #arg, 2 do
  local name = arg[i]:match "^%-%-(%a+)$"
  if not settings[name or ""] then
    error("unknown option '" .. arg[i] .. "'; known: --rows, --columns, --threads, --only", 0)
  end
  settings[name] = name == "only" and arg[i + 1]
    or assert(math.tointeger(tonumber(arg[i + 1])), arg[i] .. ": whole number expected")
end
ssl.set_threads(settings.threads)

local N, D = settings.rows, settings.columns

local function randn(n, d, seed)
  return ssl.randn({ n, d }, { generator = ssl.generator(seed), dtype = "float64" })
end

-- {== Spectra ==============================================================================

local left = ssl.linalg.qr(randn(N, D, 1))
local right = ssl.linalg.qr(randn(D, D, 2))

-- Rows with eigenvalues j^-beta, the axes turned at random.
local function falling(beta)
  return function()
    return (left * ssl.arange(1, D):double() ^ (-beta / 2)):matmul(right:t())
  end
end

-- Activations of a ReLU of which every fourth unit is dead.
local function relu(spread)
  local z = (randn(N, D, 3):matmul(randn(D, D, 4)) / math.sqrt(D)):relu()
  z[{ {}, { 1, D, 4 } }] = 0
  if spread then z = z * 10.0 ^ ssl.linspace(-4, 2, D):double() end
  return z
end

local cases = {
  { "beta 0", falling(0) }, { "beta 0.5", falling(0.5) }, { "beta 1", falling(1) },
  { "beta 2", falling(2) }, { "beta 4", falling(4) }, { "beta 8", falling(8) },
  { "relu, dead units", function() return relu(false) end },
  { "relu, scales", function() return relu(true) end },
  { "rank 64", function() return randn(N, 64, 5):matmul(randn(64, D, 6)) end },
  { "offset 100", function() return randn(N, D, 7) + 100 end },
}

-- ==}

-- {== Routes ===============================================================================

-- exp of the entropy of singular values, which a tensor holds.
local function rank_of(values)
  local p = values:clamp(0, math.huge):double()
  p = core.masked_select(p, p:gt(0))
  p = p / p:sum()
  return math.exp(-(p * p:log()):sum():item())
end

local function of_eigenvalues(w) return rank_of(w:double():clamp(0, math.huge):sqrt()) end

-- What others do, and what we do; each from rows to RankMe.
local routes = {
  { "float64 gram", function(z)
    return of_eigenvalues(moments.new(D):add(z):eigenvalues(false))
  end },
  { "float64 tsqr", function(z) return rank_of(tsqr.new(D):add(z):values(false)) end },
  { "float32 svd", function(z) return rank_of(ssl.linalg.svdvals(z:float())) end },
  { "float32 gram", function(z)
    local gram = z:float():t():contiguous():matmul(z:float())
    return of_eigenvalues(ssl.linalg.eigvalsh(gram:double()))
  end },
  { "sslkit", function(z) return ssl.metrics.rankme(z) end },
}

-- ==}

local head, cell = "%-18s%-9s", "%13s"
local title = head:format("spectrum", "stored")
for _, route in ipairs(routes) do title = title .. cell:format(route[1]) end
io.stderr:write(("%d x %d; relative errors of RankMe\n%s%s  route\n"):format(N, D, title,
  cell:format "certificate"))

for _, case in ipairs(cases) do
  if case[1]:find(settings.only) then
    local made = case[2]()
    for _, dtype in ipairs { "float64", "float32" } do
      local z = made:to(dtype)
      local want = rank_of(ssl.linalg.svdvals(z:double()))
      local line, text = { name = "accuracy/" .. case[1], stored = dtype },
        head:format(case[1], dtype)
      for _, route in ipairs(routes) do
        local off = math.abs(route[2](z) / want - 1)
        line[route[1]] = off
        text = text .. cell:format(("%.1e"):format(off))
      end
      local gram = ssl.metrics.rankme(moments.new(D):add(z), { full = true })
      local full = ssl.metrics.rankme(z, { full = true })
      line.certificate, line.route = gram.bound, full.route
      line.holds = gram.bound >= line["float64 gram"]
      local mark = gram.certified and " " or "*"
      io.stderr:write(text, cell:format(("%.1e%s"):format(gram.bound, mark)), "  ", full.route,
        line.holds and "" or "  BOUND BROKEN", "\n")
      print(cjson.encode(line))
    end
  end
end
