-- Data: datasets and the loader that turns them into batches.

return {
  cifar10 = require "sslkit.data.cifar10",
  corrupt = require("sslkit.data.corrupt").corrupt,
  corruptions = require("sslkit.data.corrupt").list,
  csv = require "sslkit.data.csv",
  dataset = require("sslkit.data.dataset").new,
  diamonds = require "sslkit.data.diamonds",
  digits = require "sslkit.data.digits",
  fashion_mnist = require "sslkit.data.fashion_mnist",
  gaussian_mixture = require "sslkit.data.gaussian_mixture",
  image_folder = require "sslkit.data.image_folder",
  loader = require("sslkit.data.loader").new,
  long_tail = require "sslkit.data.long_tail",
  mnist = require "sslkit.data.mnist",
  moons = require "sslkit.data.moons",
  npy_folder = require "sslkit.data.npy_folder",
  penguins = require "sslkit.data.penguins",
  two_circles = require "sslkit.data.two_circles",
  weather = require "sslkit.data.weather",
}
