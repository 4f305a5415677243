/** A worker for the tests of `_runtime`: does what its data says. */

import { writeSync } from "node:fs";
import process from "node:process";
import { runtime } from "../../_runtime/runtime.ts";

/** What the worker shall do. */
export interface Job {
  fixture: "runtime";
  mode: string;
  /** [counter, ready, parking place, result] */
  words: Int32Array;
  port?: MessagePort;
}

export const fixtureUrl: string = import.meta.url;

const rt = runtime();
const job = rt.workerData() as Job | null;
if (rt.isWorkerThread && job?.fixture === "runtime") run(job);

function ready(words: Int32Array): void {
  Atomics.store(words, 1, 1);
  Atomics.notify(words, 1);
}

function run({ mode, words, port }: Job): void {
  switch (mode) {
    case "spin":
      ready(words);
      for (;;) Atomics.add(words, 0, 1);
    case "park":
      ready(words);
      Atomics.wait(words, 2, 0);
      Atomics.store(words, 3, 1);
      break;
    case "throw":
      throw new RangeError("boom");
    case "throw in a timer":
      setTimeout(() => {
        throw new RangeError("late");
      }, 1);
      break;
    case "reject":
      Promise.reject(new RangeError("rejected"));
      break;
    case "uncaught":
      rt.onUncaught((error) => {
        rt.postToParent((error as Error).message);
        setTimeout(() => rt.exitWorker(6), 0);
      });
      setTimeout(() => {
        throw new RangeError("late");
      }, 1);
      break;
    case "process.exit":
      process.exit(3);
      break;
    case "Deno.exit": {
      const { Deno } = globalThis as unknown as { Deno?: { exit(code: number): never } };
      if (Deno) Deno.exit(4);
      else process.exit(4);
      break;
    }
    case "exitWorker":
      rt.exitWorker(5);
      break;
    case "out of memory": {
      const hoard: unknown[] = [];
      for (;;) hoard.push(new Array(10_000).fill(Math.random()));
    }
    case "echo": {
      const events = rt.onParentMessage((message) => rt.postToParent({ echo: message }));
      events.unref();
      events.ref();
      break;
    }
    case "echo late":
      setTimeout(() => rt.onParentMessage((message) => rt.postToParent(message)), 30);
      break;
    case "receive": {
      if (port === undefined) throw new TypeError("no port");
      const first = rt.receiveMessageSync(port);
      const second = rt.receiveMessageSync(port);
      port.close();
      rt.postToParent([first?.message, second]);
      break;
    }
    case "print":
      // Not while the module is evaluated: Deno reports a worker that ends with the program there.
      rt.nextTurn(() => {
        rt.installWorkerConsole(() => {}, () => {});
        console.log("by console.log %d", 1);
        console.error("by console.error");
        process.stdout.write("by stdout.write\n");
        writeSync(1, "worker is done\n");
        ready(words);
        Atomics.wait(words, 2, 0, 10_000);
      });
      break;
    case "print much":
      rt.installWorkerConsole((milliseconds) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
      }, () => {});
      for (let i = 0; i < 20_000; i++) console.log("line", i);
      ready(words);
      rt.exitWorker(0);
  }
}
