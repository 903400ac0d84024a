-- Distillation: students of teachers, random ones above all.

return {
  interpolate = require("sslkit.distill.interpolate").interpolate,
  random_teacher = require("sslkit.distill.random_teacher").random_teacher,
  study = require("sslkit.distill.study").study,
}
