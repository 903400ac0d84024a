-- Augmentation: policies as plain data, and the views that they make of a batch.

local describe = require "sslkit.augment.describe"
local named = require "sslkit.augment.named"

local augment = {}

local function take(part, names)
  local module = require("sslkit.augment." .. part)
  for name in names:gmatch "%a+" do augment[name] = module[name] end
end

take("compile", "compile")
take("corrupt", "corrupt corruption")
take("diff", "diff")
take("feature", "feature")
take("memory", "memory")
take("mix", "mixup cutmix mixed")
take("path", "get set")
take("presets", "presets")
take("registry", "ops register")

--- A policy in its canonical form: plain data that says everything. A policy is a name; or a list of
-- operations, `{ {"hflip", p = 0.5}, {"jitter", b = 0.4} }`, with n = how many views they make; or
-- `{views = {list, list, ...}}`, a list for each kind of view. Beside the lists may stand name;
-- dialect = "tv", "pil", "simclr", "simclr1" or "byol", whose meaning of the operations is taken;
-- size = of the views: pixels, {height, width}, "input", or a share of the input as "0.5".
--
-- Names: "simclr" {strength, blur} (Chen 2020: without blur and at half the strength below 64
-- pixels, as for CIFAR), "byol" (Grill 2020), "dino" {locals=8, local_size} (Caron 2021), "moco"
-- (Chen 2020, v2), "barlow" and "vicreg" (Zbontar 2021, Bardes 2022), "cifar" {form="symmetric" |
-- "symmetric_weak" | "asymmetric" | "ressl" | "reconstruction"} (solo-learn), "mae" (He 2022),
-- "randaugment" {num_ops=2, magnitude=9} (Cubuk 2020), "trivial" (Müller 2021), "autoaugment"
-- {table="cifar10" | "imagenet" | "svhn"} (Cubuk 2019), "bcl" {num_ops=1} (Zhou 2022), "mnist" (ours:
-- crops of grey images), "none".
-- @param policy name or table
-- @param options table: size = of the views ("input"); dialect = another one than the work's;
-- normalize = preset of the operation normalize, which is put last (none); and those of the name
-- @return table of its own: name, dialect, version, views = list of {n=, ops = list of {op=, ...}}
-- @raise names and options that are unknown, with those that are near; values that make no sense
-- @source Chen, Kornblith, Norouzi, Hinton 2020; Grill et al. 2020; Caron et al. 2021; Zbontar et al. 2021
-- @example ssl.augment.policy{ {"hflip"} }.views[1].ops[1].p --> 0.5
-- @example ssl.augment.policy("none").name --> none
function augment.policy(policy, options) return (named.canonical(1, policy, options)) end

--- A policy in words: one line for each operation, with all its options.
-- @param policy name or policy in any form
-- @return string
-- @raise what is no policy
-- @example ssl.augment.describe{ {"hflip"} } --> custom (dialect tv, 1 view) hflip p=0.5
function augment.describe(policy) return (describe.policy(named.canonical(1, policy))) end

--- Draws images and their views: a row for each image, the image first. What a policy does last with
-- normalize is left out, so that its pictures keep their colours.
-- @param policy name or policy in any form
-- @param images uint8 or float tensor [N,C,H,W], at most 64
-- @param options table: views = how many of each (all of the policy's; 7 where all are alike); path =
-- of a .svg or .png to save it to (none); seed = whole number (0); epoch (1); index = int64 [N] numbers
-- of the images (1..N); levels = what uint8 is divided by (255); title (the policy's name)
-- @return figure; nil and a message where the file cannot be written
-- @raise what the policy does not take, unknown options
-- @example ssl.augment.show({ {"hflip", p = 1} }, ssl.rand(2, 1, 8, 8), {views = 3, title = "mirrors"}) --> mirrors...
function augment.show(policy, images, options)
  -- loaded here: pictures stand on a floor above
  local figure, message = require("sslkit.augment.show").draw(policy, images, options)
  return figure, message
end

return augment
