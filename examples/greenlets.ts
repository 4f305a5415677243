// Two greenlets that switch to each other, and a parent that gets what is left: prints 12 56 34 78, then 0 0 1 1 2 2 3 3 4 4.
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
