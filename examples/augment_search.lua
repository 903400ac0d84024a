-- A search for an augmentation policy without labels: policies are drawn at random, a small encoder
-- is trained by SimCLR on each one's views of the digits, and its features are scored by metrics that
-- need no labels. A k-NN probe, which the search does not see, tells in the end how well it chose.
-- usage: lua5.4 examples/augment_search.lua [policies] [epochs] [best.json]
local ssl = require "sslkit"

local count = math.max(2, math.tointeger(tonumber(arg[1] or 16)) or 16)
local epochs = math.tointeger(tonumber(arg[2] or 8)) or 8
local keep = arg[3]

-- {== The space ============================================================================

-- Each operation with a range for its strength, as a function of a strength in 0..1.
local space = {
  function(m) return { "random_resized_crop", scale = { 1 - 0.9 * m, 1 } } end,
  function(m) return { "rotate", degrees = 60 * m } end,
  function(m) return { "translate_x", share = 0.5 * m } end,
  function(m) return { "translate_y", share = 0.5 * m } end,
  function(m) return { "jitter", b = 0.8 * m, c = 0.8 * m } end,
  function(m) return { "blur", kernel = 3, sigma = { 0.1, 0.1 + 2 * m } } end,
  function(m) return { "noise", sigma = { 0, 0.5 * m } } end,
  function(m) return { "erase", scale = { 0.02, 0.02 + 0.4 * m } } end,
  function() return { "invert" } end,
  function() return { "hflip" } end,
}

-- Policy number i: one to four different operations, in the order in which they are drawn.
local function draw(i)
  local g = ssl.generator(7):split(i)
  local order = ssl.randperm(#space, { generator = g })
  local u = ssl.rand({ 9 }, { generator = g })
  local policy = { n = 2, name = "policy " .. i }
  for k = 1, 1 + math.floor(4 * u[1]) do
    local op = space[order[k]](u[2 * k])
    op.p = math.floor(20 + 80 * u[2 * k + 1]) / 100
    policy[k] = op
  end
  return policy
end

-- ==}

-- {== One policy ===========================================================================

local train, test = ssl.data.digits():split(0.7, { seed = 1 })

-- All encoders are judged by the same views: those of mild changes that leave a digit what it is.
local judge = ssl.augment.compile { n = 2,
  { "random_resized_crop", scale = { 0.7, 1 } }, { "rotate", degrees = 10 },
  { "noise", sigma = 0.1 },
}

local function flat(x) return x:reshape(#x, 64) end

local function train_on(policy)
  ssl.seed(1)
  local encoder = ssl.nn.mlp { sizes = { 64, 128, 64 }, norm = "batch" }
  local head = ssl.nn.Linear(64, 32)
  local opt = ssl.optim.adam(ssl.nn.Sequential(encoder, head):parameters(), { lr = 2e-3 })
  local loader = ssl.data.loader(train,
    { batch = 256, seed = 1, drop_last = true, augment = policy })
  for _ = 1, epochs do
    for a, b in loader do
      opt:zero_grad()
      local z, n = head(encoder(flat(ssl.cat { a, b }))), #a
      local z1, z2 = z:narrow(1, 1, n), z:narrow(1, n + 1, 2 * n)
      ssl.losses.ntxent(z1, z2, { temperature = 0.2 }):backward()
      opt:step()
    end
  end
  return encoder:eval()
end

-- What the encoder of a policy is worth: three numbers without labels, and one with them.
local function worth(policy)
  local encoder = train_on(policy)
  local _ <close> = ssl.no_grad()
  local function features(x) return encoder(flat(x:to "float32" / 16)) end
  local z = features(train.x)
  local a, b = judge(train.x, { levels = 16 })
  return {
    rankme = ssl.metrics.rankme(z),
    alignment = ssl.metrics.alignment(encoder(flat(a)), encoder(flat(b))),
    uniformity = ssl.metrics.uniformity(z),
    knn = ssl.probe.knn(z, train.y, features(test.x), test.y).accuracy,
  }
end

-- ==}

-- {== The search ===========================================================================

-- Places in a row from the best; `sign` is 1 where more is better.
local function ranks(results, name, sign)
  local order, rank = {}, {}
  for i in ipairs(results) do order[i] = i end
  table.sort(order, function(i, j)
    local a, b = sign * results[i][name], sign * results[j][name]
    if a ~= b then return a > b end
    return i < j
  end)
  for place, i in ipairs(order) do rank[i] = place end
  return rank
end

local function spearman(a, b)
  local n, sum = #a, 0
  for i = 1, n do sum = sum + (a[i] - b[i]) ^ 2 end
  return 1 - 6 * sum / (n * (n * n - 1))
end

local SIGN = { rankme = 1, alignment = -1, uniformity = -1, knn = 1, score = -1 }

local results = {}
for i in ssl.progress(count, { label = "policies" }) do
  local policy = draw(i)
  results[i] = worth(policy)
  results[i].policy = policy
end

-- The score is the mean of the places by the three.
local rank = {}
for name in pairs(SIGN) do
  if name ~= "score" then rank[name] = ranks(results, name, SIGN[name]) end
end
for i, r in ipairs(results) do
  r.score = (rank.rankme[i] + rank.alignment[i] + rank.uniformity[i]) / 3
end
rank.score = ranks(results, "score", SIGN.score)

local function names_of(policy)
  local names = {}
  for k, op in ipairs(policy) do names[k] = ("%s %.2f"):format(op[1], op.p) end
  return table.concat(names, ", ")
end

local order = {}
for i, place in ipairs(rank.score) do order[place] = i end
print "place  rankme  alignment  uniformity  (kNN %)  operations, with how often each is done"
for place, i in ipairs(order) do
  local r = results[i]
  print(("%5d  %6.2f  %9.3f  %10.2f  %7.1f  %s"):format(place, r.rankme, r.alignment, r.uniformity,
    100 * r.knn, names_of(r.policy)))
end
print "\nrank correlation with the probe, which the search has not seen"
for _, name in ipairs { "score", "rankme", "alignment", "uniformity" } do
  print(("%10s  %5.2f"):format(name, spearman(rank[name], rank.knn)))
end

local best = ssl.augment.compile(results[order[1]].policy)
print("\n" .. best:describe())
if keep then
  local file = assert(io.open(keep, "w"))
  file:write(require("sslkit.text.json").encode(best:totable(), { indent = 2 }), "\n")
  file:close()
end

-- ==}
