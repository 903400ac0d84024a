-- Reading PNG and JPEG of every kind.

local ssl = require "sslkit"
local files = require "spec.image.files"
local shell = require "spec.shell"
local temporary = require "spec.io.temporary"

local fails, patched = files.fails, files.patched

describe("ssl.image.decode", function()
  -- PNG is exact. JPEG: libraries may round the cosine transform differently, by one step.
  it("reads every kind of PNG and JPEG", function()
    assert.is_true(#files > 40)
    for _, f in ipairs(files) do
      local t, message = ssl.image.decode(f.bytes)
      assert.truthy(t, f.name .. ": " .. tostring(message))
      assert.equal("uint8", t:dtype(), f.name)
      assert.same({ f.pixels:shape() }, { t:shape() }, f.name)
      local off = (t:long() - f.pixels:long()):abs():max():item()
      assert.is_true(off <= (f.is_jpeg and 1 or 0), f.name .. " is off by " .. off)
    end
  end)

  it("gives the channels that are asked for", function()
    local function planes(name, channels)
      return ssl.image.decode(files[name].bytes, { channels = channels })
    end
    local grey, rgb = files["png grey 8"].pixels, files["png rgb 8"].pixels
    local pale, rgba = files["png grey alpha 8"].pixels, files["png rgba 8"].pixels
    local opaque = ssl.full({ 1, 5, 7 }, 255, "uint8")
    local weights = ssl.tensor({ 0.299, 0.587, 0.114 }, "float64"):view(3, 1, 1)
    local function luma(t) return (t[{ { 1, 3 } }]:double() * weights):sum(1, true) end

    local expected = {
      { "png grey 8", {
        grey, { grey, opaque }, { grey, grey, grey }, { grey, grey, grey, opaque } } },
      { "png grey alpha 8", {
        pale[{ { 1, 1 } }], pale, pale[{ { 1, 1 } }]:expand(3, 5, 7),
        { pale[{ { 1, 1 } }]:expand(3, 5, 7), pale[{ { 2, 2 } }] } } },
      { "png rgb 8", { luma(rgb), { luma(rgb), opaque:double() }, rgb, { rgb, opaque } } },
      { "png rgba 8", {
        luma(rgba), { luma(rgba), rgba[{ { 4, 4 } }]:double() }, rgba[{ { 1, 3 } }], rgba } },
    }
    for _, row in ipairs(expected) do
      for channels, want in ipairs(row[2]) do
        if type(want) == "table" then want = ssl.cat(want, 1) end
        local t = planes(row[1], channels)
        assert.equal(channels, t:size(1))
        -- Half a step for rounding, and the weights are rounded to 2^-16.
        assert.tensor_near(want, t, want:dtype() == "float64" and 0.51 or 0)
      end
    end
    assert.same({ 1, 13, 19 }, { planes("jpeg rgb", 1):shape() })
    -- White and black stay what they are, whatever is rounded.
    for _, v in ipairs { 0, 1, 127, 254, 255 } do
      local bytes = ssl.image.encode(ssl.full({ 3, 2, 2 }, v, "uint8"))
      local t = ssl.image.decode(bytes, { channels = 1 })
      assert.tensor_near(ssl.full({ 1, 2, 2 }, v), t, 0)
    end
  end)

  it("raises for a caller's bug, at the caller's line", function()
    assert.raises({ "load_spec.lua:", "#1 to 'decode' (string of bytes expected, got nil)" },
      function() ssl.image.decode() end)
    for _, channels in ipairs { 0, 5, 1.5, "3" } do
      assert.raises("#2 to 'decode' (channels must be",
        ssl.image.decode, "x", { channels = channels })
    end
    assert.raises("unknown option 'channel'; known: channels",
      ssl.image.decode, "x", { channel = 1 })
  end)
end)

describe("ssl.image.load", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  it("goes by content, not by name", function()
    local png = temp.write("picture.jpg", files["png rgb 8"].bytes)
    assert.tensor_near(files["png rgb 8"].pixels, ssl.image.load(png), 0)
    local jpeg = temp.write("picture", files["jpeg grey"].bytes)
    assert.tensor_near(files["jpeg grey"].pixels, ssl.image.load(jpeg), 1)
    assert.equal(3, ssl.image.load(jpeg, { channels = 3 }):size(1))
  end)

  it("names the file that is missing or broken", function()
    fails(temp.path "x.png: No such file or directory", ssl.image.load(temp.path "x.png"))
    fails(": not a regular file", ssl.image.load "/tmp")
    fails("/dev/zero: not a regular file", ssl.image.load "/dev/zero")
    local text = temp.write("x.png", "a text")
    fails(text .. ": neither PNG nor JPEG", ssl.image.load(text))
    local broken = temp.write("y.png", (files["png rgb 8"].bytes:sub(1, 60)))
    fails(broken .. ": ", ssl.image.load(broken))
  end)

  it("does not read a file that there is no room for", function()
    local path = temp.write("x.png", ("x"):rep(3e6))
    local _, t, message = files.limited(1e6, ssl.image.load, path)
    fails(path .. ": reading the file needs 5.7 MiB; ", t, message)
  end)

  it("raises for a caller's bug", function()
    assert.raises("#1 to 'load' (path expected, got nil)", ssl.image.load)
    assert.raises("#1 to 'load' (a path cannot hold a zero byte)", ssl.image.load, "a\0b")
    assert.raises("#2 to 'load' (table of options expected, got number 3)", ssl.image.load, "x", 3)
  end)

  it("prints nothing, whatever libpng and libjpeg would like to say", function()
    local script = [[
      local ssl = require "sslkit"
      for i = 1, #arg do ssl.image.load(arg[i]) end
      io.write "done"
    ]]
    local jpeg = files["jpeg rgb"].bytes
    local command = "LUA_PATH=%s LUA_CPATH=%s lua5.4 -e %s /dev/null %s %s %s %s"
    if os.getenv "SANITIZE" then
      command = "LD_PRELOAD=\"$(cc -print-file-name=libasan.so) "
        .. "$(cc -print-file-name=libubsan.so)\" " .. command
    end
    local _, output = shell(command, package.path, package.cpath, script,
      temp.write("a", files["png with more beside"].bytes),
      temp.write("b", jpeg:sub(1, -30)),
      temp.write("c", patched(jpeg, #jpeg - 20, "\xff\xff\xff\x01")),
      temp.write("d", (files["png grey 8"].bytes:gsub("IEND", "IEnd"))))
    assert.equal("done", output)
  end)

  it("names what to install where the module is not there", function()
    local loaded, cpath = package.loaded["sslkit.image.core"], package.cpath
    package.loaded["sslkit.image.core"], package.cpath = nil, ""
    local ok, message = pcall(ssl.image.decode, "x")
    package.loaded["sslkit.image.core"], package.cpath = loaded, cpath
    assert.is_false(ok)
    for _, text in ipairs {
      "decode: this sslkit has no libpng and libjpeg", "apt-get install libpng-dev libjpeg-dev",
      "build sslkit again",
    } do
      assert.truthy(message:find(text, 1, true), message)
    end
  end)
end)
