local core = require "sslkit.core"
local shell = require "spec.shell"
local ssl = require "sslkit"
local temporary = require "spec.io.temporary"

local help = ssl.help

-- The parts stand in the text, in that order.
local function has(text, parts)
  local from = 1
  for _, part in ipairs(parts) do
    local at, stop = text:find(part, from, true)
    assert(at, ("'%s' is missing, or not in its place, in\n%s"):format(part, text))
    from = stop + 1
  end
end

describe("help on a function", function()
  it("tells all of it", function()
    has(help.text("metrics.rankme"), {
      "ssl.metrics.rankme(z, {center=false, spectrum=\"singular\", eps=0,\n",
      "                   eps_mode=\"none\",", "tensor=false})\n\n",
      "  RankMe, the effective number of directions",
      "\n\nArguments\n  z        float tensor [N,D]",
      "  options  table of options:\n", "      center     = false\n",
      "= \"none\", \"add\" (the paper's, with eps=1e-7), \"log\" or \"renorm\"\n",
      "\n\nReturns\n  number; with full a table", "\n\nRaises\n  on NaN or Inf, naming the row\n",
      "\nSource\n  Garrido", "\nExamples\n  > ssl.metrics.rankme(ssl.eye(4))\n  4.0\n",
      "\nSee also\n", "ssl.metrics.",
    })
  end)

  it("is found by any of its names, and by itself", function()
    local page = help.text(ssl.metrics.rankme)
    for _, name in ipairs {
      "rankme", "metrics.rankme", "ssl.metrics.rankme", "sslkit.metrics.rankme", "RankMe",
      " rankme ", "ssl.metrics.rankme()",
    } do
      assert.equal(page, help.text(name), name)
    end
    assert.equal(help.text "Tensor:matmul", help.text(ssl.matmul))
    assert.equal(help.text "Tensor.matmul", help.text(core.methods.matmul))
    assert.equal(help.text "nn.Linear", help.text(ssl.nn.Linear))
    assert.equal(help.text "ssl.io.load", help.text(ssl.load))
  end)

  it("shows functions from C and from factories as they are called", function()
    has(help.text "sum", {
      "ssl.sum(t, dim?, keepdim=false, {out=})\nt:sum(dim?, keepdim=false, {out=})\n",
    })
    has(help.text "at", { "ssl.at(t, ...)\nt:at(...)\n" })
    has(help.text "flatten", { "ssl.flatten(t, first=1, last=-1)\nt:flatten(first=1, last=-1)\n" })
    has(help.text "adam", { "ssl.optim.adam(params, {lr=1e-3, betas={0.9, 0.999}, eps=1e-8," })
    has(help.text "ReLU", { "ssl.nn.ReLU()\n\n  max(x, 0) as a module." })
  end)

  it("knows methods of objects", function()
    has(help.text "loader:state", { "loader:state()\n", "Returns\n", "Example\n" })
    has(help.text "Tensor:grad", { "t:grad(...)\n" })
    has(help.text "generator:split", { "generator:split(stream)\n" })
    local loader = ssl.data.loader(ssl.data.digits(), { seed = 1 })
    assert.equal(help.text "Loader:state", help.text(loader.state))
  end)

  it("shows examples as they are typed", function()
    has(help.text "adam", {
      "Example\n  > w = ssl.tensor{1}:requires_grad()\n  > w:sum():backward()\n",
      "  > w:item()\n  0.9\n",
    })
    has(help.text "Reader:blocks", {
      "  > for b in assert(ssl.io.npy.open(p)):blocks(5) do os.remove(p); return",
    })
  end)

  it("shows options that are those of another function", function()
    assert.same({ "channels" }, (help.options "image.decode"))
    has(help.text "image.decode", { "options  table, as of `load`\n      channels  1..4" })
  end)

  it("names what shares its name", function()
    has(help.text "ssl.norm", { "See also\n  ssl.linalg.norm, " })
  end)
end)

describe("help on a module", function()
  it("lists its functions, one line each", function()
    has(help.text "metrics", {
      "ssl.metrics: what a representation is worth, without labels and with them\n\n",
      "\n  alignment ",
      "\n  rankme ",
      "ssl.help \"metrics.",
    })
    assert.equal(help.text "metrics", help.text(ssl.metrics))
    for line in help.text("metrics", { width = 50 }):gmatch "[^\n]+" do
      assert.is_true(#line <= 60, line)
    end
  end)

  it("that can be called is a page of both", function()
    has(help.text(ssl.progress), {
      "ssl.progress(what, {total=, label=\"\"", "\n      label ", "Returns", "Example", "\n  new ",
    })
  end)

  it("that is the whole is the overview", function()
    local overview = help.text()
    has(overview, {
      ssl._VERSION, "\nModules\n", "  ssl.data ", "  ssl.metrics ", "\nObjects\n", "  Tensor ",
      "  Dataset ", "\nFunctions of ssl itself", "zeros", "\nHow to go on\n",
      "ssl.help \"metrics\"",
    })
    assert.equal(overview, help.text(ssl))
    assert.equal(overview, help.text "ssl")
    assert.equal(overview, help.text "")
  end)
end)

describe("help on an object", function()
  it("tells what it is, what it holds and what it can do", function()
    has(help.text(ssl.ones(2, 3)), {
      "tensor (2,3) float32\n\nTensor: ", "matmul", "add(_)", "Reductions\n  all ",
    })
    has(help.text(ssl.data.digits()), {
      "digits: 1797 samples", "Dataset: ", "From ", "ssl.data.digits", "  .x ",
      "  :split(fraction, {seed=0}) ",
    })
    has(help.text(ssl.nn.Linear(2, 2)), {
      "Linear(2, 2) 6 parameters", "Module: ", "  :parameters() ",
    })
    local w = ssl.ones(1):requires_grad()
    has(help.text(ssl.optim.sgd({ w }, { lr = 1 })), { "sgd(lr 1", "Optimizer: ", "  :step() " })
    has(help.text(ssl.generator(1)), { "generator(seed 1", "Generator: ", "  :split(stream) " })
    has(help.text(ssl.plot.line(nil, { 1, 2 })), { "Figure", "  :save(path" })
    has(help.text(ssl.data.loader(ssl.data.digits(), { seed = 1 })), { "Loader: ", "  :state() " })
    has(help.text(ssl.optim.ema(ssl.nn.ReLU())), { "Ema: ", "  .model ", "  :update(" })
  end)

  it("that is a result lists its fields", function()
    has(help.text(ssl.metrics.rankme(ssl.eye(3), { full = true })), {
      "rankme 3\n\n", "  .route ", "\"direct\"", "  .value ", "3.0",
    })
    has(help.text(ssl.metrics.spectrum(ssl.eye(2))), { "[1..2]  number 1.0" })
  end)

  it("that it does not know says so", function()
    local hostile = setmetatable({}, {
      __index = function() error "no" end, __tostring = function() error "no" end,
    })
    for _, thing in ipairs {
      42, 0 / 0, true, print, io.stdout, {}, hostile, setmetatable({}, { __metatable = false }),
      coroutine.create(print), function() end, setmetatable({}, { __name = 3 }),
    } do
      local text, message = help.text(thing)
      assert.is_nil(text)
      assert.is_truthy(message:find "^help knows nothing about this ")
    end
  end)
end)

describe("help on a name", function()
  it("that several things have lists them", function()
    has(help.text "state", {
      "'state' may be one of these:\n", "Loader:state", "Module:state", "Generator:state",
    })
  end)

  it("that nothing has gives those that are near", function()
    for wrong, meant in pairs {
      rankm = "ssl.metrics.rankme", matmull = "ssl.matmul", batchnorm = "ssl.nn.BatchNorm1d",
      ["metrics.unifromity"] = "ssl.metrics.uniformity", ["linalg.chol"] = "ssl.linalg.cholesky",
    } do
      local text, message = help.text(wrong)
      assert.is_nil(text, wrong)
      has(message, { ("nothing is called '%s'; near to it:\n"):format(wrong), meant })
    end
  end)

  it("that is a word gives what speaks of it", function()
    local _, message = help.text "entropy"
    for _, name in ipairs { "losses.cross_entropy", "metrics.matrix_entropy", "metrics.rankme" } do
      has(message, { "  ssl." .. name })
    end
    _, message = help.text "rankm"
    assert.is_nil(message:find("random_teacher", 1, true), "RankMe is another word")
  end)

  it("that is nonsense is survived", function()
    for _, name in ipairs {
      "\0", "%a+", "(((", "ssl.", ".", ":", "Tensor:", "été", ("x"):rep(100000), "[[", "\xff",
      "a\nb",
    } do
      local text, message = help.text(name)
      assert.is_nil(text)
      assert.is_true(#message < 2000)
      assert.is_nil(message:match("^[^\n]*"):find "%c")
    end
  end)
end)

describe("help.text", function()
  it("keeps to a width", function()
    for _, width in ipairs { 20, 40, 60, 80, 120 } do
      for line in help.text("alignment", { width = width }):gmatch "[^\n]+" do
        local code = line:find "^  > " or line:find "%[%[" or line:find "{{"
        assert.is_true(code ~= nil or #line <= math.max(width, 45), line)
      end
    end
    assert.not_equal(help.text("rankme", { width = 60 }), help.text("rankme", { width = 100 }))
  end)

  it("is bold only when told", function()
    assert.is_nil(help.text("rankme"):find "\x1b")
    local painted = help.text("rankme", { color = true })
    has(painted, { "\x1b[1mssl.metrics.rankme\x1b[0m(z, ", "\x1b[1mArguments\x1b[0m\n" })
    assert.equal(help.text "rankme", (painted:gsub("\x1b%[%d*m", "")))
  end)

  it("checks its options", function()
    assert.raises({ "unknown option 'witdh'", "color, width" }, help.text, "rankme", { witdh = 3 })
    assert.raises({ "width", "got 0" }, help.text, "rankme", { width = 0 })
    assert.raises({ "width", "'wide'" }, help.text, "rankme", { width = "wide" })
    assert.equal(help.text("rankme", { width = 20 }), help.text("rankme", { width = 3 }))
  end)
end)

describe("help", function()
  it("prints the page once, plainly to a file, and gives nothing", function()
    local file = io.tmpfile()
    assert.equal(0, select("#", help("rankme", { stream = file })))
    file:seek "set"
    assert.equal(help.text "rankme" .. "\n", file:read "a")
    file:close()
    file = io.tmpfile()
    help("rankme", { stream = file, width = 120 })
    file:seek "set"
    assert.equal(help.text("rankme", { width = 120 }) .. "\n", file:read "a")
    file:close()
    file = io.tmpfile()
    help("rankmee", { stream = file, width = 60 })
    file:seek "set"
    has(file:read "a", { "nothing is called 'rankmee'; near to it:", "ssl.metrics.rankme" })
    file:close()
  end)

  it("checks its options", function()
    assert.raises({ "stream must be an open file, got number 3" }, help, "rankme", { stream = 3 })
    assert.raises({ "unknown option 'color'", "stream, width" }, help, "rankme", { color = true })
  end)
end)

describe("help.names", function()
  it("lists what there is, sorted, with summaries", function()
    local names, what = help.names(), {}
    for i, entry in ipairs(names) do
      assert.is_true(i == 1 or names[i - 1].name < entry.name, entry.name)
      assert.is_true(entry.what == "kind" or #entry.summary > 2, entry.name)
      what[entry.name] = entry.what
    end
    for name, kind in pairs {
      ["ssl.metrics"] = "module", ["ssl.metrics.rankme"] = "function", ["ssl.nn.init"] = "module",
      ["Tensor"] = "kind", ["Tensor:sum"] = "method", ["Tensor:grad"] = "method",
      ["ssl.grad"] = "function", ["ssl.sum"] = "function", ["Loader:state"] = "method",
      ["ssl.load"] = "function",
      ["ssl.io.load"] = "function", ["ssl.io.npy.open"] = "function", ["ssl.help"] = "module",
    } do
      assert.equal(kind, what[name], name)
    end
    assert.is_nil(what["Tensor:zeros"])
  end)

  it("has every function that the modules hold", function()
    local known = {}
    for _, entry in ipairs(help.names()) do known[entry.name] = true end
    local function look(t, path, depth)
      for name, value in pairs(t) do
        if type(name) == "string" and not name:find "^_" then
          local below = path .. "." .. name
          if type(value) == "function" then assert.is_true(known[below], below) end
          if type(value) == "table" and depth < 3 then
            assert.is_true(known[below], below)
            look(value, below, depth + 1)
          end
        end
      end
    end
    look(ssl, "ssl", 1)
    for name in pairs(core.methods) do
      local there = known["Tensor:" .. name] or known["ssl." .. name]
      assert.is_true(there or name:find "^_" ~= nil, name)
    end
  end)
end)

describe("help.options", function()
  it("lists names in order, with defaults", function()
    local names, about = help.options(ssl.metrics.alignment)
    assert.same({ "alpha", "nan", "full", "tensor" }, names)
    assert.same({ default = "2", text = "2" }, about.alpha)
    assert.equal("\"error\"", about.nan.default)
    assert.same({ "seed" }, (help.options "Dataset:split"))
    assert.same({ "dtype", "generator" }, (help.options(ssl.randn)))
    assert.same({ "lr", "betas" }, { table.unpack(help.options(ssl.optim.adam), 1, 2) })
  end)

  it("is empty where there is nothing to list", function()
    for _, what in ipairs { "nope", print, 3, ssl.metrics, ssl.ones(1), ssl.is_tensor } do
      assert.same({}, (help.options(what)))
    end
    assert.same({}, (help.options(nil)))
  end)
end)

describe("the sources of help", function()
  local root = package.searchpath("sslkit.check", package.path):match "^(.*)/"

  -- Runs a script in a process of its own, in a folder; the sanitizers' libraries come along.
  local function run(folder, path, script)
    return shell("cd %s && LUA_PATH=%s LUA_CPATH=%s LD_PRELOAD=%s ASAN_OPTIONS=detect_leaks=0 "
      .. "lua5.4 -e %s", folder, path, package.cpath, os.getenv "PRELOAD" or "", script)
  end

  local RELATIVE = "./lua/?.lua;./lua/?/init.lua;;"

  it("are found by a relative path, and where they are gone help says so", function()
    local temp = temporary()
    local folder = temp.path ""
    assert.equal(0, (shell("mkdir %slua && cp -r %s %slua/sslkit", folder, root, folder)))
    local code, output = run(folder, RELATIVE, "print(require('sslkit').help.text 'rankme')")
    assert.equal(0, code)
    has(output, { "ssl.metrics.rankme(z, " })
    code, output = run(folder, RELATIVE, [[
      local ssl = require "sslkit"
      local help = ssl.help
      os.rename("lua", "elsewhere")
      print(help.text "rankme")
      help "rankme"
      print(#help.names(), #help.options "rankme")]])
    assert.equal(0, code, output)
    has(output, { "nil\thelp reads the docstrings", "\nhelp reads the docstrings", "0\t0\n" })
    shell("rm -rf %slua %selsewhere", folder, folder)
    temp.remove()
  end)

  it("serve a host without the debug library, by name", function()
    local code, output = run(".", package.path, [[
      debug, package.loaded.debug = nil, nil
      local ssl = require "sslkit"
      print(ssl.help.text "rankme")
      print(ssl.help.text(ssl.ones(1)))]])
    assert.equal(0, code, output)
    has(output, { "ssl.metrics.rankme(z, ", "tensor (1) float32" })
  end)

  it("are read quickly, and only when asked", function()
    local code, output = run(".", package.path, [[
      local ssl = require "sslkit"
      for name in pairs(package.loaded) do assert(not name:find "^sslkit%.help", name) end
      local from = os.clock()
      ssl.help.names()
      print(os.clock() - from)]])
    assert.equal(0, code, output)
    local limit = os.getenv "SANITIZE" and 5 or 0.5 -- 0.1 on a quiet machine
    assert.is_true(tonumber(output) < limit, output)
  end)
end)
