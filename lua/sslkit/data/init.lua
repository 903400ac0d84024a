-- Data: datasets and the loader that turns them into batches.

return {
  dataset = require("sslkit.data.dataset").new,
  digits = require "sslkit.data.digits",
  fashion_mnist = require "sslkit.data.fashion_mnist",
  loader = require("sslkit.data.loader").new,
  mnist = require "sslkit.data.mnist",
}
