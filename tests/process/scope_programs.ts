/** Programs for the tests of scope `"process"` that watch whole processes; the first argument says which. */

import { existsSync, writeSync } from "node:fs";
import process from "node:process";
import { familyTicket, processAgent, releaseTicket } from "../../_core/process_family.ts";
import { isMain, task } from "../../_core/task.ts";
import { forceNamedMemory } from "../../_runtime/memory.ts";
import { Value } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Lock } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { startRelative } from "./family_driver.ts";

export const programUrl: string = import.meta.url;

const scope = "process";

/** Starts a thread that takes part in the family, and gives it some milliseconds for it. */
function startTakingPart(target = makeLock): Thread<[Int32Array], void> {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Thread({ target, args: [words], daemon: true }).start();
  Atomics.wait(words, 0, 0);
  const end = performance.now() + Number(process.argv[3]);
  while (performance.now() < end);
  return thread;
}

/** Kills a thread, and waits until it has ended. */
async function kill(thread: Thread<[Int32Array], void>): Promise<void> {
  thread.kill();
  await thread.join().catch(() => {});
}

/** Prints without delay. */
function print(text: string): void {
  writeSync(1, text + "\n");
}

export const awaitEvent = task(import.meta, async (event: Event) => {
  await event.wait();
  return "woken";
});

export const makeLock = task(import.meta, (words: Int32Array) => {
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  new Lock({ scope });
});

export const blockAtEvent = task(import.meta, (event: Event, begun: Event) => {
  begun.set();
  event.waitSync();
});

export const setLater = task(import.meta, async (event: Event) => {
  await new Promise((resolve) => setTimeout(resolve, 300));
  event.set();
});

export const nameInThread = task(import.meta, () => {
  forceNamedMemory();
  new Lock({ scope });
  print(nameOfMemory());
});

/** Makes one buffer object after the other. */
export const viewForEver = task(import.meta, (words: Int32Array) => {
  const { memory } = processAgent().arena;
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  for (;;) memory?.part(0, 8);
});

/** The file of the memory, if it has a name, and exists. */
function nameOfMemory(): string {
  const ticket = familyTicket();
  if (ticket === null || ticket.name === null) return "none";
  releaseTicket(ticket);
  const file = `/dev/shm${ticket.name}`;
  return existsSync(file) ? file : "lost";
}

const programs: Record<string, () => void | Promise<void>> = {
  "idle"() {
    new Lock({ scope }).acquireSync();
    new Queue(0, { scope }).putSync("left");
    print("main is done");
  },
  /** A promise that a daemon serves is all that keeps the program alive. */
  "pending"() {
    const event = new Event({ scope });
    new Thread({ target: setLater, args: [event], daemon: true }).start();
    event.wait().then(() => print("late"));
    print("main is done");
  },
  /** A promise that nobody can resolve. */
  "hopeless"() {
    new Event({ scope }).wait().then(() => print("never"));
    print("main is done");
  },
  /** The main thread takes no part in the waiting: the supervisor makes the sleeper. */
  async "thread"() {
    const event = new Event({ scope });
    const thread = new Thread({ target: awaitEvent, args: [event] }).start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    event.set();
    print(await thread.join());
  },
  /** A daemon that is blocked does not hold the program up. */
  async "blocked daemon"() {
    const [event, begun] = [new Event({ scope }), new Event()];
    new Thread({ target: blockAtEvent, args: [event, begun], daemon: true }).start();
    await begun.wait();
    await new Promise((resolve) => setTimeout(resolve, 200));
    print("main is done");
  },
  /** A thread that is blocked in the kernel can be killed. */
  async "blocked and killed"() {
    const [event, begun] = [new Event({ scope }), new Event()];
    const thread = new Thread({ target: blockAtEvent, args: [event, begun] }).start();
    await begun.wait();
    await new Promise((resolve) => setTimeout(resolve, 200));
    thread.kill();
    await thread.join().catch((error) => print((error as Error).name));
  },
  /** What is said where there is no FFI. */
  "no FFI"() {
    for (const make of [() => new Lock({ scope }), () => new Value("i", 0, { scope })]) {
      try {
        make();
      } catch (error) {
        print(`${(error as Error).name}: ${(error as Error).message}`);
      }
    }
    print(String(familyTicket()));
    print(String(new Lock()));
  },
  /** Says whether its memory has a name, and what it is. */
  "named"() {
    forceNamedMemory();
    new Lock({ scope });
    print(nameOfMemory());
  },
  /** Ends some milliseconds after a thread has begun to take part. */
  "ends early"() {
    startTakingPart();
    process.exit(0);
  },
  /** Kills a thread some milliseconds after it has begun to take part. */
  async "kills early"() {
    await kill(startTakingPart());
    process.exit(0);
  },
  /** Ends while a thread makes buffer objects. */
  "ends viewing"() {
    startTakingPart(viewForEver);
    process.exit(0);
  },
  /** Kills threads that make buffer objects. */
  async "kills viewing"() {
    for (let i = 0; i < 5; i++) await kill(startTakingPart(viewForEver));
    process.exit(0);
  },
  /** A thread is the only one that uses the memory. */
  async "named by a thread"() {
    await new Thread({ target: nameInThread }).start().join();
  },
  /** As "root", with memory that has a name. */
  async "named root"() {
    forceNamedMemory();
    await programs["root"]?.();
  },
  /** Makes a family, and waits to be killed. */
  async "root"() {
    const [there, back] = [new Queue<number>(0, { scope }), new Queue<number>(0, { scope })];
    const lock = new Lock({ scope });
    lock.acquireSync();
    const orphans = [
      startRelative("orphanAnswer", [there, back], { errors: "inherit" }),
      startRelative("orphanAsk", [there, back, lock], { errors: "inherit" }),
    ];
    for (const orphan of orphans) await orphan.heard("waits");
    print(`ready ${nameOfMemory()}`);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
};

if (isMain(import.meta)) await programs[process.argv[2] ?? ""]?.();
