/** Programs for the tests of `Process` that watch a whole process; the first argument says which. */

import { writeSync } from "node:fs";
import process from "node:process";
import { agentOf } from "../../_core/agent.ts";
import { LATCH } from "../../_core/layout.ts";
import { isMain, task } from "../../_core/task.ts";
import { activeChildren, Process, Value } from "../../process/mod.ts";
import { Event } from "../../sync/mod.ts";
import { setExcepthook, Thread } from "../../thread/mod.ts";
import {
  announceAndSpin,
  announceAndWait,
  fail,
  printLater,
  sleepForEver,
} from "./process_tasks.ts";

export const programUrl: string = import.meta.url;

/** A type of objects that there is none of. */
const UNKNOWN_TYPE = 99;

/** Tells what this thread is among the processes, and waits. */
export const tellAgent = task(import.meta, (agent: Value<"i">, known: Event): Promise<never> => {
  agent.value = agentOf("process").id;
  known.set();
  return new Promise(() => {});
});

/** Prints without delay. */
function print(text: string): void {
  writeSync(1, text + "\n");
}

export const startSpinning = task(import.meta, (): Promise<never> => {
  new Process({ target: announceAndSpin, args: ["grandchild"] }).start();
  return announceAndWait("child");
});

export const startInThread = task(import.meta, (): void => {
  new Process({ target: announceAndSpin, args: ["child"] }).start();
});

const programs: Record<string, () => unknown> = {
  "non-daemon"() {
    new Process({ target: printLater, args: [200, "the child is done"] }).start();
    print("main is done");
  },
  "daemon"() {
    new Process({ target: announceAndSpin, args: ["child"], daemon: true }).start();
    // The test lets the program end when it has seen the child.
    process.stdin.once("data", () => process.stdin.destroy());
  },
  "daemon listens"() {
    new Process({
      target: () =>
        new Promise<void>((resolve) => {
          const timer = setInterval(() => {}, 1000);
          process.on("SIGTERM", () => {
            clearInterval(timer);
            console.log("child heard it");
            resolve();
          });
          console.log(`child ${process.pid}`);
        }),
      daemon: true,
    }).start();
    process.stdin.once("data", () => process.stdin.destroy());
  },
  "family"() {
    new Process({ target: startSpinning }).start();
  },
  "family of a thread"() {
    new Thread({ target: startInThread }).start();
  },
  "blocked"() {
    new Process({ target: announceAndSpin, args: ["child"] }).start().joinSync();
  },
  "family without FFI"() {
    // On Deno, the system does not end this child then.
    const limits = "Deno" in globalThis ? { permissions: { ffi: false } } : {};
    new Process({ target: announceAndSpin, args: ["child"], ...limits }).start();
  },
  "exits"() {
    new Process({ target: announceAndSpin, args: ["child"] }).start();
    process.stdin.once("data", () => process.exit(3));
  },
  "throws"() {
    new Process({ target: announceAndSpin, args: ["child"] }).start();
    process.stdin.once("data", () => {
      throw new Error("the program fails");
    });
  },
  "spare"() {
    return Process.prewarm(1).then(() => print("ready"));
  },
  "spare while it is killed"() {
    return Process.prewarm(2).then(() => {
      print("ready");
      process.stdin.once("data", () => {});
    });
  },
  "unjoined failure"() {
    new Process({ target: fail, args: ["nobody joins"], name: "Failing" }).start();
  },
  "hook"() {
    setExcepthook(({ error, process }) => print(`${process?.name}: ${(error as Error).message}`));
    new Process({ target: fail, args: ["nobody joins"], name: "Failing" }).start();
    const killed = new Process({ target: sleepForEver }).start();
    killed.kill();
  },
  async "burial fails"() {
    const agent = new Value("i", 0, { scope: "process" });
    const known = new Event({ scope: "process" });
    const child = new Process({ target: tellAgent, args: [agent, known] }).start();
    await known.wait();
    // What the dead process seems to have latched cannot be repaired: nobody knows what it is.
    const { q, arena } = agentOf("process");
    const o = arena.allocateObject(UNKNOWN_TYPE);
    q.w.store(o + LATCH, agent.value);
    child.kill();
    await child.join().catch((error) => print(error.name));
    process.exit(0);
  },
  async "joined failure"() {
    const child = new Process({ target: fail, args: ["joined"] }).start();
    await child.join().catch((error) => print(error.message));
    print(`${activeChildren().length}`);
  },
};

if (isMain(import.meta)) {
  const name = process.argv[2] as string;
  void programs[name]?.();
}
