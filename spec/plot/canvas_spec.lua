local canvas = require "sslkit.plot.canvas"

local function rows(field)
  local list = {}
  for row = 1, field.rows do list[row] = field:row(row) end
  return list
end

describe("plot.canvas", function()
  it("sets dots in Braille cells, signs in ASCII", function()
    local field = canvas.new(2, 1, true, false)
    assert.same({ "  " }, rows(field))
    field:dot(0, 0, "#123456", 1)
    field:dot(1, 3, "#123456", 1)
    field:dot(3, 1.4, nil, 1)
    assert.same({ "⢁⠐" }, rows(field))
    field = canvas.new(3, 2, false, false)
    field:dot(0, 0, nil, 1)
    field:dot(1, 1, nil, 2)
    field:dot(2, 1, nil, 9) -- the signs begin again
    assert.same({ "*  ", " +*" }, rows(field))
  end)

  it("leaves out what is beside the field", function()
    local field = canvas.new(4, 2, true, false)
    for _, place in ipairs { { -1, 0 }, { 8, 0 }, { 0, -1 }, { 0, 8 }, { 1 / 0, 0 }, { 0, 0 / 0 },
      { 1e300, 1 } } do
      field:dot(place[1], place[2], nil, 1)
      field:mark(place[1], place[2], nil, 2)
    end
    assert.same({ "    ", "    " }, rows(field))
  end)

  it("clips lines of any length", function()
    local field = canvas.new(4, 1, false, false)
    field:line(-1e6, 0, 1e6, 0, nil, 1)
    assert.same({ "****" }, rows(field))
    field = canvas.new(4, 2, false, false)
    field:line(0, 0, 3, 1, nil, 1)
    assert.same({ "**  ", "  **" }, rows(field))
    field = canvas.new(4, 2, false, false)
    field:line(-9, -9, 12, -9, nil, 1)
    field:line(0 / 0, 0, 3, 1, nil, 1)
    field:line(5, -4, 5, 4, nil, 1)
    assert.same({ "    ", "    " }, rows(field))
  end)

  it("breaks lines by their series where there are no colours", function()
    local function drawn(sign, colored)
      local field = canvas.new(6, 1, true, colored)
      field:line(0, 0, 11, 0, nil, sign)
      return field:row(1)
    end
    assert.equal("⠉⠉⠉⠉⠉⠉", drawn(1, false))
    assert.equal("⠉⠁ ⠉⠁ ", drawn(2, false))
    assert.equal("⠁⠈ ⠁⠈ ", drawn(3, false))
    assert.equal("⠉⠉⠉⠉⠉⠉", drawn(2, true))
  end)

  it("fills halves of cells, and neighbours without a gap", function()
    local field = canvas.new(4, 2, true, false) -- 8 x 8 dots
    field:fill(0, 0, 3.5, 1.75, "#ff0000")   -- the left half of the upper quarter
    assert.same({ "▀▀  ", "    " }, rows(field))
    field:fill(3.5, 0, 7, 7, "#00ff00", 0.5)
    assert.same({ "▀▀▒▒", "  ▒▒" }, rows(field))
    field = canvas.new(10, 3, false, false)
    for k = 0, 4 do field:fill(k * 9 / 5, 0, (k + 1) * 9 / 5, 2, nil, k / 4) end
    assert.same({ "  ::++##@@", "  ::++##@@", "  ::++##@@" }, rows(field))
  end)

  it("fills at least one cell, but nothing for nothing", function()
    local field = canvas.new(3, 1, false, false)
    field:fill(1, 0, 1.01, 0, nil)
    assert.same({ "   " }, rows(field)) -- no height
    field = canvas.new(3, 2, true, false)
    field:fill(2.4, 7, 2.5, 6.9, nil)
    assert.same({ "   ", " ▄ " }, rows(field))
    field:fill(-100, -100, -1, -1, nil)
    field:fill(100, 0, 200, 100, nil)
    field:fill(0 / 0, 0, 1, 1, nil)
    assert.same({ "   ", " ▄ " }, rows(field))
    field:fill(-1e9, -1e9, 1e9, 1e9, nil)
    assert.same({ "███", "███" }, rows(field))
  end)

  it("has two colours a cell, one escape a run", function()
    local field = canvas.new(3, 1, true, true)
    field:fill(0, 0, 5, 1.5, "#ff0000")
    field:fill(0, 1.5, 5, 3, "#0000ff")
    local row = field:row(1)
    assert.equal(1, select(2, row:gsub("\x1b%[0m", "")))
    assert.truthy(row:find("▀▀▀", 1, true))
    assert.truthy(row:find "48;")
    field = canvas.new(2, 1, true, true)
    field:dot(0, 0, "#000000", 1) -- the terminal's own colour
    field:dot(2, 0, "rebeccapurple", 1)
    assert.equal("⠁⠁", field:row(1))
  end)

  it("writes text, marks and shades", function()
    local field = canvas.new(6, 1, true, false)
    field:text(2, 0, "añ\xff", nil)
    assert.equal(" a??? ", field:row(1))
    field = canvas.new(4, 1, true, false)
    field:text(4, 0, "añbc")
    assert.equal("  añ", field:row(1))
    field:mark(0, 0, nil, 2)
    field:mark(2, 0, nil, nil)
    assert.equal("+⠁añ", field:row(1))
    assert.same({ " ", "░", "█", " ", "█" }, {
      canvas.shade(0, true), canvas.shade(0.2, true), canvas.shade(7, true),
      canvas.shade(0 / 0, true), canvas.shade(1, true),
    })
    assert.equal("@", canvas.shade(1, false))
    assert.equal("#aabbcc", canvas.color "#abc")
    assert.is_nil(canvas.color(7))
  end)
end)
