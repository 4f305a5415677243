// deno run examples/coroutines/c1_generators.ts
// C1: two generators that are resumed in turn, until both are exhausted.

function* count(name: string, to: number): Generator<void, void, void> {
  for (let n = 1; n <= to; n++) {
    console.log(name, n);
    yield;
  }
}

const waiting = [count("a", 3), count("b", 5)];
for (let generator = waiting.shift(); generator !== undefined; generator = waiting.shift()) {
  if (!generator.next().done) waiting.push(generator);
}
console.log("both are exhausted");
