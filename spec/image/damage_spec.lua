-- Damaged and hostile PNG and JPEG files: a message, no crash, no memory.
--
--   SSLKIT_FUZZ_CALLS=100000   how many mutations (2000)
--   SSLKIT_FUZZ_SEED=123       the same ones again

local ssl = require "sslkit"
local files = require "spec.image.files"

local MUTATIONS = tonumber(os.getenv "SSLKIT_FUZZ_CALLS") or 2000
local SEED = tonumber(os.getenv "SSLKIT_FUZZ_SEED") or os.time()

local fails, patched = files.fails, files.patched

-- A PNG that says it has another size, with a right checksum.
local function claiming(bytes, width, height)
  local head = "IHDR" .. string.pack(">I4I4", width, height) .. bytes:sub(25, 29)
  return patched(bytes, 13, head .. string.pack(">I4", files.crc(head)))
end

describe("ssl.image.decode", function()
  it("says no to what is no picture", function()
    for _, bytes in ipairs { "", "x", "\x89PNG", "\xff\xd8", "GIF89a", ("\0"):rep(100) } do
      fails("neither PNG nor JPEG", ssl.image.decode(bytes))
    end
    fails("truncated", ssl.image.decode "\x89PNG\r\n\x1a\n")
    fails("truncated", ssl.image.decode "\xff\xd8\xff")
  end)

  it("says no to a file that ends anywhere before its end", function()
    for _, name in ipairs {
      "png rgb 8", "png grey 1 interlaced", "png palette 2 transparent", "png with more beside",
      "jpeg rgb", "jpeg rgb progressive", "jpeg grey",
    } do
      local bytes = files[name].bytes
      for n = 0, #bytes - 1 do
        local t, message = ssl.image.decode(bytes:sub(1, n))
        if t or type(message) ~= "string" then
          error(("%s, %d of %d bytes: %s"):format(name, n, #bytes, message))
        end
      end
    end
  end)

  it("does not mind what stands behind the picture", function()
    for _, name in ipairs { "png rgb 8", "jpeg rgb" } do
      assert.truthy(ssl.image.decode(files[name].bytes .. "more"))
    end
  end)

  it("says no to a head that claims more than the file can hold, before it takes memory", function()
    local png, jpeg = files["png rgb 8"].bytes, files["jpeg rgb"].bytes
    local frame = jpeg:find("\xff\xc0", 1, true)
    local used = collectgarbage "count"
    collectgarbage "stop"
    fails("it claims 100000x100000 pixels, more than",
      ssl.image.decode(claiming(png, 100000, 100000)))
    fails("it claims 2147483647x2147483647 pixels",
      ssl.image.decode(claiming(png, 0x7fffffff, 0x7fffffff)))
    fails("it claims 65000x65000 pixels",
      ssl.image.decode(patched(jpeg, frame + 5, string.pack(">I2I2", 65000, 65000))))
    local more = collectgarbage "count" - used
    collectgarbage "restart"
    assert.is_true(more < 64, more) -- KiB
    for _, size in ipairs { { 0, 5 }, { 7, 0 }, { 0x80000000, 1 } } do
      assert.is_nil(ssl.image.decode(claiming(png, size[1], size[2])))
    end
    -- Within what deflate might do, but not what is there.
    assert.is_nil(ssl.image.decode(claiming(png, 70, 50)))
    assert.is_nil(ssl.image.decode(claiming(png, 6, 5)))
  end)

  it("keeps to the memory limit", function()
    local bytes = ssl.image.encode(ssl.zeros({ 3, 1000, 1000 }, "uint8"))
    local _, t, message = files.limited(2e6, ssl.image.decode, bytes)
    fails("an image of 1000x1000 pixels needs 2.9 MiB; ", t, message)
    assert.matches("MiB are in use of a limit of", message)
    assert.same({ 3, 1000, 1000 }, { ssl.image.decode(bytes):shape() })
  end)

  -- Under the sanitizers a handle that is lost shows as a leak.
  it("loses nothing when memory ends while a file is open", function()
    local codec = require "sslkit.image.core"
    local used = collectgarbage "count"
    local jpeg = files["jpeg rgb progressive"].bytes
    local frame = jpeg:find("\xff\xc2", 1, true)
    for _, bytes in ipairs {
      ssl.image.encode(ssl.ones(3, 64, 64)),
      patched(jpeg, frame + 5, string.pack(">I2I2", 130, 190)), -- it could be: opened it is
    } do
      for _ = 1, 20 do
        local ok, message = files.limited(2048, codec.read, (assert(codec.open(bytes))))
        assert.is_false(ok)
        assert.matches("limit", message)
      end
    end
    local ok, message = files.limited(1e6, ssl.image.encode, ssl.zeros(1):expand(3, 2000, 2000))
    assert.is_false(ok)
    assert.matches("encode: ", message)
    collectgarbage()
    assert.is_true(collectgarbage "count" - used < 512)
  end)

  it("stops at more scans than a picture has", function()
    -- A progressive file whose first scan comes again and again.
    local bytes = files["jpeg rgb progressive"].bytes
    local first = bytes:find("\xff\xda", 1, true)
    local second = bytes:find("\xff[\xc4\xda]", first + 2)
    local scan = bytes:sub(first, second - 1)
    fails("scans", ssl.image.decode(bytes:sub(1, second - 1) .. scan:rep(600) .. bytes:sub(second)))
  end)

  it("survives damage of any kind", function()
    print(("image fuzz: %d files, SSLKIT_FUZZ_SEED=%d"):format(MUTATIONS, SEED))
    math.randomseed(SEED)
    local good, bad = 0, 0
    for _ = 1, MUTATIONS do
      local f = files[math.random(#files)]
      local bytes = f.bytes
      for _ = 1, math.random(3) do
        local at, way = math.random(#bytes), math.random(5)
        if way == 1 then -- a bit
          bytes = patched(bytes, at, string.char(bytes:byte(at) ~ 1 << math.random(0, 7)))
        elseif way == 2 then -- a byte
          bytes = patched(bytes, at, string.char(math.random(0, 255)))
        elseif way == 3 then -- something lost
          bytes = bytes:sub(1, at - 1) .. bytes:sub(at + math.random(20))
        elseif way == 4 then -- something twice
          bytes = bytes:sub(1, at) .. bytes:sub(math.max(1, at - math.random(60)))
        else -- a part of another file
          bytes = bytes:sub(1, at) .. files[math.random(#files)].bytes:sub(math.random(60))
        end
        if #bytes == 0 then bytes = "x" end
      end
      if not f.is_jpeg and math.random(2) == 1 then -- past the checksums
        local rest, parts = bytes:sub(9), { bytes:sub(1, 8) }
        while #rest >= 12 do
          local n = string.unpack(">I4", rest)
          if n > #rest - 12 then break end
          local body = rest:sub(5, 8 + n)
          parts[#parts + 1] = rest:sub(1, 8 + n) .. string.pack(">I4", files.crc(body))
          rest = rest:sub(13 + n)
        end
        bytes = table.concat(parts) .. rest
      end
      local options = math.random(2) == 1 and { channels = math.random(4) } or nil
      local t, message = ssl.image.decode(bytes, options)
      if t then
        good = good + 1
        assert.equal("uint8", t:dtype())
        assert.equal(3, t:dim())
        assert.is_true(t:long():sum():item() >= 0)
      else
        bad = bad + 1
        assert.equal("string", type(message))
        assert.is_true(#message > 0 and #message < 250)
      end
    end
    assert.is_true(good > 0 and bad > 0, good .. " good, " .. bad .. " bad") -- both ways were tried
  end)
end)
