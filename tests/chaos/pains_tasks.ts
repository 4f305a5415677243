/** What runs in the processes of the tests that show what hurts in Python. */

import { writeSync } from "node:fs";
import process from "node:process";
import { shareable } from "../../_core/shareable.ts";
import { task } from "../../_core/task.ts";
import { Pool } from "../../pool/mod.ts";
import { SharedMemory, type Value } from "../../process/mod.ts";
import type { Queue } from "../../queue/mod.ts";
import type { Barrier, Event, Lock } from "../../sync/mod.ts";

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;);
}

export const killAtZero = task(import.meta, (i: number): number => i === 0 ? die() : i);

export const killHolding = task(import.meta, (lock: Lock): void => {
  lock.acquireSync();
  die();
});

export const putLong = task(import.meta, (queue: Queue<string>): void => {
  queue.putSync("x".repeat(200_000));
});

export const exitAtZero = task(import.meta, async (i: number): Promise<number> => {
  if (i === 0) process.exit(7);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return i;
});

/** An error that cannot be made again from its message alone. */
export class TwoArguments extends Error {
  override name = "TwoArguments";
  b: number;
  constructor(a: unknown, b: { n: number }) {
    super(`${a}`);
    this.b = b.n;
  }
}

/** The same, of a class that other processes know. */
export const Known = shareable(import.meta, class Known extends TwoArguments {});

export const failWith = task(import.meta, (known: boolean): never => {
  throw known ? new Known("one", { n: 2 }) : new TwoArguments("one", { n: 2 });
});

export const exitWith = task(import.meta, (code: number): never => process.exit(code));

export const waitFor = task(import.meta, (event: Event, here: Event): void => {
  here.set();
  event.waitSync();
});

export const same = task(import.meta, (i: number): number => i);

export const poolOfOne = task(import.meta, (i: number): Promise<number[]> => {
  return Pool.with(1, async (pool) => await pool.map(same, [i])) as Promise<number[]>;
});

export const increment = task(import.meta, (value: Value<"i">, times: number): void => {
  for (let i = 0; i < times; i++) value.add(1);
});

export const attach = task(import.meta, (name: string): number => {
  const memory = new SharedMemory({ name });
  return memory.buf[0] as number;
});

export const sleepLong = task(import.meta, (): Promise<void> => {
  return new Promise((resolve) => setTimeout(resolve, 30_000));
});

export const ownPid = task(import.meta, async (meeting: Barrier | null): Promise<number> => {
  await meeting?.wait();
  return process.pid;
});

export const announceAndSleep = task(import.meta, (): Promise<void> => {
  writeSync(1, `started ${process.pid}\n`);
  return new Promise((resolve) => setTimeout(resolve, 30_000));
});
