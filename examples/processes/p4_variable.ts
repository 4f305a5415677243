// deno run --allow-read --allow-write --allow-net --allow-run examples/processes/p4_variable.ts
// P4: a variable of a module exists once in every process.
import { isMain, Process, task } from "@nogil/std";

let n = 100;

export const assign = task(import.meta, (): void => {
  n = 0;
  console.log("in the child:", n);
});

if (isMain(import.meta)) {
  await new Process({ target: assign }).start().join();
  console.log("in the parent:", n);
}
