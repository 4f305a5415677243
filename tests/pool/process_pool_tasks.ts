/** What runs in pools of processes. */

import { writeSync } from "node:fs";
import process from "node:process";
import { task } from "../../_core/task.ts";
import { Pool } from "../../pool/mod.ts";
import type { Barrier } from "../../sync/mod.ts";

export const pidLater = task(import.meta, async (milliseconds: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return process.pid;
});

/** Gives the id of the process, when another one is there, too. */
export const meet = task(import.meta, (both: Barrier): number => {
  both.waitSync({ timeout: 60_000 });
  return process.pid;
});

export const dieByKill = task(import.meta, (): Promise<never> => {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
});

export const square = task(import.meta, (x: number): number => x * x);

export const double = task(import.meta, (x: number): number => 2 * x);

export const add = task(import.meta, (x: number, y: number): number => x + y);

export const sumInPool = task(import.meta, async (n: number): Promise<number> => {
  const pool = new Pool(2);
  const squares = await pool.map(square, Array.from({ length: n }, (_, i) => i + 1));
  pool.close();
  await pool.join();
  return squares.reduce((sum, x) => sum + x, 0);
});

export const poolForEver = task(import.meta, async (): Promise<void> => {
  await new Pool(2).map(pidLater, Array(1000).fill(100), { chunksize: 1 });
});

export const eat = task(import.meta, (): never => {
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(10_000).fill(Math.random()));
});

export const sumOf = task(import.meta, (bytes: Uint8Array): number => {
  return bytes.reduce((sum, byte) => sum + byte, 0);
});

export const permissions = task(import.meta, () => {
  const { Deno } = globalThis as unknown as {
    Deno: { permissions: { querySync(descriptor: { name: string }): { state: string } } };
  };
  const state = (name: string): string => Deno.permissions.querySync({ name }).state;
  return { net: state("net"), ffi: state("ffi") };
});

export const printGarbage = task(import.meta, (x: number): number => {
  // Nothing that a terminal would heed.
  for (const fd of [1, 2]) writeSync(fd, new Uint8Array([0, 0xff, 0xfe, 0x80, x, 0xff, 10]));
  return x;
});
