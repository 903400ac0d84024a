local options = require "sslkit.help.options"

-- name=default of each option in a description.
local function parsed(text)
  local list = {}
  for i, item in ipairs(options.parse(text).items) do
    list[i] = item.name .. "=" .. tostring(item.default)
  end
  return table.concat(list, " ")
end

describe("options.parse", function()
  it("reads options in braces", function()
    for text, want in pairs {
      ["{a=1}"] = "a=1",
      ["{alpha=2, nan=\"error\", \"skip\" (drops) or \"propagate\", full=false}"] =
        "alpha=2 nan=\"error\" full=false",
      ["{reduction=\"mean\" | \"sum\", weight=tensor [K] of weights, n=}; more, x=3"] =
        "reduction=\"mean\" weight=nil n=nil",
      ["dtype, or {dtype=\"float32\", generator=}"] = "dtype=\"float32\" generator=nil",
      ["{betas={0.9, 0.999}, eps=1e-8}"] = "betas={0.9, 0.999} eps=1e-8",
      ["{k=20 (or all that there are), lambda=1/n, rtol=max(m, n) eps}"] =
        "k=20 lambda=nil rtol=nil",
      ["{value, other}"] = "", ["list of {a, b}"] = "", [""] = "",
    } do
      assert.equal(want, parsed(text), text)
    end
  end)

  it("reads options in a list", function()
    for text, want in pairs {
      ["table: a = number (1)"] = "a=1",
      ["table: batch = samples a batch (256); shuffle (true); seed = number (drawn somehow)"] =
        "batch=256 shuffle=true seed=drawn somehow",
      ["table: title, labels = strings; log = \"x\" | \"y\", width (640) and height (400) px"] =
        "title=nil labels=nil log=nil width=640 height=400",
      ["table: augment = function(batch, {seed=}) that returns one; views = count (1)"] =
        "augment=nil views=1",
      ["table: sep = one of `, ; |` and the tab (told from it); seed (0); equal seeds are equal"] =
        "sep=told from it seed=0",
      ["table: a = 1 (2). Grey, b = luma"] = "a=2",
      ["table: label (\"\"); range = {low, high} ({0, 1})"] = "label=\"\" range={0, 1}",
    } do
      assert.equal(want, parsed(text), text)
    end
  end)

  it("tells what else is said, and whose options are taken over", function()
    local found = options.parse "table: width (8); and those of `grid` but for more"
    assert.same({ "grid" }, found.refers)
    assert.equal("(8)", found.items[1].text)
    assert.equal("those of `grid` but for more", found.after)
    found = options.parse "{create_graph=false}; with it on the tape"
    assert.same({ "", "with it on the tape", "braces" }, { found.before, found.after, found.form })
    assert.same({ "image.load" }, options.parse("table, as of `image.load`").refers)
  end)

  it("survives what is not closed", function()
    for _, text in ipairs {
      "{a=1", "{a=\"x, b=2}", "table: a = (", "table:", "table: ;;,", "{=}",
    } do
      assert.is_table(options.parse(text).items, text)
    end
  end)
end)

describe("options.default", function()
  it("knows values and the usual words", function()
    for text, want in pairs {
      ["dimension (the last)"] = "the last", ["string (\"a b\")"] = "\"a b\"",
      ["diagonal (0, the main one); above"] = "0, the main one",
      ["number (1)"] = "1", ["boolean (true)"] = "true", ["(-1)"] = "-1",
      ["split (60000 images) of (\"train\")"] = "\"train\"", ["folder ($HOME/x)"] = "$HOME/x",
    } do
      assert.equal(want, options.default(text), text)
    end
    for _, text in ipairs {
      "list of tensors (or one)", "probabilities (rows sum to 1)", "steps (1, 2, ...)", "",
      "images (60000 of them)", "labels (digit + 1)",
    } do
      assert.is_nil(options.default(text), text)
    end
  end)
end)

describe("options.optional", function()
  it("tells what may be left out", function()
    local function optional(name, text, place)
      return table.pack(options.optional({ name = name, text = text }, place or 2))
    end
    assert.same({ true, "1", n = 2 }, optional("dim", "dimension (1)"))
    assert.is_true(optional("dim", "number, or nil for all")[1])
    assert.is_true(optional("dim", "dimension (the last)")[1])
    assert.is_nil(optional("dim", "dimension (the last)")[2])
    assert.is_true(optional("options", "{lr=}")[1])
    assert.is_false(optional("options", "{lr=}", 1)[1])
    assert.is_true(optional("options", "{lr=1}", 1)[1])
    assert.is_false(optional("t", "float tensor")[1])
  end)
end)
