local core = require "sslkit.core"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local NAN = 0 / 0

describe("csv", function()
  local temp
  before_each(function() temp = temporary() end)
  after_each(function() temp.remove() end)

  local function load(text, options) return ssl.load(temp.write("x.csv", text), options) end

  -- The text gives these rows, and these names.
  local function reads(rows, names, text, options)
    local t, header = assert(load(text, options))
    assert.equal("float64", t:dtype())
    assert.tensor_near(rows, t, 0)
    assert.same(names, header)
  end

  local function refuses(message, text, options)
    local t, why = load(text, options)
    assert.is_nil(t)
    assert.equal(temp.path "x.csv" .. ": " .. message, why)
  end

  it("reads rows, with and without names", function()
    reads({ { 1, 2 }, { 3, 4.5 } }, nil, "1,2\n3,4.5\n")
    reads({ { 1, 2 }, { 3, 4.5 } }, nil, "1,2\n3,4.5")
    reads({ { 1, 2 }, { 3, 4.5 } }, { "x", "y" }, "x,y\n1,2\n3,4.5\n")
    reads({ { 1, 2 } }, { "1", "y" }, "1,y\n1,2\n")
    reads({ { 1 }, { 2 } }, nil, "1\n2\n")
    reads({ { 3, 4 } }, { "1", "2" }, "1,2\n3,4\n", { header = true })
    reads({ { 1, 2 }, { 3, 4 } }, nil, "1,2\n3,4\n", { header = false })
    reads({ { NAN, 2 }, { 3, 4 } }, nil, ",2\n3,4\n")
    reads({ { 3, 4 } }, { "a", "b" }, "# a,b\n3,4\n")
    local t, names = load "a,b,c\n"
    assert.same({ 0, 3 }, { t:shape() })
    assert.same({ "a", "b", "c" }, names)
  end)

  it("tells the separator, or takes it", function()
    reads({ { 1, 2 }, { 3, 4 } }, nil, "1;2\n3;4\n")
    reads({ { 1, 2 }, { 3, 4 } }, nil, "1\t2\n3\t4\n")
    reads({ { 3, 4 } }, { "x, mm", "y" }, "x, mm;y\n3;4\n")
    reads({ { 3, 4 } }, { "x;y", "z" }, '"x;y",z\n3,4\n')
    reads({ { 1, 2 } }, nil, "1|2\n", { sep = "|" })
    reads({ { 1, 2 } }, nil, "1:2\n", { sep = ":" })
    reads({ { NAN, NAN }, { 1, 2 } }, nil, "\t\n1\t2\n", { sep = "\t" })
    reads({ { NAN, NAN }, { NAN, 1 } }, nil, "\t\n\t1\n")
  end)

  it("reads empty cells, NaN and infinities", function()
    reads({ { 1, NAN, 3 }, { NAN, NAN, NAN } }, nil, "1,,3\n,,\n")
    reads({ { NAN, NAN, NAN, NAN } }, { "a", "b", "c", "d" }, 'a,b,c,d\nnan,NaN, -NAN ,""\n')
    local inf = math.huge
    reads({ { inf, inf, -inf, inf } }, nil, "inf,Infinity,-INF,+inf\n")
  end)

  it("takes blanks, quotes, blank lines, CRLF and a mark of UTF-8", function()
    reads({ { 1, 2 }, { 3, 4 } }, nil, '\n\n 1 ,\t2\t\n  \n"3"," 4 "\n\n', { sep = "," })
    reads({ { 1, 2 }, { 3, 4 } }, nil, "1,2\r\n\r\n3,4\r\n")
    reads({ { 1, 2 } }, { "a b", "c\"d" }, ' "a b" , "c""d"\r\n1,2\r\n')
    reads({ { 1, 2 } }, { "a\nb", "c" }, '"a\nb",c\n1,2\n')
    reads({ { 1, 2 } }, { "a", "b" }, "\xef\xbb\xbfa,b\n1,2\n")
    reads({ { 1, 2 } }, nil, "\xef\xbb\xbf1,2\n")
  end)

  it("names the line and the column of what is wrong", function()
    refuses("line 2, column 2: 'x' is not a number", "1,2\n3,x\n")
    refuses("line 4, column 1: 'x y' is not a number", "a,b\n\n1,2\nx y,3\n")
    refuses("line 5, column 1: 'z' is not a number", '"a\nb",c\r\n\r\n1,2\r\nz,1\r\n')
    refuses("line 2: 3 cells, expected 2", "1,2\n3,4,5\n")
    refuses("line 3: 1 cells, expected 2", "a,b\n1,2\n3")
    refuses("line 1, column 1: 'a' is not a number", "a,b\n1,2\n", { header = false })
    refuses("line 1, column 1: '1,5' is not a number", "1,5;2\n", { header = false })
    refuses("line 2, column 1: '1,5' is not a number", "a;b\n1,5;2\n")
    refuses("line 2, column 1: '" .. ("y"):rep(40) .. "...' is not a number",
      "1\n" .. ("y"):rep(50) .. "\n")
    refuses("line 2, column 1: '1?2' is not a number", "1\n1\0002\n")
    refuses("there are no rows in it", "")
    refuses("there are no rows in it", "\n  \n\r\n")
    refuses("line 2: a quote is not closed", '\n"a,b\n1,2\n')
    -- far into the file, where blocks begin anew
    local rows = ("1.5,2\n"):rep(400000)
    refuses("line 400001, column 2: 'x' is not a number", rows .. "1,x\n")
    refuses("line 400001: 1 cells, expected 2", rows .. "1")
    assert.same({ 400000, 2 }, { load(rows):shape() })
  end)

  it("takes numbers for what they are, and nothing else", function()
    for _, text in ipairs { "0", "-0", "+1", "1.", ".5", "-.5e-3", "1e5", "1E+05", "00012.50",
      "0.1", "123456789012345678", "1234567890123456789012", "9007199254740993", "1e22", "1e23",
      "1e-22", "1e-23", "4.9e-324", "2e-324", "1.7976931348623157e308", "0e999999999999",
      "0.000000000000000000000000000000123", "1e400", "-1e400", "1e-400",
      "179769313486231580793728971405301e276", "5e-324", "2.2250738585072011e-308",
      ("9"):rep(400), "0." .. ("0"):rep(400) .. "1e400", "1" .. ("0"):rep(400) .. "e-400" } do
      assert.equal(tonumber(text) + 0.0, core.csv_number(text), text)
    end
    assert.equal(-math.huge, 1 / core.csv_number "-0")
    for _, text in ipairs { "", "1e", "1e+", "e5", ".", "-", "+", "+-1", "1.2.3", "0x10", "1f",
      "1 2", "inf1", "na", "n", "nano", ".nan", "1nan", "infinit", "1,5", "--1", "1e5.0", "1_0",
      "NA", "true", "\0", "1\0", "nan(1)", "'1'", '"1', '1"' } do
      assert.is_nil(core.csv_number(text), text)
    end
  end)

  -- tonumber is the C library's strtod here, which rounds as it should.
  it("rounds every number to the nearest", function()
    for _ = 1, 5000 do
      local bits = ssl.randint(math.mininteger, math.maxinteger, { 1 }):tobytes()
      local x = string.unpack("d", bits)
      local text = ("%." .. bits:byte(1) % 20 + 1 .. "g"):format(x)
      if x == x and math.abs(x) < math.huge then
        assert.equal(tonumber(text) + 0.0, core.csv_number(text), text)
      end
      text = ("%d.%de%d"):format(bits:byte(2), string.unpack("I4", bits), bits:byte(3) % 60 - 30)
      assert.equal(tonumber(text) + 0.0, core.csv_number(text), text)
    end
  end)

  it("gives back what was saved, to the bit", function()
    local bits = ssl.randint(math.mininteger, math.maxinteger, { 3000 }):tobytes()
    local function same(t)
      assert(ssl.save(temp.path "x.csv", t))
      local loaded = assert(ssl.load(temp.path "x.csv")):to(t:dtype())
      if t:dim() == 1 then loaded = loaded:view(#t) end
      assert.tensor_near(t, loaded, 0)
    end
    same(ssl.frombytes(bits, "float64", { 1000, 3 }))
    same(ssl.frombytes(bits, "float32", { 1500, 4 }))
    same(ssl.randn(50))
    same(ssl.randn(20, 30):t())
    same(ssl.randint(-(1 << 53), 1 << 53, { 40, 2 }))
    same(ssl.randint(0, 255, { 40, 2 }):byte())
    same(ssl.tensor({ { 1 / 0, -1 / 0, NAN }, { 5e-324, 1.7976931348623157e308, 0.1 } }, "float64"))
    local whole = { 0, 1, 999999999, 1000000000, 2 ^ 24, 1e15, 999999999999999, 1e16, 2 ^ 53, 1e22 }
    same(ssl.tensor(whole, "float64"))
    same(-ssl.tensor(whole, "float64"))
    same(ssl.tensor(whole))
    local t = ssl.tensor({ -0.0, 0.0 }, "float64")
    assert(ssl.save(temp.path "x.csv", t))
    assert.equal("-0\n0\n", temp.read "x.csv")
    assert.equal(t:tobytes(), ssl.load(temp.path "x.csv"):tobytes())
  end)

  it("writes what its options say", function()
    local t = ssl.tensor({ { 1, 0.1 }, { -2.5, NAN } })
    assert(ssl.save(temp.path "x.csv", t))
    assert.equal("1,0.100000001\n-2.5,nan\n", temp.read "x.csv")
    assert(ssl.save(temp.path "x.csv", t:double(), { sep = ";", header = { "a;b", 'c"d' } }))
    assert.equal('"a;b";"c""d"\n1;0.10000000149011612\n-2.5;nan\n', temp.read "x.csv")
    local _, names = ssl.load(temp.path "x.csv")
    assert.same({ "a;b", 'c"d' }, names)
    assert(ssl.save(temp.path "x.csv", ssl.tensor({ 3, 4 }, "int64"), { header = { " n\r\n" } }))
    assert.equal('" n\r\n"\n3\n4\n', temp.read "x.csv")
    assert.same({ " n\r\n" }, (select(2, ssl.load(temp.path "x.csv"))))
    assert(ssl.save(temp.path "x.csv", ssl.zeros(0, 2), { header = { "a", "b" } }))
    assert.same({ 0, 2 }, { ssl.load(temp.path "x.csv"):shape() })
    assert(ssl.save(temp.path "x.csv", ssl.tensor({ math.mininteger, math.maxinteger }, "int64")))
    assert.equal("-9223372036854775808\n9223372036854775807\n", temp.read "x.csv")
  end)

  it("answers, or raises, where that cannot be", function()
    local function fails(t, options)
      local ok, message = ssl.save(temp.path "x.csv", t, options)
      assert.is_nil(ok)
      assert.truthy(message:find("cannot hold tensor", 1, true), message)
    end
    fails(ssl.zeros(0, 3))
    fails(ssl.zeros(3, 0))
    fails(ssl.zeros(3, 0), { header = {} })
    local function raises(text, ...)
      assert.raises(text, ssl.save, temp.path "x.csv", ...)
    end
    raises("#2 to 'save' (1 or 2 dimensions expected, got tensor () float32)", ssl.tensor(1))
    raises("1 or 2 dimensions expected", ssl.ones(2, 2, 2))
    raises("#2 to 'save' (tensor expected, got table)", { a = ssl.ones(2) })
    raises("#3 to 'save' (sep must be one of , ; | : and the tab, got string 'x')", ssl.ones(2),
      { sep = "x" })
    raises("header must be a list of 2 names, got 1 of them", ssl.ones(1, 2), { header = { "a" } })
    raises("header must be a list of 1 names, got boolean true", ssl.ones(2), { header = true })
    raises("a name must be a string, got number 1", ssl.ones(2), { header = { 1 } })
    raises("needs", ssl.ones(1):expand(1 << 40))
    temp.write("y.csv", "1")
    assert.raises("#2 to 'load' (sep must be one of", ssl.load, temp.path "y.csv", { sep = " " })
    assert.raises("#2 to 'load' (header must be true, false or \"auto\", got string 'x')",
      ssl.load, temp.path "y.csv", { header = "x" })
    assert.same({ "y.csv" }, temp.names())
  end)

  it("stands behind gzip", function()
    local t = ssl.randn(30000, 5):double()
    assert(ssl.save(temp.path "x.csv.gz", t, { header = { "a", "b", "c", "d", "e" } }))
    assert.equal("\x1f\x8b", temp.read "x.csv.gz":sub(1, 2))
    local u, names = assert(ssl.load(temp.path "x.csv.gz"))
    assert.is_true(ssl.equal(t, u))
    assert.same({ "a", "b", "c", "d", "e" }, names)
  end)

  it("does not depend on the locale", function()
    temp.write("comma", "comment_char %\nescape_char /\nLC_NUMERIC\ndecimal_point \",\"\n"
      .. "thousands_sep \"\"\ngrouping -1\nEND LC_NUMERIC\n")
    -- a locale of this category alone: warnings tell of those that are missing
    local make = "cd %s && localedef -c -i ./comma -f ANSI_X3.4-1968 ./xx_XX >/dev/null 2>&1"
    os.execute(make:format(temp.path ""))
    local script = temp.write("script.lua", [[
      local ssl = require "sslkit"
      if not os.setlocale("xx_XX", "numeric") then return print "no localedef" end
      assert(("%.1f"):format(2.5) == "2,5")
      local t = ssl.tensor({ { 2.5, 0.1 }, { 1e-300, 123456789.123456789 } }, "float64")
      assert(ssl.save(arg[1], t))
      assert(ssl.equal(t, assert(ssl.load(arg[1]))))
    ]])
    local command = "LOCPATH=%s LUA_PATH='%s' LUA_CPATH='%s' %s %s %s 2>&1"
    local pipe = io.popen(command:format(temp.path "", package.path, package.cpath,
      arg and arg[-1] or "lua5.4", script, temp.path "x.csv"))
    local output = pipe:read "a"
    pipe:close()
    os.execute("rm -rf " .. temp.path "xx_XX")
    if output == "no localedef\n" then return end -- a machine that cannot make the locale
    assert.equal("", output)
    assert.equal("2.5,0.10000000000000001\n", temp.read "x.csv":match "^[^\n]*\n")
  end)

  it("does not depend on the number of threads", function()
    local t, threads = ssl.randn(5000, 3):double(), ssl.get_threads()
    for n = 1, 3 do
      ssl.set_threads(n)
      assert(ssl.save(temp.path(n .. ".csv"), t))
    end
    ssl.set_threads(threads)
    assert.equal(temp.read "1.csv", temp.read "2.csv")
    assert.equal(temp.read "1.csv", temp.read "3.csv")
  end)

  it("does not swallow a line that is too long", function()
    local file = assert(io.open(temp.path "x.csv", "wb"))
    file:seek("set", 1 << 30) -- a hole, which takes no room on the disk
    file:write "\n"
    file:close()
    local t, message = ssl.load(temp.path "x.csv")
    assert.is_nil(t)
    assert.truthy(message:find("line 1 is longer than 67108864 bytes", 1, true), message)
  end)

  -- What takes the square of the time when read carelessly.
  it("takes its time for odd lines, but no more", function()
    local start, mega = os.clock(), 1 << 18
    local blank = (" "):rep(mega)
    refuses("there are no rows in it", ("\n"):rep(mega))
    refuses("there are no rows in it", blank)
    refuses("line 1: a quote is not closed", ('"'):rep(mega + 1))
    reads({ { 1, 2 } }, { "x" .. blank .. "y", "z" }, "x" .. blank .. "y,z\n1,2\n")
    reads({ { 1 } }, { ('"'):rep(mega) }, '"' .. ('""'):rep(mega) .. '"\n1\n')
    reads({ { 1 } }, { ("\n"):rep(mega) }, '"' .. ("\n"):rep(mega) .. '"\n1\n')
    reads({ { 1 }, { 2 } }, nil, ("\n "):rep(mega) .. "\n1\n" .. ("\n"):rep(mega) .. "2")
    refuses("line 1, column 1: 'x' is not a number", blank .. "x", { header = false })
    assert.equal(math.huge, load(("9"):rep(mega))[1][1])
    assert.is_true(os.clock() - start < 20) -- it is 0.3 s, and many minutes when done carelessly
  end)

  -- A wide header over many blank or short lines asks for no more than the text can hold.
  it("asks for memory by what the text can hold", function()
    local header = ("x,"):rep(99999) .. "x\n"
    local t = assert(load(header .. ("\n"):rep(1000000)))
    assert.same({ 0, 100000 }, { t:shape() })
    refuses("line 2: 2 cells, expected 100000", header .. ("1,2\n"):rep(500000))
    t = nil -- luacheck: ignore 311
    ssl.release_workspace()
    collectgarbage()
    local limit = ssl.set_memory_limit(collectgarbage "count" * 1024 + 2 ^ 20)
    local tensor, message = ssl.load(temp.write("x.csv", ("1\n"):rep(2 ^ 18)))
    ssl.set_memory_limit(limit)
    assert.is_nil(tensor)
    assert.truthy(message:find("set_memory_limit", 1, true), message)
  end)
end)
