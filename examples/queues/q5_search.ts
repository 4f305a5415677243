// deno run --allow-read examples/queues/q5_search.ts
// Q5: readers put the names of ten files into a queue, consumers search the files for a word.
import { readdirSync, readFileSync } from "node:fs";
import { isMain, Queue, task, Thread } from "@nogil/std";

const FOLDER = new URL("../threads/", import.meta.url);

export const read = task(import.meta, async (names: readonly string[], queue: Queue<string>) => {
  for (const name of names) await queue.put(name);
});

export const search = task(import.meta, async (queue: Queue<string>, word: string) => {
  const found: string[] = [];
  for await (const name of queue) {
    if (readFileSync(new URL(name, FOLDER), "utf8").includes(word)) found.push(name);
  }
  return found;
});

if (isMain(import.meta)) {
  const names = readdirSync(FOLDER).sort().slice(0, 10);
  const queue = new Queue<string>(3);
  const consumers = [1, 2, 3].map(() =>
    new Thread({ target: search, args: [queue, "Semaphore"] }).start()
  );
  const readers = [names.slice(0, 5), names.slice(5)].map((half) =>
    new Thread({ target: read, args: [half, queue] }).start()
  );
  for (const reader of readers) await reader.join();
  queue.shutdown(); // ends the loops of the consumers when it is empty
  const found: string[] = [];
  for (const consumer of consumers) found.push(...await consumer.join());
  console.log(found.sort().map((name) => name.replace(/\..*$/, "")).join("\n"));
}
