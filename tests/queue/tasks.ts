/** Tasks for the tests of `queue/` with threads. */

import { shareable } from "../../_core/shareable.ts";
import { task } from "../../_core/task.ts";
import { ShutDownError, TimeoutError } from "../../errors.ts";
import { Queue, type SimpleQueue } from "../../queue/mod.ts";

/** A queue of any class. */
export type AnyQueue = Queue<unknown> | SimpleQueue<unknown>;

/** How a thread waits. */
export type Colour = "promise" | "blocking";

/** Calls a method of a queue; gives, or throws, what it does. */
export const call = task(
  import.meta,
  (queue: AnyQueue, method: string, args: readonly unknown[]): unknown => {
    const methods = queue as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    return methods[method]?.(...args);
  },
);

/** Puts in a colour. */
export async function putAs(
  queue: AnyQueue,
  colour: Colour,
  item: unknown,
  options?: { timeout?: number },
): Promise<void> {
  if (colour === "promise") await queue.put(item, options);
  else queue.putSync(item, options);
}

/** Gets in a colour. */
export async function getAs(
  queue: AnyQueue,
  colour: Colour,
  options?: { timeout?: number },
): Promise<unknown> {
  return colour === "promise" ? await queue.get(options) : queue.getSync(options);
}

/** How a consumer of {@linkcode consume} gets. */
export type Manner = Colour | "timed" | "nowait" | "iterator";

/** Puts `[producer, 0]`, `[producer, 1]`… */
export const produce = task(
  import.meta,
  async (queue: AnyQueue, producer: number, count: number, colour: Colour): Promise<void> => {
    for (let i = 0; i < count; i++) await putAs(queue, colour, [producer, i]);
  },
);

/** Takes items until the queue is shut down; gives them. */
export const consume = task(
  import.meta,
  async (queue: AnyQueue, manner: Manner): Promise<unknown[]> => {
    const items: unknown[] = [];
    if (manner === "iterator") {
      for await (const item of queue) items.push(item);
      return items;
    }
    for (;;) {
      try {
        if (manner === "nowait") {
          const found = queue.tryGet();
          if (found === null) await new Promise((resolve) => setTimeout(resolve, 0));
          else items.push(found.value);
        } else {
          items.push(
            manner === "timed" ? queue.getSync({ timeout: 1 }) : await getAs(queue, manner),
          );
        }
      } catch (error) {
        if (error instanceof ShutDownError) return items;
        if (!(error instanceof TimeoutError)) throw error;
      }
    }
  },
);

/** Takes `count` items, reporting each as done; gives their sum. */
export const work = task(
  import.meta,
  async (queue: Queue<number>, count: number, colour: Colour): Promise<number> => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += await getAs(queue as Queue<unknown>, colour) as number;
      queue.taskDone();
    }
    return sum;
  },
);

/** Answers each item with its successor, until the queue is shut down. */
export const increment = task(
  import.meta,
  async (questions: Queue<number>, answers: Queue<number>): Promise<void> => {
    for await (const n of questions) await answers.put(n + 1);
  },
);

/** Gives back whether two queues are the same object, and what `toString` says. */
export const compareQueues = task(
  import.meta,
  (one: AnyQueue, two: AnyQueue): [boolean, string] => [one === two, String(one)],
);

/** Puts items and gives the names of what was thrown. */
export const putAll = task(
  import.meta,
  (queue: AnyQueue, items: readonly unknown[]): string[] =>
    items.map((item) => {
      try {
        queue.putSync(item, { timeout: 1000 });
        return "put";
      } catch (error) {
        return (error as Error).name;
      }
    }),
);

/** Puts and gets for ever. */
export const churn = task(import.meta, async (queue: AnyQueue, colour: Colour): Promise<void> => {
  for (let i = 0;; i++) {
    await putAs(queue, colour, [i, "x".repeat(i % 100)]);
    await getAs(queue, colour);
  }
});

/** Puts items one above the other for ever, and keeps in a word the last one whose `put` returned. */
export const putForEver = task(
  import.meta,
  async (queue: AnyQueue, colour: Colour, done: Int32Array): Promise<void> => {
    for (let i = 1;; i++) {
      await putAs(queue, colour, i);
      Atomics.store(done, 0, i);
    }
  },
);

/** Takes items for ever, and keeps in a word the last one that `get` returned. */
export const getForEver = task(
  import.meta,
  async (queue: AnyQueue, colour: Colour, done: Int32Array): Promise<void> => {
    for (;;) Atomics.store(done, 0, await getAs(queue, colour) as number);
  },
);

/** Takes an item, says so through another queue, and waits for the end of that. */
export const takeAndWait = task(
  import.meta,
  (queue: AnyQueue, news: Queue<unknown>): void => {
    queue.getSync();
    news.putNowait("taken");
    news.joinSync();
  },
);

/** Takes an item, waits at another queue, and reports the item; then again. */
export const takeWaitReport = task(
  import.meta,
  (queue: Queue<unknown>, door: Queue<unknown>): void => {
    for (;;) {
      queue.getSync();
      door.getSync();
      queue.taskDone();
    }
  },
);

/** Takes some items, and fails or returns. */
export const takeAndEnd = task(
  import.meta,
  (queue: AnyQueue, count: number, message: string): void => {
    for (let i = 0; i < count; i++) queue.getSync();
    if (message !== "") throw new Error(message);
  },
);

/** Passes items on for ever. */
export const passOn = task(import.meta, (from: AnyQueue, to: AnyQueue): void => {
  for (;;) to.putSync(from.getSync());
});

/** Takes and reports items until the queue is shut down. */
export const takeAndReport = task(
  import.meta,
  async (queue: Queue<unknown>, colour: Colour): Promise<void> => {
    try {
      for (;;) {
        await getAs(queue, colour);
        queue.taskDone();
      }
    } catch (error) {
      if (!(error instanceof ShutDownError)) throw error;
    }
  },
);

/** Takes queues out of a queue and puts what they hold, as a sum, into the queue that came last. */
export const sumOfQueues = task(import.meta, (queues: Queue<Queue<number>>): void => {
  let sum = 0;
  let last: Queue<number> | null = null;
  for (;;) {
    const found = queues.tryGet();
    if (found === null) break;
    last = found.value;
    for (let item = last.tryGet(); item !== null; item = last.tryGet()) sum += item.value;
  }
  last?.putSync(sum);
});

/** Makes a queue and gives it back with an item in it. */
export const makeQueue = task(import.meta, (): Queue<string> => {
  const queue = new Queue<string>(2);
  queue.putSync("made elsewhere");
  return queue;
});

/** By which decimal the tests order. */
export const lastDecimal = task(import.meta, (n: number): number => n % 10);

/** Compares so that the largest comes first. */
export const descending = task(import.meta, (a: number, b: number): number => b - a);

/** Compares anything, by its JSON. */
export const byJson = task(import.meta, (a: unknown, b: unknown): number => {
  const [one, other] = [JSON.stringify(a) ?? "", JSON.stringify(b) ?? ""];
  return one < other ? -1 : one > other ? 1 : 0;
});

/** A queue that counts its own puts, in each thread. */
export class CountingQueue extends Queue<string> {
  name = "nameless";
  puts = 0;

  override putSync(item: string): void {
    this.puts++;
    super.putSync(`${this.name} ${item}`);
  }
}
shareable(import.meta, CountingQueue);

/** An instance of a shareable class with a queue in a field. */
export class Mailbox {
  readonly queue: Queue<string>;

  constructor(queue: Queue<string>) {
    this.queue = queue;
  }

  send(text: string): void {
    this.queue.putSync(text);
  }
}
shareable(import.meta, Mailbox);

/** Sends through a mailbox and a counting queue; gives how many puts this one has counted here. */
export const sendBoth = task(import.meta, (box: Mailbox, counting: CountingQueue): number => {
  box.send("by field");
  counting.putSync("one");
  counting.putSync("two");
  return counting.puts;
});
