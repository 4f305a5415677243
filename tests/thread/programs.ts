/** Programs for the tests of `thread/` that watch a whole process; the first argument says which. */

import { writeSync } from "node:fs";
import process from "node:process";
import { isMain, task } from "../../_core/task.ts";
import { Lock } from "../../sync/mod.ts";
import {
  currentThread,
  excepthook,
  registerAtExit,
  setExcepthook,
  sleepSync,
  Thread,
} from "../../thread/mod.ts";
import { fail, makeWords, spin, throwIfStopped, waitUntilSet } from "./tasks.ts";

export const programUrl: string = import.meta.url;

/** Prints without delay. */
function print(text: string): void {
  writeSync(1, text + "\n");
}

export const sleepAndPrint = task(
  import.meta,
  (milliseconds: number, text: string, gate?: Int32Array) => {
    if (gate !== undefined) waitUntilSet(gate, 0);
    sleepSync(milliseconds);
    console.log(text);
  },
);

export const waitAndPrint = task(
  import.meta,
  async (milliseconds: number, text: string, gate?: Int32Array) => {
    if (gate !== undefined) waitUntilSet(gate, 0);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    console.log(text);
  },
);

export const blockFor = task(import.meta, (how: string, words: Int32Array, lock: Lock) => {
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  if (how === "lock") lock.acquireSync();
  else for (;;) sleepSync(how === "naps" ? 1 : 1000);
});

export const startNonDaemon = task(import.meta, (words: Int32Array) => {
  new Thread({ target: sleepAndPrint, args: [100, "the grandchild is done"], daemon: false })
    .start();
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  for (;;) sleepSync(1000);
});

export const untilStopped = task(import.meta, () => {
  while (!currentThread().stopRequested) sleepSync(1);
  console.log("stopped");
});

const programs: Record<string, () => void | Promise<void>> = {
  "non-daemon"() {
    const gate = makeWords();
    new Thread({ target: sleepAndPrint, args: [100, "sync thread is done", gate] }).start();
    new Thread({ target: waitAndPrint, args: [150, "async thread is done", gate] }).start();
    print("main is done");
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  },
  "daemon"() {
    const words = makeWords();
    new Thread({ target: spin, args: [words], daemon: true }).start();
    waitUntilSet(words, 0);
    print(`${Date.now()}`);
  },
  "cached"() {
    const threads = [1, 2].map((n) => new Thread({ target: (x: number) => x, args: [n] }).start());
    for (const thread of threads) thread.joinSync();
    print(`${Date.now()}`);
  },
  "last thread"() {
    new Thread({
      target: () => console.log(Date.now()),
    }).start();
  },
  "grandchild"() {
    const words = makeWords();
    new Thread({ target: startNonDaemon, args: [words], daemon: true }).start();
    waitUntilSet(words, 0);
    print("main is done");
  },
  "at exit"() {
    const thread = new Thread({ target: untilStopped }).start();
    registerAtExit(() => print("first"));
    registerAtExit(() => {
      throw new RangeError("a broken callback");
    });
    registerAtExit(() => {
      print("second");
      thread.stop();
      try {
        registerAtExit(() => {});
      } catch (error) {
        print((error as Error).name);
      }
    });
    print("main is done");
  },
  "start at exit"() {
    new Thread({ target: (x: number) => x, args: [1] }).start().joinSync();
    process.on("exit", () => {
      try {
        new Thread({ target: (x: number) => x, args: [1] }).start();
      } catch (error) {
        print(`${error}`);
      }
    });
  },
  async "unjoined error"() {
    const thread = new Thread({ target: fail, args: ["nobody joins"], name: "loser" }).start();
    while (thread.isAlive()) await new Promise((resolve) => setTimeout(resolve, 1));
    print("main is done");
  },
  "unjoined error of a late thread"() {
    new Thread({
      target: () => {
        throw new TypeError("too late");
      },
      name: "latecomer",
    }).start();
  },
  async "joined error"() {
    const thread = new Thread({ target: fail, args: ["joined"] }).start();
    await thread.join().catch(() => print("caught"));
  },
  "error joined while main blocks"() {
    const first = new Thread({ target: fail, args: ["first"] }).start();
    const second = new Thread({ target: sleepAndPrint, args: [50, "second"] }).start();
    second.joinSync();
    try {
      first.joinSync();
    } catch {
      print("caught");
    }
  },
  "custom hook"() {
    setExcepthook((args) => {
      print(`hook: ${args.thread.name}: ${args.error}`);
      if (setExcepthook(null) === excepthook) print("not replaced");
    });
    new Thread({ target: fail, args: ["a"], name: "A" }).start();
  },
  "failing hook"() {
    setExcepthook(() => {
      throw new TypeError("the hook is broken");
    });
    new Thread({ target: fail, args: ["the thread is broken"], name: "B" }).start();
  },
  "killed"() {
    const words = makeWords();
    const thread = new Thread({ target: spin, args: [words] }).start();
    waitUntilSet(words, 0);
    thread.kill();
  },
  async "killed while blocked"() {
    const lock = new Lock();
    lock.acquireSync();
    for (let round = 0; round < 10; round++) {
      const threads = ["sleep", "naps", "lock", "naps"].map((how) => {
        const words = makeWords();
        const thread = new Thread({ target: blockFor, args: [how, words, lock] }).start();
        waitUntilSet(words, 0);
        return thread;
      });
      for (const thread of threads) thread.kill();
      for (const thread of threads) await thread.join().catch((error) => print(error.name));
    }
  },
  "daemons block"() {
    const lock = new Lock();
    lock.acquireSync();
    const words = ["sleep", "lock", "naps", "sleep", "lock", "sleep"].map((how) => {
      const words = makeWords();
      new Thread({ target: blockFor, args: [how, words, lock], daemon: true }).start();
      return words;
    });
    for (const each of words) waitUntilSet(each, 0);
    print("main is done");
  },
  "stopped"() {
    const words = makeWords();
    const thread = new Thread({ target: throwIfStopped, args: [words] }).start();
    waitUntilSet(words, 0);
    thread.stop();
    print("main is done");
  },
  "print while main blocks"() {
    const thread = new Thread({ target: sleepAndPrint, args: [0, "thread"] }).start();
    thread.joinSync();
    print("main");
  },
  async "start twice"() {
    for (let i = 0; i < 2; i++) {
      try {
        console.log(await new Thread({ target: () => 1 }).start().join());
      } catch (error) {
        console.log(`${error}`);
      }
    }
  },
  async "missing guard"() {
    const { work } = await import("./unguarded.ts");
    await new Thread({ target: work, daemon: true }).start().join().catch((error) => {
      print(`${error}`);
    });
  },
};

if (isMain(import.meta)) await programs[process.argv[2] ?? ""]?.();
