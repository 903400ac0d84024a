-- Files between NumPy and us, both ways: committed ones, and ones of random shapes and dtypes that
-- NumPy writes, or reads, while the test runs (spec/fixtures/make_files.py).

local lfs = require "lfs"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local fixtures = "spec/fixtures/files"
local seed = 20240501

local function python(...)
  local command = "/usr/bin/python3 spec/fixtures/make_files.py " .. table.concat({ ... }, " ")
  -- clean of what the sanitizers preload
  local pipe = assert(io.popen("env -u LD_PRELOAD " .. command .. " 2>&1"))
  local output = pipe:read "a"
  assert(pipe:close(), output)
  return output
end

local function describe_shape(t)
  return t:dim() == 0 and "-" or table.concat({ t:shape() }, ",")
end

local function hex(t)
  local bytes = t:contiguous():tobytes()
  return bytes == "" and "-" or (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- Compares what stands in a folder with its expected.txt; returns the number of tensors.
local function compare(folder)
  local count, opened = 0, {}
  for line in io.lines(folder .. "/expected.txt") do
    local name, dtype, shape, data = line:match "^(%S+) (%S+) (%S+) (%S+)$"
    local file, key = name:match "^([^:]*):?(.*)$"
    opened[file] = opened[file] or assert(ssl.load(folder .. "/" .. file))
    local t = opened[file]
    if key ~= "" then t = assert(t[key], name) end
    assert.equal(dtype, t:dtype(), name)
    assert.equal(shape, describe_shape(t), name)
    assert.equal(data, hex(t), name)
    count = count + 1
  end
  return count
end

describe("NumPy's files", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  it("are read as NumPy reads them", function()
    assert.equal(57, compare(fixtures))
  end)

  it("hold nothing that is not compared", function()
    local _, metadata = ssl.load(fixtures .. "/all.safetensors")
    assert.same({ format = "np", note = 'a "b" \u{e9}' }, metadata)
    local _, names = ssl.load(fixtures .. "/savetxt.csv")
    assert.same({ "a", "b", "c" }, names)
    local arrays = ssl.load(fixtures .. "/stored.npz")
    local keys = {}
    for key in pairs(arrays) do keys[#keys + 1] = key end
    table.sort(keys)
    assert.same({ "a", "c", "layer/b" }, keys)
    for name in lfs.dir(fixtures) do
      if not name:find "^%." and name ~= "expected.txt" then
        assert(ssl.load(fixtures .. "/" .. name))
      end
    end
  end)

  it("of any shape, dtype, order and version are read", function()
    python("--random", seed, temp.path "")
    assert.is_true(compare(temp.path "") > 150)
  end)

  it("are what we write", function()
    local list, count = {}, 0
    local function add(name, t)
      count = count + 1
      list[count] = ("%s %s %s %s\n"):format(name, t:dtype(), describe_shape(t), hex(t))
    end
    local dtypes = { "float32", "float64", "int64", "uint8" }
    for i = 1, 60 do
      local shape = {}
      for d = 1, ssl.randint(0, 5, { 1 })[1] do shape[d] = ssl.randint(0, 6, { 1 })[1] end
      local t = ssl.randint(0, 255, shape):to(dtypes[i % 4 + 1])
      if #shape > 1 and i % 3 == 0 then t = t:transpose(1, 2) end
      if i % 5 < 3 then
        assert(ssl.save(temp.path(i .. ".npy"), t))
        add(i .. ".npy", t)
      else
        local u = ssl.randn(i)
        assert(ssl.save(temp.path(i .. ".npz"), { t, u, ["b/\u{e9}"] = t },
          { compress = i % 5 == 4 }))
        add(i .. ".npz:arr_0", t)
        add(i .. ".npz:arr_1", u)
        add(i .. ".npz:b/\u{e9}", t)
      end
    end
    temp.write("list.txt", table.concat(list))
    assert.equal("ok " .. count .. "\n", python("--check", temp.path ""))
  end)
end)
