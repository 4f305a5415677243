/** Programs for the tests of `queue/` that watch a whole process; the first argument says which. */

import { writeSync } from "node:fs";
import process from "node:process";
import { isMain, task } from "../../_core/task.ts";
import { Queue } from "../../queue/mod.ts";
import { sleepSync, Thread } from "../../thread/mod.ts";

export const programUrl: string = import.meta.url;

/** Prints without delay. */
function print(text: string): void {
  writeSync(1, text + "\n");
}

export const putLater = task(import.meta, (queue: Queue<string>, milliseconds: number) => {
  sleepSync(milliseconds);
  queue.putSync("late");
});

export const getForEver = task(import.meta, (queue: Queue<string>) => {
  for (;;) queue.getSync();
});

const programs: Record<string, () => void | Promise<void>> = {
  /** Queues with items that nobody takes. */
  "idle"() {
    const queue = new Queue<string>();
    queue.putSync("left");
    new Queue<string>(0, { scope: "local" }).putNowait("left");
    new Thread({ target: getForEver, args: [new Queue<string>()], daemon: true }).start();
    new Thread({ target: putLater, args: [queue, 0] }).start().joinSync();
    print("main is done");
  },
  /** A promise that a daemon serves is all that keeps the program alive. */
  "pending get"() {
    const queue = new Queue<string>();
    new Thread({ target: putLater, args: [queue, 300], daemon: true }).start();
    queue.get().then(print);
    print("main is done");
  },
  "pending loop"() {
    const queue = new Queue<string>();
    new Thread({ target: putLater, args: [queue, 300], daemon: true }).start();
    (async () => {
      for await (const item of queue) {
        print(item);
        break;
      }
    })();
    print("main is done");
  },
  /** Promises that nobody can resolve. */
  "hopeless get"() {
    new Queue<string>().get().then(print);
    new Queue<string>(0, { scope: "local" }).get().then(print);
    print("main is done");
  },
  "thread's loop"() {
    const queue = new Queue<string>();
    new Thread({
      target: async (queue: Queue<string>) => {
        for await (const item of queue) console.log(item);
        console.log("over");
      },
      args: [queue],
    }).start();
    for (const item of ["a", "b"]) queue.putSync(item);
    queue.shutdown();
    print("main is done");
  },
};

if (isMain(import.meta)) await programs[process.argv[2] ?? ""]?.();
