/** What runs in the processes of the tests. */

import { readdirSync, readFileSync, readlinkSync, writeFileSync, writeSync } from "node:fs";
import process from "node:process";
import { shareable } from "../../_core/shareable.ts";
import { task } from "../../_core/task.ts";
import {
  activeChildren,
  currentProcess,
  getpid,
  getppid,
  parentProcess,
  Process,
} from "../../process/mod.ts";
import { sleepSync, Thread } from "../../thread/mod.ts";

export const square = task(import.meta, (x: number): number => x * x);

export const whoAmI = task(import.meta, (...args: unknown[]) => {
  const own = currentProcess();
  const parent = parentProcess();
  return {
    pid: getpid(),
    ppid: getppid(),
    name: own.name,
    daemon: own.daemon,
    ownPid: own.pid,
    alive: own.isAlive(),
    parentPid: parent?.pid,
    parentName: parent?.name,
    children: activeChildren().length,
    args,
  };
});

export const whoAmIInThread = task(import.meta, () => {
  return new Thread({ target: nameOfProcess }).start().join();
});

export const nameOfProcess = task(import.meta, () => currentProcess().name);

export const variable = task(import.meta, (name: string) => process.env[name] ?? null);

/** What a process inherits: a variable, and the folder. */
export const surroundings = task(
  import.meta,
  (name: string) => [process.env[name] ?? null, process.cwd()],
);

/** Keeps this process from ending. */
export const forbidExit = task(import.meta, (): string => {
  const { Deno } = globalThis as { Deno?: { exit: unknown } };
  if (Deno !== undefined) Deno.exit = () => {};
  process.exit = (() => {}) as never;
  return "done";
});

export const exitWith = task(import.meta, (code: number): void => process.exit(code));

export const setExitCode = task(import.meta, (code: number): string => {
  process.exitCode = code;
  return "done";
});

export const fail = task(import.meta, (message: string): never => {
  throw new RangeError(message, { cause: new TypeError("the cause") });
});

export const failLater = task(import.meta, async (message: string): Promise<never> => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw new RangeError(message);
});

export const failOutside = task(import.meta, (message: string): Promise<void> => {
  setTimeout(() => {
    throw new RangeError(message);
  });
  return new Promise(() => {});
});

export const spin = task(import.meta, (): never => {
  for (;;);
});

export const sleepForEver = task(import.meta, (): never => {
  for (;;) sleepSync(1000);
});

/** Writes its id into a file descriptor that the parent reads from, and waits. */
export const announceAndWait = task(import.meta, (text: string): Promise<never> => {
  writeSync(1, `${text} ${process.pid}\n`);
  return new Promise(() => {});
});

export const announceAndSpin = task(import.meta, (text: string): never => {
  writeSync(1, `${text} ${process.pid}\n`);
  for (;;);
});

export const printLater = task(import.meta, (milliseconds: number, text: string): void => {
  sleepSync(milliseconds);
  writeSync(1, `${text}\n`);
});

export const onInterrupt = task(import.meta, (path: string): Promise<string> => {
  const promise = new Promise<string>((resolve) => {
    const timer = setInterval(() => {}, 1000);
    process.on("SIGINT", () => {
      clearInterval(timer);
      resolve("interrupted");
    });
  });
  touch(path);
  return promise;
});

export const touchAndWait = task(import.meta, (path: string): Promise<never> => {
  touch(path);
  return new Promise(() => {});
});

export const leaveThread = task(import.meta, (path: string): string => {
  new Thread({ target: touchLater, args: [path, 100] }).start();
  setTimeout(() => touch(`${path}.timer`), 60_000);
  return "returned";
});

export const touchLater = task(import.meta, (path: string, milliseconds: number): void => {
  sleepSync(milliseconds);
  touch(path);
});

export const factorial = task(import.meta, async (n: number): Promise<number> => {
  if (n <= 1) return 1;
  return n * await new Process({ target: factorial, args: [n - 1] }).start().join();
});

export const namesBelow = task(import.meta, async (depth: number): Promise<string[]> => {
  const { name } = currentProcess();
  if (depth === 0) return [name];
  const child = new Process({ target: namesBelow, args: [depth - 1] }).start();
  return [name, ...await child.join()];
});

export const returnFunction = task(import.meta, () => Symbol("a symbol"));

export const bytes = task(import.meta, (length: number): Uint8Array => {
  return new Uint8Array(length).fill(7);
});

export const total = task(import.meta, (given: Uint8Array): number => {
  return given.reduce((sum, byte) => sum + byte, 0);
});

export const joinInThread = task(import.meta, (child: Process<never[], number>): number => {
  return child.joinSync() + 1;
});

export const startInThread = task(import.meta, (x: number): number => {
  return new Process({ target: square, args: [x] }).start().joinSync();
});

/** A process with fields. */
export const Greeter = shareable(
  import.meta,
  class Greeter extends Process<[], string> {
    greeting = "hello";
    who: string;
    constructor(who: string) {
      super({ name: "Greeter" });
      this.who = who;
    }
    override run(): string {
      return `${this.greeting}, ${this.who}: ${currentProcess() === this}`;
    }
  },
);

export class Unknown extends Process<[], string> {
  override run(): string {
    return "never";
  }
}

/** The Unix sockets with a path that this process has open. */
export const namedSockets = task(import.meta, (): string[] => {
  const open = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // It was that of the folder.
    }
  });
  return readFileSync("/proc/net/unix", "utf8").split("\n").flatMap((line) => {
    const [inode, path] = line.trim().split(/\s+/).slice(6);
    return path !== undefined && open.includes(`socket:[${inode}]`) ? [path] : [];
  });
});

function touch(path: string): void {
  writeFileSync(path, "");
}

/** Starts a process, and gives the square that it has computed and when its runtime was started. */
export const startAndJoin = task(import.meta, (x: number): Promise<[number, number]> => {
  const target = (x: number): [number, number] => [x * x, performance.timeOrigin];
  return new Process({ target, args: [x] }).start().join();
});
