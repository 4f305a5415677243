/** The worker of poolifier. */
const { ThreadWorker } = require("poolifier");

const call = (name) => async (x) => (await import("./tasks.mjs"))[name](x);

module.exports = new ThreadWorker({
  square: (x) => x * x,
  echo: (x) => x,
  primes: call("primes"),
});
