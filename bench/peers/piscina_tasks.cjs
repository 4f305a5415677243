/** What the workers of piscina do: what all do, and sending back without a copy. */
const { move } = require("piscina");

exports.echoMoved = (x) => move(x);
