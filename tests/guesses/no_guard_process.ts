/** A program that starts a process and does not ask whether it is the program. */

import { Process, task } from "../../mod.ts";

export const square = task(import.meta, (x: number) => x * x);

console.log("the module is imported");
const process = new Process({ target: square, args: [7] }).start();
console.log(await process.join());
