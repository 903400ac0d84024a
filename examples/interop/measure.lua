-- From NumPy to sslkit and back, 2 of 3: sslkit reads what NumPy has written (see write.py), measures
-- it, whitens it, and writes everything down again.

local ssl = require "sslkit"

local folder = assert(arg[1], "usage: lua5.4 measure.lua FOLDER")
local function path(name) return folder .. "/" .. name end

-- The same arrays three times. NumPy's float16 becomes float32, which holds all of its values; the
-- order of the elements in the file is the file's affair.
local z = assert(ssl.load(path "z.npy"))
local npz = assert(ssl.load(path "numpy.npz"))
local safe = assert(ssl.load(path "numpy.safetensors"))
local count = 0
for name, t in pairs(npz) do
  local alone = assert(ssl.load(path(name .. ".npy")))
  for _, other in ipairs { alone, safe[name] } do
    assert(other:dtype() == t:dtype() and ssl.equal(other, t), name .. " differs")
  end
  count = count + 1
end
assert(ssl.equal(npz.fortran, z) and npz.half:dtype() == "float32")
print(("measure.lua: %d arrays, equal in all formats; z is %d x %d"):format(count, z:shape()))

-- How many directions are used, over the whole and over blocks of a file that is never in memory.
local blocks = ssl.metrics.accumulator(z:size(2))
for block in assert(ssl.io.npy.open(path "z.npy")):blocks(100) do blocks:add(block) end

-- Labels count from 0 in NumPy; a probe takes them as they are and answers in the same.
local half = #z // 2
local knn = ssl.probe.knn(z:narrow(1, 1, half), npz.y:narrow(1, 1, half),
  z:narrow(1, half + 1, -1), npz.y:narrow(1, half + 1, -1))

-- Whitened: centred, with the identity as covariance.
local u = ssl.linalg.svd(npz.z64 - npz.z64:mean(1))
local white = u * math.sqrt(#z - 1)

-- One line of JSON, floats with all their digits.
assert(ssl.log.jsonl(path "results.json", { append = false })):write {
  rankme = ssl.metrics.rankme(z), rankme_blocks = ssl.metrics.rankme(blocks),
  rankme_paper = ssl.metrics.rankme(z, { eps = 1e-7 }),
  effective_rank = ssl.metrics.effective_rank(z), knn = knn.accuracy,
}:close()

local out = { white = white, predictions = knn.predictions }
for name, t in pairs(npz) do out[name] = t end
for name, t in pairs(out) do assert(ssl.save(path("ours_" .. name .. ".npy"), t)) end
assert(ssl.save(path "ours.npz", out, { compress = true }))
assert(ssl.save(path "ours.safetensors", out, { metadata = { made_by = ssl._VERSION } }))
print(("measure.lua: rankme %.4f, knn %s"):format(ssl.metrics.rankme(z), knn))
