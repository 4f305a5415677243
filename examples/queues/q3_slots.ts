// deno run --allow-read examples/queues/q3_slots.ts
// Q3: a thread pool by hand: who wants to start a thread takes one of ten slots, and the thread puts it back.
import { isMain, Queue, task, Thread } from "@nogil/std";

export const work = task(import.meta, (slots: Queue<string>, slot: string, n: number): void => {
  console.log(`task ${n} in ${slot}`);
  slots.putSync(slot);
});

if (isMain(import.meta)) {
  const slots = new Queue<string>(10);
  for (let n = 0; n < 10; n++) slots.putSync(`slot ${n}`);
  for (let n = 1; n <= 99; n++) {
    const slot = await slots.get();
    new Thread({ target: work, args: [slots, slot, n] }).start();
  }
}
