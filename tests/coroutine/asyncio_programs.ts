/** Programs for the tests of tasks that watch a whole process; the first argument says which. */

import process from "node:process";
import { isMain } from "../../_core/task.ts";
import { createTask, gather, run, sleep, TaskGroup, toThread } from "../../coroutine/mod.ts";
import { Event } from "../../sync/mod.ts";

export const programUrl: string = import.meta.url;

const FOREVER = 1_000_000;

async function noted(name: string): Promise<void> {
  try {
    await sleep(FOREVER);
  } finally {
    console.log(`${name} ends`);
  }
}

/** Waits until it is interrupted, and says so. */
async function waiting(): Promise<void> {
  createTask(noted, "task");
  try {
    console.log("ready");
    await noted("main");
  } finally {
    await sleep(1);
    console.log("cleaned up");
  }
}

const programs: Record<string, () => void | Promise<void>> = {
  async "interrupted"() {
    try {
      await run(waiting);
    } catch (error) {
      console.log(String(error));
    }
  },
  async "swallows the interrupt"() {
    const result = await run(async () => {
      try {
        await waiting();
      } catch {
        console.log("again");
        await sleep(FOREVER);
      }
    });
    console.log(result);
  },
  async "listens itself"() {
    process.on("SIGINT", () => {
      console.log("own listener");
      process.exit(7);
    });
    await run(waiting);
  },
  // Nothing of what a run leaves keeps the program alive.
  async "ends"() {
    const result = await run(async () => {
      createTask(noted, "task");
      const [one, two] = await gather(() => toThread((x: number) => x + 1, 1), () => 3);
      return one + two;
    });
    console.log(result);
  },
  async "dead end"() {
    const event = new Event({ scope: "local" });
    try {
      await TaskGroup.run((group) => {
        group.createTask(() => event.wait());
        group.createTask(() => event.wait());
      });
    } catch (error) {
      console.log((error as Error).name);
    }
  },
  // Failures at which nobody looks are told once, and nothing is an unhandled rejection.
  async "failures"() {
    createTask(() => Promise.reject(new Error("nobody looks")));
    const looked = createTask(() => Promise.reject(new Error("somebody looks")));
    looked.addDoneCallback(() => console.log("looked"));
    const cancelled = createTask(noted, "cancelled");
    await sleep(0);
    cancelled.cancel();
    await gather([() => Promise.reject(new Error("one")), () => Promise.reject(new Error("two"))])
      .catch((error) => console.log(String(error)));
    await sleep(20);
  },
};

if (isMain(import.meta)) await programs[process.argv[2] ?? ""]?.();
