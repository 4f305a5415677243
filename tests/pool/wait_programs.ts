/** Programs for the tests of `wait` that watch a whole process; the first argument says which. */

import { writeSync } from "node:fs";
import process from "node:process";
import { isMain, task } from "../../_core/task.ts";
import { asCompleted, Future, wait } from "../../pool/mod.ts";
import { Event } from "../../sync/mod.ts";
import { sleepSync, Thread } from "../../thread/mod.ts";

export const programUrl: string = import.meta.url;

/** Prints without delay. */
function print(text: string): void {
  writeSync(1, text + "\n");
}

export const setLater = task(import.meta, (event: Event): void => {
  sleepSync(100);
  event.set();
  sleepSync(100);
});

export const sleepForever = task(import.meta, (): void => {
  for (;;) sleepSync(1000);
});

export const fail = task(import.meta, (): void => {
  throw new RangeError("nobody joins");
});

const programs: Record<string, () => Promise<void>> = {
  /** Only the waits keep the program alive. */
  async "keep alive"(): Promise<void> {
    const event = new Event();
    const thread = new Thread({ target: setLater, args: [event], daemon: true }).start();
    await wait([event]);
    print(`set: ${event.isSet()}`);
    for await (const _ of asCompleted([thread])) print(`alive: ${thread.isAlive()}`);
  },
  /** A wait that gave up keeps nothing alive. */
  async "give up"(): Promise<void> {
    const objects = [
      new Thread({ target: sleepForever, daemon: true }).start(),
      new Event(),
      new Future(),
    ];
    await wait(objects, { timeout: 50 });
    await asCompleted(objects, { timeout: 50 }).next().catch((error) => print(error.name));
    print("main is done");
  },
  /** A failed thread that nobody joins after the wait is reported. */
  async "report"(): Promise<void> {
    await wait([new Thread({ target: fail, name: "lonely" }).start()]);
    print("main is done");
  },
};

if (isMain(import.meta)) await programs[process.argv[2] as string]?.();
