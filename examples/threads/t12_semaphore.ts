// deno run --allow-read examples/threads/t12_semaphore.ts
// T12: ten threads, and five seats: never more than five are inside.
import { isMain, Semaphore, sleepSync, task, Thread, Value } from "@nogil/std";

export const visit = task(import.meta, (seats: Semaphore, inside: Value<"i">): void => {
  using _ = seats.acquireSync();
  console.log(`inside: ${inside.add(1) + 1}`);
  sleepSync(30);
  inside.add(-1);
});

if (isMain(import.meta)) {
  const seats = new Semaphore(5);
  const inside = new Value("i", 0);
  for (let n = 0; n < 10; n++) new Thread({ target: visit, args: [seats, inside] }).start();
}
