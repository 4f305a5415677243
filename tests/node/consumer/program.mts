// A program in TypeScript, which Node 24 runs as it is: threads and processes find its tasks in this file.
import assert from "node:assert/strict";
import { isMain, Process, task, Thread } from "@nogil/std";

export const square = task(import.meta, (x: number): number => x * x);

if (isMain(import.meta)) {
  assert.equal(await new Thread({ target: square, args: [7] }).start().join(), 49);
  assert.equal(await new Process({ target: square, args: [8] }).start().join(), 64);
  const next = (x: number): number => x + 1;
  assert.equal(await new Thread({ target: next, args: [8] }).start().join(), 9);
}
