// Passes a queue of the published package to a thread.
import { isMain, task, Thread } from "jsr:@nogil/std@^0.1.0";
import { PriorityQueue, Queue } from "jsr:@nogil/std@^0.1.0/queue";

export const sort = task(import.meta, async (words: Queue<string>, sorted: Queue<string>) => {
  for await (const word of words) sorted.putSync(word);
});

if (isMain(import.meta)) {
  const words = new Queue<string>(1);
  const sorted = new PriorityQueue<string>();
  const thread = new Thread({ target: sort, args: [words, sorted as Queue<string>] }).start();
  for (const word of ["c", "a", "b"]) await words.put(word);
  words.shutdown();
  await thread.join();
  const result = [sorted.getSync(), sorted.getSync(), sorted.getSync()].join("");
  if (result !== "abc") throw new Error(`Wrong order: ${result}`);
}
