-- Files that were changed at random: bytes flipped, cut, added, moved. Whatever comes of it, `load`
-- gives a tensor, or tensors, or nil and a message: it neither raises nor takes long nor asks for
-- more memory than the limit.

local core = require "sslkit.core"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local seed = tonumber(os.getenv "SSLKIT_HOSTILE_SEED") or os.time()
local count = tonumber(os.getenv "SSLKIT_HOSTILE_COUNT") or 2000
local LIMIT = 2 ^ 27 -- bytes beyond what is in use
local LONGEST = 5 -- seconds, of which far less are needed

local function below(n) return n > 0 and math.random(0, n - 1) or 0 end

local function replace(bytes, at, with) -- at: 0 for the first
  return bytes:sub(1, at) .. with .. bytes:sub(at + #with + 1)
end

local odd = {
  "\0", "\xff", "\x7f", "\x80", "\xff\xff", "\xff\xff\xff\xff", "\0\0\0\0", "\0\0\0\x80",
  "\xff\xff\xff\xff\xff\xff\xff\x7f", "\0\0\0\0\0\0\0\x80", "9", "99999999", "-", ",", "(", ")",
  '"', "{", "}", "[", "]", "\n", "1e999",
}

local changes = {
  function(s) -- some bits
    for _ = 1, math.random(1, 4) do
      local at = below(#s)
      s = replace(s, at, string.char((s:byte(at + 1) or 0) ~ 1 << below(8)))
    end
    return s
  end,
  function(s) -- some bytes become what breaks readers
    for _ = 1, math.random(1, 3) do s = replace(s, below(#s), odd[math.random(#odd)]) end
    return s
  end,
  function(s) -- they are put in
    local at = below(#s)
    return s:sub(1, at) .. odd[math.random(#odd)] .. s:sub(at + 1)
  end,
  function(s) return s:sub(1, below(#s)) end, -- the end is missing
  function(s) return s:sub(below(#s) + 1) end, -- or the beginning
  function(s) return s .. s:sub(below(#s) + 1) end, -- the end comes twice
  function(s) -- a part is cut out, or put somewhere else
    local a, b, c = below(#s), below(64), below(#s)
    local part, rest = s:sub(a + 1, a + b), s:sub(1, a) .. s:sub(a + b + 1)
    if math.random(2) == 1 then return rest end
    return rest:sub(1, c) .. part .. rest:sub(c + 1)
  end,
  function(s) -- one number of 16, 32 or 64 bits becomes its neighbour, or its opposite
    local size = 1 << math.random(1, 3)
    local at = below(#s - size)
    if #s < size then return s end
    local v = string.unpack("<i" .. size, s, at + 1)
    v = ({ v + 1, v - 1, -v, v * 2 })[math.random(4)]
    return replace(s, at, string.pack("<i8", v):sub(1, size))
  end,
}

local function samples(temp)
  local t, labels = ssl.randn(6, 5), ssl.randint(0, 9, { 7 })
  local tables = { a = t, ["b/c"] = labels, d = ssl.ones(3):byte() }
  return {
    { "x.npy", t }, { "x.npy.gz", t }, { "x.idx", labels }, { "x.idx.gz", labels },
    { "x.npz", tables }, { "x.npz", tables, { compress = true } },
    { "x.safetensors", tables, { metadata = { k = "v" } } },
    { "x.csv", t, { header = { "a", "b", "c", "d", "e" } } }, { "x.csv", t }, { "x.csv.gz", t },
  }, function(sample)
    assert(ssl.save(temp.path(sample[1]), sample[2], sample[3]))
    return temp.read(sample[1])
  end
end

local function is_result(value)
  if core.is_tensor(value) then return true end
  if type(value) ~= "table" then return false end
  for _, t in pairs(value) do
    if not core.is_tensor(t) then return false end
  end
  return true
end

describe("files that were changed at random", function()
  it("give tensors, or nil and a message", function()
    local temp = temporary()
    ssl.seed(seed)
    math.randomseed(seed)
    ssl.release_workspace()
    collectgarbage()
    local limit = ssl.set_memory_limit(collectgarbage "count" * 1024 + LIMIT)
    local list, write = samples(temp)
    local wrong, loaded = nil, 0
    for _, sample in ipairs(list) do
      local name, whole = sample[1], write(sample)
      for i = 1, count do
        local bytes = whole
        for _ = 1, math.random(1, 2) do bytes = changes[math.random(#changes)](bytes) end
        local path = temp.write(name, bytes)
        local start = core.clock()
        local ok, value, message = pcall(ssl.load, path)
        local took = core.clock() - start
        if ok and value then loaded = loaded + 1 end
        if not ok or took > LONGEST
          or value ~= nil and not is_result(value)
          or value == nil and (type(message) ~= "string" or message:sub(1, #path) ~= path) then
          wrong = ("%s, seed %d, change %d, %.1f s: %s; the file is %q"):format(
            name, seed, i, took, tostring(not ok and value or message), bytes)
          break
        end
      end
      if wrong then break end
    end
    ssl.set_memory_limit(limit)
    temp.remove()
    assert.is_nil(wrong)
    -- most changes of numbers are none of a header: if nothing loads, nothing was tested
    assert.is_true(loaded > count / 20)
  end)

  -- 1 KB that claims 2^60 elements, or bytes, wherever a format has a size.
  it("are not believed", function()
    local temp = temporary()
    local huge = 1 << 60
    local filler = ("x"):rep(900)
    local npy = "\x93NUMPY\1\0" .. string.pack("<s2",
      ("{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }\n"):format(huge)) .. filler
    local zip = require "sslkit.io.zip"
    local member = {
      name = "a.npy", method = 0, crc = 0, size = huge, packed = huge, start = 0,
    }
    local head = zip.local_header(member) .. filler
    local zlib = require "zlib"
    local cases = {
      ["x.npy"] = npy,
      ["x.npy.gz"] = zlib.deflate(6, 31)(npy, "finish"),
      ["x.idx"] = "\0\0\x0e\3" .. ("\xff"):rep(12) .. filler,
      ["x.npz"] = head .. zip.directory({ member }, #head),
      ["x.safetensors"] = string.pack("<s8",
        ('{"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}'):format(1 << 53, 1 << 53))
        .. filler,
    }
    local limit = ssl.set_memory_limit(collectgarbage "count" * 1024 + 2 ^ 24)
    for name, bytes in pairs(cases) do
      local value, message = ssl.load(temp.write(name, bytes))
      assert.is_nil(value)
      assert.is_nil(message:find("set_memory_limit", 1, true), message) -- it was not even asked for
    end
    ssl.set_memory_limit(limit)
    temp.remove()
  end)
end)
