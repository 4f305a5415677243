/** The worker of workerpool. */
const workerpool = require("workerpool");

import("./tasks.mjs").then((tasks) => {
  workerpool.worker({
    square: tasks.square,
    echo: tasks.echo,
    primes: tasks.primes,
    echoMoved: (x) => new workerpool.Transfer(x, [x.buffer]),
  });
});
