// deno run examples/coroutines/c2_greenlets.ts
// C2: two greenlets that switch to each other, and two that count in turn.
import { getCurrent, RawGreenlet } from "@nogil/std/coroutine";

const seen: number[] = [];
const one: RawGreenlet = new RawGreenlet(function* () {
  seen.push(12);
  yield two.switch();
  seen.push(34);
});
const two: RawGreenlet = new RawGreenlet(function* () {
  seen.push(56);
  yield one.switch();
  seen.push(78);
});
one.switch(); // until one has ended: then its parent goes on, which is this code
two.switch();
console.log(...seen);

const main = getCurrent();
const count = function* (): Generator<unknown, void, unknown> {
  for (let i = 0; i < 5; i++) yield main.switch(i);
};
const [first, second] = [new RawGreenlet(count), new RawGreenlet(count)];
const rounds: number[] = [];
for (let i = 0; i < 5; i++) rounds.push(first.switch(), second.switch());
console.log(...rounds);
