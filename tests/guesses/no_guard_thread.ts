/** A program that starts a thread and does not ask whether it is the program. */

import { task, Thread } from "../../mod.ts";

export const square = task(import.meta, (x: number) => x * x);

console.log("the module is imported");
const thread = new Thread({ target: square, args: [7] }).start();
console.log(await thread.join());
