-- A process of its own: what earlier specs left would hide a leak.

local temporary = require "spec.io.temporary"

describe("train #slow", function()
  it("runs at flat memory, whatever comes with the steps", function()
    local temp = temporary()
    local script = temp.write("run.lua", [[
      local ssl = require "sslkit"
      local function resident()
        for line in io.lines "/proc/self/status" do
          local kib = line:match "VmRSS:%s+(%d+)"
          if kib then return tonumber(kib) end
        end
      end
      local x, y = ssl.randn(64, 64), ssl.randint(1, 10, { 64 })
      local early, peak = nil, 0
      ssl.train {
        model = ssl.nn.mlp { sizes = { 64, 128, 128, 10 }, norm = "batch" }, ema = 0.99,
        steps = 3000, optimizer = "adam", clip = 1, log = arg[1], log_every = 50,
        checkpoint = arg[2], checkpoint_every = 100, data = function() return x, y end,
        loss = function(net, b) return ssl.losses.cross_entropy(net(b.x), b.y) end,
        hooks = { step = function(run)
          if run.step == 300 then early = resident() end
          if run.step > 300 and run.step % 50 == 0 then peak = math.max(peak, resident()) end
        end },
      }
      print(peak - early)
    ]])
    local pipe = io.popen(("lua5.4 %s %s %s 2>&1"):format(script, temp.path "a.jsonl",
      temp.path "a.ckpt"))
    local output = pipe:read "a"
    pipe:close()
    temp.remove()
    local grown = assert(tonumber(output), output)
    -- 2 MiB: the history of 60 records, and what the allocator does not give back; a leak of one
    -- step's gradients would be 300 MiB
    assert(grown <= 2048, ("%d KiB more after step 300"):format(grown))
  end)
end)
