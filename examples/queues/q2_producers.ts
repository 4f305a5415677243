// deno run --allow-read examples/queues/q2_producers.ts
// Q2: twelve producers and ten consumers at a queue with room for ten: two items are left.
import { isMain, Queue, task, Thread } from "@nogil/std";

export const produce = task(import.meta, (queue: Queue<string>, n: number): void => {
  queue.putSync(`item ${n}`);
});

export const consume = task(import.meta, (queue: Queue<string>): void => {
  console.log("get:", queue.getSync());
});

if (isMain(import.meta)) {
  const queue = new Queue<string>(10);
  const producers = Array.from(
    { length: 12 },
    (_, n) => new Thread({ target: produce, args: [queue, n] }).start(),
  );
  const consumers = Array.from(
    { length: 10 },
    () => new Thread({ target: consume, args: [queue] }).start(),
  );
  for (const thread of producers) await thread.join();
  for (const thread of consumers) await thread.join();
  console.log("size:", queue.qsize());
}
