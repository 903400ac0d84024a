-- Plain data and checkpoints as files: what was written is read, to the bit, and what is damaged
-- anywhere is told.

local checkpoint = require "sslkit.train.checkpoint"
local codec = require "sslkit.train.codec"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

describe("a checkpoint", function()
  local temp, path
  before_each(function()
    temp = temporary()
    path = temp.path "a.ckpt"
  end)
  after_each(function() temp.remove() end)

  it("gives back numbers, strings and tables to the bit", function()
    local data = {
      1, 2.0, -0.0, 0.1, 5e-324, math.huge, math.mininteger, math.maxinteger, "", "a\0b\xff", true,
      false, { deep = { { {} } } }, [3.5] = "x", [true] = 1, [-7] = "y", ["a.b"] = 2,
    }
    checkpoint.write(path, data)
    local back = assert(checkpoint.read(path))
    assert.same(data, back)
    for key, v in pairs(data) do assert.equal(math.type(v), math.type(back[key])) end
    assert.equal(-math.huge, 1 / back[3])
    checkpoint.write(path, { nan = 0 / 0 })
    local nan = checkpoint.read(path).nan
    assert.is_true(nan ~= nan)
  end)

  it("gives back tensors of every kind, of views what they show", function()
    local t = ssl.randn(3, 4)
    local data = {
      f = t, view = t:t(), part = t[{ { 1, 3, 2 }, { 2, 3 } }], scalar = ssl.tensor(0.1, "float64"),
      none = ssl.zeros(0, 3), i = ssl.tensor({ math.mininteger, 7 }, "int64"),
      u = ssl.tensor({ 0, 255 }, "uint8"), on_tape = ssl.ones(2):requires_grad(),
    }
    checkpoint.write(path, data)
    local back = assert(checkpoint.read(path))
    for name, v in pairs(data) do
      assert.equal(v:dtype(), back[name]:dtype())
      assert.same({ v:shape() }, { back[name]:shape() })
      assert.is_true(ssl.equal(v, back[name]), name)
    end
    assert.is_false(back.on_tape:needs_grad())
  end)

  it("has the same bytes for the same data", function()
    local a, b = {}, {}
    for i = 1, 50 do a["k" .. i] = i end
    for i = 50, 1, -1 do b["k" .. i] = i end
    assert.same(codec.encode(a, "a"), codec.encode(b, "b"))
  end)

  it("takes plain data only, and says where there is something else", function()
    local function writing(data) return function() checkpoint.write(path, data) end end
    assert.raises("the checkpoint.a.b is function, which is no plain data",
      writing { a = { b = print } })
    assert.raises("checkpoint.net is sslkit.nn.Linear, which is no plain data; its state() may be",
      writing { net = ssl.nn.Linear(1, 1) })
    assert.raises("the checkpoint has the key table", writing { [{}] = 1 })
    local loop = {}
    loop.loop = loop
    assert.raises("holds too many tables in tables", writing(loop))
    assert.same({}, temp.names())
    assert.raises("/nowhere/a.ckpt: No such file or directory",
      function() checkpoint.write("/nowhere/a.ckpt", {}) end)
  end)

  it("that is missing, foreign or of another version is a message", function()
    local function message(bytes)
      temp.write("b.ckpt", bytes)
      local value, text = checkpoint.read(temp.path "b.ckpt")
      assert.is_nil(value)
      return (text:gsub("^.*/b.ckpt: ", ""))
    end
    local _, missing = checkpoint.read "/nowhere/a.ckpt"
    assert.equal("/nowhere/a.ckpt: No such file or directory", missing)
    assert.matches("^truncated", message "")
    assert.equal("not a checkpoint: it does not begin with SSLKITCK",
      message "PK\3\4 something of another kind")
    assert.equal("format version 9, only 1 is supported",
      message(string.pack("<c8I4i8", "SSLKITCK", 9, 0)))
    assert.matches("^truncated", message(string.pack("<c8I4i8", "SSLKITCK", 1, math.maxinteger)))
    assert.equal("damaged: no proper text", message(string.pack("<c8I4i8", "SSLKITCK", 1, -1)))
    -- a tensor of 2^60 elements, of which there is none
    local text = "<" .. string.pack("<c1BBi8", "t", 1, 1, 1 << 60)
    assert.matches("^truncated", message(string.pack("<c8I4s8", "SSLKITCK", 1, text)))
    text = "<" .. ("{" .. string.pack("<i8", 1) .. "T"):rep(100) .. "n"
    assert.equal("damaged: too many tables in tables",
      message(string.pack("<c8I4s8", "SSLKITCK", 1, text)))
  end)

  it("that is cut or changed in any byte is a message", function()
    checkpoint.write(path, { step = 7, name = "abc", w = ssl.randn(2, 3), list = { 1.5, true } })
    local bytes = temp.read "a.ckpt"
    local function refused(damaged)
      temp.write("b.ckpt", damaged)
      local value, text = checkpoint.read(temp.path "b.ckpt")
      assert.is_nil(value)
      assert.is_string(text)
    end
    for at = 0, #bytes - 1 do
      refused(bytes:sub(1, at))
      for _, flip in ipairs { 1, 128 } do
        refused(bytes:sub(1, at) .. string.char(bytes:byte(at + 1) ~ flip) .. bytes:sub(at + 2))
      end
    end
    refused(bytes .. "x")
  end)
end)
